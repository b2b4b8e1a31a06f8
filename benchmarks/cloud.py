"""A cloud of 10,000 interfaces, 2,000 groups and 200 subnets with an ACL each.

    python -m benchmarks.cloud [INTERFACES]

Prints the time to build the network, to make the engine ready, to work out the internet's way to every interface, and
to answer for pairs of interfaces drawn at random. A tenth of the interfaces stand in public subnets with a public
address; each has one to three groups, each group some rules by block and by group. The draw is seeded.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Iterator

from ringfence.engine.reach import Reachability
from ringfence.model.addresses import AddressSet
from ringfence.resources.aws import (
    AclAction,
    AclEntry,
    AwsObjects,
    CidrPeer,
    GroupPeer,
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
from ringfence.topology.aws import build
from ringfence.topology.names import INTERNET

SUBNETS, GROUPS, PAIRS = 200, 2_000, 2_000
PUBLIC = 20
"""How many of the subnets have a way to the internet gateway; the others go through a NAT gateway."""


def estate(interfaces: int, draw: random.Random) -> AwsObjects:
    """The cloud's objects."""
    per_subnet = max(1, interfaces // SUBNETS)
    return AwsObjects(
        vpcs=(
            Vpc(
                id="vpc",
                cidrs=("10.0.0.0/8",),
                default_security_group="sg-0",
                default_network_acl="acl-0",
                main_route_table="rtb-inner",
            ),
        ),
        subnets=tuple(
            Subnet(id=f"subnet-{n}", vpc="vpc", cidr=f"10.{n}.0.0/16", zone="abc"[n % 3]) for n in range(SUBNETS)
        ),
        internet_gateways=(InternetGateway(id="igw", vpc="vpc"),),
        nat_gateways=(NatGateway(id="nat", subnet="subnet-0", private_ip="10.0.255.1"),),
        route_tables=(
            _table("rtb-out", TargetKind.INTERNET_GATEWAY, "igw", tuple(f"subnet-{n}" for n in range(PUBLIC))),
            _table("rtb-inner", TargetKind.NAT_GATEWAY, "nat", ()),
        ),
        network_acls=tuple(
            NetworkAcl(id=f"acl-{n}", vpc="vpc", entries=tuple(_entries(draw)), subnets=(f"subnet-{n}",))
            for n in range(SUBNETS)
        ),
        security_groups=tuple(
            SecurityGroup(id=f"sg-{n}", vpc="vpc", rules=tuple(_rules(n, draw))) for n in range(GROUPS)
        ),
        network_interfaces=tuple(
            NetworkInterface(
                id=f"eni-{n}-{m}",
                subnet=f"subnet-{n}",
                private_ips=(f"10.{n}.{1 + m // 250}.{m % 250}",),
                security_groups=tuple(f"sg-{draw.randrange(GROUPS)}" for _ in range(draw.randint(1, 3))),
                public_ip=f"203.0.{n}.{m % 250}" if n < PUBLIC else None,
            )
            for n in range(SUBNETS)
            for m in range(per_subnet)
        ),
    )


def _table(name: str, kind: TargetKind, target: str, subnets: tuple[str, ...]) -> RouteTable:
    return RouteTable(
        id=name, vpc="vpc", routes=(Route(destination="0.0.0.0/0", kind=kind, target=target),), subnets=subnets
    )


def _entries(draw: random.Random) -> Iterator[AclEntry]:
    """A few of either direction: a port refused, the private side, the replies, and the web."""

    def entry(number: int, egress: bool, action: AclAction, cidr: str, low: int, high: int) -> AclEntry:
        return AclEntry(
            number=number, egress=egress, protocol="tcp", action=action, cidr=cidr, from_port=low, to_port=high
        )

    for egress in (False, True):
        refused = draw.choice([23, 3389, 445])
        yield entry(10, egress, AclAction.DENY, "0.0.0.0/0", refused, refused)
        yield entry(20, egress, AclAction.ALLOW, f"10.{draw.randrange(0, SUBNETS, 32)}.0.0/11", 0, 65535)
        yield entry(30, egress, AclAction.ALLOW, "0.0.0.0/0", 1024, 65535)
        yield entry(40, egress, AclAction.ALLOW, "0.0.0.0/0", 443, 443)
        yield entry(50, egress, AclAction.ALLOW, "0.0.0.0/0", 22, 22)


def _rules(place: int, draw: random.Random) -> Iterator[SecurityGroupRule]:
    for number in range(draw.randint(2, 6)):
        port = draw.choice([22, 80, 443, 5432, 6379, 8080])
        block: Peer = CidrPeer(draw.choice(["0.0.0.0/0", f"10.{draw.randrange(SUBNETS)}.0.0/16", "10.0.0.0/8"]))
        other: Peer = GroupPeer(f"sg-{draw.randrange(GROUPS)}")
        yield SecurityGroupRule(
            id=f"sgr-{place}-{number}",
            egress=False,
            protocol="tcp",
            from_port=port,
            to_port=port,
            peer=draw.choice([block, other]),
        )
    yield SecurityGroupRule(id=f"sgr-{place}-out", egress=True, protocol="-1", peer=CidrPeer("0.0.0.0/0"))


def main() -> None:
    """Prints the figures."""
    draw = random.Random(1)
    objects = estate(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, draw)
    began = time.perf_counter()
    network = build(objects).network
    built = time.perf_counter()
    reach = Reachability(network)
    ready = time.perf_counter()
    interfaces = [one for one in network.endpoints if one.id.startswith("eni")]
    (internet,) = (one for one in network.endpoints if one.id == "external-ipv4")
    outside = INTERNET & internet.addresses
    reached = sum(any(part.headers.may for part in reach.between(internet, one, outside)) for one in interfaces)
    solved = time.perf_counter()
    passing = 0
    for _ in range(PAIRS):
        source, target = draw.choice(interfaces), draw.choice(interfaces)
        passing += any(part.headers.may for part in reach.between(source, target))
    paired = time.perf_counter()
    away = sum(any(part.headers.may for part in reach.between(one, internet, None, HOST)) for one in interfaces[::50])
    left = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"interfaces {len(interfaces):,}, groups {GROUPS:,}, subnets with ACLs {SUBNETS}")
    print(f"build    {built - began:8.2f} s   {len(network.locations):,} locations, {len(network.links):,} links")
    print(f"ready    {ready - built:8.2f} s")
    print(f"internet {solved - ready:8.2f} s   to each interface; {reached:,} are reached on some port")
    print(f"pairs    {(paired - solved) / PAIRS * 1e3:8.2f} ms each   {passing:,} of {PAIRS:,} exchange something")
    print(f"outward  {(left - paired) / len(interfaces[::50]) * 1e3:8.2f} ms each   {away:,} reach the internet")
    print(f"memory   {peak:8,} MiB at the peak")


HOST = AddressSet.of("198.51.100.7")

if __name__ == "__main__":
    main()
