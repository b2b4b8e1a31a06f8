"""RF403 as a whole: both meshes, and quiet without one. What each mesh's part says has tests of its own."""

from __future__ import annotations

import pytest

from ringfence.checks import identity_without_mtls
from ringfence.checks.finding import Severity

from .manifests import deployment, found, messages, namespace
from .meshes import annotated, authorization, mesh_tls, meshed, workload

LEGACY = namespace("legacy"), workload("report", namespace="legacy")
WHY = "which nobody proves: legacy/report[Deployment] has no proxy"


def test_istio():
    rules = "[{from: [{source: {principals: [cluster.local/ns/legacy/sa/report]}}]}]"
    (one,) = found(identity_without_mtls, meshed(), workload("db"), *LEGACY, authorization("p", rules))
    assert one.message == f"AuthorizationPolicy shop/p names cluster.local/ns/legacy/sa/report, {WHY}"
    assert one.severity is Severity.MEDIUM
    assert one.span.pointer == "/spec/rules/0/from/0/source/principals/0"
    assert [what for what, _ in one.because] == ["legacy/report[Deployment] has no proxy"]


def test_linkerd():
    account = mesh_tls("a", refs="[{kind: ServiceAccount, name: report, namespace: legacy}]")
    (one,) = found(identity_without_mtls, annotated(), workload("db"), *LEGACY, account)
    assert one.message == f"MeshTLSAuthentication shop/a names legacy/report, {WHY}"
    assert one.span.pointer == "/spec/identityRefs/0"


@pytest.mark.parametrize("manifests", [[deployment()], [meshed(), workload()], [annotated(), workload()], LEGACY])
def test_it_is_quiet_without_policies(manifests):
    assert messages(identity_without_mtls, *manifests) == []
