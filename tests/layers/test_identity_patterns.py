"""Identity patterns that are expressions, and several at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.identity_patterns import Expression, Together, together
from ringfence.layers.ztunnel_identities import namespace, principal, service_account
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Pattern

IDENTITY = "spiffe://td/ns/a/sa/b"
PATTERNS = [
    principal("*"),
    principal("*b"),
    principal("td*"),
    namespace("a"),
    namespace("*"),
    service_account("a/b", ""),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_none_fits_nothing_and_unknown_may_fit(pattern):
    for one in (pattern, Together("", sets=((pattern,),))):
        assert one.matches(IDENTITY) is True
        assert one.matches(NO_IDENTITY) is False
        assert one.matches("a.b.serviceaccount.identity.linkerd.cluster.local") is False
    assert Expression(".*").matches(UNKNOWN_IDENTITY) is None


def test_together_asks_each_set():
    both = Together("", sets=((Pattern("x"), principal("td*")), (namespace("a"),)))
    assert both.matches(IDENTITY) is True
    assert both.matches("spiffe://td/ns/c/sa/b") is False
    assert both.matches("x") is False
    assert Together("", sets=((principal("td*"),), (Pattern("x"),))).matches(UNKNOWN_IDENTITY) is None


def test_what_is_put_together():
    first, second = (principal("a"),), (principal("b"), principal("c"))
    assert together(()) is None
    assert together((first,)) == first
    assert together((first, second)) == (Together("", sets=(first, second)),)


SETS = st.lists(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(
    tuple
)


@given(SETS, st.sampled_from([IDENTITY, "spiffe://td/ns/c/sa/d", NO_IDENTITY]))
def test_together_is_and_of_ors(sets, identity):
    expected = all(any(one.matches(identity) for one in some) for some in sets)
    both = together(sets)
    assert (both is None and expected) or any(one.matches(identity) for one in both or ()) is expected
