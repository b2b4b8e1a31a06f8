from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.bounds import Bounds
from ringfence.model.intervals import IntervalSet
from tests.model.strategies import bounds, interval_sets

operators = st.sampled_from((operator.and_, operator.or_, operator.sub))


def worlds(found):
    """Every value that the bounds admit, over the few members in doubt."""
    doubt = [n for low, high in (found.may - found.must).pairs for n in range(low, high + 1)]
    for chosen in range(1 << len(doubt)):
        yield found.must | IntervalSet.of(*(n for place, n in enumerate(doubt) if chosen >> place & 1))


few = st.sets(st.integers(0, 4)).map(lambda members: IntervalSet.of(*members))
few_bounds = st.tuples(few, few).map(lambda drawn: Bounds(drawn[0] & drawn[1], drawn[0] | drawn[1], "who knows"))


@given(few_bounds, few_bounds, operators)
def test_operators_bracket_every_world_and_no_more(a, b, combine):
    results = [combine(one, other) for one in worlds(a) for other in worlds(b)]
    certain, possible = results[0], results[0]
    for result in results:
        certain, possible = certain & result, possible | result
    found = combine(a, b)
    assert found.must == certain
    assert found.may == possible


@given(bounds, bounds, operators)
def test_must_stays_within_may(a, b, combine):
    found = combine(a, b)
    assert found.must <= found.may


@given(interval_sets, interval_sets, operators)
def test_known_values_stay_known(a, b, combine):
    found = combine(Bounds.exactly(a), Bounds.exactly(b))
    assert found == Bounds.exactly(combine(a, b))
    assert found.known


@given(few_bounds, few_bounds, operators)
def test_the_reason_is_kept_while_there_is_doubt_and_goes_with_it(a, b, combine):
    found = combine(a, b)
    assert found.because == ("" if found.known else "who knows")


def test_the_first_reason_stands():
    low, high = IntervalSet.of(1), IntervalSet.of((1, 2))
    assert (Bounds(low, high, "first") | Bounds(low, high, "second")).because == "first"
    assert (Bounds.exactly(low) | Bounds(low, high, "second")).because == "second"


@given(interval_sets, interval_sets)
def test_the_invariant_is_checked(must, may):
    if must <= may:
        assert Bounds(must, may).known == (must == may)
    else:
        with pytest.raises(ValueError, match="must is not within may"):
            Bounds(must, may)
