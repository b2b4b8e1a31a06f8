"""Protocols, ports and peers of AWS rules."""

from __future__ import annotations

import pytest

from ringfence.layers.aws_headers import block, blocks, headers, peer
from ringfence.model.addresses import EVERYWHERE, NO_ADDRESS, AddressSet
from ringfence.model.headers import ALL_HEADERS, NO_HEADERS, HeaderSet, icmp, ports, protocol
from ringfence.model.intervals import IntervalSet
from ringfence.model.selectors import ANYTHING, Member, Unsure
from ringfence.resources.aws import Number, Unknown

UNKNOWN = Unknown("later")


@pytest.mark.parametrize(
    ("name", "low", "high", "expected"),
    [
        ("-1", None, None, ALL_HEADERS),
        ("-1", 22, 22, ALL_HEADERS),
        ("all", 0, 0, ALL_HEADERS),
        ("tcp", 22, 22, ports("tcp", IntervalSet.of(22))),
        ("6", 80, 81, ports("tcp", IntervalSet.of((80, 81)))),
        ("tcp", 0, 0, ports("tcp", IntervalSet.of(0))),
        ("tcp", None, None, ports("tcp")),
        ("udp", 0, 65535, ports("udp")),
        ("17", 53, 53, ports("udp", IntervalSet.of(53))),
        ("icmp", -1, -1, protocol(1)),
        ("icmp", None, None, protocol(1)),
        ("icmp", 8, 0, icmp(IntervalSet.of(8), IntervalSet.of(0))),
        ("icmp", 3, -1, icmp(IntervalSet.of(3))),
        ("1", 3, 4, icmp(IntervalSet.of(3), IntervalSet.of(4))),
        ("icmp", -1, 4, NO_HEADERS),
        ("icmpv6", 128, 0, icmp(IntervalSet.of(128), IntervalSet.of(0), 6)),
        ("58", -1, -1, protocol(58)),
        ("47", 1, 2, protocol(47)),
        ("132", 80, 80, protocol(132)),
        ("0", None, None, protocol(0)),
    ],
)
def test_headers(name: str, low: Number, high: Number, expected: HeaderSet) -> None:
    assert headers(name, low, high).must == headers(name, low, high).may == expected


@pytest.mark.parametrize(
    ("name", "low", "high", "most"),
    [
        (UNKNOWN, 22, 22, ALL_HEADERS),
        ("tcp", UNKNOWN, 22, ports("tcp")),
        ("tcp", 22, UNKNOWN, ports("tcp")),
        ("udp", 22, None, ports("udp")),
        ("tcp", 23, 22, ports("tcp")),
        ("icmp", UNKNOWN, 0, protocol(1)),
        ("nonsense", 1, 1, ALL_HEADERS),
        ("300", 1, 1, ALL_HEADERS),
    ],
)
def test_what_is_unknown_may_be_anything_of_its_kind(
    name: str | Unknown, low: Number, high: Number, most: HeaderSet
) -> None:
    found = headers(name, low, high)
    assert (found.must, found.may) == (NO_HEADERS, most)
    assert found.because


def test_blocks() -> None:
    assert block("10.0.0.0/8").must == AddressSet.of("10.0.0.0/8")
    assert (block(UNKNOWN).must, block(UNKNOWN).may) == (NO_ADDRESS, EVERYWHERE)
    assert blocks(("10.0.0.0/8", "::/0")).known
    some = blocks(("10.0.0.0/8", UNKNOWN))
    assert (some.must, some.may) == (AddressSet.of("10.0.0.0/8"), EVERYWHERE)
    assert blocks(UNKNOWN).must == NO_ADDRESS
    assert blocks(()).may == NO_ADDRESS


def test_a_doubt_makes_a_peer_uncertain() -> None:
    assert peer(Member("sg"), None, None).selector == Member("sg")
    assert peer(Member("sg"), None, UNKNOWN).selector.matches(None) is False
    assert peer(ANYTHING, None, UNKNOWN).selector.matches(None) is None
    assert Unsure("later") in peer(ANYTHING, None, UNKNOWN).selector.parts  # type: ignore[union-attr]
