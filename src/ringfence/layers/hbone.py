"""What a packet filter sees of HBONE: one tunnel to TCP 15008, whatever port the application dialled.

The tunnel goes from pod to pod: ztunnel opens it inside the client's network namespace and takes it inside the
server's. So a NetworkPolicy sees at both ends the pods' own addresses and 15008 as destination port. It is used where a
client and a server in the mesh meet of which at least one is captured by ambient (a waypoint meets both by it); two
sidecars meet on the application's port, and plaintext is on the application's port, too.

So a rule for the mutual TLS of such a pair admits every port of the application if it admits 15008, and none otherwise.

Source: Istio's page on ambient and Kubernetes NetworkPolicy; its architecture page on HBONE.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from ringfence.layers.mesh_facets import AMBIENT, SIDECAR, WAYPOINT, of_planes
from ringfence.model.bounds import Bounds
from ringfence.model.headers import EMPTY_REGION, FULL_PORTS, PORTS, HeaderSet, Region
from ringfence.model.intervals import IntervalSet
from ringfence.model.selectors import Selector

PORT = 15008


def tunnelled(headers: Bounds[HeaderSet]) -> Bounds[HeaderSet]:
    """What a packet filter's headers mean for traffic whose mutual TLS is HBONE; only the mtls plane changes."""
    return Bounds(_tunnelled(headers.must, True), _tunnelled(headers.may, False), headers.because)


def peers(plane: str) -> Selector | None:
    """With whom a pod of this plane speaks HBONE wherever it speaks mutual TLS; None: with nobody."""
    if plane in (AMBIENT, WAYPOINT):
        return of_planes(AMBIENT, SIDECAR, WAYPOINT)
    return of_planes(AMBIENT, WAYPOINT) if plane == SIDECAR else None


@lru_cache(maxsize=1 << 14)
def _tunnelled(headers: HeaderSet, every: bool) -> HeaderSet:
    """The tunnel's own source port is ztunnel's choice, not the application's."""
    admitted = Region.of(PORTS, IntervalSet.of(PORT)) & headers.mtls
    passes = admitted.xs() == PORTS if every else bool(admitted)
    return replace(headers, mtls=FULL_PORTS if passes else EMPTY_REGION)
