from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.intervals import IntervalSet, canonical
from tests.model.strategies import check_set_algebra, integers, interval_sets, small_pairs


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], ()),
        ([(5, 3)], ()),
        ([(1, 2), (3, 4)], ((1, 4),)),
        ([(1, 2), (4, 5)], ((1, 2), (4, 5))),
        ([(4, 5), (1, 2), (2, 3)], ((1, 5),)),
        ([(1, 9), (2, 3)], ((1, 9),)),
        ([(7, 7), (7, 7)], ((7, 7),)),
    ],
)
def test_canonical(pairs, expected):
    assert canonical(pairs) == expected


@given(st.lists(small_pairs, max_size=5))
def test_canonical_form_is_ascending_with_gaps_and_holds_what_was_given(drawn):
    found = canonical(drawn)
    assert all(low <= high for low, high in found)
    assert all(one[1] + 1 < two[0] for one, two in pairwise(found))
    assert integers(IntervalSet(found)) == {n for low, high in drawn for n in range(low, high + 1)}


@given(interval_sets, interval_sets)
def test_algebra(a, b):
    check_set_algebra(a, b, integers)


@given(interval_sets, interval_sets, interval_sets)
def test_distribution(a, b, c):
    assert a & (b | c) == (a & b) | (a & c)
    assert a - (b | c) == (a - b) - c


@given(interval_sets, st.integers(0, 12))
def test_members(found, member):
    assert (member in found) == (member in integers(found))
    assert len(found) == len(integers(found))
    if found:
        assert found.first() == min(integers(found))


@given(interval_sets)
def test_pairs_rebuild_the_set(found):
    assert IntervalSet.of(*found) == found


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (IntervalSet(), ""),
        (IntervalSet.of(80), "80"),
        (IntervalSet.of((9000, 9100), 80), "80,9000-9100"),
        (IntervalSet.of(1, 2), "1-2"),
    ],
)
def test_text(found, text):
    assert str(found) == text


def test_the_empty_set_has_no_first_member():
    with pytest.raises(ValueError, match="empty"):
        IntervalSet().first()
