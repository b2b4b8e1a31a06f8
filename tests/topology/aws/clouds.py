"""Small clouds for tests: one VPC with a public, a private and a data subnet, and shorthands for its parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ringfence.engine.connectivity import related
from ringfence.engine.reach import Reachability
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Network
from ringfence.resources.aws import (
    AclAction,
    AclEntry,
    AwsObjects,
    CidrPeer,
    GroupPeer,
    Id,
    InternetGateway,
    NatGateway,
    NetworkAcl,
    NetworkInterface,
    Peer,
    Route,
    RouteTable,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    TargetKind,
    Vpc,
)
from ringfence.topology.aws import AwsTopology, build

HOST = AddressSet.of("198.51.100.7")
"""Somebody on the internet."""


def rule(peer: str | Peer, port: int | None = 22, protocol: str = "tcp", egress: bool = False, **more: Any):
    """A group's rule; a text is a block or a group's id."""
    if isinstance(peer, str):
        peer = CidrPeer(peer) if "/" in peer else GroupPeer(peer)
    return SecurityGroupRule(
        id=f"{peer}", egress=egress, protocol=protocol, from_port=port, to_port=port, peer=peer, **more
    )


OUT = (rule("0.0.0.0/0", None, "-1", egress=True), rule("::/0", None, "-1", egress=True))


def group(name: str, *rules: SecurityGroupRule, **more: Any) -> SecurityGroup:
    """A group with these rules, and AWS's own egress rules."""
    return SecurityGroup(id=name, vpc="vpc", rules=(*rules, *OUT), **more)


def entry(
    number: int, action: str, ports: tuple[int, int] | None = None, egress: bool = False, cidr: str = "0.0.0.0/0"
):
    """An ACL's entry for TCP, or for everything where no ports are given."""
    low, high = ports or (None, None)
    protocol = "tcp" if ports else "-1"
    return AclEntry(
        number=number,
        egress=egress,
        protocol=protocol,
        action=AclAction(action),
        cidr=cidr,
        from_port=low,
        to_port=high,
    )


ALLOW_ALL = tuple(
    entry(100 + place, "allow", None, egress, cidr)
    for egress in (False, True)
    for place, cidr in enumerate(("0.0.0.0/0", "::/0"))
)
"""The entries of a VPC's default ACL."""


def acl(name: str, *entries: AclEntry, subnets: tuple[str, ...] = ()) -> NetworkAcl:
    """An ACL; without entries it refuses everything."""
    return NetworkAcl(id=name, vpc="vpc", entries=entries, subnets=subnets)


def route(destination: str, kind: TargetKind, target: str, **more: Any) -> Route:
    """A static route."""
    return Route(destination=destination, kind=kind, target=target, **more)


def host(name: str, subnet: Id, address: Id, *groups: Id, public: Any = None, **more: Any) -> NetworkInterface:
    """An interface that nobody owns, with these groups."""
    return NetworkInterface(
        id=name, subnet=subnet, private_ips=(address,), security_groups=groups, public_ip=public, **more
    )


TO_IGW = route("0.0.0.0/0", TargetKind.INTERNET_GATEWAY, "igw")
TO_IGW_6 = route("::/0", TargetKind.INTERNET_GATEWAY, "igw")
TO_NAT = route("0.0.0.0/0", TargetKind.NAT_GATEWAY, "nat")


def cloud(**changes: Any) -> AwsObjects:
    """The cloud: a bastion in `public`, a server in `private`, a database in `data`; groups let TCP/22 in for all."""
    base = AwsObjects(
        vpcs=(
            Vpc(
                id="vpc",
                cidrs=("10.0.0.0/16",),
                ipv6_cidrs=("2600:1f00::/56",),
                default_security_group="default",
                default_network_acl="open",
                main_route_table="main",
            ),
        ),
        subnets=(
            Subnet(id="public", vpc="vpc", cidr="10.0.0.0/24", ipv6_cidr="2600:1f00::/64", zone="a"),
            Subnet(id="private", vpc="vpc", cidr="10.0.1.0/24", zone="a"),
            Subnet(id="data", vpc="vpc", cidr="10.0.2.0/24", zone="b"),
        ),
        internet_gateways=(InternetGateway(id="igw", vpc="vpc"),),
        nat_gateways=(NatGateway(id="nat", subnet="public", public_ips=("203.0.113.9",), private_ip="10.0.0.250"),),
        route_tables=(
            RouteTable(id="main", vpc="vpc"),
            RouteTable(id="out", vpc="vpc", routes=(TO_IGW, TO_IGW_6), subnets=("public",)),
            RouteTable(id="inner", vpc="vpc", routes=(TO_NAT,), subnets=("private",)),
        ),
        network_acls=(acl("open", *ALLOW_ALL),),
        security_groups=(group("default", rule("default", None, "-1")), group("ssh", rule("0.0.0.0/0"))),
        network_interfaces=(
            host("bastion", "public", "10.0.0.10", "ssh", public="203.0.113.10"),
            host("server", "private", "10.0.1.10", "ssh"),
            host("database", "data", "10.0.2.10", "ssh"),
        ),
    )
    return replace(base, **changes)


def verdict(
    built: AwsTopology | AwsObjects | Network, source: str, target: str, port: int = 22, plane: str = "tcp"
) -> tuple[bool, bool]:
    """Whether a packet to this port may, and whether it must, come through and be answered. `internet` is HOST."""
    if isinstance(built, AwsObjects):
        built = build(built)
    network = built.network if isinstance(built, AwsTopology) else built
    ends, limits = [], []
    for end in (source, target):
        address = HOST if end == "internet" else AddressSet.of(end) if end[0].isdigit() else None
        limits.append(address)
        if address is not None:
            ends.append([one for one in network.endpoints if one.every and address <= one.addresses])
        else:
            ends.append([one for one in network.endpoints if end in (one.id, one.workload)])
        assert ends[-1], f"nobody is called {end}"
    (found,) = related(Reachability(network), ends[0], ends[1], (limits[0], limits[1]))
    return port in getattr(found.may, plane), port in getattr(found.must, plane)


YES, NO, PERHAPS = (True, True), (False, False), (True, False)
