"""Ways out that change or mark packets: what a gateway carries, translates and forgets."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.engine.reach import Reachability
from ringfence.model.addresses import AddressSet
from ringfence.model.headers import Header
from ringfence.resources.aws import ElasticIp, InternetGateway, NatGateway, RouteTable, TargetKind, Unknown
from ringfence.topology.aws import build
from tests.topology.aws.clouds import NO, OUT, PERHAPS, TO_NAT, YES, cloud, group, host, route, rule, verdict

SIX = host("bastion", "public", "2600:1f00::10", "ssh")
EGRESS_ONLY = (InternetGateway(id="igw", vpc="vpc"), InternetGateway(id="eigw", vpc="vpc", egress_only=True))


def passes(objects: Any, source: str, target: str, header: Header) -> bool:
    network = build(objects).network
    ends = {one.id: one for one in network.endpoints}
    limit = {True: AddressSet.of("2a00::1", "8.8.8.8"), False: None}
    here, there = ends[source], ends[target]
    (found,) = Reachability(network).between(here, there, limit[here.every], limit[there.every])
    assert found.headers.must <= found.headers.may
    return header in found.headers.must


def test_an_egress_only_gateway_lets_replies_in_and_nothing_else():
    table = RouteTable(
        id="out", vpc="vpc", subnets=("public",), routes=(route("::/0", TargetKind.EGRESS_ONLY, "eigw"),)
    )
    objects = cloud(
        route_tables=(table,),
        network_interfaces=(SIX,),
        internet_gateways=EGRESS_ONLY,
        security_groups=(group("ssh", rule("::/0")),),
    )
    header = Header("tcp", 40000, 22)
    assert passes(objects, "bastion", "external-ipv6", header)
    assert not passes(objects, "external-ipv6", "bastion", header)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (Header("tcp", 40000, 22), True),
        (Header("udp", 40000, 53), True),
        (Header("icmp", 8, 0), True),
        (Header("sctp", 40000, 22), False),
        (Header("other", protocol=47), False),
    ],
)
def test_a_nat_gateway_translates_three_protocols(header: Header, expected: bool):
    assert passes(cloud(), "server", "external-ipv4", header) == expected


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [
        (NatGateway(id="nat", subnet="public", private_ip="10.0.0.250"), YES),
        (NatGateway(id="nat", subnet="public", public=False), NO),
        (NatGateway(id="nat", subnet="public", public=Unknown("x")), PERHAPS),
        (NatGateway(id="nat", subnet=Unknown("x")), PERHAPS),
        (NatGateway(id="nat", subnet="data", private_ip="10.0.2.250"), NO),
        (NatGateway(id="other", subnet="public"), PERHAPS),
    ],
)
def test_where_a_nat_gateway_stands(gateway: NatGateway, expected: Any):
    assert verdict(cloud(nat_gateways=(gateway,)), "server", "internet") == expected


@pytest.mark.parametrize(("check", "expected"), [(True, NO), (False, PERHAPS)])
def test_an_appliance_forwards_only_without_its_check(check: bool, expected: Any):
    appliance = host("appliance", "public", "10.0.0.20", "ssh", public="203.0.113.20", source_dest_check=check)
    table = RouteTable(
        id="inner",
        vpc="vpc",
        subnets=("private",),
        routes=(route("0.0.0.0/0", TargetKind.NETWORK_INTERFACE, "appliance"),),
    )
    tables = (cloud().route_tables[1], table)
    faces = (host("server", "private", "10.0.1.10", "ssh"), appliance)
    assert verdict(cloud(network_interfaces=faces, route_tables=tables), "server", "internet") == expected


def test_what_stands_behind_a_way_that_is_not_modelled_may_come_in():
    table = RouteTable(
        id="inner", vpc="vpc", subnets=("private",), routes=(TO_NAT, route("192.168.0.0/16", TargetKind.OTHER, "vgw"))
    )
    tables = (cloud().route_tables[1], table)
    objects = cloud(route_tables=tables)
    assert verdict(objects, "192.168.1.1", "server") == PERHAPS
    assert verdict(objects, "server", "192.168.1.1") == PERHAPS
    closed = cloud(route_tables=tables, security_groups=(group("ssh", *OUT[:0]),))
    assert verdict(closed, "192.168.1.1", "server") == NO
    assert verdict(objects, "192.168.1.1", "bastion") == NO


def test_private_addresses_do_not_come_from_the_internet():
    assert verdict(cloud(), "192.168.1.1", "bastion") == NO


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("server", "203.0.113.10", YES),
        ("server", "203.0.113.7", PERHAPS),
        ("server", "203.0.113.11", YES),
        ("database", "203.0.113.10", NO),
        ("203.0.113.11", "bastion", YES),
        ("internet", "bastion", YES),
    ],
)
def test_an_own_public_address_dialled_from_inside(source: str, target: str, expected: Any):
    """It comes back in by the gateway; where nobody knows whose it is, nobody knows what arrives."""
    other = ElasticIp(id="eip", public_ip="203.0.113.7", network_interface="other")
    later = ElasticIp(id="later", public_ip=Unknown("after the apply"))
    assert verdict(cloud(elastic_ips=(other, later)), source, target) == expected
