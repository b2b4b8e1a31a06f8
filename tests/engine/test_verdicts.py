from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.verdicts import CLOSED, LEFT_OPEN, OPEN, both, chosen, turned
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, NO_HEADERS, ports
from ringfence.model.intervals import IntervalSet
from tests.model.strategies import header_sets, headers

WEB, DNS = ports("tcp", IntervalSet.of(80)), ports("udp", IntervalSet.of(53))


@st.composite
def _verdicts(draw):
    may = draw(header_sets)
    return Bounds(draw(header_sets) & may, may)


verdicts = _verdicts()


@given(verdicts, verdicts)
def test_a_path_lets_pass_what_both_of_its_chains_do(one, other):
    assert both(one, other) == Bounds(one.must & other.must, one.may & other.may)
    assert both(one, OPEN) == both(OPEN, one) == one


@given(verdicts)
def test_requests_and_replies_turn_into_each_other(found):
    assert turned(turned(found)) == found
    assert headers(turned(found).may) == {one.reply() for one in headers(found.may)}


@given(verdicts)
def test_the_only_link_decides(found):
    assert chosen([(True, None, found)]) == found
    assert chosen([(None, None, found)]) == Bounds(NO_HEADERS, found.may)


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ([], CLOSED),
        ([(True, None, OPEN), (True, None, CLOSED)], LEFT_OPEN),
        ([(True, None, OPEN), (None, None, OPEN)], OPEN),
        ([(True, None, OPEN), (None, WEB, CLOSED)], Bounds(ALL_HEADERS - WEB, ALL_HEADERS)),
        ([(True, WEB, OPEN), (True, DNS, OPEN)], Bounds.exactly(WEB | DNS)),
        ([(True, WEB, OPEN), (True, DNS, CLOSED)], Bounds.exactly(WEB)),
        ([(None, WEB, OPEN), (True, DNS, OPEN)], Bounds(DNS, WEB | DNS)),
    ],
)
def test_of_several_links_nobody_knows_which_a_packet_takes(choices, expected):
    assert chosen(choices) == expected


@given(st.lists(st.tuples(st.sampled_from((True, None)), st.none() | header_sets, verdicts), max_size=3))
def test_what_must_pass_may_pass(choices):
    found = chosen(choices)
    assert found.must <= found.may
    assert chosen(reversed(choices)) == found
