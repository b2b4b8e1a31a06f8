"""What a rewrite does to header sets, seen from the sender."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.rewriting import accepted, before
from ringfence.model.bounds import Bounds
from ringfence.model.headers import (
    ALL_HEADERS,
    ALL_MTLS,
    ALL_PLAINTEXT,
    NO_HEADERS,
    Header,
    HeaderSet,
    icmp,
    ports,
)
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Link, PortMap, Rewrite, Source

from .networks import HEADERS, header_sets, rewrites


def one(*numbers: int | tuple[int, int]) -> IntervalSet:
    return IntervalSet.of(*numbers)


TCP80, TCP8080 = (ports("tcp", one(number)) & ALL_PLAINTEXT for number in (80, 8080))
TO_8080 = (PortMap("tcp", one(80), 8080),)


@pytest.mark.parametrize(
    ("rewrite", "after", "expected"),
    [
        (Rewrite(), TCP80, TCP80),
        # Destination ports: who dials 80 arrives at 8080.
        (Rewrite(ports=TO_8080), TCP8080, TCP80),
        (Rewrite(ports=TO_8080), TCP80, NO_HEADERS),
        (Rewrite(ports=TO_8080), ALL_HEADERS, TCP80),
        # What no entry holds does not take the link: other ports, other planes.
        (Rewrite(ports=TO_8080), ports("udp") | icmp(), NO_HEADERS),
        # Of several entries for a port, the first counts.
        (
            Rewrite(ports=(*TO_8080, PortMap("tcp", one((80, 81)), 9090))),
            ports("tcp", one(9090)),
            ports("tcp", one(81)) & ALL_PLAINTEXT,
        ),
        # Transport: both variants are sent on as one.
        (Rewrite(transport="mtls"), ALL_MTLS, ports("tcp")),
        (Rewrite(transport="tcp"), ALL_MTLS, NO_HEADERS),
        (Rewrite(transport="tcp"), icmp() | TCP80, icmp() | ports("tcp", one(80))),
    ],
)
def test_before(rewrite, after, expected):
    assert before(rewrite, Bounds.exactly(after)) == Bounds.exactly(expected)


def test_a_new_source_port_is_one_of_several_and_nobody_knows_which():
    rewrite = Rewrite(Source(ports=one((1024, 2047))))
    part = ports("tcp", one(80), one((1024, 1500)))
    whole = ports("tcp", one(80), one((0, 4000)))
    some, every = ports("tcp", one(80)), ports("tcp", one(80))
    assert before(rewrite, Bounds.exactly(part)) == Bounds(NO_HEADERS, some)
    assert before(rewrite, Bounds.exactly(whole)) == Bounds(every, every)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (Link("l", "a", "b"), None),
        (Link("l", "a", "b", headers=TCP80), TCP80),
        (Link("l", "a", "b", rewrite=Rewrite(ports=TO_8080)), TCP80),
        (Link("l", "a", "b", headers=ports("udp"), rewrite=Rewrite(ports=TO_8080)), NO_HEADERS),
        (Link("l", "a", "b", headers=ports("udp"), rewrite=Rewrite(transport="tcp")), ports("udp")),
        (Link("l", "a", "b", rewrite=Rewrite(ports=(PortMap("mtls", one(80), 1),))), ports("mtls", one(80))),
    ],
)
def test_what_a_link_takes(link, expected):
    assert accepted(link) == expected


def forward(rewrite: Rewrite, header: Header) -> set[Header]:
    """The headers that one header may become, the plain way; none where it does not take the link."""
    port, plane = header.y, header.plane
    if rewrite.ports:
        found = [m.to for m in rewrite.ports if m.plane == plane and port in m.ports]
        if not found:
            return set()
        port = found[0]
    if rewrite.transport is not None and plane in ("tcp", "mtls"):
        plane = rewrite.transport
    choice = rewrite.source.ports if plane in ("tcp", "mtls", "udp", "sctp") else None
    xs = (
        [header.x] if choice is None else [x for low, high in choice.pairs for x in range(low, min(high, low + 30) + 1)]
    )
    return {Header(plane, x, port, header.protocol) for x in xs}


@given(rewrites(["e0"]), header_sets, st.sampled_from(HEADERS))
def test_a_header_is_before_where_what_it_becomes_is_after(rewrite: Rewrite, after: HeaderSet, header: Header):
    found = before(rewrite, Bounds.exactly(after))
    made = forward(rewrite, header)
    # Not taking the link is not passing.
    if header in found.must:
        assert made
        assert all(one in after for one in made)
    if any(one in after for one in made):
        assert header in found.may
