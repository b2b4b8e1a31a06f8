"""RF407: policies of Linkerd that are ignored, or open to everyone."""

from __future__ import annotations

import pytest

from ringfence.checks import linkerd_without_effect
from ringfence.checks.finding import Severity

from .manifests import deployment, found, messages
from .meshes import REQUIRES, annotated, linkerd_policy, mesh_tls, server, workload

SHOP = annotated(), workload(), server("web", "web")
POLICY = "config.linkerd.io/default-inbound-policy"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([linkerd_policy("p", "web", REQUIRES.format("a")), mesh_tls("a", '["*"]')], []),
        (
            [linkerd_policy("p", "web", REQUIRES.format("gone"))],
            [(Severity.MEDIUM, "it is ignored: there is no MeshTLSAuthentication shop/gone")],
        ),
        (
            [linkerd_policy("p", "web", "[]")],
            [(Severity.HIGH, "an empty list lets everyone in, with and without an identity")],
        ),
        (
            [linkerd_policy("p", "wbe", REQUIRES.format("a")), mesh_tls("a", '["*"]')],
            [(Severity.MEDIUM, "it has no effect: there is no Server shop/wbe")],
        ),
    ],
)
def test_policies(manifests, expected):
    result = found(linkerd_without_effect, *SHOP, *manifests)
    title = "AuthorizationPolicy shop/p: "
    assert [(one.severity, one.message.removeprefix(title)) for one in result] == expected


def test_a_namespace_without_servers():
    (one,) = found(
        linkerd_without_effect,
        annotated(),
        workload(),
        linkerd_policy("p", "shop", REQUIRES.format("a"), kind="Namespace"),
        mesh_tls("a", '["*"]'),
    )
    assert "it has no effect" in one.message
    assert [what for what, _ in one.because] == [f"write Servers, or set {POLICY}"]


def test_without_a_mesh_it_is_quiet():
    assert messages(linkerd_without_effect, deployment()) == []
