"""Identities found by pattern against the patterns themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.identities import Identities
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Pattern, Peer

texts = st.text("ab/", max_size=4)


class OfLength(Pattern):
    """A pattern that says in its own way what fits."""

    def matches(self, identity: str) -> bool:
        return len(identity) == len(self.text)


patterns = st.builds(Pattern, texts, st.booleans(), st.booleans()) | st.builds(OfLength, texts)
several = st.lists(patterns, max_size=3).map(tuple)


@given(st.lists(texts | st.just(UNKNOWN_IDENTITY)), patterns)
def test_those_that_fit_are_found(identities: list[str], pattern: Pattern):
    known = set(identities) - {NO_IDENTITY, UNKNOWN_IDENTITY}
    assert Identities(identities).fitting(pattern) == {one for one in known if pattern.matches(one)}


@given(st.lists(texts), st.builds(Peer, identities=st.none() | several, excluded=several))
def test_those_that_a_peer_means_are_found(identities: list[str], peer: Peer):
    known = set(identities) - {NO_IDENTITY}
    assert Identities(identities).meant(peer) == {one for one in known if peer.identity_matches(one)}
