"""A NetworkPolicy's headers on the mtls plane of pods whose proxies meet at a port of their own."""

from __future__ import annotations

import pytest
from hypothesis import given

from ringfence.engine.decisions import Side, decide
from ringfence.layers.mesh_facets import AMBIENT, LINKERD, MESH, NO_PLANE, PLANE, SIDECAR, WAYPOINT
from ringfence.layers.tunnels import HBONE, linkerd, through
from ringfence.model.addresses import AddressSet, number
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, ALL_MTLS, FULL_PORTS, NO_HEADERS, PORTS, Header, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.regions import EMPTY_REGION
from ringfence.model.rules import Action, Chain, Direction, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING
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
    found = HBONE.seen(Bounds.exactly(headers))
    assert found.must.mtls == found.may.mtls == mtls
    assert found.may - ALL_MTLS == headers - ALL_MTLS


def test_what_is_open_stays_open():
    found = HBONE.seen(Bounds(tcp(80), tcp(80, 15008), "why"))
    assert (found.must.mtls, found.may.mtls, found.because) == (EMPTY_REGION, FULL_PORTS, "why")


def test_some_source_ports_are_not_all():
    some = tcp(15008, source=IntervalSet.of((32768, 60999)))
    found = HBONE.seen(Bounds(some, some))
    assert (found.must.mtls, found.may.mtls) == (EMPTY_REGION, FULL_PORTS)


@given(header_sets)
def test_twice_is_once(headers):
    once = HBONE.seen(Bounds.exactly(headers))
    assert HBONE.seen(once) == once
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
    selector = dict(HBONE.peers).get(plane)
    spoken = set()
    for other in (AMBIENT, SIDECAR, WAYPOINT, LINKERD, NO_PLANE):
        one = Endpoint("x", "pods", AddressSet.of("10.0.0.1"), facets={MESH: {PLANE: other}})
        if selector is not None and selector.matches(one):
            spoken.add(other)
    assert spoken == expected


def pod(plane):
    return Endpoint(plane, "pods", AddressSet.of("10.0.0.1"), facets={MESH: {PLANE: plane}})


@pytest.mark.parametrize("subject", [AMBIENT, SIDECAR, WAYPOINT, LINKERD, NO_PLANE])
@pytest.mark.parametrize("peer", [AMBIENT, SIDECAR, WAYPOINT, LINKERD, NO_PLANE])
@pytest.mark.parametrize("admitted", [8080, 15008])
@pytest.mark.parametrize("action", [Action.ALLOW, Action.DENY])
def test_a_chain_sees_the_tunnel_of_pairs_that_speak_hbone(subject, peer, admitted, action):
    rule = Rule(action, headers=Bounds.exactly(tcp(admitted)))
    other = Action.DENY if action is Action.ALLOW else Action.ALLOW
    stage = Stage("s", (Scope("p", ANYTHING, (rule,)),), other)
    chain = through(Chain("NetworkPolicy", Direction.INGRESS, (stage,), Action.ALLOW), HBONE)
    tunnel = {subject, peer} <= {AMBIENT, SIDECAR, WAYPOINT} and {subject, peer} != {SIDECAR}
    side = Side(pod(peer), number("10.0.0.2"))

    def first(header):
        (decision,) = decide(chain, "pods", pod(subject), side, header, None).possible
        return decision.action

    assert first(Header("tcp", 40000, 8080)) == (action if admitted == 8080 else other)
    hit = admitted == 15008 if tunnel else admitted == 8080
    assert first(Header("mtls", 40000, 8080)) == (action if hit else other)


def test_a_rule_without_ports_stays_as_it_is():
    rules = Rule(Action.ALLOW), Rule(Action.ALLOW, (), Bounds.exactly(NO_HEADERS))
    stage = Stage("s", (Scope("p", ANYTHING, rules),), Action.DENY)
    chain = Chain("NetworkPolicy", Direction.INGRESS, (stage,), Action.ALLOW)
    assert through(chain, HBONE) == chain


@pytest.mark.parametrize(
    ("tunnel", "admitted", "port", "must", "may"),
    [
        (linkerd(PORTS, sure=True), 8080, 8080, False, False),
        (linkerd(PORTS, sure=True), 4143, 8080, True, True),
        # Only opaque ports travel in it, and nobody knows which of the pods say that they are.
        (linkerd(IntervalSet.of(5432), sure=False), 8080, 8080, True, True),
        (linkerd(IntervalSet.of(5432), sure=False), 4143, 8080, False, False),
        (linkerd(IntervalSet.of(5432), sure=False), 5432, 5432, False, True),
        (linkerd(IntervalSet.of(5432), sure=False), 4143, 5432, False, True),
    ],
)
def test_linkerds_port(tunnel, admitted, port, must, may):
    found = tunnel.seen(Bounds.exactly(tcp(admitted)))
    header = Header("mtls", 40000, port)
    assert (header in found.must, header in found.may) == (must, may)
    assert (Header("tcp", 40000, port) in found.must) is (admitted == port)
