"""Which flows of a cloud are meant to pass: those that a group's rule admits at its end.

Not all pairs squared: who may send follows from the rule. What behaves alike is looked at once: of the endpoints with
the same place and the same groups one stands for all, unless its workload has several places, which are to be compared.
TCP, and UDP where a rule names it: a rule for every protocol says nothing about what is spoken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ringfence.checks.cloud import admitted, kind, members, named, outside, public, subnet
from ringfence.checks.finding import View
from ringfence.engine.witness import Field
from ringfence.layers.aws_headers import EVERY_PROTOCOL
from ringfence.model.addresses import ALL_IPV4, AddressSet
from ringfence.model.headers import HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.resources.aws import GroupPeer, SecurityGroup, SecurityGroupRule
from ringfence.topology.aws.estate import Estate
from ringfence.topology.entries import OUTSIDE
from ringfence.topology.names import INTERNET

CLIENTS = frozenset(("instance", "interface", "node_group", "autoscaling_group", "lambda_function", "ecs_service"))
"""Kinds that open connections to the internet of their own accord."""

ALL_PORTS = IntervalSet.of((0, 65535))


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One flow that a rule admits. `purpose` is what pairs share that should fare alike."""

    source: Endpoint
    target: Endpoint
    wanted: HeaderSet
    rule: SecurityGroupRule
    purpose: tuple[object, ...]
    sources: AddressSet | None = None
    targets: AddressSet | None = None

    @property
    def field(self) -> Field:
        """Where to look for packets."""
        return Field((self.source,), (self.target,), self.sources, self.targets)


def pairs(view: View, found: Estate) -> Iterator[Pair]:
    """Every pair that a rule is for, rule by rule."""
    carried = {group: representatives(kept) for group, kept in members(view).items()}
    people = representatives(one for one in view.topology.network.endpoints if kind(one))
    for group in found.objects.security_groups:
        for rule in group.rules:
            owners = carried.get(group.id, [])
            if not owners or rule.exists is not None:
                continue
            if rule.egress:
                yield from _leaving(view, rule, owners, named(rule, found))
            elif isinstance(rule.peer, GroupPeer):
                peers = carried.get(rule.peer.group, []) if isinstance(rule.peer.group, str) else []
                yield from _between(rule, peers, owners, by_group=True)
            else:
                held = named(rule, found)
                yield from _between(rule, [one for one in people if one.addresses & held], owners)
                yield from _arriving(view, rule, owners, held - _local(found, group))


def representatives(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """One of each kind. What is not the cloud's own stands for nobody, nor does what may be elsewhere or nowhere."""
    known = [one for one in endpoints if kind(one) and subnet(one) and not one.maybe]
    places = Counter(one.workload for one in known)
    first: dict[tuple[object, ...], Endpoint] = {}
    for one in known:
        whose = one.workload if places[one.workload] > 1 else ""
        key = (whose, one.location, one.groups, one.maybe_groups, one.any_group, _family(one), kind(one))
        first.setdefault(key, one)
    return list(first.values())


def _between(
    rule: SecurityGroupRule, sources: list[Endpoint], targets: list[Endpoint], by_group: bool = False
) -> Iterator[Pair]:
    """Who names a group means all of its members alike; who names a block may mean some of it."""
    for target in targets:
        for source in sources:
            if source is not target and _family(source) == _family(target):
                means = () if by_group else (source.workload, target.workload)
                wanted = _wanted(rule, source)
                if wanted:
                    yield Pair(source, target, wanted, rule, (rule.id, rule.span, _family(source), *means))


def _arriving(view: View, rule: SecurityGroupRule, targets: list[Endpoint], held: AddressSet) -> Iterator[Pair]:
    for source in outside(view):
        limit = held & source.addresses & INTERNET
        for target in targets if limit else ():
            wanted = _wanted(rule, source)
            if wanted:
                purpose = (rule.id, rule.span, _family(source), target.workload)
                yield Pair(source, target, wanted, rule, purpose, sources=limit)


def _leaving(view: View, rule: SecurityGroupRule, sources: list[Endpoint], held: AddressSet) -> Iterator[Pair]:
    for target in outside(view):
        limit = held & target.addresses & INTERNET
        for source in sources if public(limit) else ():
            wanted = _wanted(rule, source)
            if wanted and kind(source) in CLIENTS:
                purpose = (rule.id, rule.span, _family(target), source.workload)
                yield Pair(source, target, wanted, rule, purpose, targets=limit)


def _wanted(rule: SecurityGroupRule, client: Endpoint) -> HeaderSet:
    """What the rule lets the client open, from its own ports."""
    spoken = ports("tcp", ALL_PORTS, client.ephemeral)
    if rule.protocol not in EVERY_PROTOCOL:
        spoken |= ports("udp", ALL_PORTS, client.ephemeral)
    return admitted(rule).must & spoken


def _local(found: Estate, group: SecurityGroup) -> AddressSet:
    vpc = found.vpcs.get(group.vpc) if isinstance(group.vpc, str) else None
    return found.local(vpc).may if vpc is not None else AddressSet()


def _family(endpoint: Endpoint) -> bool:
    return bool(endpoint.addresses & ALL_IPV4)


def leaves_the_cloud(pair: Pair) -> bool:
    """Whether its target is outside."""
    return pair.target.location == OUTSIDE
