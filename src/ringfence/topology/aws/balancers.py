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
that calls a function. Targets that nobody knows may take anything (`targets`).

Left out: health checks (a target that fails them gets no traffic; the check RF208 looks for those that cannot pass) and
zones (a network balancer's nodes may serve targets of their own zone alone), so *must* counts every target.

Source: the guides of Application and Network Load Balancers ("Target groups", "Client IP preservation").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, EVERYWHERE
from ringfence.model.bounds import Bounds
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import EPHEMERAL, Endpoint, Link, Location, PortMap, Rewrite, Source
from ringfence.model.rules import NO_IDENTITY
from ringfence.model.selectors import Not
from ringfence.resources.aws import (
    BalancerKind,
    Listener,
    LoadBalancer,
    MaybeId,
    TargetGroup,
    Unknown,
)
from ringfence.topology.aws.endpoints import AWS, PUBLIC, Wanted, endpoints, public
from ringfence.topology.aws.estate import Estate, doubt, known, name
from ringfence.topology.aws.places import both, group_chains, maybe, of
from ringfence.topology.aws.population import placed, placeholder
from ringfence.topology.aws.targets import NOTHING, Registered, Targets, keeps_client

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


class Balancers:
    """All balancers of an estate. `population` and `registered` are what may be targets (`targets`)."""

    def __init__(
        self,
        estate: Estate,
        population: Iterable[Endpoint],
        registered: Mapping[str, tuple[Registered, ...]] = NOTHING,
    ) -> None:
        self._estate = estate
        self._groups = {one.id: one for one in estate.objects.target_groups}
        self._nodes = {
            one.id: tuple(self._endpoints(one))
            for one in estate.objects.load_balancers
            if one.kind is not BalancerKind.GATEWAY
        }
        self._targets = Targets(estate, population, self._nodes, registered)

    @property
    def nodes(self) -> Mapping[str, tuple[Endpoint, ...]]:
        """The nodes' endpoints by the balancer's id."""
        return self._nodes

    def targets(self, group: TargetGroup) -> tuple[tuple[Endpoint, int], ...]:
        """The known targets of a group, each with the port that traffic goes to."""
        return tuple((one.target, one.port) for one in self._targets.onward(group).targets)

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
            onward = self._targets.onward(group)
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


def keepers(estate: Estate, vpc: MaybeId) -> tuple[str, ...]:
    """The network balancers of a VPC, which take the replies to addresses that are not theirs."""
    found = (one for one in estate.objects.load_balancers if one.kind is not BalancerKind.APPLICATION)
    return tuple(
        one.id
        for one in found
        if any(each in estate.subnets and estate.subnets[each].vpc == vpc for each in known(one.subnets))
    )
