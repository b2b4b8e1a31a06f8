"""Behaviour groups: nothing tells the members of one apart."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.groups import groups
from ringfence.engine.reach import Reachability

from .networks import Drawn, networks


@given(networks(), st.data())
def test_members_of_a_group_have_the_same_verdicts(drawn: Drawn, data):
    network = drawn.network
    twin = replace(data.draw(st.sampled_from(network.endpoints)), id="twin")
    network = replace(network, endpoints=(*network.endpoints, twin))
    reach = Reachability(network, drawn.request)
    place = groups(network, reach.index)
    for one in network.endpoints:
        for other in network.endpoints:
            if place[reach.index.number[one.id]] != place[reach.index.number[other.id]]:
                continue
            for third in network.endpoints:
                assert verdicts(reach, one, third) == verdicts(reach, other, third)
                assert verdicts(reach, third, one) == verdicts(reach, third, other)


def verdicts(reach: Reachability, source, target):
    """What passes, whatever the addresses on the grouped side."""
    return {one.headers for one in reach.between(source, target)}


@given(networks())
def test_a_twin_joins_the_group_unless_the_network_names_it(drawn: Drawn):
    first = replace(drawn.network.endpoints[0], every=False, location="nowhere-named")
    network = replace(drawn.network, endpoints=(first, replace(first, id="twin")), links=(), locations={})
    place = groups(network, Reachability(network).index)
    assert place[0] == place[1]
