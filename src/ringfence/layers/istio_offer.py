"""What a client's own proxy sends (purpose `offer`): to which peer and port plaintext, to which mutual TLS.

A sidecar knows destinations by the ports that Services and ServiceEntries list. A packet in this language has the pod's
port, so each listed port is followed to the pods behind it. Who sends to it in which way is in `istio_ways`, the rules
of one way in `istio_sending`; what no listed port leads to goes out in plaintext (`istio_unlisted`).

A pod that two listed ports lead to in different transports may be sent either: their scopes have one priority, so what
they disagree about is open.
"""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.layers.istio_facets import OTHER_PORTS
from ringfence.layers.istio_listed import Clients, ListedPort
from ringfence.layers.istio_machines import MACHINE
from ringfence.layers.istio_mtls import LAYER
from ringfence.layers.istio_sending import Way, rules
from ringfence.layers.istio_unlisted import skips, stages
from ringfence.layers.istio_ways import ways
from ringfence.layers.kubernetes_selectors import POD, labels
from ringfence.layers.mesh_facets import NO_PLANE, of_planes
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS, ALL_PLAINTEXT
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Peer, Purpose, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, AnyOf, Selector, Unsure
from ringfence.resources.istio.networking import Labels
from ringfence.resources.kubernetes import LabelSelector

OUTBOUND_UNKNOWN = "its annotations leave addresses out of what its proxy sees"


def offer(listed: Iterable[ListedPort], clients: Clients) -> Chain:
    """The chain at every pod."""
    known = tuple(listed)
    hosts = {(one.host, one.port): one for one in known}
    found: dict[Way, dict[int, list[Peer]]] = {}
    for one in known:
        for way, part in ways(one, clients, hosts):
            for backend in one.backends:
                peers = found.setdefault(way, {}).setdefault(backend.port, [])
                selector = AllOf((backend.selector, _labelled(part))) if part else backend.selector
                addresses = None if backend.addresses is None else Bounds.exactly(backend.addresses)
                peers.append(Peer(selector, addresses))
    scopes = tuple(
        Scope(
            way.name,
            way.clients,
            tuple(rule for port, peers in at.items() for rule in rules(way, port, _together(peers))),
            span=way.span,
        )
        for way, at in found.items()
    )
    encrypted, plain = Bounds.exactly(ALL_MTLS), Bounds.exactly(ALL_PLAINTEXT)
    bare = Rule(Action.DENY, ANY_PEER, encrypted, name="no proxy sends mutual TLS")
    unsure = (Peer(Unsure(OUTBOUND_UNKNOWN)),)
    past = (
        Rule(Action.DENY, unsure, encrypted, name="past the proxy"),
        Rule(Action.ALLOW, unsure, plain, name="past the proxy"),
    )
    every = (
        Stage("clients outside", (Scope("clients outside the mesh", of_planes(NO_PLANE), (bare,)),), Action.ALLOW),
        Stage("past the proxy", (Scope("outbound addresses", skips(OTHER_PORTS), past),), Action.PASS),
        Stage("listed ports", scopes, Action.PASS),
        *stages(clients.config.outbound_traffic_policy, clients.sidecars, clients.skipped),
    )
    return Chain(LAYER, Direction.EGRESS, every, Action.ALLOW, purpose=Purpose.OFFER)


def _labelled(part: Labels) -> Selector:
    """The pods and machines with these labels."""
    return AnyOf(tuple(AllOf(labels(facet, LabelSelector(part))) for facet in (POD, MACHINE)))


def _together(peers: Iterable[Peer]) -> tuple[Peer, ...]:
    """The same peers, those that are told by selectors alone as one: they may be all the pods of a cluster."""
    found = tuple(dict.fromkeys(peers))
    plain = tuple(one.selector for one in found if one.addresses is None)
    merged = (Peer(AnyOf(plain) if len(plain) > 1 else plain[0]),) if plain else ()
    return (*merged, *(one for one in found if one.addresses is not None))
