"""Classes of subjects: what a view sees of addresses, and verdicts that do not depend on how they are kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.index import Index
from ringfence.engine.judge import Judge
from ringfence.engine.subjects import Split, View
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Truth
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Chain

from .networks import chains, endpoints, requests

populations = st.integers(2, 6).flatmap(lambda size: st.tuples(*(endpoints(f"e{place}") for place in range(size))))
RULE = Bounds(AddressSet.of("10.0.0.0/30"), AddressSet.of("10.0.0.0/29"))


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ("10.0.0.1", True),
        ("10.0.0.0/30", True),
        ("10.0.0.6", None),
        ("10.0.0.2-10.0.0.5", None),
        ("10.0.0.9", False),
        ("10.0.0.8/29", False),
        ("10.0.0.6-10.0.0.9", None),
    ],
)
def test_one_address_of_several(addresses: str, expected: Truth) -> None:
    assert View(None, AddressSet.of(addresses)).within(RULE) is expected


@pytest.mark.parametrize(
    ("addresses", "inside"),
    [
        ("10.0.0.1", None),
        ("10.0.0.8/29", None),
        ("10.0.0.4/30", None),
        ("10.0.0.0/28", "10.0.0.0/29"),
        ("10.0.0.2-10.0.0.5", "10.0.0.2-10.0.0.3"),
    ],
)
def test_every_address_of_a_region_is_treated_alike_or_it_is_split(addresses: str, inside: str | None) -> None:
    view = View(None, AddressSet.of(addresses), region="source")
    if inside is None:
        view.within(RULE)
        return
    with pytest.raises(Split) as found:
        view.within(RULE)
    assert (found.value.side, found.value.inside) == ("source", AddressSet.of(inside))


@given(chains, populations, requests)
def test_a_verdict_is_the_same_however_it_is_kept(chain: Chain, population: tuple[Endpoint, ...], request_):
    index = Index(population)
    judge = Judge(chain, index, request_)
    for subject in population:
        kept = judge.subject_class(subject)
        for several in (False, True):
            fresh = replace(kept, several=several)
            for peer in population:
                view = View(peer, AddressSet.between(peer.addresses.first(), peer.addresses.first()), peer.identity)
                expected = judge.verdict(subject, view)
                assert fresh.verdict(view) == fresh.verdict(view) == expected
