"""The ways that entries lead: one for each entry, target and workload."""

from __future__ import annotations

import pytest

from ringfence.checks.entry_targets import ways
from ringfence.topology.entries import CONTROLLER, OUTSIDE, SOME_NODE

from .manifests import deployment, ingress, policy, service, view

TWO_PORTS = service(ports="[{name: a, port: 80}, {name: b, port: 81}]")


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([service()], []),
        ([service(), ingress()], [("Ingress", CONTROLLER, 80, True, True)]),
        ([TWO_PORTS, ingress(port="{name: b}")], [("Ingress", CONTROLLER, 81, True, True)]),
        ([service(), ingress(), policy()], [("Ingress", CONTROLLER, 80, False, False)]),
        ([service(more="type: NodePort")], [("NodePort", SOME_NODE, 80, True, True)]),
        ([service(more="type: NodePort"), policy()], [("NodePort", SOME_NODE, 80, True, False)]),
        (
            [service(more="type: NodePort\n  externalTrafficPolicy: Local"), policy()],
            [("NodePort", OUTSIDE, 80, False, False)],
        ),
        (
            [service(more="type: LoadBalancer", ports="[{name: a, port: 1}, {name: b, port: 2}]")],
            [("LoadBalancer", SOME_NODE, 1, True, True), ("LoadBalancer", SOME_NODE, 2, True, True)],
        ),
    ],
)
def test_ways(manifests, expected):
    found = list(ways(view(deployment(), *manifests)))
    shown = [(one.entry.kind, one.entry.sources[0], one.target.port, one.may, one.must) for one in found]
    assert shown == expected
    assert {one.workload for one in found} <= {"shop/web[Deployment]"}


def test_every_workload_behind_a_service_is_a_way():
    both = [deployment("a", tier="x"), deployment("b", tier="x")]
    behind = service("web", more="type: LoadBalancer").replace("app: web", "tier: x")
    assert [one.workload for one in ways(view(*both, behind))] == ["shop/a[Deployment]", "shop/b[Deployment]"]


@pytest.mark.parametrize(("more", "limited"), [("", False), ("\n  externalTrafficPolicy: Local", True)])
def test_source_ranges_limit_only_sources_that_keep_their_address(more, limited):
    ranges = service(more=f"type: LoadBalancer{more}\n  loadBalancerSourceRanges: [198.51.100.0/24]")
    (way,) = ways(view(deployment(), ranges))
    assert (way.field.source_addresses is not None) == limited
    assert str(way.entry.source_ranges) == "198.51.100.0/24"
