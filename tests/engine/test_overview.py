"""The overview's numbers against the edges themselves."""

from __future__ import annotations

from hypothesis import given

from ringfence.engine import overview as module
from ringfence.engine.connectivity import Connectivity
from ringfence.engine.overview import overview
from ringfence.engine.reach import Reachability

from .networks import Drawn
from .test_connectivity import peopled


@given(peopled())
def test_the_numbers_count_edges(drawn: Drawn):
    found = Connectivity(Reachability(drawn.network, drawn.request))
    inside = {name for name, members in found.workloads.items() if not members[0].every}
    outside = set(found.workloads) - inside
    counted = overview(found, inside)
    assert counted is not None
    edges = {(edge.source.name, edge.target.name) for edge in found.edges()}
    assert counted.workloads == len(inside)
    assert counted.connected == sum(source in inside and target in inside for source, target in edges)
    assert set(counted.from_outside) == {target for source, target in edges if source in outside and target in inside}


@given(peopled())
def test_nobody_waits_for_too_many(drawn: Drawn):
    found = Connectivity(Reachability(drawn.network, drawn.request))
    before, module.MOST_PAIRS = module.MOST_PAIRS, -1
    try:
        assert overview(found, set(found.workloads)) is None
    finally:
        module.MOST_PAIRS = before
