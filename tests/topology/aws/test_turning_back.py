"""A public address of something inside, dialled from inside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.engine.reach import Reachability
from ringfence.engine.reference import Reference
from ringfence.model.addresses import AddressSet, number
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint, Network, Packet
from ringfence.resources.aws import (
    BlockMode,
    NatGateway,
    PublicAccessBlock,
    RouteTable,
    Unknown,
)
from ringfence.topology.aws import build
from ringfence.topology.names import side
from tests.topology.aws.clouds import NO, PERHAPS, TO_IGW, TO_NAT, YES, acl, cloud, entry, group, host, rule

DIALLED = "203.0.113.10"
WEB, JOB = "web", "job"
NAT = NatGateway(id="nat", subnet="data", private_ip="10.0.2.250", public_ips=("203.0.113.99",))


def made(*admitted: Any, **changes: Any) -> Network:
    """A host in a public subnet with a public address, and one that gets out by a NAT gateway of another subnet."""
    given: dict[str, Any] = {
        "network_interfaces": (
            host("web", "public", "10.0.0.10", "web", public=DIALLED),
            host("job", "private", "10.0.1.10", "job"),
        ),
        "security_groups": (
            group("default"),
            group("web", *(admitted or (rule("0.0.0.0/0", 443),))),
            group("job"),
        ),
        "route_tables": (
            RouteTable(id="main", vpc="vpc"),
            RouteTable(id="out", vpc="vpc", routes=(TO_IGW,), subnets=("public", "data")),
            RouteTable(id="inner", vpc="vpc", routes=(TO_NAT,), subnets=("private",)),
        ),
        "nat_gateways": (NAT,),
    }
    return build(cloud(**{**given, **changes})).network


def endpoint(network: Network, name: str) -> Endpoint:
    return next(one for one in network.endpoints if one.id == name)


def dialling(network: Network, client: str, port: int = 443, address: str = DIALLED) -> tuple[bool, bool]:
    """May and must of a client that dials a public address; engine and reference say the same."""
    source, outside = endpoint(network, client), endpoint(network, "external-ipv4")
    found = Reachability(network).between(source, outside, None, AddressSet.of(address))
    header = Header("tcp", 40000, port)
    may = any(header in one.headers.may for one in found)
    must = bool(found) and all(header in one.headers.must for one in found)
    packet = Packet(source.id, source.addresses.first(), outside.id, number(address), header)
    outcomes = Reference(network).trace(packet).outcomes
    assert (Outcome.ALLOWED in outcomes, outcomes == {Outcome.ALLOWED}) == (may, must)
    return may, must


@pytest.mark.parametrize(
    ("admitted", "changes", "expected"),
    [
        pytest.param((rule("0.0.0.0/0", 443),), {}, YES, id="the world"),
        pytest.param((rule("job", 443),), {}, NO, id="a group does not know its sender any more"),
        pytest.param((rule("10.0.0.0/8", 443),), {}, NO, id="private addresses are not its source"),
        pytest.param((rule("203.0.113.0/24", 443),), {}, YES, id="all public addresses of the VPC"),
        pytest.param((rule("203.0.113.99/32", 443),), {}, PERHAPS, id="one of several public addresses"),
        pytest.param(
            (rule("203.0.113.0/24", 443),),
            {"nat_gateways": (replace(NAT, public_ips=()),)},
            PERHAPS,
            id="the gateway's public address is not known",
        ),
        pytest.param((), {"route_tables": (RouteTable(id="main", vpc="vpc"),)}, NO, id="no way out"),
        pytest.param((rule("0.0.0.0/0", 80),), {}, NO, id="another port"),
        pytest.param(
            (),
            {"network_acls": (acl("a", entry(1, "allow"), entry(1, "allow", (1, 1023), True), subnets=("public",)),)},
            NO,
            id="the edge lacks the return",
        ),
        pytest.param(
            (),
            {"public_access_blocks": (PublicAccessBlock(id="b", mode=BlockMode.INGRESS),)},
            PERHAPS,
            id="a block of public access",
        ),
        pytest.param(
            (),
            {"network_interfaces": (host("web", "private", "10.0.1.11", "web", public=DIALLED),
                                    host("job", "private", "10.0.1.10", "job"))},
            NO,
            id="whoever has the address has no way back",
        ),
        pytest.param(
            (),
            {"network_interfaces": (host("web", "public", "10.0.0.10", "web", public=DIALLED, exists=Unknown("count")),
                                    host("job", "private", "10.0.1.10", "job"))},
            PERHAPS,
            id="whoever has the address may not be there",
        ),
        pytest.param(
            (),
            {"network_interfaces": (host("web", "public", "10.0.0.10", "web", public=DIALLED),
                                    host("two", "public", "10.0.0.11", "job", public=DIALLED),
                                    host("job", "private", "10.0.1.10", "job"))},
            PERHAPS,
            id="two have it, say the files",
        ),
    ],
)  # fmt: skip
def test_a_client_behind_a_nat_gateway(admitted: Any, changes: dict[str, Any], expected: tuple[bool, bool]):
    assert dialling(made(*admitted, **changes), JOB) == expected


def test_who_has_a_public_address_dials_its_own_and_others():
    hosts = (
        host("web", "public", "10.0.0.10", "web", public=DIALLED),
        host("other", "data", "10.0.2.10", "job", public="203.0.113.11"),
        host("inner", "data", "10.0.2.11", "job"),
    )
    found = made(network_interfaces=hosts)
    assert dialling(found, "other") == YES
    assert dialling(found, WEB) == YES
    assert dialling(found, "inner") == NO  # it has a route and no public address
    assert dialling(found, "other", 22) == NO
    assert dialling(found, "other", address="203.0.113.12") == YES  # somebody else's


def test_a_nat_gateways_own_address_stays_unknown():
    assert dialling(made(), JOB, address="203.0.113.99") == PERHAPS


def test_the_internet_is_without_the_networks_own_addresses():
    network = made(network_interfaces=(host("web", "public", "10.0.0.10", "web", public="52.28.1.20"),))
    outside = side("internet", network.endpoints).addresses
    assert outside is not None
    assert not outside & AddressSet.of("52.28.1.20")
    assert AddressSet.of("52.28.1.21", "8.8.8.8") <= outside


def test_a_group_without_egress_to_it_refuses():
    shut = replace(group("job"), rules=(rule("10.0.0.0/8", None, "-1", egress=True),))
    groups = (group("default"), group("web", rule("0.0.0.0/0", 443)), shut)
    assert dialling(made(security_groups=groups), JOB) == NO
