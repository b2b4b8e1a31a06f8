"""Which meshes count: those of which the files hold anything."""

from __future__ import annotations

import pytest

from tests.checks.manifests import deployment, view

LINKERD = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}}"
ISTIO = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [([], []), ([LINKERD], ["LinkerdMesh"]), ([ISTIO], ["IstioMesh"])],
)
def test_what_is_there(manifests, expected):
    shown = view(deployment("web"), *manifests)
    assert [type(one).__name__ for one in shown.topology.meshes] == expected
    facets = shown.topology.network.endpoints[0].facets
    assert ("mesh" in facets) is bool(manifests)
