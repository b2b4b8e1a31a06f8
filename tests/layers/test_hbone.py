"""A NetworkPolicy's headers on the mtls plane of pods that speak HBONE."""

from __future__ import annotations

import pytest
from hypothesis import given

from ringfence.layers.hbone import peers, tunnelled
from ringfence.layers.mesh_facets import AMBIENT, LINKERD, MESH, NO_PLANE, PLANE, SIDECAR, WAYPOINT
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, ALL_MTLS, EMPTY_REGION, FULL_PORTS, NO_HEADERS, PORTS, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from tests.model.strategies import header_sets


def tcp(*numbers, source=PORTS):
    return ports("tcp", IntervalSet.of(*numbers), source)


@pytest.mark.parametrize(
    ("headers", "mtls"),
    [
        (ALL_HEADERS, FULL_PORTS),
        (NO_HEADERS, EMPTY_REGION),
        (tcp(8080), EMPTY_REGION),
        (tcp(8080, 15008), FULL_PORTS),
        (tcp((15000, 15100)), FULL_PORTS),
        (ports("udp", IntervalSet.of(15008)), EMPTY_REGION),
    ],
)
def test_15008_or_nothing(headers, mtls):
    found = tunnelled(Bounds.exactly(headers))
    assert found.must.mtls == found.may.mtls == mtls
    assert found.may - ALL_MTLS == headers - ALL_MTLS


def test_what_is_open_stays_open():
    found = tunnelled(Bounds(tcp(80), tcp(80, 15008), "why"))
    assert (found.must.mtls, found.may.mtls, found.because) == (EMPTY_REGION, FULL_PORTS, "why")


def test_some_source_ports_are_not_all():
    some = tcp(15008, source=IntervalSet.of((32768, 60999)))
    found = tunnelled(Bounds(some, some))
    assert (found.must.mtls, found.may.mtls) == (EMPTY_REGION, FULL_PORTS)


@given(header_sets)
def test_twice_is_once(headers):
    once = tunnelled(Bounds.exactly(headers))
    assert tunnelled(once) == once
    assert once.must <= once.may


@pytest.mark.parametrize(
    ("plane", "expected"),
    [
        (AMBIENT, {AMBIENT, SIDECAR, WAYPOINT}),
        (WAYPOINT, {AMBIENT, SIDECAR, WAYPOINT}),
        (SIDECAR, {AMBIENT, WAYPOINT}),
        (LINKERD, set()),
        (NO_PLANE, set()),
    ],
)
def test_who_speaks_it_with_whom(plane, expected):
    selector = peers(plane)
    spoken = set()
    for other in (AMBIENT, SIDECAR, WAYPOINT, LINKERD, NO_PLANE):
        one = Endpoint("x", "pods", AddressSet.of("10.0.0.1"), facets={MESH: {PLANE: other}})
        if selector is not None and selector.matches(one):
            spoken.add(other)
    assert spoken == expected
