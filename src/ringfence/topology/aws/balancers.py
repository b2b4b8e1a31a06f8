"""Load balancers as hops: what comes in by a listener goes on to a target, and back.

A balancer has a node in each of its subnets: an endpoint, and a place with its groups. A packet for the node is
rewritten there, so *internet -> balancer* is judged all the way to the targets and back.

    application   the packet goes on from the node itself, with the node's address, groups and a port of its own; TLS
                  ends there, and so does any mutual identity
    network       the client's address is kept, or not, as the target group says; in either case the packet comes *by
                  the node's groups*, so a target's rule that names the balancer's group admits it. The reply to a kept
                  address finds its way to the node whatever the route tables say

Client address by default: kept for instances and for UDP, not kept for TCP and TLS to addresses. Where several targets
stand behind a listener each of them may be the one. A listener without target groups answers by itself, and so does one
that calls a function. Targets that nobody knows may take anything. What a cluster registers is `Registered`.

Left out: health checks (a target that fails them gets no traffic; the check RF208 looks for those that cannot pass) and
zones (a network balancer's nodes may serve targets of their own zone alone), so *must* counts every target.

Source: the guides of Application and Network Load Balancers ("Target groups", "Client IP preservation").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, EVERYWHERE
from ringfence.model.bounds import Bounds
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import EPHEMERAL, Endpoint, Link, Location, PortMap, Rewrite, Source
from ringfence.model.rules import NO_IDENTITY
from ringfence.model.selectors import Not
from ringfence.resources.aws import (
    AutoScalingGroup,
    BalancerKind,
    Id,
    Listener,
    LoadBalancer,
    MaybeId,
    NodeGroup,
    TargetGroup,
    Unknown,
)
from ringfence.topology.aws.endpoints import AWS, PUBLIC, Wanted, endpoints, public
from ringfence.topology.aws.estate import Estate, doubt, known, name
from ringfence.topology.aws.places import both, group_chains, maybe, of
from ringfence.topology.aws.population import placed, placeholder

PLANES = {
    "HTTP": ("tcp", "mtls"),
    "HTTPS": ("tcp", "mtls"),
    "TCP": ("tcp", "mtls"),
    "TLS": ("tcp", "mtls"),
    "UDP": ("udp",),
    "TCP_UDP": ("tcp", "mtls", "udp"),
    "QUIC": ("udp",),
    "TCP_QUIC": ("tcp", "mtls", "udp"),
}
TARGET = "target"
"""The kind of the endpoints that stand for targets which nobody knows."""

ENDING_TLS = ("HTTP", "HTTPS", "TLS")
"""Protocols of listeners that take the connection apart."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A target that no file of the cloud holds, and the port that traffic goes to; `doubt`: why it may not be one."""

    target: Endpoint
    port: int
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Onward:
    """Where a target group leads; `itself`: it answers there; why more may be behind it."""

    targets: tuple[Registered, ...] = ()
    itself: bool = False
    unknown: str = ""


NOTHING: Mapping[str, tuple[Registered, ...]] = MappingProxyType({})


class Balancers:
    """All balancers of an estate.

    `population` are the endpoints that may be targets, `registered` further ones by the target group's id: all that
    are registered with it beyond those of the files.
    """

    def __init__(
        self,
        estate: Estate,
        population: Iterable[Endpoint],
        registered: Mapping[str, tuple[Registered, ...]] = NOTHING,
    ) -> None:
        self._estate = estate
        self._registered = registered
        self._groups = {one.id: one for one in estate.objects.target_groups}
        self._by_owner: dict[str, list[Endpoint]] = {}
        for one in population:
            self._by_owner.setdefault(one.facets[AWS].get("id", ""), []).append(one)
        self._population = [one for members in self._by_owner.values() for one in members]
        self._nodes = {
            one.id: tuple(self._endpoints(one))
            for one in estate.objects.load_balancers
            if one.kind is not BalancerKind.GATEWAY
        }

    @property
    def nodes(self) -> Mapping[str, tuple[Endpoint, ...]]:
        """The nodes' endpoints by the balancer's id."""
        return self._nodes

    def targets(self, group: TargetGroup) -> tuple[tuple[Endpoint, int], ...]:
        """The known targets of a group, each with the port that traffic goes to."""
        return tuple((one.target, one.port) for one in self._onward(group).targets)

    def parts(self) -> Iterator[Endpoint | Location | Link]:
        """Everything that the balancers add to a network."""
        for balancer in self._estate.objects.load_balancers:
            yield from self._nodes.get(balancer.id, ())
            yield from self._places(balancer)

    def _endpoints(self, balancer: LoadBalancer) -> Iterator[Endpoint]:
        estate = self._estate
        reachable = not balancer.internal if isinstance(balancer.internal, bool) else balancer.internal
        kind = "load_balancer"
        needs_group = balancer.kind is not BalancerKind.NETWORK
        seen: list[Wanted] = []
        for interface in estate.interfaces.get(balancer.id, ()):
            groups = interface.security_groups or balancer.security_groups
            address = public(estate, interface) or reachable
            label = placeholder(balancer, interface.subnet if isinstance(interface.subnet, str) else None)
            wanted = Wanted(label, balancer, kind, interface.subnet, groups, interface.private_ips, address)
            seen.append(replace(wanted, own=interface, default_group=needs_group))
        for subnet in placed(estate, balancer, balancer.subnets):
            wanted = Wanted(placeholder(balancer, subnet), balancer, kind, subnet, balancer.security_groups)
            seen.append(replace(wanted, public=reachable, default_group=needs_group))
        for wanted in seen:
            for one in endpoints(estate, wanted, f"{wanted.name} itself"):
                # An address of either family is public only where the balancer faces the internet.
                facets = {key: value for key, value in one.facets.items() if key != PUBLIC or reachable is not False}
                yield replace(one, facets=facets, ephemeral=EPHEMERAL)

    def _places(self, balancer: LoadBalancer) -> Iterator[Endpoint | Location | Link]:
        itself = of("id", balancer.id)
        by_subnet: dict[str, list[Endpoint]] = {}
        for one in self._nodes.get(balancer.id, ()):
            by_subnet.setdefault(one.location, []).append(one)
        for location, members in by_subnet.items():
            here, subnet = location.removesuffix(" itself"), members[0].facets[AWS].get("subnet")
            vpc = self._estate.vpc_of(subnet)
            yield Location(location, kind="load balancer")
            yield Location(here, group_chains(self._estate, members, vpc), transit=True, kind="load balancer")
            yield Link("as a client", location, here, rewrite=Rewrite(), span=balancer.span)
            around = [subnet] if subnet is not None else list(self._estate.subnets)
            for each in around:
                sure = None if subnet is not None else maybe(EVERYWHERE, "its subnet is not known")
                towards = both(itself, of("subnet", each)) if subnet is not None else itself
                yield Link("load balancer", each, here, sure, towards, enters=True, span=balancer.span)
                yield Link("load balancer", here, each, sure, Not(itself), exits=True, span=balancer.span)
            for listener in self._estate.objects.listeners:
                if listener.load_balancer == balancer.id or isinstance(listener.load_balancer, Unknown):
                    yield from self._listener(balancer, listener, here, members)

    def _listener(
        self, balancer: LoadBalancer, listener: Listener, here: str, nodes: list[Endpoint]
    ) -> Iterator[Endpoint | Location | Link]:
        why = doubt(listener.exists, listener.load_balancer, listener.port, listener.protocol, balancer.kind)
        protocol = listener.protocol if isinstance(listener.protocol, str) else "HTTP"
        planes = PLANES.get(protocol.upper(), ("tcp", "mtls"))
        ports = IntervalSet.of(listener.port if isinstance(listener.port, int) else (0, 65535))
        itself = of("id", balancer.id)

        def link(target: str, rewrite: Rewrite, doubtful: str, family: bool | None = None) -> Link:
            reach = EVERYWHERE if family is None else ALL_IPV4 if family else ALL_IPV6
            served = Bounds.exactly(reach) if not doubtful else maybe(reach, doubtful)
            return Link(f"listener {name(listener)}", here, target, served, itself, rewrite=rewrite, span=listener.span)

        def sent(port: int) -> tuple[PortMap, ...]:
            return tuple(PortMap(plane, ports, port) for plane in planes)

        because = why.because if why is not None else ""
        same = listener.port if isinstance(listener.port, int) else 0
        groups = known(listener.target_groups)
        if doubt(listener.target_groups) is not None or why is not None:
            yield from self._unknown(
                balancer, listener, here, because or "its target groups are not known", planes, ports
            )
        if not groups and doubt(listener.target_groups) is None:
            yield link(nodes[0].location, Rewrite(ports=sent(same)), because)
        for each in groups:
            group = self._groups.get(each)
            if group is None:
                missing = f"target group {each} is not in the files"
                yield from self._unknown(balancer, listener, here, missing, planes, ports)
                continue
            onward = self._onward(group)
            if onward.itself:
                yield link(nodes[0].location, Rewrite(ports=sent(same)), because)
            if onward.unknown:
                yield from self._unknown(balancer, listener, here, onward.unknown, planes, ports)
            for one in onward.targets:
                target, port = one.target, one.port
                for kept in keeps_client(balancer, group):
                    unsure = doubt(group.preserve_client_ip, group.target_type) or Unknown(one.doubt)
                    doubtful = because or unsure.because
                    ends = balancer.kind is BalancerKind.APPLICATION or protocol.upper() in ENDING_TLS
                    four = bool(target.addresses & ALL_IPV4)
                    senders = [one for one in nodes if bool(one.addresses & ALL_IPV4) == four]
                    if not senders:
                        continue
                    sender = senders[0]
                    source = Source(origin=sender.id)
                    if not kept:
                        identity = NO_IDENTITY if ends else None
                        source = Source(sender.addresses, sender.id, identity, EPHEMERAL)
                    change = Rewrite(source, target.id, sent(port), "tcp" if ends else None)
                    yield link(here, change, doubtful, four if kept else None)

    def _unknown(
        self,
        balancer: LoadBalancer,
        listener: Listener,
        here: str,
        because: str,
        planes: tuple[str, ...],
        ports: IntervalSet,
    ) -> Iterator[Endpoint | Location | Link]:
        label = f"targets of {name(listener)} that are not known"
        facets = {AWS: {"kind": TARGET, "id": label}}
        yield Endpoint(label, label, ALL_IPV4, workload=label, facets=facets, maybe=True, span=listener.span)
        yield Location(label, kind="not known")
        change = Rewrite(target=label, ports=tuple(PortMap(plane, ports, 0) for plane in planes))
        towards = of("id", balancer.id)
        served = maybe(EVERYWHERE, because)
        yield Link("targets that are not known", here, label, served, towards, rewrite=change, span=listener.span)

    def _onward(self, group: TargetGroup) -> _Onward:
        found: list[tuple[Endpoint, int]] = []
        unknown = doubt(group.target_type, group.exists)
        because = unknown.because if unknown is not None else ""
        if group.target_type == "lambda":
            return _Onward(itself=True, unknown=because)
        for target in group.targets:
            port = target.port if target.port is not None else group.port
            members = self._members(target.target)
            if not members or not isinstance(port, int) or target.exists is not None:
                why = doubt(target.target, port, target.exists)
                because = because or (why.because if why else f"target {target.target} is not in the files")
            if isinstance(port, int):
                found += [(one, port) for one in members]
        objects = self._estate.objects
        scaling: tuple[AutoScalingGroup | NodeGroup, ...] = (*objects.autoscaling_groups, *objects.node_groups)
        for scaled in scaling:
            if group.id in known(scaled.target_groups) and isinstance(group.port, int):
                found += [(one, group.port) for one in self._by_owner.get(scaled.id, ())]
            unsure = doubt(scaled.target_groups)
            because = because or (unsure.because if unsure is not None else "")
        registered = self._registered.get(group.id)
        if registered is None and not found and not because and group.address:
            because = f"whoever registers with {group.address} is not in the files"
        elif registered == () and not because:
            because = f"where the Service behind {name(group)} leads is not known"
        targets = (*(Registered(one, port) for one, port in found), *(registered or ()))
        return _Onward(tuple(dict.fromkeys(targets)), unknown=because)

    def _members(self, target: Id) -> list[Endpoint]:
        """The endpoints of one registered target: the instance's first interface, or who has the address."""
        if isinstance(target, Unknown):
            return []
        if target in self._nodes:
            return list(self._nodes[target])
        if target in self._by_owner:
            of_owner = self._by_owner[target]
            return [one for one in of_owner if one.id.removesuffix(" IPv6") == of_owner[0].id and not one.maybe]
        return [one for one in self._population if one.single and str(one.addresses) == target]


def keeps_client(balancer: LoadBalancer, group: TargetGroup) -> tuple[bool, ...]:
    """Whether targets see the client's address; both where nobody knows."""
    if balancer.kind is not BalancerKind.NETWORK:
        return (False,)
    if isinstance(group.preserve_client_ip, bool):
        return (group.preserve_client_ip,)
    if isinstance(group.preserve_client_ip, Unknown) or isinstance(group.target_type, Unknown):
        return (True, False)
    udp = isinstance(group.protocol, str) and "UDP" in group.protocol.upper()
    return (udp or group.target_type == "instance",)


def keepers(estate: Estate, vpc: MaybeId) -> tuple[str, ...]:
    """The network balancers of a VPC, which take the replies to addresses that are not theirs."""
    found = (one for one in estate.objects.load_balancers if one.kind is not BalancerKind.APPLICATION)
    return tuple(
        one.id
        for one in found
        if any(each in estate.subnets and estate.subnets[each].vpc == vpc for each in known(one.subnets))
    )
