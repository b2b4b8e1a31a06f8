"""Which pods a policy is for: the selector and the answer for one pod's labels agree."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from ringfence.layers.istio_scope import selects, subjects
from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.mesh_facets import MESH, NO_PLANE, PLANE, SIDECAR
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint
from ringfence.resources.istio.authorization import TargetReference

from .istio_pods import ALLOW, policy

GATEWAY = "gateway.networking.k8s.io"
CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"selector": ()},
    {"selector": (("app", "web"),)},
    {"selector": (("app", "web"), ("tier", "1"))},
    {"target_refs": (TargetReference(GATEWAY, "Gateway", "edge"),)},
    {"target_refs": (TargetReference("", "Service", "edge"), TargetReference(GATEWAY, "GatewayClass", "edge"))},
)
POLICIES = [
    policy(ALLOW, namespace=namespace, **more)
    for namespace, more in product(
        ("shop", "front", "root"),
        CHOICES,
    )
]
PODS = [
    {},
    {"app": "web"},
    {"app": "web", "tier": "1"},
    {f"{GATEWAY}/gateway-name": "edge"},
    {f"{GATEWAY}/gateway-name": "other", "app": "web"},
    {f"{GATEWAY}/gateway-name": "edge", "app": "web", "gateway.istio.io/managed": "istio.io-mesh-controller"},
]


def pod(labels, namespace, plane=SIDECAR):
    facets = {POD: labels, NAMESPACE: {}, MESH: {PLANE: plane}}
    return Endpoint("p", "pods", AddressSet.of("10.0.0.1"), namespace=namespace, facets=facets)


@pytest.mark.parametrize("one", POLICIES)
@pytest.mark.parametrize("labels", PODS)
@pytest.mark.parametrize("namespace", ["shop", "root"])
def test_the_selector_and_the_labels_agree(one, labels, namespace):
    chosen = subjects(one, "root")
    assert chosen.matches(pod(labels, namespace)) is selects(one, "root", namespace, labels)
    assert chosen.matches(pod(labels, namespace, NO_PLANE)) is False


def test_some_are_selected_and_some_are_not():
    found = [selects(one, "root", "shop", labels) for one in POLICIES for labels in PODS]
    assert 20 < sum(found) < len(found) - 20
