"""What a packet filter sees of HBONE: one tunnel to TCP 15008, whatever port the application dialled.

The tunnel goes from pod to pod: ztunnel opens it inside the client's network namespace and takes it inside the
server's. So a NetworkPolicy sees at both ends the pods' own addresses and 15008 as destination port. It is used where a
client and a server in the mesh meet of which at least one is captured by ambient (a waypoint meets both by it); two
sidecars meet on the application's port, and plaintext is on the application's port, too.

So a rule for the mutual TLS of such a pair admits every port of the application if it admits 15008, and none otherwise.

Source: Istio's page on ambient and Kubernetes NetworkPolicy; its architecture page on HBONE.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from ringfence.layers.mesh_facets import AMBIENT, SIDECAR, WAYPOINT, of_planes
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS, ALL_PLAINTEXT, EMPTY_REGION, FULL_PORTS, PORTS, HeaderSet, Region
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import Chain, Peer, Rule
from ringfence.model.selectors import AllOf, Not, Selector

PORT = 15008

CAPTURED = (AMBIENT, WAYPOINT)
"""The planes that speak HBONE alone."""

TUNNELLING = (AMBIENT, WAYPOINT, SIDECAR)
"""The planes whose pods speak HBONE with some peers."""

ONLY_MTLS, WITHOUT_MTLS = Bounds.exactly(ALL_MTLS), Bounds.exactly(ALL_PLAINTEXT)


def tunnelled(headers: Bounds[HeaderSet]) -> Bounds[HeaderSet]:
    """What a packet filter's headers mean for traffic whose mutual TLS is HBONE; only the mtls plane changes."""
    return Bounds(_tunnelled(headers.must, True), _tunnelled(headers.may, False), headers.because)


def peers(plane: str) -> Selector | None:
    """With whom a pod of this plane speaks HBONE wherever it speaks mutual TLS; None: with nobody."""
    if plane in (AMBIENT, WAYPOINT):
        return of_planes(AMBIENT, SIDECAR, WAYPOINT)
    return of_planes(AMBIENT, WAYPOINT) if plane == SIDECAR else None


def through_tunnels(chain: Chain) -> Chain:
    """A packet filter's chain as it treats pods of which some are captured by ambient."""
    stages = tuple(
        replace(stage, scopes=tuple(replace(one, rules=tuple(_split(one.rules))) for one in stage.scopes))
        for stage in chain.stages
    )
    return replace(chain, stages=stages)


def _split(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Each rule as it is for plaintext, and what becomes of it for mutual TLS of the pairs that speak HBONE."""
    for rule in rules:
        if {rule.headers.must.mtls, rule.headers.may.mtls} <= {FULL_PORTS, EMPTY_REGION}:
            yield rule  # no port in particular: the tunnel's is as good as any
            continue
        mutual, tunnel = rule.headers & ONLY_MTLS, tunnelled(rule.headers) & ONLY_MTLS
        yield replace(rule, headers=rule.headers & WITHOUT_MTLS)
        for plane in TUNNELLING:
            subjects = AllOf((rule.subjects, of_planes(plane)))
            spoken = peers(plane)
            assert spoken is not None
            yield replace(rule, subjects=subjects, peers=_narrowed(rule.peers, spoken), headers=tunnel)
            yield replace(rule, subjects=subjects, peers=_narrowed(rule.peers, Not(spoken)), headers=mutual)
        yield replace(rule, subjects=AllOf((rule.subjects, Not(of_planes(*TUNNELLING)))), headers=mutual)


def _narrowed(peers: Iterable[Peer], to: Selector) -> tuple[Peer, ...]:
    return tuple(replace(one, selector=AllOf((one.selector, to))) for one in peers)


@lru_cache(maxsize=1 << 14)
def _tunnelled(headers: HeaderSet, every: bool) -> HeaderSet:
    """The tunnel's own source port is ztunnel's choice, not the application's."""
    admitted = Region.of(PORTS, IntervalSet.of(PORT)) & headers.mtls
    passes = admitted.xs() == PORTS if every else bool(admitted)
    return replace(headers, mtls=FULL_PORTS if passes else EMPTY_REGION)
