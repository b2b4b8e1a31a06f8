"""Which waypoint stands before what, and which policies bind there."""

from __future__ import annotations

import pytest

from ringfence.engine.decisions import Side, decide
from ringfence.layers import istio_waypoint
from ringfence.layers.istio_waypoint import (
    FACET,
    FOR,
    MANAGED,
    USE,
    USE_NAMESPACE,
    Waypoint,
    before,
    binds,
    pod_facet,
    waypoints,
)
from ringfence.layers.mesh_facets import AMBIENT, MESH, PLANE, SIDECAR
from ringfence.layers.ztunnel_authorization import chain
from ringfence.model.addresses import AddressSet, number
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action
from ringfence.resources.istio.authorization import AuthorizationPolicy, TargetReference
from ringfence.resources.kubernetes import Gateway, GatewayClass, LabelSelector, Listener, ObjectMeta

ROOT = "istio-system"


def gateway(name="shop/wp", class_name="istio-waypoint", labels=(), listener=None):
    namespace, _, short = name.partition("/")
    listeners = (Listener("mesh", 15008, "HBONE", **(listener or {})),)
    return Gateway(ObjectMeta(short, namespace, dict(labels)), class_name, listeners)


def class_(name="istio-waypoint", controller="istio.io/mesh-controller", **labels):
    return GatewayClass(
        ObjectMeta(name, labels={key.replace("_", "-"): value for key, value in labels.items()}), controller
    )


@pytest.mark.parametrize(
    ("gateways", "classes", "expected"),
    [
        ([gateway()], [], {"shop/wp": "service"}),
        ([gateway()], [class_()], {"shop/wp": "service"}),
        ([gateway(class_name="own")], [class_("own")], {"shop/wp": "service"}),
        ([gateway(class_name="istio")], [], {}),
        ([gateway(class_name="istio")], [class_("istio", "istio.io/gateway-controller")], {}),
        ([gateway()], [class_(controller="other")], {}),
        ([gateway(labels=[(FOR, "all")])], [], {"shop/wp": "all"}),
        (
            [gateway()],
            [GatewayClass(ObjectMeta("istio-waypoint", labels={FOR: "all"}), "istio.io/mesh-controller")],
            {"shop/wp": "all"},
        ),
        ([gateway(labels=[(FOR, "none")])], [], {"shop/wp": "none"}),
    ],
)
def test_what_is_a_waypoint_and_for_what(gateways, classes, expected):
    found = waypoints(gateways, classes)
    assert {title: one.traffic for title, one in found.items()} == expected


@pytest.mark.parametrize(
    ("labels", "namespace_labels", "expected"),
    [
        ({}, {}, None),
        ({USE: "wp"}, {}, "shop/wp"),
        ({}, {USE: "wp"}, "shop/wp"),
        ({USE: "none"}, {USE: "wp"}, None),
        ({USE: "other"}, {USE: "wp"}, None),
        ({USE: "wp", USE_NAMESPACE: "infra"}, {}, "infra/wp"),
        ({}, {USE: "wp", USE_NAMESPACE: "infra"}, "infra/wp"),
        ({USE: "closed", USE_NAMESPACE: "infra"}, {}, None),
        ({USE: "picky", USE_NAMESPACE: "infra"}, {}, None),
        ({USE: "picky", USE_NAMESPACE: "infra"}, {"team": "a"}, "infra/picky"),
        ({USE: "workloads"}, {}, None),
        ({USE: "all"}, {}, "shop/all"),
        ({USE: "wp", MANAGED: "istio.io-mesh-controller"}, {}, None),
    ],
)
def test_which_waypoint_stands_before_a_service(labels, namespace_labels, expected):
    found = waypoints(
        [
            gateway(),
            gateway("infra/wp", listener={"routes_from": "All"}),
            gateway("infra/closed"),
            gateway(
                "infra/picky", listener={"routes_from": "Selector", "routes_selector": LabelSelector((("team", "a"),))}
            ),
            gateway("shop/workloads", labels=[(FOR, "workload")]),
            gateway("shop/all", labels=[(FOR, "all")]),
        ],
        [],
    )
    one = before(found, "service", "shop", labels, namespace_labels)
    assert (one and one.title) == expected


def test_which_waypoint_stands_before_a_pod():
    found = waypoints([gateway(), gateway("shop/pods", labels=[(FOR, "workload")])], [])
    assert before(found, "workload", "shop", {USE: "wp"}, {}) is None
    assert pod_facet(found, "shop", {USE: "pods"}, {}) == {FACET: {"workload": "shop/pods"}}
    assert pod_facet(found, "shop", {}, {USE: "pods"}) == {FACET: {"workload": "shop/pods"}}
    assert pod_facet(found, "shop", {USE: "wp"}, {USE: "pods"}) == {}


SERVICE, GATEWAY, CLASS = (
    TargetReference("", "Service", "web"),
    TargetReference("gateway.networking.k8s.io", "Gateway", "wp"),
    TargetReference("gateway.networking.k8s.io", "GatewayClass", "istio-waypoint"),
)


@pytest.mark.parametrize(
    ("namespace", "targets", "expected"),
    [
        ("shop", (SERVICE,), True),
        ("other", (SERVICE,), False),
        ("infra", (GATEWAY,), True),
        ("shop", (GATEWAY,), False),
        (ROOT, (CLASS,), True),
        ("shop", (CLASS,), False),
        (ROOT, (TargetReference("gateway.networking.k8s.io", "GatewayClass", "own"),), False),
        ("infra", (SERVICE, GATEWAY), True),
        ("shop", (TargetReference("networking.istio.io", "ServiceEntry", "web"),), False),
        ("shop", (), False),
    ],
)
def test_where_a_policy_binds(namespace, targets, expected):
    assert binds(namespace, targets, "shop/web", Waypoint("infra", "wp"), ROOT) is expected


@pytest.mark.parametrize(
    ("workload", "plane", "header", "expected"),
    [
        (True, AMBIENT, "mtls", {Action.ALLOW, Action.DENY}),
        (True, SIDECAR, "mtls", {Action.DENY}),
        (True, AMBIENT, "tcp", {Action.DENY}),
        (False, AMBIENT, "mtls", {Action.DENY}),
    ],
)
def test_pods_behind_a_waypoint_for_workloads_are_left_open(workload, plane, header, expected):
    web = Endpoint(
        "web",
        "pods",
        AddressSet.of("10.0.0.1"),
        namespace="shop",
        facets={MESH: {PLANE: AMBIENT}, **({FACET: {"workload": "shop/wp"}} if workload else {})},
    )
    client = Endpoint("client", "pods", AddressSet.of("10.0.0.2"), facets={MESH: {PLANE: plane}})
    nothing = chain([AuthorizationPolicy(ObjectMeta("nothing", "shop"))], ROOT)
    side = Side(client, number("10.0.0.2"), "spiffe://td/ns/a/sa/b")
    found = decide(nothing, "pods", web, side, Header(header, 8, 80), None)
    assert {one.action for one in found.possible} == expected
    open_ = decide(istio_waypoint.workload_chain(), "pods", web, side, Header(header, 8, 80), None)
    assert {one.action for one in open_.possible} == (expected if len(expected) > 1 else {Action.ALLOW})
