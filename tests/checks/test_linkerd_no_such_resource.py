"""RF408: what guides speak of and Linkerd does not have is a finding, and no error."""

from __future__ import annotations

import pytest

from ringfence.checks import linkerd_no_such_resource
from ringfence.checks.finding import Severity
from ringfence.layers.linkerd_doubts import INSTEAD

from .manifests import deployment, found, messages
from .meshes import annotated, server, workload

SHOP = annotated(), workload(), server("web", "web")
GLOBAL = """
apiVersion: policy.linkerd.io/v1alpha1
kind: GlobalMeshPolicy
metadata: {name: everywhere}
spec: {enableTLS: true}
"""


@pytest.mark.parametrize("mesh", [SHOP, (deployment(),)], ids=["with Linkerd", "without"])
def test_resources_that_linkerd_never_had_are_findings_and_no_errors(mesh):
    (one,) = found(linkerd_no_such_resource, *mesh, GLOBAL)  # `view` asserts that nothing is a diagnostic
    assert one.severity is Severity.HIGH
    assert one.message.startswith("GlobalMeshPolicy everywhere: Linkerd has no such resource")
    assert [what for what, _ in one.because] == [INSTEAD]


def test_the_field_counts_in_linkerds_groups_alone():
    other = GLOBAL.replace("GlobalMeshPolicy", "MeshConfig")
    assert len(messages(linkerd_no_such_resource, *SHOP, other)) == 1
    assert messages(linkerd_no_such_resource, *SHOP, other.replace("policy.linkerd.io", "example.com")) == []


def test_without_a_mesh_it_is_quiet():
    assert messages(linkerd_no_such_resource, deployment()) == []
