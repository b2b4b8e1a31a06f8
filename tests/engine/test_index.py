"""The label index against the selectors' own answers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.decisions import within
from ringfence.engine.index import Index
from ringfence.model.addresses import AddressSet

from .networks import ADDRESSES, bounds, endpoints, samples, selectors

populations = st.integers(1, 9).flatmap(lambda size: st.tuples(*(endpoints(f"e{place}") for place in range(size))))


@given(populations, st.lists(selectors, max_size=4))
def test_selecting_says_what_matching_says(population, wanted):
    index = Index(population)
    for selector in wanted:
        found = index.select(selector)
        for place, endpoint in enumerate(index.endpoints):
            assert index.number[endpoint.id] == place
            truth = selector.matches(endpoint)
            assert (place in found.must, place in found.may) == (truth is True, truth is not False)


@given(populations, bounds(st.sampled_from([*ADDRESSES, AddressSet()])))
def test_addressing_says_what_each_address_says(population, addresses):
    index = Index(population)
    found = index.addressed(addresses)
    for place, endpoint in enumerate(index.endpoints):
        truths = {within(addresses, address) for address in samples(endpoint.addresses)}
        assert (place in found.must) == (truths == {True})
        assert (place in found.may) == (truths != {False})
