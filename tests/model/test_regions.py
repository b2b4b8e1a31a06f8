from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.intervals import IntervalSet
from ringfence.model.regions import AXIS, Region
from tests.model.strategies import SMALL, check_set_algebra, integers, interval_sets, points, regions

ENUMERATED = set(range(SMALL + 1))
"""The part of an axis that the strategies draw from."""


@given(regions, regions)
def test_region_algebra(a, b):
    check_set_algebra(a, b, points)


@given(regions)
def test_slabs_are_canonical(region):
    assert all(low <= high and ys for low, high, ys in region.slabs)
    for (_, high, ys), (low, _, more) in pairwise(region.slabs):
        assert high < low
        assert high + 1 < low or ys != more


@given(interval_sets, interval_sets)
def test_a_product_holds_its_pairs(x, y):
    assert points(Region.of(x, y)) == {(a, b) for a in integers(x) for b in integers(y)}


@given(regions, st.integers(0, SMALL + 1), st.integers(0, SMALL + 1))
def test_region_membership(region, x, y):
    assert ((x, y) in region) == ((x, y) in points(region))


@given(regions)
def test_transposition_swaps_and_undoes_itself(region):
    assert points(region.transposed()) == {(y, x) for x, y in points(region)}
    assert region.transposed().transposed() == region


@given(regions, interval_sets)
def test_some_and_every_by_enumeration(region, within):
    held = points(region)
    some = {y for y in ENUMERATED if any((x, y) in held for x in integers(within))}
    every = {y for y in ENUMERATED if all((x, y) in held for x in integers(within))}
    assert integers(region.some(within)) == some
    assert integers(region.every(within) & IntervalSet.of((0, SMALL))) == every
    beyond = AXIS - IntervalSet.of((0, SMALL))
    assert region.every(within) & beyond == (IntervalSet() if within else beyond)


@given(regions)
def test_projections(region):
    assert integers(region.xs()) == {x for x, _ in points(region)}
    assert region.some() == region.transposed().xs()
