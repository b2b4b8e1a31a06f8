"""Which ports a sidecar does not see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.istio_captured import ALWAYS_PAST, INTERCEPTION, OWN, STATUS_PORT, TRAFFIC, passes_by, past
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.resources.istio.networking import IngressListener

APART = {INTERCEPTION: "NONE"}


def bounds(found):
    return found.must - OWN, found.may - OWN


EMPTY, EVERY, P80, P8080 = IntervalSet(), PORTS - OWN, IntervalSet.of(80), IntervalSet.of(8080)


@pytest.mark.parametrize(
    ("annotations", "listeners", "must", "may"),
    [
        ({}, (), EMPTY, EMPTY),
        ({f"{TRAFFIC}excludeInboundPorts": "8080"}, (), P8080, P8080),
        ({f"{TRAFFIC}excludeInboundPorts": "x"}, (), EMPTY, EVERY),
        ({}, (IngressListener(8080),), EMPTY, EMPTY),
        ({}, (IngressListener(8080, capture_mode="NONE"),), EMPTY, P8080),
        ({f"{TRAFFIC}excludeInboundPorts": "8080"}, (IngressListener(8080, capture_mode="NONE"),), EMPTY, P8080),
        ({f"{TRAFFIC}excludeInboundPorts": "8080"}, (IngressListener(8080),), P8080, P8080),
        ({STATUS_PORT: "8080"}, (), P8080, P8080),
        ({STATUS_PORT: "x"}, (), EMPTY, EMPTY),
        ({f"{TRAFFIC}excludeInterfaces": "net1, eth0"}, (), EVERY, EVERY),
        ({f"{TRAFFIC}excludeInterfaces": "eth+"}, (), EVERY, EVERY),
        ({f"{TRAFFIC}excludeInterfaces": "net1"}, (), EMPTY, EMPTY),
        (APART, (), EVERY, EVERY),
        (APART, (IngressListener(8080),), EVERY - P8080, EVERY - P8080),
        (APART, (IngressListener(8080, capture_mode="NONE"),), EVERY - P8080, EVERY - P8080),
        (APART, (IngressListener(8080, bind="0.0.0.0"),), EVERY - P8080, EVERY - P8080),
        (APART, (IngressListener(8080, bind="10.0.0.1"),), EVERY - P8080, EVERY),
        (APART, (IngressListener(80),), EVERY - P80, EVERY),
        (APART, (IngressListener(8080, capture_mode="IPTABLES"),), EVERY, EVERY),
        (APART, (IngressListener(15020),), EVERY, EVERY),
    ],
)
def test_past(annotations, listeners, must, may):
    found = past(annotations, (listeners,))
    assert bounds(found) == (must, may)
    assert bool(found.because) == (must != may)
    assert past(annotations, (listeners, listeners)) == found
    assert ALWAYS_PAST.must <= found.must


@pytest.mark.parametrize(("interfaces", "expected"), [("eth0", True), ("+", True), ("eth1,net+", False), ("", False)])
def test_the_pods_own_interface(interfaces, expected):
    assert passes_by({f"{TRAFFIC}excludeInterfaces": interfaces}) is expected


@given(st.lists(st.lists(st.sampled_from((80, 8080, 9090, 15020)), max_size=3), min_size=1, max_size=3), st.booleans())
def test_several_sidecars_bracket_each_of_them(choices, apart):
    annotations = APART if apart else {}
    made = tuple(tuple(IngressListener(port, capture_mode="NONE") for port in one) for one in choices)
    together = past(annotations, made)
    for one in made:
        alone = past(annotations, (one,))
        assert together.must <= alone.must
        assert alone.may <= together.may
