"""A DestinationRule sends what the server does not take.

## What it does
Takes each DestinationRule that says how clients send (`tls.mode`), and asks for every pod behind its host whether the
pod's proxy takes that on the port: plaintext (DISABLE, SIMPLE) where a PeerAuthentication says STRICT, mutual TLS
(ISTIO_MUTUAL) where it says DISABLE, where annotations keep the port from the proxy, or where the pod has none. A flow
that policies refuse whatever is sent does not count.

## Why it is bad
Every connection fails, with a reset on one side and a handshake that does not finish on the other, and neither object
alone is wrong.

## Example
    kind: DestinationRule
    spec: {host: db, trafficPolicy: {tls: {mode: DISABLE}}}       # the namespace is STRICT

## Instead
Leave `tls` out, so that clients send what the server takes, or make both say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.mesh import istio, named, of_plane, on_plane
from ringfence.engine.witness import Field
from ringfence.layers.istio_destination_rules import SENT, DestinationRules, Merged, Tls
from ringfence.layers.istio_hosts import ANY_HOST, covers, full, of_service
from ringfence.layers.istio_modes import EVERY_PORT, Modes
from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.mesh_facets import AMBIENT, MESH, PLANE, SIDECAR
from ringfence.model.headers import HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, by_workload
from ringfence.model.spans import Span
from ringfence.resources.istio.networking import DestinationRule, TlsMode, TrafficPolicy
from ringfence.resources.kubernetes import Service

CHECK = Check(
    "RF402",
    "tls-conflict",
    "DestinationRule that sends what its server does not take",
    Severity.HIGH,
    "0.1",
    "leave tls out of the DestinationRule, or set the mode that the server takes",
    ("https://istio.io/latest/docs/ops/common-problems/network-issues/#503-errors-after-setting-destination-rule",),
)

TAKES = {Tls.PLAINTEXT: "mutual TLS alone", Tls.MUTUAL: "plaintext alone"}
"""What the server takes that refuses what is sent."""

Written = tuple[TlsMode, Span, int | None]
"""A mode, its place, and the Service's port that it is for; None: all."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One workload on one port, and the clients whose connections it refuses."""

    sent: Tls
    clients: tuple[str, ...]
    source: Endpoint
    target: Endpoint
    port: int


Clash = tuple[tuple[object, ...], str, str, int]
"""Clients that send alike, their data plane, a server and its port."""


def run(view: View) -> Iterator[Finding]:
    """One finding for each rule, server and port of it."""
    mesh, objects = istio(view), view.topology.objects
    if mesh is None or not objects.destination_rules:
        return
    known = DestinationRules(objects.destination_rules, mesh.config)
    clashes: dict[Clash, Tls | None] = {}
    modes = Modes(objects.peer_authentications, mesh.config.root_namespace)
    services: dict[str, list[Service]] = {}
    for each in objects.services:
        services.setdefault(of_service(each.metadata.name, each.metadata.namespace), []).append(each)
    for rule in objects.destination_rules:
        written = tuple(_written(rule))
        for service in _meant(rule, services) if written else ():
            for server, one in _conflicts(view, known, rule, service, clashes):
                yield from _finding(view, modes, rule, written, server, one)


def _meant(rule: DestinationRule, services: dict[str, list[Service]]) -> list[Service]:
    """The Services whose host a rule is for."""
    host = full(rule.host, rule.metadata.namespace)
    if not host.startswith(ANY_HOST):
        return services.get(host, [])
    return [one for name, found in services.items() if covers(host, name) for one in found]


def _written(rule: DestinationRule) -> Iterator[Written]:
    """The modes that a rule says, the widest first."""
    yield from _of_policy(rule.policy, rule.span.at("spec", "trafficPolicy"))
    for place, subset in enumerate(rule.subsets):
        yield from _of_policy(subset.policy, rule.span.at("spec", "subsets", place, "trafficPolicy"))


def _of_policy(policy: TrafficPolicy | None, span: Span) -> Iterator[Written]:
    if policy is not None:
        if policy.tls is not None:
            yield policy.tls, span.at("tls", "mode"), None
        for place, port in enumerate(policy.ports):
            if port.tls is not None:
                yield port.tls, span.at("portLevelSettings", place, "tls", "mode"), port.port


def _conflicts(
    view: View, known: DestinationRules, rule: DestinationRule, service: Service, clashes: dict[Clash, Tls | None]
) -> Iterator[tuple[int, Conflict]]:
    """The conflicts of a rule, each with the Service's port."""
    metadata = service.metadata
    host = of_service(metadata.name, metadata.namespace)
    for port in service.ports:
        behind = view.topology.service(metadata.qualified_name, "tcp", port.port) if port.protocol == "TCP" else ()
        for target in behind:
            for members in by_workload(view.topology.behind(target)).values():
                found: dict[Tls, Conflict] = {}
                following: dict[str, bool] = {}
                refused: list[tuple[int, tuple[str, ...]]] = []
                for source, kinds in _clients(view):
                    namespace = source.namespace
                    if namespace not in following:
                        followed = known.followed(namespace, host, metadata.namespace)
                        rules = (one.merged for alternative in followed for one in alternative)
                        following[namespace] = any(one is not None and _part_of(one, rule) for one in rules)
                    if following[namespace] and any(_sent(view, source, one, target.port, clashes) for one in members):
                        refused += kinds
                for _, kind in sorted(refused):
                    _note(view, found, kind, members, target.port, clashes)
                yield from ((port.port, one) for one in found.values())


def _note(
    view: View,
    found: dict[Tls, Conflict],
    clients: tuple[str, ...],
    servers: tuple[Endpoint, ...],
    port: int,
    clashes: dict[Clash, Tls | None],
) -> None:
    """Adds the clients of one behaviour to the conflicts, where one of the servers refuses them."""
    source = view.connectivity.workloads[clients[0]][0]
    for server in servers:
        sent = _refused(view, source, server, port, clashes)
        if sent is not None:
            had = found.get(sent)
            others = had.clients if had else ()
            first = (had.source, had.target) if had else (source, server)
            found[sent] = Conflict(sent, (*others, *clients), *first, port)
            return


def _part_of(merged: Merged, rule: DestinationRule) -> bool:
    """Whether what clients follow comes from a rule, be it merged with others."""
    own = rule.policy is not None and merged.rule.policy == rule.policy
    return own or any(one in merged.rule.subsets for one in rule.subsets)


@lru_cache(maxsize=2)
def _clients(view: View) -> tuple[tuple[Endpoint, tuple[tuple[int, tuple[str, ...]], ...]], ...]:
    """The kinds of clients with a sidecar, with their places: together where they follow the same and send alike."""
    found: dict[tuple[object, ...], list[tuple[int, tuple[str, ...]]]] = {}
    first: dict[tuple[object, ...], Endpoint] = {}
    for place, kind in enumerate(of_plane(view, SIDECAR)):
        source = view.connectivity.workloads[kind[0]][0]
        key = source.namespace, *_alike(view, source)
        first.setdefault(key, source)
        found.setdefault(key, []).append((place, kind))
    return tuple((first[key], tuple(kinds)) for key, kinds in found.items())


def _alike(view: View, source: Endpoint) -> tuple[tuple[object, ...], str]:
    """A key that clients share which send the same to everybody, and their data plane."""
    return view.connectivity.reach.sends_alike(source), source.facets.get(MESH, {}).get(PLANE, "")


def _sent(view: View, source: Endpoint, target: Endpoint, port: int, clashes: dict[Clash, Tls | None]) -> Tls | None:
    """What the client sends to the port, where the server's proxy takes none of it; clients that are alike ask once."""
    key = *_alike(view, source), target.id, port
    if key not in clashes:
        reach = view.connectivity.reach
        clashes[key] = _clash(reach.sent(source, target), reach.taken(source, target), port)
    return clashes[key]


def _refused(view: View, source: Endpoint, target: Endpoint, port: int, clashes: dict[Clash, Tls | None]) -> Tls | None:
    """The same where policies would let it in, which is each client's own affair."""
    sent = _sent(view, source, target, port, clashes)
    if sent is None:
        return None
    relations = view.connectivity.relations(source.title, target.title)
    if source.title == target.title or not any(any(_on(one.headers.may, port)) for one in relations):
        return None
    return sent


def _clash(sent: HeaderSet, taken: HeaderSet, port: int) -> Tls | None:
    """What is sent to the port where none of it is taken."""
    offered = _on(sent, port)
    if any(_on(sent & taken, port)) or sum(offered) != 1:
        return None
    return Tls.PLAINTEXT if offered[0] else Tls.MUTUAL


def _on(headers: HeaderSet, port: int) -> tuple[bool, bool]:
    """Whether plaintext, and mutual TLS, to a port are among them."""
    return port in headers.tcp.some(), port in headers.mtls.some()


def _finding(
    view: View, modes: Modes, rule: DestinationRule, written: tuple[Written, ...], port: int, one: Conflict
) -> Iterator[Finding]:
    saying = [(mode, span) for mode, span, of in written if SENT[mode] is one.sent and of in (None, port)]
    if not saying:
        return
    mode, span = saying[-1]
    title = f"DestinationRule {rule.metadata.qualified_name}"
    server = f"{one.target.title} takes {TAKES[one.sent]} on port {one.port}"
    message = f"{title} says {mode}, and {server}: connections from {named(one.clients)} are refused"
    witness = view.witnesses.failing(Field((one.source,), (one.target,)), ports("tcp", IntervalSet.of(one.port)))
    yield Finding(CHECK, CHECK.severity, message, span, tuple(_why(view, modes, one)), witness)


def _why(view: View, modes: Modes, one: Conflict) -> Iterator[tuple[str, Span]]:
    """What decides the server's side."""
    if one.target.title not in on_plane(view, SIDECAR, AMBIENT):
        yield f"{one.target.title} has no proxy", one.target.span
        return
    labels = one.target.facets.get(POD, {})
    choices = modes.of(one.target.namespace, labels)
    choice = choices.get(one.port, choices[EVERY_PORT])
    for policy in choice.policies:
        yield f"PeerAuthentication {policy.metadata.qualified_name} says {'|'.join(sorted(choice.modes))}", policy.span
