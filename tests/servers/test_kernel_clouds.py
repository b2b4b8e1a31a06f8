"""Security groups and network ACLs, held against nftables: real packets between network namespaces.

Random clouds of three subnets become rulesets (`cloud_filters`): stateful ones at the interfaces, stateless ones at the
subnets' edges. Every interface sends to every other one, from ports of a client below, among and above those that Linux
gives out, so that replies often meet an ACL that has forgotten them.

`RINGFENCE_SOAK=minutes` goes on with other clouds each time for so long.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count, permutations, product
from typing import Any

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.model.addresses import AddressSet
from ringfence.resources.aws import (
    AclAction,
    AclEntry,
    AwsObjects,
    CidrPeer,
    GroupPeer,
    RouteTable,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    Vpc,
)
from ringfence.topology.aws import build
from tests.servers.batches import batches
from tests.servers.cloud_filters import at_edges, at_interface
from tests.servers.evaluators import End, Evaluators, header
from tests.servers.flows import Flow, Flows
from tests.servers.namespaces import Wired, inside, one_processor, run, wired
from tests.topology.aws.clouds import OUT, acl, host

FIXED = range(60)
SUBNETS = {"a": ("10.0.0.0/24", "2600:1f00::/64"), "b": ("10.0.1.0/24", "2600:1f00:0:1::/64")}
SUBNETS["c"] = ("10.0.2.0/24", "2600:1f00:0:2::/64")
HOSTS = {
    f"{name}{place}": (f"{four.removesuffix('0/24')}{place}", f"{six.removesuffix('/64')}{place}")
    for name, (four, six) in SUBNETS.items()
    for place in ((11, 12) if name != "c" else (11,))
}
BELL = {"ringer": ("10.9.0.1",), "bell": ("10.9.0.2",)}
"""Two that nothing is filtered between: an answer from one to the other comes after those before it."""

EVERYWHERE = ("0.0.0.0/0", "::/0")
GROUPS = ("g0", "g1", "g2", "g3")
WHATS = ("tcp/80", "tcp/443", "udp/80", "udp/53", "icmp")
PORTS = {"tcp": (80, 443), "udp": (53, 80)}
CLIENTS = ((1024, 32767), (32768, 48999), (49000, 60999), (61000, 65535))
RANGES = ((80, 80), (53, 80), (0, 65535), (443, 443), (1024, 65535), (32768, 60999), (49000, 65535), (32768, 65535))


@dataclass
class Lab:
    """The wires, and what sends and answers on them."""

    network: Wired
    flows: Flows
    numbers: Iterator[int] = field(default_factory=count)

    def filter(self, cloud: AwsObjects) -> None:
        """From now on the cloud's groups and ACLs decide, and no connection is known any more."""
        for interface in cloud.network_interfaces:
            with inside(self.network.hosts[interface.id]):
                run(["nft", "-f", "-"], at_interface(cloud, interface))
                run(["conntrack", "-F"])
        with inside(self.network.router):
            run(["nft", "-f", "-"], at_edges(cloud, self.network.wires))

    def ask(self, flows: list[Flow]) -> set[Flow]:
        """The flows that are answered."""
        return self.flows.ask(flows, lambda: Flow("ringer", BELL["bell"][0], "sctp/7", number=next(self.numbers)))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with wired({**HOSTS, **BELL}) as network, closing(Flows(network)) as flows, one_processor():
        flows.serve(PORTS)
        yield Lab(network, flows)


def flows(chance: random.Random) -> list[Flow]:
    """Every pair and everything that may be sent, over the one family or the other."""
    found = []
    for source, target in permutations(HOSTS, 2):
        for what in WHATS:
            address = HOSTS[target][chance.randrange(2)]
            for low, high in CLIENTS if what != "icmp" else ((0, 0),):
                found.append(Flow(source, address, what, chance.randint(low, high)))
    return found


def cloud(chance: random.Random) -> AwsObjects:
    """One VPC; each subnet has an ACL of its own, each interface one group or two."""
    vpc = Vpc(
        id="vpc",
        cidrs=("10.0.0.0/16",),
        ipv6_cidrs=("2600:1f00::/56",),
        default_security_group="g0",
        default_network_acl="none",
        main_route_table="main",
    )
    interfaces = [
        replace(
            host(name, name[0], addresses[0], *chance.sample(GROUPS, chance.choice((1, 1, 2)))), private_ips=addresses
        )
        for name, addresses in HOSTS.items()
    ]
    return AwsObjects(
        vpcs=(vpc,),
        subnets=tuple(
            Subnet(id=name, vpc="vpc", cidr=four, ipv6_cidr=six, zone="a") for name, (four, six) in SUBNETS.items()
        ),
        route_tables=(RouteTable(id="main", vpc="vpc"),),
        network_acls=(acl("none"), *(acl(f"acl-{one}", *entries(chance), subnets=(one,)) for one in SUBNETS)),
        security_groups=tuple(SecurityGroup(id=name, vpc="vpc", rules=tuple(rules(chance))) for name in GROUPS),
        network_interfaces=tuple(interfaces),
    )


def rules(chance: random.Random) -> Iterator[SecurityGroupRule]:
    """Of one group; most let everything out, and some everything in."""
    if chance.randrange(2):
        yield from (replace(one, egress=False) for one in OUT)
    for _ in range(chance.choice((1, 2, 3, 4))):
        name = chance.choice(GROUPS)
        cidr = block(chance, chance.randrange(2))
        peer = GroupPeer(name) if chance.randrange(3) == 0 else CidrPeer(cidr)
        yield SecurityGroupRule(id="in", egress=False, peer=peer, **headers(chance, ":" in cidr))
    if chance.randrange(3):
        yield from OUT
        return
    for _ in range(2):
        cidr = block(chance, chance.randrange(2))
        yield SecurityGroupRule(id="out", egress=True, peer=CidrPeer(cidr), **headers(chance, ":" in cidr))


def entries(chance: random.Random) -> Iterator[AclEntry]:
    """Of one ACL, both directions: some of any kind, before most or all of the rest is let through."""
    numbers, late = chance.sample(range(1, 1000), 6), count(2000)
    for egress in (False, True):
        last = chance.choice(("open", "open", "closed"))
        for _ in range(chance.choice((0, 1, 2, 3))):
            cidr = block(chance, chance.randrange(2))
            found = headers(chance, ":" in cidr)
            if found["protocol"].startswith("icmp"):
                found["icmp_type"], found["icmp_code"] = found.pop("from_port"), found.pop("to_port")
            action = AclAction(chance.choice(("allow", "deny")))
            yield AclEntry(number=numbers.pop(), egress=egress, action=action, cidr=cidr, **found)
        for cidr, protocol in product(EVERYWHERE, ("-1",) if last == "open" else ("tcp", "udp")):
            # Closed: to the servers, and back to the clients of some systems.
            for low, high in ((None, None),) if last == "open" else ((53, 443), chance.choice(RANGES[4:])):
                common: dict[str, Any] = {
                    "egress": egress,
                    "action": AclAction.ALLOW,
                    "cidr": cidr,
                    "protocol": protocol,
                }
                yield AclEntry(number=next(late), from_port=low, to_port=high, **common)


def block(chance: random.Random, family: int) -> str:
    """Everything, a subnet, or an interface."""
    address = chance.choice(list(HOSTS.values()))[family]
    one = f"{address}/{(32, 128)[family]}"
    return chance.choice((EVERYWHERE[family], EVERYWHERE[family], chance.choice(list(SUBNETS.values()))[family], one))


def headers(chance: random.Random, six: bool) -> dict[str, Any]:
    """Protocol with ports, or with type and code."""
    protocol = chance.choice(("-1", "tcp", "tcp", "udp", "icmp"))
    if protocol == "-1":
        return {"protocol": protocol, "from_port": None, "to_port": None}
    if protocol == "icmp":
        kind = chance.choice((-1, -1, 128, 129) if six else (-1, -1, 8, 0))
        return {"protocol": "icmpv6" if six else "icmp", "from_port": kind, "to_port": -1}
    low, high = chance.choice(RANGES)
    return {"protocol": protocol, "from_port": low, "to_port": high}


def test_random_clouds(lab: Lab) -> None:
    for seeds in batches(FIXED, len(FIXED)):
        seen = Counter[str]()
        for seed in seeds:
            chance = random.Random(seed)
            made, asked = cloud(chance), flows(chance)
            said = outcomes(made, asked)
            lab.filter(made)
            theirs = lab.ask(asked)
            for _ in range(5):  # what was lost on the way is asked again; what passed, passed
                missing = [flow for flow in asked if said[flow] is Outcome.ALLOWED and flow not in theirs]
                theirs |= lab.ask(missing) if missing else set()
            wrong = [
                (flow, str(said[flow]), flow in theirs)
                for flow in asked
                if said[flow] is not (Outcome.ALLOWED if flow in theirs else Outcome.DENIED)
            ]
            assert wrong == [], (seed, made)
            seen.update("passing" if flow in theirs else "stopped" for flow in asked)
            seen["by the client's port"] += by_client(asked, theirs)
        assert min(seen["passing"], seen["stopped"]) > seen.total() / 5
        assert seen["by the client's port"] > 10 * len(seeds)


def outcomes(made: AwsObjects, asked: list[Flow]) -> dict[Flow, Outcome]:
    """What Ringfence says."""
    evaluators = Evaluators(build(made).network)
    names = {address: name for name, addresses in HOSTS.items() for address in addresses}
    return {
        one: evaluators.outcome(
            end(one.source, one.six), end(names[one.address], one.six), header(one.what, one.six, one.port)
        )
        for one in asked
    }


def end(name: str, six: bool) -> End:
    return f"{name} IPv6" if six else name, AddressSet.of(HOSTS[name][six])


def by_client(asked: list[Flow], passing: set[Flow]) -> int:
    """How many connections hang on the port that the client happens to get."""
    found: dict[tuple[str, str, str], set[bool]] = {}
    for flow in asked:
        found.setdefault((flow.source, flow.address, flow.what), set()).add(flow in passing)
    return sum(len(answers) > 1 for answers in found.values())
