"""Who is in Istio's mesh: labels and annotations of namespaces and pods, and containers that are there already."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.istio_injector import Injector
from ringfence.resources.kubernetes import Container, Namespace, ObjectMeta, PodTemplate
from ringfence.topology.mesh.istio_membership import INJECT, INJECTION, MODE, REVISION, asks, standing

ENABLED, TAGGED, AMBIENT = {INJECTION: "enabled"}, {REVISION: "canary"}, {MODE: "ambient"}
PROXY = Container("istio-proxy")
APP = Container("app")


def place(
    of_namespace: dict[str, str] | None, labels: dict[str, str] | None = None, namespace: str = "shop", **rest: Any
) -> str:
    """The plane; with `?` where it is not sure; empty outside."""
    declared = None if of_namespace is None else Namespace(ObjectMeta(namespace, labels=of_namespace))
    found = standing(PodTemplate(labels or {}, containers=rest.pop("containers", (APP,)), **rest), namespace, declared)
    return "" if found is None else found.plane + ("" if found.sure else "?")


@pytest.mark.parametrize(
    ("of_namespace", "labels", "annotations", "expected"),
    [
        ({}, {}, {}, ""),
        (ENABLED, {}, {}, "sidecar"),
        ({INJECTION: "disabled"}, {}, {}, ""),
        ({INJECTION: "disabled"}, {INJECT: "true"}, {}, ""),
        (TAGGED, {}, {}, "sidecar"),
        ({**TAGGED, INJECTION: "disabled"}, {}, {}, ""),
        (ENABLED, {INJECT: "false"}, {}, ""),
        (ENABLED, {INJECT: "no"}, {}, ""),
        (ENABLED, {}, {INJECT: "false"}, ""),
        (ENABLED, {INJECT: "true"}, {INJECT: "false"}, "sidecar"),  # the label goes before the annotation
        ({}, {INJECT: "true"}, {}, "sidecar"),
        ({}, {}, {INJECT: "true"}, ""),  # no webhook looks at the pod
        ({}, {REVISION: "canary"}, {}, "sidecar"),
        (AMBIENT, {}, {}, "ambient"),
        (AMBIENT, {MODE: "none"}, {}, ""),
        ({}, AMBIENT, {}, "ambient"),
        ({MODE: "none"}, {}, {}, ""),
        ({}, {}, {"ambient.istio.io/redirection": "enabled"}, "ambient"),
        ({**AMBIENT, **ENABLED}, {}, {}, "sidecar"),
        ({**AMBIENT, **ENABLED}, {INJECT: "false"}, {}, "ambient"),
        (None, {}, {}, "sidecar?"),
        (None, {INJECT: "true"}, {}, "sidecar"),
        (None, AMBIENT, {}, "ambient"),
        (None, {INJECT: "false"}, {}, "sidecar?"),  # it may still be of the ambient plane
        (None, {INJECT: "false", MODE: "none"}, {}, ""),
        ({}, {"istio": "ingressgateway"}, {}, "sidecar"),
        ({}, {"istio": "ingressgateway", INJECT: "false"}, {}, ""),
        ({}, {}, {"inject.istio.io/templates": "gateway"}, "sidecar"),
        ({}, {"gateway.istio.io/managed": "istio.io-mesh-controller"}, {}, "waypoint"),
    ],
)
def test_injection_and_redirection(of_namespace, labels, annotations, expected):
    assert place(of_namespace, labels, annotations=annotations) == expected


@pytest.mark.parametrize(
    ("injector", "labels", "expected"),
    [
        (Injector(), {}, "sidecar"),
        (Injector(policy="disabled"), {}, "ambient"),
        (Injector(policy="disabled"), {REVISION: "canary"}, "ambient"),
        (Injector(policy="disabled"), {INJECT: "true"}, "sidecar"),
        (Injector(known=False), {}, "sidecar?"),
        (Injector(known=False), {INJECT: "true"}, "sidecar"),
    ],
)
def test_the_injectors_own_policy(injector, labels, expected):
    declared = Namespace(ObjectMeta("shop", labels={**AMBIENT, **ENABLED}))
    found = standing(PodTemplate(labels, containers=(APP,)), "shop", declared, injector)
    assert found is not None
    assert found.plane + ("" if found.sure else "?") == expected


@pytest.mark.parametrize("of_namespace", [ENABLED, TAGGED, AMBIENT, None])
@pytest.mark.parametrize("rest", [{"host_network": True}, {"namespace": "kube-system"}])
def test_neither_plane_takes_pods_of_the_host_or_of_the_system(of_namespace, rest):
    assert place(of_namespace, **rest) == ""


@pytest.mark.parametrize(
    ("container", "plane", "gateway"),
    [
        (PROXY, "sidecar", False),
        (Container("istio-proxy", args=("proxy", "sidecar")), "sidecar", False),
        (Container("istio-proxy", args=("proxy", "router")), "sidecar", True),
        (Container("istio-proxy", args=("proxy", "waypoint")), "waypoint", False),
        (Container("istio-proxy", init=True, sidecar=True), "sidecar", False),
    ],
)
def test_a_proxy_that_is_there_already(container, plane, gateway):
    found = standing(PodTemplate(containers=(APP, container), host_network=True), "kube-system", None)
    assert found is not None
    assert (found.plane, found.gateway, found.sure) == (plane, gateway, True)


def test_an_init_container_is_no_proxy():
    assert place({}, containers=(APP, Container("istio-proxy", init=True))) == ""


def test_gateways_are_told_from_sidecars():
    def gateway(labels: dict[str, str], annotations: dict[str, str]) -> bool:
        found = standing(
            PodTemplate(labels, annotations, (APP,)), "shop", Namespace(ObjectMeta("shop", labels=ENABLED))
        )
        assert found is not None
        return found.gateway

    assert gateway({}, {"inject.istio.io/templates": "gateway"})
    assert gateway({"istio": "egressgateway"}, {})
    assert not gateway({}, {"inject.istio.io/templates": "sidecar"})


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, False),
        (ENABLED, True),
        (TAGGED, True),
        (AMBIENT, True),
        ({INJECT: "true"}, True),
        ({INJECT: "false"}, False),
    ],
)
def test_what_asks_for_the_mesh(labels, expected):
    assert asks(labels) is expected


LABELS = st.dictionaries(
    st.sampled_from((INJECTION, REVISION, INJECT, MODE)),
    st.sampled_from(("enabled", "disabled", "true", "false", "ambient", "none")),
)


@given(LABELS, LABELS, LABELS)
def test_an_undeclared_namespace_never_contradicts_a_declared_one(of_namespace, labels, annotations):
    """Whatever the namespace turns out to be, a pod that is surely outside is outside there."""
    unknown = place(None, labels, annotations=annotations)
    if unknown == "":
        assert place(of_namespace, labels, annotations=annotations) == ""


@given(LABELS, LABELS)
def test_a_member_says_why(of_namespace, labels):
    found = standing(PodTemplate(labels, containers=(APP,)), "shop", Namespace(ObjectMeta("shop", labels=of_namespace)))
    assert found is None or found.because
