"""Networks, gateways and routes from describe calls."""

from __future__ import annotations

from ringfence.resources.aws import EndpointKind, TargetKind, Unknown
from tests.sources.describing import ANSWERS, read

FOUND = read(ANSWERS)[0]


def test_vpcs_and_their_defaults() -> None:
    (vpc,) = FOUND.vpcs
    assert (vpc.id, vpc.cidrs, vpc.ipv6_cidrs, vpc.tags) == ("vpc-1", ("10.0.0.0/16",), (), {"Name": "main"})
    assert (vpc.default_security_group, vpc.default_network_acl, vpc.main_route_table) == ("sg-1", "acl-1", "rtb-1")
    alone = read({"Vpcs": ANSWERS["Vpcs"]})[0].vpcs[0]
    assert isinstance(alone.main_route_table, Unknown)


def test_subnets_gateways_addresses() -> None:
    assert [(one.vpc, one.cidr, one.zone) for one in FOUND.subnets] == [("vpc-1", "10.0.0.0/24", "use1-az1")]
    assert [(one.id, one.vpc, one.egress_only) for one in FOUND.internet_gateways] == [
        ("igw-1", "vpc-1", False), ("eigw-1", "vpc-1", True)
    ]  # fmt: skip
    (nat,) = FOUND.nat_gateways
    assert (nat.id, nat.public_ips, nat.private_ip, nat.allocations) == (
        "nat-1",
        ("203.0.113.9",),
        "10.0.0.9",
        ("eipalloc-1",),
    )
    assert [(one.public_ip, one.network_interface) for one in FOUND.elastic_ips] == [("203.0.113.9", "eni-9")]


def test_routes_without_the_local_ones() -> None:
    (table,) = FOUND.route_tables
    assert [(one.destination, one.kind, one.target) for one in table.routes] == [
        ("0.0.0.0/0", TargetKind.INTERNET_GATEWAY, "igw-1"),
        ("pl-1", TargetKind.VPC_ENDPOINT, "vpce-1"),
        ("::/0", TargetKind.EGRESS_ONLY, "eigw-1"),
        ("172.16.0.0/12", TargetKind.NAT_GATEWAY, "nat-2"),
        ("192.168.0.0/16", TargetKind.OTHER, "vgw-1"),
    ]
    assert [one.by_prefix_list for one in table.routes] == [False, True, False, False, False]
    assert [one.blackhole for one in table.routes] == [False, False, False, True, False]
    assert [one.propagated for one in table.routes] == [False, False, False, False, True]
    assert (table.subnets, table.propagating) == (("subnet-1",), ("vgw-1",))


def test_endpoints_and_prefix_lists() -> None:
    (endpoint,) = FOUND.vpc_endpoints
    assert (endpoint.kind, endpoint.route_tables) == (EndpointKind.GATEWAY, ("rtb-1",))
    first, second = FOUND.prefix_lists
    assert first.cidrs == ("52.216.0.0/15",)
    assert isinstance(second.cidrs, Unknown)
