"""A block of public access, its modes and its exclusions."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.engine.reach import Reachability
from ringfence.model.addresses import AddressSet
from ringfence.model.headers import Header
from ringfence.resources.aws import (
    BlockMode,
    ExclusionMode,
    InternetGateway,
    PublicAccessBlock,
    PublicAccessExclusion,
    RouteTable,
    TargetKind,
    Unknown,
)
from ringfence.topology.aws import build
from tests.topology.aws.clouds import NO, PERHAPS, YES, cloud, group, host, route, rule, verdict

NOT_KNOWN = Unknown("not known")
IN, OUT, NAT = ("internet", "bastion"), ("bastion", "internet"), ("server", "internet")


def block(mode: Any, **more: Any) -> PublicAccessBlock:
    return PublicAccessBlock(id="block", mode=mode, **more)


def left_out(mode: Any = ExclusionMode.BIDIRECTIONAL, **more: Any) -> tuple[PublicAccessExclusion, ...]:
    return (PublicAccessExclusion(id="exclusion", mode=mode, **more),)


BOTH, INGRESS = BlockMode.BIDIRECTIONAL, BlockMode.INGRESS
EGRESS = ExclusionMode.EGRESS


@pytest.mark.parametrize(
    ("mode", "exclusions", "inward", "outward", "translated"),
    [
        (BlockMode.OFF, (), YES, YES, YES),
        (BOTH, (), NO, NO, NO),
        (INGRESS, (), NO, NO, YES),
        (NOT_KNOWN, (), PERHAPS, PERHAPS, PERHAPS),
        (BOTH, left_out(vpc="vpc"), YES, YES, YES),
        (BOTH, left_out(EGRESS, vpc="vpc"), NO, YES, YES),
        (BOTH, left_out(vpc="other"), NO, NO, NO),
        (BOTH, left_out(subnet="public"), YES, YES, PERHAPS),
        (BOTH, left_out(EGRESS, subnet="public"), NO, YES, PERHAPS),
        (BOTH, left_out(subnet="private"), NO, NO, NO),
        (INGRESS, left_out(subnet="public"), YES, YES, YES),
        (INGRESS, left_out(EGRESS, subnet="public"), NO, NO, YES),
        (BOTH, left_out(NOT_KNOWN, vpc="vpc"), PERHAPS, PERHAPS, PERHAPS),
        (BOTH, left_out(subnet=NOT_KNOWN), PERHAPS, PERHAPS, PERHAPS),
        (BOTH, left_out(vpc="vpc", exists=NOT_KNOWN), PERHAPS, PERHAPS, PERHAPS),
        (BOTH, (*left_out(subnet=NOT_KNOWN), *left_out(vpc="vpc")), YES, YES, YES),
    ],
)
def test_what_passes_an_internet_gateway(
    mode: Any, exclusions: tuple[PublicAccessExclusion, ...], inward: Any, outward: Any, translated: Any
):
    built = cloud(public_access_blocks=(block(mode),), public_access_exclusions=exclusions)
    assert [verdict(built, *ends) for ends in (IN, OUT, NAT)] == [inward, outward, translated]


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ((block(BOTH), block(BOTH)), NO),
        ((block(BOTH), block(BlockMode.OFF)), NO),
        ((block(BOTH), block(INGRESS)), PERHAPS),
        ((block(BOTH, exists=NOT_KNOWN),), PERHAPS),
    ],
)
def test_several_blocks(blocks: tuple[PublicAccessBlock, ...], expected: Any):
    assert verdict(cloud(public_access_blocks=blocks), *OUT) == expected


@pytest.mark.parametrize(
    ("mode", "exclusions", "expected"),
    [(BOTH, (), False), (INGRESS, (), True), (BOTH, left_out(EGRESS, subnet="public"), True)],
)
def test_an_egress_only_gateway(mode: Any, exclusions: Any, expected: bool):
    table = RouteTable(
        id="out", vpc="vpc", subnets=("public",), routes=(route("::/0", TargetKind.EGRESS_ONLY, "eigw"),)
    )
    objects = cloud(
        route_tables=(table,),
        network_interfaces=(host("six", "public", "2600:1f00::10", "ssh"),),
        internet_gateways=(InternetGateway(id="eigw", vpc="vpc", egress_only=True),),
        security_groups=(group("ssh", rule("::/0")),),
        public_access_blocks=(block(mode),),
        public_access_exclusions=exclusions,
    )
    network = build(objects).network
    ends = {one.id: one for one in network.endpoints}
    found = Reachability(network).between(ends["six"], ends["external-ipv6"], None, AddressSet.of("2a00::1"))
    assert any(Header("tcp", 40000, 22) in one.headers.must for one in found) == expected


def test_inside_a_vpc_nothing_is_blocked():
    assert verdict(cloud(public_access_blocks=(block(BOTH),)), "bastion", "server") == YES
