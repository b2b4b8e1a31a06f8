"""Traffic from a pod's own node passes; nobody else's does because of it."""

from __future__ import annotations

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.topology.options import Options
from tests.layers.clusters import ask, cluster, node, pod, policy, template, workload

ALLOWED, DENIED, UNKNOWN = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNKNOWN

THINGS = (
    node("n1", "192.168.0.1"),
    node("n2", "192.168.0.2"),
    pod("x/here", ip="10.0.0.1", node="n1"),
    pod("x/somewhere", ip="10.0.0.2"),
    pod("x/agent", ip="192.168.0.1", node="n1", host=True),
    workload("x/agents", template(host=True, app="agents"), kind="DaemonSet"),
    policy("x/closed", ingress=(), egress=()),
)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("n1[Node]", "x/here", ALLOWED),
        ("n2[Node]", "x/here", DENIED),
        ("n1[Node]", "x/somewhere", UNKNOWN),
        ("x/agent", "x/here", ALLOWED),
        ("x/agent", "x/somewhere", UNKNOWN),
        ("x/agents[DaemonSet]", "x/here", UNKNOWN),
        ("x/agents[DaemonSet]", "x/somewhere", UNKNOWN),
        ("x/somewhere", "x/here", DENIED),
        # What a pod sends to its own node is under its egress policies like everything else.
        ("x/here", "n1[Node]", DENIED),
        # No policy selects what runs on the node's network.
        ("8.8.8.8", "x/agent", ALLOWED),
        ("x/agent", "8.8.8.8", ALLOWED),
    ],
)
def test_own_node(source, target, expected):
    assert ask(cluster(*THINGS), source, target) is expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("8.8.8.8", "x/agent", DENIED),
        ("x/agent", "8.8.8.8", DENIED),
        ("x/agent", "x/here", DENIED),
        ("n1[Node]", "x/here", ALLOWED),
    ],
)
def test_host_network_pods_as_pods(source, target, expected):
    assert ask(cluster(*THINGS), source, target, options=Options(host_network="pod")) is expected
