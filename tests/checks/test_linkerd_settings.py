"""RF407 to RF409: Linkerd's objects that do not do what they seem to, each reported by one check."""

from __future__ import annotations

import pytest

from ringfence.checks import linkerd_annotation, linkerd_no_such_resource, linkerd_without_effect
from ringfence.checks.finding import Severity
from ringfence.layers.linkerd_doubts import INSTEAD

from .manifests import deployment, found, messages
from .meshes import REQUIRES, annotated, linkerd_policy, mesh_tls, server, workload

CHECKS = linkerd_without_effect, linkerd_no_such_resource, linkerd_annotation
SHOP = annotated(), workload(), server("web", "web")
POLICY = "config.linkerd.io/default-inbound-policy"
GLOBAL = """
apiVersion: policy.linkerd.io/v1alpha1
kind: GlobalMeshPolicy
metadata: {name: everywhere}
spec: {enableTLS: true}
"""


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
    assert not messages(linkerd_no_such_resource, *SHOP, *manifests)
    assert not messages(linkerd_annotation, *SHOP, *manifests)


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


@pytest.mark.parametrize("mesh", [SHOP, (deployment(),)], ids=["with Linkerd", "without"])
def test_resources_that_linkerd_never_had_are_findings_and_no_errors(mesh):
    (one,) = found(linkerd_no_such_resource, *mesh, GLOBAL)  # `view` asserts that nothing is a diagnostic
    assert one.severity is Severity.HIGH
    assert one.message.startswith("GlobalMeshPolicy everywhere: Linkerd has no such resource")
    assert [what for what, _ in one.because] == [INSTEAD]
    assert not messages(linkerd_without_effect, *mesh, GLOBAL)


def test_the_field_counts_in_linkerds_groups_alone():
    other = GLOBAL.replace("GlobalMeshPolicy", "MeshConfig")
    assert len(messages(linkerd_no_such_resource, *SHOP, other)) == 1
    assert messages(linkerd_no_such_resource, *SHOP, other.replace("policy.linkerd.io", "example.com")) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (POLICY, "all-authenticated", 0),
        (POLICY, "mutual-tls", 1),
        ("linkerd.io/inject", "enabled", 0),
        ("linkerd.io/inject", "'true'", 1),
        ("config.linkerd.io/skip-inbound-ports", "'25,3000-3010'", 0),
        ("config.linkerd.io/skip-inbound-ports", "'25;26'", 1),
        ("config.linkerd.io/unheard-of", "x", 0),
    ],
)
def test_annotations(name, value, expected):
    of_pod = annotated(), workload(annotations={name: value})
    of_namespace = annotated("shop", {name: value}), workload()
    for manifests in (of_pod, of_namespace):
        result = found(linkerd_annotation, *manifests)
        assert len(result) == expected
        assert all(one.span.pointer.endswith(name.replace("/", "~1")) for one in result)
        assert not messages(linkerd_without_effect, *manifests)


@pytest.mark.parametrize("check", CHECKS)
def test_without_a_mesh_they_are_quiet(check):
    assert messages(check, deployment()) == []
