from __future__ import annotations

from typing import Any

import pytest

from ringfence.model.headers import Header
from ringfence.model.networks import EPHEMERAL, Link, Location, Network, Packet, Rewrite, Source
from ringfence.model.rules import NO_IDENTITY
from ringfence.model.selectors import ANYTHING
from tests.model.strategies import endpoint, integers


def test_links_by_the_location_they_leave_in_their_order():
    links = (Link("1", "a", "b"), Link("2", "b", "a"), Link("3", "a", "c"), Link("4", "a", "b"))
    network = Network((), {name: Location(name) for name in "abc"}, links)
    assert network.links_from() == {"a": [links[0], links[2], links[3]], "b": [links[1]]}


def test_a_network_without_links():
    assert Network((), {}, ()).links_from() == {}


def test_endpoints_are_themselves_and_equal_to_no_other():
    one, other = endpoint("x"), endpoint("x")
    assert one != other
    assert len({one, other}) == 2


def test_what_is_not_said_of_an_endpoint():
    found = endpoint()
    assert not found.every
    assert not found.maybe
    assert not found.any_group
    assert found.groups == found.maybe_groups == found.unknown_facets == frozenset()
    assert found.identity == NO_IDENTITY
    assert found.facets == {}
    assert found.ephemeral == EPHEMERAL
    assert integers(EPHEMERAL) == set(range(1024, 65536))


def test_no_endpoint_can_write_into_what_all_share():
    facets: Any = endpoint().facets
    with pytest.raises(TypeError):
        facets["pod"] = {}


def test_what_is_not_said_of_a_link_and_a_rewrite():
    link = Link("1", "a", "b")
    assert (link.destinations, link.towards, link.headers, link.rewrite) == (None, ANYTHING, None, None)
    assert not link.exits
    assert not link.enters
    assert Rewrite() == Rewrite(Source(None, None, None, None), None, (), None)


def test_packets_are_values():
    def packet(port):
        return Packet("a", 1, "b", 2, Header("tcp", 40000, port))

    assert packet(80) == packet(80)
    assert hash(packet(80)) == hash(packet(80))
    assert packet(80) != packet(81)
    assert packet(80).request is None
