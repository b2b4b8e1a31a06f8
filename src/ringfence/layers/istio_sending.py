"""One way of sending (`Way`) as rules: on each port, the transport that is not sent is denied and the other allowed.

    plaintext  to every peer
    mutual     mutual TLS to every peer
    custom     one of the two to every peer, nobody knows which
    auto       mutual TLS to peers whose facet `istio auto mtls` says so for the port, else plaintext
    proxied    mutual TLS to peers whose endpoints count as proxied, else plaintext
    nothing    open whether anything is sent: a VirtualService leads elsewhere

To pods of the ambient plane a sidecar speaks HBONE, whatever the rule says, unless the sidecar's own label says that it
knows none (`core/cluster_tls.go`, `applyHBONETransportSocketMatches`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ringfence.layers.istio_destination_rules import Tls
from ringfence.layers.istio_facets import AUTO, EITHER, MTLS, PROXIED, PROXY, TLS, at_port
from ringfence.layers.istio_mtls import SIDECARS, on_port
from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.mesh_facets import AMBIENT, of_planes
from ringfence.layers.ztunnel_offer import TUNNEL
from ringfence.model.bounds import Bounds
from ringfence.model.rules import Action, Peer, Rule
from ringfence.model.selectors import ANYTHING, AllOf, Comparison, Label, Not, Selector, Unsure
from ringfence.model.spans import NOWHERE, Span

UNKNOWN = "which transport the client sends is not known"
ELSEWHERE = "a VirtualService leads elsewhere, or to a subset that no DestinationRule has"
KNOWS_HBONE = Not(
    AllOf((Label(POD, TUNNEL), Label(POD, TUNNEL, Comparison.NOT_IN, frozenset(("http",))))),
)
"""The sidecars that speak HBONE."""

NAMES = {
    Tls.PLAINTEXT: "plaintext",
    Tls.MUTUAL: "mutual TLS",
    Tls.CUSTOM: "plaintext or mutual TLS",
    Tls.AUTO: "auto-mTLS",
    Tls.PROXIED: "mutual TLS to proxies",
    Tls.NOTHING: "a VirtualService leads elsewhere",
}


@dataclass(frozen=True, slots=True)
class Way:
    """How some clients send. `name` and `span`: the rule that says so; `hbone`: whether ambient peers get HBONE."""

    clients: Selector
    tls: Tls
    name: str
    hbone: bool = False
    span: Span = field(default=NOWHERE, compare=False)


def rules(way: Way, port: int, peers: tuple[Peer, ...]) -> Iterator[Rule]:
    """The rules for one port of these peers (the pods' own)."""
    if way.hbone:
        yield from _only("mtls", port, _narrowed(peers, of_planes(AMBIENT)), way, "HBONE", KNOWS_HBONE)
    name = NAMES[way.tls]
    match way.tls:
        case Tls.PLAINTEXT:
            yield from _only("tcp", port, peers, way, name)
        case Tls.MUTUAL:
            yield from _only("mtls", port, peers, way, name)
        case Tls.CUSTOM:
            yield from _either(port, peers, way, name)
        case Tls.NOTHING:
            for plane in ("tcp", "mtls"):
                headers = Bounds.exactly(on_port(plane, port))
                yield Rule(Action.DENY, _narrowed(peers, Unsure(ELSEWHERE)), headers, name=name, span=way.span)
        case Tls.AUTO:
            taking, perhaps = (AllOf((SIDECARS, at_port(AUTO, port, (one,)))) for one in (MTLS, EITHER))
            yield from _only("mtls", port, _narrowed(peers, taking), way, name)
            yield from _either(port, _narrowed(peers, perhaps), way, name)
            yield from _only("tcp", port, peers, way, name)
        case Tls.PROXIED:
            proxied = AllOf((SIDECARS, Label(PROXY, TLS, Comparison.IN, frozenset((PROXIED,)))))
            yield from _only("mtls", port, _narrowed(peers, proxied), way, name)
            yield from _only("tcp", port, peers, way, name)


def _only(
    plane: str, port: int, peers: tuple[Peer, ...], way: Way, name: str, subjects: Selector = ANYTHING
) -> Iterator[Rule]:
    """One transport and not the other."""
    other = "tcp" if plane == "mtls" else "mtls"
    for action, transport in ((Action.DENY, other), (Action.ALLOW, plane)):
        yield Rule(action, peers, Bounds.exactly(on_port(transport, port)), subjects=subjects, name=name, span=way.span)


def _either(port: int, peers: tuple[Peer, ...], way: Way, name: str) -> Iterator[Rule]:
    """One of the transports, nobody knows which."""
    for plane in ("tcp", "mtls"):
        headers = Bounds.exactly(on_port(plane, port))
        yield Rule(Action.DENY, _narrowed(peers, Unsure(UNKNOWN)), headers, name=name, span=way.span)
        yield Rule(Action.ALLOW, peers, headers, name=name, span=way.span)


def _narrowed(peers: tuple[Peer, ...], to: Selector) -> tuple[Peer, ...]:
    return tuple(replace(one, selector=AllOf((one.selector, to))) for one in peers)
