"""What count and for_each make, how the instances are named, and what the block's name stands for."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.instances import MOST_INSTANCES, instances, together
from ringfence.sources.terraform.syntax import Block
from tests.sources.terraform.reading import module


def made(setting: str) -> tuple[Any, Block, Any]:
    home = module(f'variable "x" {{}}\nresource "aws_vpc" "main" {{\n  {setting}\n}}\n')
    block = home.resources["aws_vpc", "main"]
    return home, block, instances(block, home)


@pytest.mark.parametrize(
    ("setting", "suffixes", "value"),
    [
        ("", [""], 0),
        ("count = 2", ["[0]", "[1]"], [0, 1]),
        ("count = 0", [], []),
        ('for_each = { b = 1, "a\\"" = 2 }', ['["a\\""]', '["b"]'], {'a"': 0, "b": 1}),
        ('for_each = toset(["x"])', ['["x"]'], {"x": 0}),
    ],
)
def test_known(setting: str, suffixes: list[str], value: Any) -> None:
    home, block, found = made(setting)
    assert [one.suffix for one in found] == suffixes
    assert [one.exists for one in found] == [None] * len(found)
    assert together(block, found, range(len(found))) == value
    assert home.root.diagnostics == []


@pytest.mark.parametrize(("setting", "names"), [("count = var.x", "count"), ("for_each = var.x", "each")])
def test_unknown(setting: str, names: str) -> None:
    home, block, found = made(setting)
    (one,) = found
    assert one.suffix == "[?]"
    assert isinstance(one.exists, Unknown)
    assert all(isinstance(bound, Unknown) for bound in one.scope.lookup(names).values())
    assert together(block, found, [0]) == one.exists
    assert any("how many aws_vpc.main there are is not known" in str(said) for said in home.root.diagnostics)


@pytest.mark.parametrize("setting", ["count = -1", f"count = {MOST_INSTANCES + 1}"])
def test_counts_out_of_bounds_are_errors(setting: str) -> None:
    home, _, found = made(setting)
    assert found == []
    assert [one.severity for one in home.root.diagnostics] == ["error"]
