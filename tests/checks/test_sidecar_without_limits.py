"""RF412: injected proxies that nothing limits, one finding for each namespace."""

from __future__ import annotations

import pytest

from ringfence.checks import sidecar_without_limits
from ringfence.checks.finding import Severity

from .manifests import deployment, found, messages, namespace
from .meshes import AMBIENT, annotated, meshed, workload

CPU, MEMORY = {"sidecar.istio.io/proxyCPULimit": "'1'"}, {"sidecar.istio.io/proxyMemoryLimit": "1Gi"}
BOTH = "{cpu: 1, memory: 1Gi}"
OF_LINKERD = {"config.linkerd.io/proxy-cpu-limit": "'1'", "config.linkerd.io/proxy-memory-limit": "1Gi"}


@pytest.mark.parametrize(
    ("annotations", "missing"),
    [
        ({}, "cpu and memory"),
        (CPU, "memory"),
        (MEMORY, "cpu"),
        (CPU | MEMORY, ""),
        ({"sidecar.istio.io/proxyCPU": "100m"}, "cpu and memory"),
        (OF_LINKERD, "cpu and memory"),
        ({"sidecar.istio.io/inject": "'false'"}, ""),
    ],
)
def test_istio(annotations, missing):
    expected = f"namespace shop: the sidecar of shop/web[Deployment] runs without a limit of {missing}"
    assert messages(sidecar_without_limits, meshed(), workload(annotations=annotations)) == [expected] * bool(missing)


@pytest.mark.parametrize(
    ("of_namespace", "of_pod", "missing"),
    [
        ({}, {}, "cpu and memory"),
        (OF_LINKERD, {}, ""),
        ({}, OF_LINKERD, ""),
        ({"config.linkerd.io/proxy-cpu-limit": "'1'"}, {}, "memory"),
        ({}, CPU | MEMORY, "cpu and memory"),
        ({}, {"linkerd.io/inject": "disabled"}, ""),
    ],
)
def test_linkerd(of_namespace, of_pod, missing):
    result = messages(sidecar_without_limits, annotated("shop", of_namespace), workload(annotations=of_pod))
    assert [one.partition("without a limit of ")[2] for one in result] == [missing] * bool(missing)


def test_one_finding_for_each_namespace():
    manifests = [meshed("a"), meshed("b"), *(workload(f"w{place}", namespace="a") for place in range(4))]
    result = found(sidecar_without_limits, *manifests, workload("x", namespace="b"))
    assert [one.message.partition(":")[0] for one in result] == ["namespace a", "namespace b"]
    assert "a/w2[Deployment] and 1 more runs without" in result[0].message
    assert {one.severity for one in result} == {Severity.LOW}


def test_it_says_what_is_not_known():
    (one,) = found(sidecar_without_limits, meshed(), workload())
    assert one.because[0][0] == sidecar_without_limits.UNKNOWN
    (one,) = found(sidecar_without_limits, meshed(), workload(annotations={"sidecar.istio.io/proxyMemory": "1Gi"}))
    assert one.because[0][0] == sidecar_without_limits.REPLACED


@pytest.mark.parametrize(
    "manifests",
    [
        [deployment()],
        [namespace(), workload()],
        [meshed("shop", labels=AMBIENT), workload()],
        [meshed(), workload().replace("name: c,", f"name: istio-proxy, resources: {{limits: {BOTH}}},")],
    ],
)
def test_it_is_quiet_where_nothing_is_injected(manifests):
    assert messages(sidecar_without_limits, *manifests) == []


INJECTOR = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system}
data:
  values: '{"global": {"proxy": {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}}}'
"""
HALF = INJECTOR.replace(', "memory": "1Gi"', "")


@pytest.mark.parametrize(
    ("injector", "annotations", "missing"),
    [
        (INJECTOR, {}, None),
        (HALF, {}, "memory"),
        # An annotation for the proxy's resources replaces what the injector's values say, limits included.
        (INJECTOR, {"sidecar.istio.io/proxyCPU": "100m"}, "cpu and memory"),
    ],
)
def test_what_the_injector_sets_counts(injector, annotations, missing):
    said = messages(sidecar_without_limits, meshed(), workload(annotations=annotations), injector)
    assert len(said) == bool(missing)
    assert all(one.endswith(f"without a limit of {missing}") for one in said)


def test_a_proxy_that_is_written_out_has_limits_of_its_own_or_none():
    """What the injector would set does not reach it."""
    web = workload().replace("name: c,", "name: istio-proxy, resources: {limits: {cpu: 1}},")
    (one,) = found(sidecar_without_limits, meshed(), web, INJECTOR)
    assert one.message == "namespace shop: the sidecar of shop/web[Deployment] runs without a limit of memory"
    assert one.because[0][0] == "the manifest writes the proxy out, and gives it none"
