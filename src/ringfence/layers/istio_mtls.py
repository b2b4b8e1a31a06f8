"""What a server's own proxy takes: plaintext, mutual TLS or both (purpose `acceptance`).

    STRICT            mutual TLS alone
    PERMISSIVE        both
    DISABLE, UNSEEN   plaintext alone: mutual TLS would reach an application that cannot read it
    no proxy          plaintext alone
    Linkerd's proxy   what Linkerd says, but never Istio's mutual TLS

What arrives by HBONE (of ambient pods and of waypoints) is mutual TLS that ends before the port's own mode is asked, so
that neither DISABLE nor an excluded port refuses it (istiod `buildInboundHBONEListeners`).

A port's own mode goes before that of the others. Where several modes are possible, what one of them refuses is open.
Pods of the ambient plane have a chain of their own (`ztunnel_peer_authentication`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.layers.istio_facets import DISABLE, MODE, POLICY, STRICT, Proxy, modes, policies, written
from ringfence.layers.istio_modes import EVERY_PORT, UNSEEN, Choice
from ringfence.layers.mesh_facets import AMBIENT, LINKERD, NO_PLANE, SIDECAR, WAYPOINT, not_carried_by, of_planes
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS, PORTS, HeaderSet
from ringfence.model.intervals import IntervalSet
from ringfence.model.regions import Region
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Peer, Purpose, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, AllOf, AnyOf, Not, Unsure
from ringfence.model.spans import NOWHERE, Span

LAYER = "Istio mTLS"

SIDECARS = of_planes(SIDECAR)
UNCERTAIN = "which of several policies is the oldest is not known, or which ports the proxy sees"
NOT_TCP = not_carried_by("the proxy")
HBONE_SENDERS = of_planes(AMBIENT, WAYPOINT)
SHOWN = {UNSEEN: "the proxy ends no mutual TLS at this port"}


def acceptance(proxies: Iterable[Proxy]) -> Chain:
    """The chain at every pod. `proxies`: those of the mesh's pods."""
    found = dict.fromkeys((port, one) for proxy in proxies for port, one in proxy.takes.items())
    grouped: dict[tuple[bool, str], list[tuple[int, Choice]]] = {}
    for port, choice in sorted(found, key=lambda one: (one[0], modes(one[1]))):
        grouped.setdefault((port == EVERY_PORT, policies(choice)), []).append((port, choice))
    scopes = [
        Scope(
            name or "no PeerAuthentication",
            AllOf((SIDECARS, AnyOf(tuple(written(POLICY, port, name) for port, _ in choices)))),
            (NOT_TCP, *(rule for port, choice in choices for rule in _rules(port, choice))),
            int(others),
            _span(choices[0][1]),
        )
        for (others, name), choices in grouped.items()
    ]
    encrypted = Bounds.exactly(ALL_MTLS)
    outside = Rule(Action.DENY, ANY_PEER, encrypted, name="no proxy takes mutual TLS")
    rest = Rule(Action.ALLOW, name="(no proxy stops it)")
    senders = (Peer(of_planes(SIDECAR, AMBIENT, WAYPOINT)),)
    foreign = Rule(Action.DENY, senders, encrypted, name="Linkerd's proxy does not know Istio's certificates")
    scopes.append(Scope("pods outside the mesh", of_planes(NO_PLANE), (outside, rest)))
    scopes.append(Scope("pods of Linkerd", of_planes(LINKERD), (foreign, rest)))
    stage = Stage("transport", tuple(scopes), Action.ALLOW)
    return Chain(LAYER, Direction.INGRESS, (stage,), Action.ALLOW, purpose=Purpose.ACCEPTANCE)


def on_port(plane: str, port: int) -> HeaderSet:
    """TCP of one transport (`tcp` or `mtls`) to one port, or to any."""
    region = Region.of(PORTS, PORTS if port == EVERY_PORT else IntervalSet.of(port))
    return HeaderSet(tcp=region) if plane == "tcp" else HeaderSet(mtls=region)


def _rules(port: int, choice: Choice) -> Iterator[Rule]:
    """What a port in these modes refuses; it takes the rest."""
    subjects = AllOf((written(MODE, port, modes(choice)), written(POLICY, port, policies(choice))))
    for plane, refusing in (("tcp", (STRICT,)), ("mtls", (DISABLE, UNSEEN))):
        refused = choice.modes & frozenset[str](refusing)
        if refused:
            whose = ANYTHING if plane == "tcp" else Not(HBONE_SENDERS)
            sure = refused == choice.modes
            peers = (Peer(whose if sure else AllOf((whose, Unsure(UNCERTAIN)))),)
            denied = Bounds.exactly(on_port(plane, port))
            yield Rule(Action.DENY, peers, denied, subjects=subjects, name=_shown(refused), span=_span(choice))
    both = Bounds.exactly(on_port("tcp", port) | on_port("mtls", port))
    yield Rule(Action.ALLOW, headers=both, subjects=subjects, name=_shown(choice.modes), span=_span(choice))


def _shown(found: Iterable[str]) -> str:
    return " or ".join(SHOWN.get(one, one) for one in sorted(found))


def _span(choice: Choice) -> Span:
    return choice.policies[0].span if choice.policies else NOWHERE
