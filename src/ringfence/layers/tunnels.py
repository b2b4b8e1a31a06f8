"""What a packet filter sees of a mesh: between two proxies, a port of theirs, whatever port the application dialled.

    HBONE    Istio's ambient: TCP 15008, between a client and a server of the mesh of which at least one is captured by
             ambient (a waypoint meets both by it); two sidecars meet on the application's port
    Linkerd  TCP 4143 between any two members, since 2.18; before, and with the transport mode `transparent`, on opaque
             ports alone

A tunnel goes from pod to pod, so a NetworkPolicy sees at both ends the pods' own addresses and the tunnel's port.
Plaintext is on the application's port. So a rule for the mutual TLS of such a pair admits every port of the application
if it admits the tunnel's, and none otherwise.

Sources: Istio's pages on ambient and Kubernetes NetworkPolicy, and on HBONE's architecture; Linkerd's page on
NetworkPolicy, and linkerd2's issue 15246, where its maintainers confirm it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from ringfence.layers.mesh_facets import AMBIENT, LINKERD, SIDECAR, WAYPOINT, of_planes
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS, ALL_PLAINTEXT, FULL_PORTS, PORTS, HeaderSet
from ringfence.model.intervals import IntervalSet
from ringfence.model.regions import EMPTY_REGION, Region
from ringfence.model.rules import Chain, Peer, Rule
from ringfence.model.selectors import AllOf, Not, Selector

ONLY_MTLS, WITHOUT_MTLS = Bounds.exactly(ALL_MTLS), Bounds.exactly(ALL_PLAINTEXT)


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel to a port. `peers`: by data plane of a pod, with whom it speaks the tunnel where it speaks mutual TLS.

    `inside` are the application's ports that travel in it, for certain if `sure`; others keep their own.
    """

    port: int
    peers: tuple[tuple[str, Selector], ...]
    inside: IntervalSet = PORTS
    sure: bool = True

    def seen(self, headers: Bounds[HeaderSet]) -> Bounds[HeaderSet]:
        """What a packet filter's headers mean for what travels in the tunnel; only the mtls plane changes."""
        must = _seen(headers.must, self.port, self.inside, True)
        may = _seen(headers.may, self.port, self.inside, False)
        return Bounds(
            must if self.sure else must & headers.must, may if self.sure else may | headers.may, headers.because
        )


_ALL = of_planes(AMBIENT, SIDECAR, WAYPOINT)

HBONE = Tunnel(15008, ((AMBIENT, _ALL), (WAYPOINT, _ALL), (SIDECAR, of_planes(AMBIENT, WAYPOINT))))


def linkerd(inside: IntervalSet, *, sure: bool) -> Tunnel:
    """Linkerd's way to the server's proxy, for these ports of the application."""
    return Tunnel(4143, ((LINKERD, of_planes(LINKERD)),), inside, sure)


def through(chain: Chain, tunnel: Tunnel) -> Chain:
    """A packet filter's chain as it treats pods of which some speak the tunnel."""
    stages = tuple(
        replace(stage, scopes=tuple(replace(one, rules=tuple(_split(one.rules, tunnel))) for one in stage.scopes))
        for stage in chain.stages
    )
    return replace(chain, stages=stages)


def _split(rules: Iterable[Rule], tunnel: Tunnel) -> Iterator[Rule]:
    """Each rule as it is for plaintext, and what becomes of it for mutual TLS of the pairs that speak the tunnel."""
    for rule in rules:
        if {rule.headers.must.mtls, rule.headers.may.mtls} <= {FULL_PORTS, EMPTY_REGION}:
            yield rule  # no port in particular: the tunnel's is as good as any
            continue
        mutual, wrapped = rule.headers & ONLY_MTLS, tunnel.seen(rule.headers) & ONLY_MTLS
        yield replace(rule, headers=rule.headers & WITHOUT_MTLS)
        for plane, spoken in tunnel.peers:
            subjects = AllOf((rule.subjects, of_planes(plane)))
            yield replace(rule, subjects=subjects, peers=_narrowed(rule.peers, spoken), headers=wrapped)
            yield replace(rule, subjects=subjects, peers=_narrowed(rule.peers, Not(spoken)), headers=mutual)
        others = Not(of_planes(*(plane for plane, _ in tunnel.peers)))
        yield replace(rule, subjects=AllOf((rule.subjects, others)), headers=mutual)


def _narrowed(peers: Iterable[Peer], to: Selector) -> tuple[Peer, ...]:
    return tuple(replace(one, selector=AllOf((one.selector, to))) for one in peers)


@lru_cache(maxsize=1 << 14)
def _seen(headers: HeaderSet, port: int, inside: IntervalSet, every: bool) -> HeaderSet:
    """The tunnel's own source port is the proxy's choice, not the application's."""
    admitted = Region.of(PORTS, IntervalSet.of(port)) & headers.mtls
    passes = admitted.xs() == PORTS if every else bool(admitted)
    wrapped = Region.of(PORTS, inside)
    kept = headers.mtls - wrapped
    return replace(headers, mtls=kept | wrapped if passes else kept)
