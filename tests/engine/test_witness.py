"""Witnesses: the engine's sets and the reference's packets agree, and the packets are presentable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ringfence.engine.outcomes import Outcome
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Field, Witnesses, _from_own_ports
from ringfence.model.addresses import AddressSet, address
from ringfence.model.headers import ALL_HEADERS, NO_HEADERS, PORTS, HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Network
from ringfence.model.regions import Region

from .networks import Drawn, networks
from .test_reach import exact


@given(networks(), st.data())
def test_a_witness_stands_wherever_the_engine_is_exact(drawn: Drawn, data):
    network = drawn.network
    assume(exact(network))
    source, target = (data.draw(st.sampled_from(network.endpoints)) for _ in range(2))
    reach = Reachability(network, drawn.request)
    witnesses = Witnesses(reach, drawn.request)
    field = Field((source,), (target,))
    slices = reach.between(source, target)
    passing, failing = witnesses.passing(field, ALL_HEADERS), witnesses.failing(field, ALL_HEADERS)
    if passing is not None:
        assert Outcome.ALLOWED in passing.trace.outcomes
        assert any(passing.packet.header in one.headers.may for one in slices)
    if failing is not None:
        assert failing.trace.outcomes != {Outcome.ALLOWED}
    own = ports("udp", PORTS, source.ephemeral)  # witnesses leave from the client's own ports
    if any(one.headers.may & own for one in slices):
        assert passing is not None
    if all(one.headers.must == ALL_HEADERS for one in slices):
        assert failing is None


def test_a_witness_looks_like_a_packet_that_people_know():
    inside = Endpoint("pod", "pods", AddressSet.of("0.0.0.0/0"))
    outside = Endpoint("world", "outside", AddressSet.of("0.0.0.0/0"), every=True)
    places = {name: Location(name) for name in ("pods", "outside")}
    links = (Link("in", "outside", "pods"), Link("out", "pods", "outside"))
    witnesses = Witnesses(Reachability(Network((inside, outside), places, links)))
    found = witnesses.passing(Field((outside,), (inside,)), ALL_HEADERS)
    assert found is not None
    assert str(address(found.packet.source_address)) == "203.0.113.10"
    assert (found.packet.header.plane, found.packet.header.x, found.packet.header.y) == ("tcp", 49152, 443)
    asked = witnesses.passing(Field((outside,), (inside,)), ports("udp", IntervalSet.of(53)))
    assert asked is not None
    assert asked.packet.header.y == 53
    assert witnesses.passing(Field((outside,), (inside,)), NO_HEADERS) is None
    assert witnesses.failing(Field((outside,), (inside,)), ALL_HEADERS) is None


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ((0, 65535), (32768, 60999)),
        ((1000, 40000), (32768, 40000)),
        (40000, 40000),
        (53, 53),
    ],
)
def test_a_client_leaves_a_port_of_its_own_unless_others_alone_are_asked_for(asked: Any, left: Any) -> None:
    def leaving(sources: Any) -> HeaderSet:
        return HeaderSet(tcp=Region.of(IntervalSet.of(sources), IntervalSet.of(443)))

    assert _from_own_ports(leaving(asked), IntervalSet.of((32768, 60999))) == leaving(left)
