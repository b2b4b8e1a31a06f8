"""Linkerd's doubtful objects, each of one kind, so that one check reports it."""

from __future__ import annotations

import pytest

from ringfence.checks import linkerd_annotation, linkerd_no_such_resource, linkerd_without_effect
from ringfence.checks.linkerd_settings import Kind, of

from .manifests import deployment, messages, view
from .meshes import REQUIRES, annotated, linkerd_policy, server, workload

POLICY = "config.linkerd.io/default-inbound-policy"
GLOBAL = """
apiVersion: policy.linkerd.io/v1alpha1
kind: GlobalMeshPolicy
metadata: {name: everywhere}
spec: {enableTLS: true}
"""
WITHOUT_SERVERS = linkerd_policy("p", "empty", REQUIRES.format("gone"), "empty", "Namespace")
CHECKS = {
    Kind.WITHOUT_EFFECT: linkerd_without_effect,
    Kind.OPEN: linkerd_without_effect,
    Kind.NO_SUCH: linkerd_no_such_resource,
    Kind.NOT_UNDERSTOOD: linkerd_annotation,
}


@pytest.mark.parametrize(
    ("manifest", "kind"),
    [
        (linkerd_policy("p", "web", REQUIRES.format("gone")), Kind.WITHOUT_EFFECT),
        (linkerd_policy("p", "web", "[]"), Kind.OPEN),
        # Its advice names the annotation, and yet it is no annotation that is wrong.
        (WITHOUT_SERVERS, Kind.WITHOUT_EFFECT),
        (GLOBAL, Kind.NO_SUCH),
        (workload("other", annotations={POLICY: "x"}), Kind.NOT_UNDERSTOOD),
        (workload("other", annotations={"config.linkerd.io/opaque-ports": "x"}), Kind.NOT_UNDERSTOOD),
    ],
)
def test_each_is_of_one_kind(manifest, kind):
    manifests = annotated(), workload(), server("web", "web"), manifest
    seen = view(*manifests)
    assert {one.kind for one in of(seen, *Kind)} == {kind}
    counts = {check: len(messages(check, *manifests)) for check in CHECKS.values()}
    assert {check for check, count in counts.items() if count} == {CHECKS[kind]}


def test_nothing_of_linkerd():
    assert list(of(view(deployment()), *Kind)) == []
