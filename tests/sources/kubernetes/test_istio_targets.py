"""What both of Istio's authorization kinds say about whom they are for; each refuses the same."""

from __future__ import annotations

import pytest

from ringfence.resources.istio.authorization import TargetReference
from tests.sources.kubernetes.texts import good, read, thing

KINDS = {
    "AuthorizationPolicy": "istio_authorization_policies",
    "RequestAuthentication": "istio_request_authentications",
}
GATEWAY_API, ISTIO = "gateway.networking.k8s.io", "networking.istio.io"
TARGETS = [
    ("", "Service"),
    ("core", "Service"),
    (ISTIO, "ServiceEntry"),
    (GATEWAY_API, "Gateway"),
    (GATEWAY_API, "GatewayClass"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("group", "target"), TARGETS)
def test_targets(kind, group, target):
    spec = f'{{targetRefs: [{{group: "{group}", kind: {target}, name: a}}]}}'
    [found] = getattr(good(thing("security.istio.io/v1", kind, spec)), KINDS[kind])
    assert found.target_refs == (TargetReference("" if group == "core" else group, target, "a"),)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "spec",
    [
        "{targetRef: {kind: Service, name: a}, targetRefs: []}",
        "{targetRef: {kind: Service, name: a}, selector: {}}",
        "{targetRef: {kind: Service, name: a, namespace: b}}",
        "{targetRef: {kind: Service}}",
        "{targetRef: {kind: Deployment, name: a}}",
        "{targetRef: {group: networking.istio.io, kind: Gateway, name: a}}",
        "{targetRefs: [null]}",
        "{selector: {matchLabels: {'a*': b}}}",
        "{selector: {matchExpressions: []}}",
    ],
)
def test_refusals(kind, spec):
    objects, _ = read(thing("security.istio.io/v1", kind, spec))
    assert [one.kind for one in objects.refused] == [kind]
