"""Where Linkerd takes plaintext below a default policy that asks for identities."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.checks.linkerd_gaps import of_linkerd

from .manifests import view
from .meshes import annotated, server, workload

POLICY = "config.linkerd.io/default-inbound-policy"
ASKS, OPEN = {POLICY: "all-authenticated"}, {POLICY: "all-unauthenticated"}
SKIPS = {"config.linkerd.io/skip-inbound-ports": "'8080'"}
OUT = {"linkerd.io/inject": "disabled"}
STRICT = {"linkerd_default_policy": "cluster-authenticated"}
WEB, BARE = "shop/web[Deployment]", "shop/bare[Deployment]"


def said(*manifests: str, **options: Any) -> list[tuple[str, str]]:
    return [(title, gap.what) for gap, title in of_linkerd(view(*manifests, **options))]


@pytest.mark.parametrize(
    ("of_namespace", "options", "expected"),
    [
        ({}, {}, []),
        (OPEN, {}, []),
        (ASKS, {}, []),
        ({}, STRICT, []),
        (ASKS, STRICT, []),
        (OPEN, STRICT, [(WEB, f"namespace shop says {POLICY}: all-unauthenticated")]),
        # A word that Linkerd does not know is no exception: the installation's policy holds.
        ({POLICY: "x"}, STRICT, []),
        ({POLICY: "deny"}, STRICT, []),
        ({POLICY: "audit"}, STRICT, [(WEB, f"namespace shop says {POLICY}: audit")]),
    ],
)
def test_namespaces(of_namespace, options, expected):
    assert said(annotated("shop", of_namespace), workload(), **options) == expected


@pytest.mark.parametrize("strict", [(ASKS, {}), ({}, STRICT)], ids=["namespace", "installation"])
def test_pods(strict):
    of_namespace, options = strict
    place, bare = annotated("shop", of_namespace), workload("bare", annotations=OUT)
    asks = "namespace shop asks for identities, and the pod has no proxy"
    assert said(place, workload(), bare, **options) == [(BARE, asks)]
    own = f"the pod's own {POLICY} is all-unauthenticated"
    assert said(place, workload(annotations=OPEN), **options) == [(WEB, own)]
    assert said(place, workload(annotations=SKIPS), **options) == [(WEB, "nothing to it passes the proxy")]


def test_a_namespace_without_members_asks_for_nothing():
    assert said(annotated("shop", OUT), workload(), annotated("other"), workload(namespace="other"), **STRICT) == []


def authorization(client: str, target: str = "server: {name: web}") -> str:
    return f"""
apiVersion: policy.linkerd.io/v1beta1
kind: ServerAuthorization
metadata: {{name: old, namespace: shop}}
spec: {{{target}, client: {client}}}
"""


LETS_IN = [(WEB, "ServerAuthorization shop/old lets in who has no identity")]


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([server("web", "web")], []),
        ([server("web", "web", more=", accessPolicy: all-authenticated")], []),
        (
            [server("web", "web", more=", accessPolicy: all-unauthenticated")],
            [(WEB, "Server shop/web has accessPolicy all-unauthenticated")],
        ),
        ([server("web", "web"), authorization("{unauthenticated: true}")], LETS_IN),
        ([server("web", "web"), authorization("{unauthenticated: true}", "server: {selector: {}}")], LETS_IN),
        ([server("web", "web"), authorization("{unauthenticated: true}", "server: {name: other}")], []),
        ([server("web", "web"), authorization('{meshTLS: {identities: ["*"]}}')], []),
        ([server("web", "web"), authorization("{unauthenticated: true, networks: [{cidr: 10.9.0.0/24}]}")], []),
        ([server("web", "other", more=", accessPolicy: all-unauthenticated")], []),
    ],
)
def test_servers(manifests, expected):
    assert said(annotated("shop", ASKS), workload(), *manifests) == expected
    assert said(annotated(), workload(), *manifests) == []


@pytest.mark.parametrize(
    ("manifests", "pointer"),
    [
        ([annotated("shop", ASKS), workload(annotations=OPEN)], "config.linkerd.io~1default-inbound-policy"),
        ([annotated("shop", ASKS | SKIPS), workload()], "config.linkerd.io~1skip-inbound-ports"),
        (
            [annotated("shop", ASKS), workload(), server("web", "web", more=", accessPolicy: all-unauthenticated")],
            "/spec/accessPolicy",
        ),
    ],
)
def test_places(manifests, pointer):
    ((gap, _),) = of_linkerd(view(*manifests))
    assert pointer in gap.span.pointer
    assert gap.above[1].pointer.endswith("default-inbound-policy")
