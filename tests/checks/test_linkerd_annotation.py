"""RF409: annotations of pods and namespaces with values that Linkerd does not know."""

from __future__ import annotations

import pytest

from ringfence.checks import linkerd_annotation

from .manifests import deployment, found, messages
from .meshes import annotated, workload

POLICY = "config.linkerd.io/default-inbound-policy"


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


def test_without_a_mesh_it_is_quiet():
    assert messages(linkerd_annotation, deployment()) == []
