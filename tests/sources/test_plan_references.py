"""Which references of a plan leave one answer."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.sources.plan_references import Configuration
from ringfence.sources.terraform.values import Reference

INSTANCES = [
    "aws_vpc.main",
    "aws_subnet.a[0]",
    "aws_subnet.a[1]",
    "module.net.aws_vpc.this",
    'module.each["a"].aws_vpc.this',
]
MODULE: dict[str, Any] = {
    "outputs": {
        "vpc_id": {"expression": {"references": ["aws_vpc.this.id", "aws_vpc.this"]}},
        "both": {"expression": {"references": ["aws_vpc.this.id", "local.x"]}},
    },
    "resources": [{"address": "aws_x.y", "expressions": {"vpc_id": {"references": ["var.vpc"]}}}],
}


def configuration(argument: str, expression: Any) -> Configuration:
    root = {
        "resources": [{"address": "aws_x.y", "expressions": {argument: expression}}],
        "module_calls": {
            "net": {"module": MODULE, "expressions": {"vpc": {"references": ["aws_vpc.main.id", "aws_vpc.main"]}}},
            "each": {"module": MODULE, "for_each_expression": {}},
        },
    }
    return Configuration({"root_module": root}, [{"mode": "managed", "address": one} for one in INSTANCES])


def referred(argument: str, *names: str) -> Any:
    here = configuration(argument, {"references": list(names)})
    return here.reference({"type": "aws_x", "name": "y"}, argument)


@pytest.mark.parametrize(
    ("names", "address"),
    [
        (["aws_vpc.main.id", "aws_vpc.main"], "aws_vpc.main"),
        (["aws_subnet.a[1].id", "aws_subnet.a[1]", "aws_subnet.a"], "aws_subnet.a[1]"),
        (["module.net.vpc_id", "module.net"], "module.net.aws_vpc.this"),
        (['module.each["a"].vpc_id', 'module.each["a"]', "module.each"], 'module.each["a"].aws_vpc.this'),
    ],
)
def test_one_answer(names: list[str], address: str) -> None:
    assert referred("vpc_id", *names) == Reference(address, "id")


@pytest.mark.parametrize(
    ("argument", "names"),
    [
        ("vpc_id", ["aws_subnet.a", "count.index"]),
        ("vpc_id", ["aws_subnet.a"]),
        ("vpc_id", ["aws_subnet.a[7].id"]),
        ("vpc_id", ["aws_vpc.main.id", "aws_vpc.main", "var.other"]),
        ("vpc_id", ["aws_vpc.main.owner", "aws_vpc.main"]),
        ("vpc_id", ["aws_vpc.main"]),
        ("vpc_id", ["aws_vpc.gone.id"]),
        ("vpc_id", ["local.vpc_id"]),
        ("vpc_id", ["data.aws_vpc.x.id"]),
        ("vpc_id", ["each.value.id", "each.value"]),
        ("vpc_id", ["module.net.both"]),
        ("vpc_id", ["module.net.missing"]),
        ("vpc_id", ["module.none.vpc_id"]),
        ("vpc_id", ["var.vpc"]),
        ("name", ["aws_vpc.main.id", "aws_vpc.main"]),
        ("vpc_id", []),
    ],
)
def test_no_single_answer(argument: str, names: list[str]) -> None:
    assert referred(argument, *names) is None


def test_a_variable_is_what_the_call_gives() -> None:
    here = configuration("x", {})
    inside = {"type": "aws_x", "name": "y", "module_address": "module.net"}
    assert here.reference(inside, "vpc_id") == Reference("aws_vpc.main", "id")
    assert here.reference({**inside, "module_address": 'module.each["a"]'}, "vpc_id") is None


def test_lists_take_several() -> None:
    found = referred("subnet_ids", "aws_subnet.a[0].id", "aws_subnet.a[0]", "aws_subnet.a[1].id", "aws_subnet.a[1]")
    assert found == [Reference("aws_subnet.a[0]", "id"), Reference("aws_subnet.a[1]", "id")]
    assert referred("subnet_ids", "aws_subnet.a[0].id", "local.more") is None


def test_blocks() -> None:
    block = {"subnet_id": {"references": ["aws_subnet.a[0].id"]}, "name": {"constant_value": 1}}
    entry = {"type": "aws_x", "name": "y"}
    (found,) = configuration("mapping", [block]).reference(entry, "mapping")
    assert found["subnet_id"] == Reference("aws_subnet.a[0]", "id")
    assert configuration("mapping", [block, block]).reference(entry, "mapping") is None


@pytest.mark.parametrize("document", [None, [], {}, {"root_module": 3}, {"root_module": {"resources": 3}}])
def test_no_configuration(document: Any) -> None:
    assert Configuration(document, []).reference({"type": "aws_x", "name": "y"}, "vpc_id") is None
