"""Values of the model's algebras over small grounds, and the one law that they share.

The law is a homomorphism into Python's sets that is also faithful: a value denotes a set of points, the operators do
what the set operators do, and equal sets are equal values with one hash. Every law of boolean algebra follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from ringfence.model.addresses import AddressSet, number
from ringfence.model.bounds import Bounds
from ringfence.model.headers import (
    ALL_HEADERS,
    NO_HEADERS,
    PLANES,
    PORT_PLANES,
    Header,
    HeaderSet,
    icmp,
    ports,
    protocol,
    union,
)
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.regions import Region


def check_set_algebra(a: Any, b: Any, members: Callable[[Any], set[Any]]) -> None:
    """The shared law for two values; `members` is what a value denotes."""
    left, right = members(a), members(b)
    for value, expected in ((a & b, left & right), (a | b, left | right), (a - b, left - right)):
        assert members(value) == expected
        assert bool(value) == bool(expected)
    assert (a <= b) == (left <= right)
    assert (a == b) == (left == right)
    # One set, reached on different ways, is one value.
    for one, other in (
        (a & b, b & a),
        (a | b, b | a),
        (a & b, a - (a - b)),
        ((a - b) | (a & b), a),
        ((a | b) - b, a - b),
        ((a - b) | (b - a), (a | b) - (a & b)),
    ):
        assert one == other
        assert hash(one) == hash(other)


SMALL = 9
small_pairs = st.tuples(st.integers(0, SMALL), st.integers(0, SMALL))
interval_sets = st.lists(small_pairs, max_size=4).map(lambda pairs: IntervalSet.of(*pairs))


def integers(found: IntervalSet) -> set[int]:
    return {member for low, high in found.pairs for member in range(low, high + 1)}


def _region(products: list[tuple[IntervalSet, IntervalSet]]) -> Region:
    out = Region()
    for x, y in products:
        out = out | Region.of(x, y)
    return out


regions = st.lists(st.tuples(interval_sets, interval_sets), max_size=3).map(_region)


def points(region: Region) -> set[tuple[int, int]]:
    return {(x, y) for low, high, ys in region.slabs for x in range(low, high + 1) for y in integers(ys)}


WINDOWS = ("0.0.0.0", "10.0.0.0", "255.255.255.248", "::", "fd00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff8")
"""Where the drawn addresses lie, eight from each on: both ends of both families, and the middle."""


def _addresses(items: list[tuple[str, int, int]]) -> AddressSet:
    return AddressSet.union(
        AddressSet.between(number(window) + low, number(window) + high) for window, low, high in items
    )


address_sets = st.lists(st.tuples(st.sampled_from(WINDOWS), st.integers(0, 7), st.integers(0, 7)), max_size=5).map(
    _addresses
)


def places(found: AddressSet) -> set[int]:
    return {place for low, high in found.pairs for place in range(low, high + 1)}


PORT_BLOCKS = ((0, 9), (10, 19), (20, 1023), (1024, 65535))
OCTET_BLOCKS = ((0, 7), (8, 8), (9, 255))
OTHER_PROTOCOLS = (0, 47, 255)


def _blocks(blocks: tuple[tuple[int, int], ...]) -> st.SearchStrategy[IntervalSet]:
    return st.sets(st.sampled_from(blocks)).map(lambda chosen: IntervalSet.of(*chosen))


port_sets = _blocks(PORT_BLOCKS)
octet_sets = _blocks(OCTET_BLOCKS)
header_sets: st.SearchStrategy[HeaderSet] = st.lists(
    st.one_of(
        st.builds(ports, st.sampled_from(PORT_PLANES), port_sets, port_sets),
        st.builds(icmp, octet_sets, octet_sets, st.sampled_from((4, 6))),
        st.sampled_from((*PLANES.values(), *OTHER_PROTOCOLS)).map(protocol),
        st.just(ALL_HEADERS),
        st.just(NO_HEADERS),
    ),
    max_size=3,
).map(union)
"""Header sets whose edges all lie on the blocks above, so that the edges of the blocks stand for all headers."""

_port_edges = [edge for block in PORT_BLOCKS for edge in block]
_octet_edges = [edge for block in OCTET_BLOCKS for edge in block]
HEADERS = (
    *(Header(plane, x, y) for plane in PORT_PLANES for x in _port_edges for y in _port_edges),
    *(Header(plane, x, y) for plane in ("icmp", "icmpv6") for x in _octet_edges for y in _octet_edges),
    *(Header("other", protocol=number) for number in OTHER_PROTOCOLS),
)


def headers(found: HeaderSet) -> set[Header]:
    return {header for header in HEADERS if header in found}


bounds = st.tuples(interval_sets, interval_sets, st.sampled_from(("", "a variable without a value"))).map(
    lambda drawn: Bounds(drawn[0] & drawn[1], drawn[0] | drawn[1], drawn[2])
)

truths = st.sampled_from((True, False, None))


def endpoint(id: str = "x", **known: Any) -> Endpoint:
    """An endpoint with nothing but what is said."""
    return Endpoint(**{"id": id, "location": "here", "addresses": AddressSet.of("10.0.0.1"), **known})
