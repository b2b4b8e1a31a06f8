"""What belongs to what, where the default stands in, and what remains unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ringfence.model.addresses import ALL_IPV4, AddressSet
from ringfence.resources.aws import Instance, NetworkInterface, Route, RouteTable, TargetKind, Unknown
from ringfence.topology.aws.estate import Estate, doubt, known, undecided
from tests.topology.aws.clouds import ALLOW_ALL, acl, cloud

UNKNOWN = Unknown("not known")


@pytest.mark.parametrize(
    ("value", "expected"),
    [((), ()), (("a", UNKNOWN, "b"), ("a", "b")), (UNKNOWN, ())],
)
def test_known_ids(value: Any, expected: Any):
    assert known(value) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [((), None), (("a", None, 1), None), ((None, UNKNOWN), UNKNOWN), ((("a", (UNKNOWN,)),), UNKNOWN)],
)
def test_the_first_doubt(values: Any, expected: Any):
    assert doubt(*values) is expected


@pytest.mark.parametrize(
    ("subnets", "other", "expected"),
    [
        ((), (), ("open", False)),
        (("data",), (), ("edge", False)),
        (UNKNOWN, (), ("open", True)),
        (("public", UNKNOWN), (), ("open", True)),
        (UNKNOWN, ("data",), ("other", False)),
    ],
)
def test_the_acl_of_a_subnet(subnets: Any, other: Any, expected: tuple[str, bool]):
    acls = (acl("open", *ALLOW_ALL), replace(acl("edge"), subnets=subnets), acl("other", subnets=other))
    estate = Estate(cloud(network_acls=acls))
    found, why = estate.acls(estate.subnets["data"])
    assert found is not None
    assert (found.id, why is not None) == expected


@pytest.mark.parametrize(
    ("subnets", "expected"),
    [((), [("main", False)]), (("data",), [("extra", False)]), (UNKNOWN, [("main", True), ("extra", True)])],
)
def test_the_tables_of_a_subnet(subnets: Any, expected: Any):
    tables = (RouteTable(id="main", vpc="vpc"), RouteTable(id="extra", vpc="vpc", subnets=subnets))
    estate = Estate(cloud(route_tables=tables))
    found = [(table.id, why is not None) for table, why in estate.tables(estate.subnets["data"])]
    assert found == expected


def test_addresses_leave_out_what_aws_keeps():
    estate = Estate(cloud())
    assert str(estate.addresses("data", ALL_IPV4)) == "10.0.2.4-10.0.2.254"
    assert estate.addresses(UNKNOWN, ALL_IPV4) <= AddressSet.of("10.0.0.0/22")
    assert estate.resolver(estate.vpcs["vpc"]) == AddressSet.of("10.0.0.2")


def test_a_subnet_of_unknown_block_lies_in_its_vpc():
    subnets = tuple(replace(one, cidr=UNKNOWN, ipv6_cidr=None) for one in cloud().subnets)
    estate = Estate(cloud(subnets=subnets))
    found = estate.of_subnet(estate.subnets["data"])
    assert (found.must, found.may) == (AddressSet(), AddressSet.of("10.0.0.0/16"))


def test_interfaces_by_owner_from_either_side():
    faces = (
        NetworkInterface(id="a", subnet="data", owner="i"),
        NetworkInterface(id="b", subnet="data"),
        NetworkInterface(id="c", subnet="data"),
    )
    estate = Estate(cloud(network_interfaces=faces, instances=(Instance(id="i", interfaces=("b",)),)))
    assert [one.id for one in estate.interfaces["i"]] == ["a", "b"]
    assert estate.owner_of == {"a": "i", "b": "i"}


def test_a_gateway_that_only_a_route_names_may_be_there():
    table = RouteTable(
        id="main", vpc="vpc", routes=(Route(destination="::/0", kind=TargetKind.EGRESS_ONLY, target="eigw"),)
    )
    (igw, implied) = Estate(cloud(route_tables=(table,))).internet_gateways
    assert (igw.exists, implied.id, implied.egress_only, implied.exists is not None) == (None, "eigw", True, True)


def test_undecided_chains_are_never_certain():
    egress, ingress = undecided("Layer", "who knows")
    assert egress.direction != ingress.direction
    assert egress.stages == ingress.stages
    assert not egress.stateful
