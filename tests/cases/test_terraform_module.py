"""The most used VPC module, read as HCL: counts, outputs with the names of inputs, entries from lists of maps.

That the same comes out of a real plan is tested in tests/servers/test_plan.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ringfence.resources.aws import AwsObjects, Unknown
from ringfence.sources import terraform

from .known import CASES, for_each

MODULE = CASES / "real" / "terraform-aws-vpc"
EXAMPLES = sorted((MODULE / "examples").glob("*"))
SUBNETS = {
    "complete": {"database": 3, "elasticache": 3, "intra": 3, "private": 3, "public": 3, "redshift": 3},
    "network-acls": {"elasticache": 3, "private": 3, "public": 3},
    "secondary-cidr-blocks": {"private": 9, "public": 3},
    "separate-route-tables": {"database": 3, "elasticache": 3, "intra": 3, "private": 3, "public": 3, "redshift": 3},
    "simple": {"private": 3},
}
"""What the examples' own text asks for, by the name of the resource."""


def read(folder: Path) -> AwsObjects:
    found, diagnostics = terraform.read([folder])
    assert [str(one) for one in diagnostics if one.severity == "error"] == []
    return found


@for_each("folder", EXAMPLES, ids=lambda one: one.name)
def test_counts(folder: Any) -> None:
    found = read(folder)
    (vpc,) = found.vpcs
    counts: dict[str, int] = {}
    for one in found.subnets:
        kind = one.id.split(".")[3].partition("[")[0]
        counts[kind] = counts.get(kind, 0) + 1
        assert (one.vpc, one.exists, isinstance(one.cidr, str)) == (vpc.id, None, True)
    assert counts == SUBNETS[folder.name]
    assert found.unread == ()


@for_each("folder", [one for one in EXAMPLES if one.name == "complete"], ids=lambda one: one.name)
def test_outputs_with_the_names_of_inputs(folder: Any) -> None:
    endpoints = [one for one in read(folder).vpc_endpoints if one.subnets]
    private = tuple(f"module.vpc.aws_subnet.private[{n}]" for n in range(3))
    assert private in [one.subnets for one in endpoints]
    assert all(not isinstance(one.subnets, Unknown) for one in endpoints)


@for_each("folder", [one for one in EXAMPLES if one.name == "network-acls"], ids=lambda one: one.name)
def test_entries_from_lists_of_maps(folder: Any) -> None:
    acls = {one.id.partition("aws_network_acl.")[2]: one for one in read(folder).network_acls}
    public = acls["public[0]"]
    assert isinstance(public.subnets, tuple)
    assert len(public.subnets) == 3
    inbound = {
        one.number: (one.action, one.protocol, one.from_port, one.to_port, one.cidr)
        for one in public.entries
        if not one.egress
    }
    assert inbound[100] == ("allow", "tcp", 80, 80, "0.0.0.0/0")
    assert inbound[130] == ("allow", "tcp", 3389, 3389, "0.0.0.0/0")
    assert not any(isinstance(value, Unknown) for entry in inbound.values() for value in entry)


@for_each("folder", [MODULE] if EXAMPLES else [], ids=lambda one: one.name)
def test_all_roots_together(folder: Any) -> None:
    found = read(folder)
    assert len(found.vpcs) == len(EXAMPLES)
    assert all("//" in one.id for one in found.vpcs)
