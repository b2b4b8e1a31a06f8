from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.conditions import ALWAYS
from ringfence.model.headers import ALL_HEADERS
from ringfence.model.rules import (
    ANY_HEADERS,
    NO_IDENTITY,
    UNKNOWN_IDENTITY,
    Action,
    Chain,
    Direction,
    Pattern,
    Peer,
    Rule,
    Scope,
    Stage,
)
from ringfence.model.selectors import ANYTHING

X, Y = "cluster.local/ns/a/sa/x", "cluster.local/ns/b/sa/y"
EXACT = Pattern(X)
START = Pattern("cluster.local/ns/a/", open_end=True)
END = Pattern("/sa/x", open_start=True)
MIDDLE = Pattern("/ns/b/", open_start=True, open_end=True)
ANY = Pattern("", open_start=True, open_end=True)


@pytest.mark.parametrize(
    ("pattern", "x", "y", "unknown"),
    [
        (EXACT, True, False, None),
        (START, True, False, None),
        (END, True, False, None),
        (MIDDLE, False, True, None),
        (ANY, True, True, True),
        (Pattern("", open_end=True), True, True, True),
        (Pattern("", open_start=True), True, True, True),
        (Pattern(""), False, False, False),
        (Pattern("/sa/x"), False, False, None),
        (Pattern("/sa/x", open_end=True), False, False, None),
        (Pattern("cluster.local", open_start=True), False, False, None),
    ],
)
def test_pattern(pattern, x, y, unknown):
    assert pattern.matches(X) is x
    assert pattern.matches(Y) is y
    assert pattern.matches(UNKNOWN_IDENTITY) is unknown
    assert pattern.matches(NO_IDENTITY) is False


patterns = st.builds(Pattern, st.text("ab", max_size=2), st.booleans(), st.booleans())
identities = st.text("ab", min_size=1, max_size=4)


@given(patterns, identities)
def test_a_pattern_says_where_its_text_stands(pattern, identity):
    before = range(len(identity) + 1) if pattern.open_start else (0,)
    expected = any(
        identity[start:].startswith(pattern.text) and (pattern.open_end or start + len(pattern.text) == len(identity))
        for start in before
    )
    assert pattern.matches(identity) is expected


@given(patterns, identities)
def test_what_is_said_of_an_unknown_identity_holds_for_each(pattern, identity):
    assert pattern.matches(UNKNOWN_IDENTITY) in (None, pattern.matches(identity))


@pytest.mark.parametrize(
    ("peer", "x", "y", "unknown", "none"),
    [
        (Peer(), True, True, True, True),
        (Peer(identities=()), False, False, False, False),
        (Peer(identities=(EXACT,)), True, False, None, False),
        (Peer(identities=(EXACT, MIDDLE)), True, True, None, False),
        (Peer(identities=(ANY,)), True, True, True, False),
        (Peer(excluded=(EXACT,)), False, True, None, True),
        (Peer(excluded=(ANY,)), False, False, False, True),
        (Peer(identities=(ANY,), excluded=(EXACT,)), False, True, None, False),
        (Peer(identities=(START,), excluded=(END,)), False, False, None, False),
    ],
)
def test_identity_of_a_peer(peer, x, y, unknown, none):
    found = [peer.identity_matches(one) for one in (X, Y, UNKNOWN_IDENTITY, NO_IDENTITY)]
    assert found == [x, y, unknown, none]


@given(
    st.one_of(st.none(), st.lists(patterns, max_size=2).map(tuple)),
    st.lists(patterns, max_size=2).map(tuple),
    identities,
)
def test_a_peer_fits_by_one_wanted_and_no_excluded_pattern(wanted, excluded, identity):
    peer = Peer(identities=wanted, excluded=excluded)
    fits = wanted is None or any(one.matches(identity) for one in wanted)
    assert peer.identity_matches(identity) is (fits and not any(one.matches(identity) for one in excluded))
    assert peer.identity_matches(UNKNOWN_IDENTITY) in (None, peer.identity_matches(identity))


def test_a_rule_that_says_nothing_more_matches_everything():
    rule = Rule(Action.ALLOW)
    (peer,) = rule.peers
    assert (peer.selector, peer.addresses, peer.identities, peer.excluded) == (ANYTHING, None, None, ())
    assert rule.headers == ANY_HEADERS
    assert rule.headers.known
    assert rule.headers.must == ALL_HEADERS
    assert rule.condition == ALWAYS
    assert rule.subjects == ANYTHING


def test_rules_scopes_stages_and_chains_are_values():
    def chain(action):
        scope = Scope("web", ANYTHING, (Rule(action),))
        return Chain("policy", Direction.INGRESS, (Stage("tier", (scope,), Action.DENY),), Action.ALLOW)

    assert chain(Action.ALLOW) == chain(Action.ALLOW)
    assert hash(chain(Action.ALLOW)) == hash(chain(Action.ALLOW))
    assert chain(Action.ALLOW) != chain(Action.PASS)
    assert chain(Action.ALLOW).stateful
