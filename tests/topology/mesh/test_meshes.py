"""Which meshes count: those of which the files hold anything."""

from __future__ import annotations

import pytest

from ringfence.network import Network
from tests.checks.manifests import deployment, policy, service, view

LINKERD = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}}"
ISTIO = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [([], []), ([LINKERD], ["LinkerdMesh"]), ([ISTIO], ["IstioMesh"])],
)
def test_what_is_there(manifests, expected):
    shown = view(deployment("web"), *manifests)
    assert [type(one).__name__ for one in shown.topology.meshes] == expected
    facets = shown.topology.network.endpoints[0].facets
    assert ("mesh" in facets) is bool(manifests)


NOTHING_OPAQUE = LINKERD.replace("enabled", 'enabled, config.linkerd.io/opaque-ports: ""')


def admitting(port: int) -> str:
    """A policy that admits everybody to one port of the database."""
    return policy("db", "{matchLabels: {app: db}}", ingress=f"[{{ports: [{{port: {port}}}]}}]")


@pytest.mark.parametrize(
    ("namespace", "port", "options", "passes"),
    [
        (LINKERD, 5432, {}, False),
        (LINKERD, 4143, {}, True),
        (NOTHING_OPAQUE, 5432, {"linkerd_outbound_transport_mode": "transparent"}, True),
        (ISTIO, 5432, {}, True),
        (ISTIO, 15008, {}, False),
        (ISTIO.replace("istio-injection: enabled", "istio.io/dataplane-mode: ambient"), 5432, {}, False),
        (ISTIO.replace("istio-injection: enabled", "istio.io/dataplane-mode: ambient"), 15008, {}, True),
    ],
)
def test_a_network_policy_sees_the_port_at_which_proxies_meet(namespace, port, options, passes):
    manifests = (namespace, deployment("web"), deployment("db"), service("db", "[{port: 5432}]"))
    shown = view(*manifests, admitting(port), **options)
    (relation,) = shown.connectivity.relations("shop/web[Deployment]", "shop/db[Deployment]")
    assert (5432 in relation.must.tcp, 5432 in relation.may.tcp) == (passes, passes)


OPAQUE_SERVER = """
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: db, namespace: shop}
spec: {podSelector: {}, port: 5432, proxyProtocol: opaque, accessPolicy: all-unauthenticated}
"""


@pytest.mark.parametrize("manifests", [(LINKERD,), (NOTHING_OPAQUE, OPAQUE_SERVER)])
def test_transparent_proxies_meet_at_the_proxys_port_where_the_servers_is_opaque(manifests):
    others = (deployment("web"), deployment("db"), service("db", "[{port: 5432}]"), admitting(5432))
    shown = view(*manifests, *others, linkerd_outbound_transport_mode="transparent")
    (relation,) = shown.connectivity.relations("shop/web[Deployment]", "shop/db[Deployment]")
    assert 5432 not in relation.must.tcp


@pytest.mark.parametrize(
    ("namespace", "port", "noted"),
    [(LINKERD, 5432, "4143"), (LINKERD, 4143, ""), (ISTIO, 15008, ""), ("", 80, "")],
)
def test_whoever_wonders_why_a_port_that_is_listed_is_refused_is_told(namespace, port, noted):
    declared = (namespace,) if namespace else ()
    shown = view(*declared, deployment("web"), deployment("db"), service("db", "[{port: 5432}]"), admitting(port))
    found = Network(shown.topology).reach("shop/web", "shop/db", "tcp/5432").explain()
    expected = f"between these proxies TCP travels to port {noted}, and a NetworkPolicy sees that port"
    assert found.notes == ((expected,) if noted else ())


AMBIENT = ISTIO.replace("istio-injection: enabled", "istio.io/dataplane-mode: ambient{used}")
WAYPOINT = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
"""
FOR_DB = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: closed, namespace: shop}
spec: {targetRefs: [{group: '', kind: Service, name: db}]}
"""


@pytest.mark.parametrize(("used", "told"), [("", True), (", istio.io/use-waypoint: waypoint", False)])
def test_a_policy_for_a_service_that_no_waypoint_stands_before_restricts_nobody(used, told):
    shown = view(AMBIENT.replace("{used}", used), deployment("db"), service("db"), WAYPOINT, FOR_DB)
    found = [one.message for one in shown.topology.diagnostics if one.message.startswith("AuthorizationPolicy")]
    assert bool(found) is told
    assert all(one.endswith("it restricts nobody") for one in found)
