"""Windowed bit sets against Python's sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.bits import EMPTY, Bits

members = st.sets(st.one_of(st.integers(0, 200), st.integers(5000, 5100)), max_size=20)


@given(members, members)
def test_the_algebra_is_that_of_sets(one, other):
    a, b = Bits.of(one), Bits.of(other)
    assert set(a & b) == one & other
    assert set(a | b) == one | other
    assert set(a - b) == one - other
    assert (a <= b) == (one <= other)
    assert (a == b) == (one == other)
    assert len(a) == len(one)
    assert bool(a) == bool(one)


@given(members, members)
def test_equal_sets_are_equal_values(one, other):
    a, b = Bits.of(one) | Bits.of(other), Bits.of(one | other)
    assert a == b
    assert hash(a) == hash(b)
    assert list(a) == sorted(one | other)


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_span_is_a_range(start, stop):
    assert set(Bits.span(start, stop)) == set(range(start, stop))


@given(members)
def test_membership_and_first(one):
    bits = Bits.of(one)
    assert all((place in bits) == (place in one) for place in range(0, 5200, 7))
    if one:
        assert bits.first() == min(one)
    else:
        assert bits == EMPTY
        with pytest.raises(ValueError, match="no first"):
            bits.first()
