"""HCL and a real plan of the same network give the same objects, or one of them says that it does not know."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from ringfence.resources.aws import AwsObjects, Unknown
from ringfence.sources import plan_json, terraform
from ringfence.sources.files import InputFile
from ringfence.sources.terraform.completion import completed
from tests.cases.known import for_each
from tests.servers import stub_provider

NETWORKS = Path(__file__).parent.parent / "sources" / "terraform" / "networks"

REAL = Path(__file__).parent.parent.parent.parent / "shared" / "cases" / "real"
EXAMPLES = sorted(REAL.glob("terraform-aws-vpc/examples/*"))
"""Examples of the most used VPC module, where they are at hand."""


@pytest.fixture(scope="module")
def read_twice(tofu: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[AwsObjects, AwsObjects]]:
    found = {}
    for name in ("shop", "classics"):
        folder = tmp_path_factory.mktemp("plan") / name
        shutil.copytree(NETWORKS / name, folder)
        text = stub_provider.plan(tofu, folder, sorted(folder.glob("modules/*")))
        written, first = terraform.read([folder])
        planned, second = plan_json.read_files([InputFile("plan.json", text)])
        assert [str(one) for one in first + second if one.severity == "error"] == []
        found[name] = (written, planned)
    return found


def differences(left: Any, right: Any, where: str = "") -> list[str]:
    """Where both are known and differ; order does not count in lists of objects with ids."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return []
    if dataclasses.is_dataclass(left) and type(left) is type(right):
        names = [one.name for one in dataclasses.fields(left) if one.compare]
        return [
            found
            for name in names
            for found in differences(getattr(left, name), getattr(right, name), f"{where}.{name}")
        ]
    if isinstance(left, tuple) and isinstance(right, tuple):
        if any(map(doubtful, left + right)):
            by_id = [{getattr(one, "id", one): one for one in side if not doubtful(one)} for side in (left, right)]
            both = by_id[0].keys() & by_id[1].keys()
            return [found for id in both for found in differences(by_id[0][id], by_id[1][id], f"{where}[{id}]")]
        if len(left) != len(right):
            return [f"{where}: {len(left)} and {len(right)}"]
        ordered = [sorted(side, key=lambda one: str(getattr(one, "id", ""))) for side in (left, right)]
        pairs = zip(*ordered, strict=True)
        return [found for n, (one, two) in enumerate(pairs) for found in differences(one, two, f"{where}[{n}]")]
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        return [found for key in left for found in differences(left[key], right[key], f"{where}[{key}]")]
    return [] if left == right else [f"{where}: {left!r} and {right!r}"]


def doubtful(one: Any) -> bool:
    """Unknown, or there as a possibility only."""
    return isinstance(one, Unknown) or isinstance(getattr(one, "exists", None), Unknown)


def unknowns(value: Any) -> int:
    """How many unknowns there are in it."""
    if isinstance(value, Unknown):
        return 1
    if dataclasses.is_dataclass(value):
        return sum(unknowns(getattr(value, one.name)) for one in dataclasses.fields(value) if one.compare)
    if isinstance(value, dict):
        return sum(map(unknowns, value.values()))
    return sum(map(unknowns, value)) if isinstance(value, (tuple, list)) else 0


@pytest.mark.parametrize("name", ["shop", "classics"])
def test_both_agree(name: str, read_twice: dict[str, tuple[AwsObjects, AwsObjects]]) -> None:
    written, planned = read_twice[name]
    found = differences(written, planned)
    assert found == []


@for_each("example", EXAMPLES, ids=lambda one: one.name)
def test_the_popular_module_agrees(example: Path, tofu: Path, tmp_path: Path) -> None:
    top = example.parent.parent
    copy = tmp_path / "module"
    shutil.copytree(top, copy)
    folder = copy / "examples" / example.name
    text = stub_provider.plan(tofu, folder, [copy, *copy.glob("modules/*")])
    written, first = terraform.read([folder])
    planned, second = plan_json.read_files([InputFile("plan.json", text)])
    assert [str(one) for one in first + second if one.severity == "error"] == []
    found = differences(written, planned)
    assert found == []
    assert len(planned.subnets) > 2
    both = completed(planned, written)
    assert unknowns(both) < min(unknowns(written), unknowns(planned))
    assert all(isinstance(one.vpc, str) and isinstance(one.zone, str) for one in both.subnets)


def test_a_difference_is_seen(read_twice: dict[str, tuple[AwsObjects, AwsObjects]]) -> None:
    written, planned = read_twice["shop"]
    vpc = dataclasses.replace(planned.vpcs[0], cidrs=("10.0.0.0/8",))
    assert differences(written, dataclasses.replace(planned, vpcs=(vpc,))) != []
    assert differences(written, dataclasses.replace(planned, subnets=planned.subnets[1:])) != []


def test_rules_are_known_on_both_sides(read_twice: dict[str, tuple[AwsObjects, AwsObjects]]) -> None:
    for written, planned in read_twice.values():
        for objects in (written, planned):
            assert unknowns(objects.security_groups[0].rules) == 0
            assert unknowns([one.entries for one in objects.network_acls]) == 0


def test_hcl_knows_what_a_plan_does_not_say(read_twice: dict[str, tuple[AwsObjects, AwsObjects]]) -> None:
    written, planned = read_twice["shop"]
    subnets = tuple(f"module.network.aws_subnet.private[{n}]" for n in range(3))
    assert written.load_balancers[0].subnets == subnets
    assert unknowns(planned.load_balancers[0].subnets) == 3
    assert unknowns(written) < unknowns(planned)
    both = completed(planned, written)
    assert both.load_balancers[0].subnets == subnets
    assert both.subnets[0].span.file.endswith("main.tf")
