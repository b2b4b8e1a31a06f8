"""Ways of Istio's that are not followed: what they could change is open, whatever the direct way says."""

from __future__ import annotations

import pytest

from ringfence.model.diagnostics import Diagnostic
from ringfence.network import Network
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import documents
from ringfence.topology.kubernetes import build
from tests.checks.manifests import app, deployment, namespace, policy, service

MODE, USE, INGRESS_USES = "istio.io/dataplane-mode", "istio.io/use-waypoint", "istio.io/ingress-use-waypoint"
API, NAME = "gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/gateway-name"
EDGE = "edge/public-istio[Deployment]"
CONTROLLER = "{ingress-controller}"
ALLOWED, DENIED, UNKNOWN = "allowed", "denied", "unknown"


def gateway(place: str, name: str, class_name: str, listeners: str, labels: str = "") -> str:
    return f"""
apiVersion: {API}
kind: Gateway
metadata: {{name: {name}, namespace: {place}, labels: {{{labels}}}}}
spec: {{gatewayClassName: {class_name}, listeners: [{listeners}]}}
"""


FROM_ALL = "allowedRoutes: {namespaces: {from: All}}"
HTTP, HBONE = f"name: http, port: 80, protocol: HTTP, {FROM_ALL}", "name: mesh, port: 15008, protocol: HBONE"
PUBLIC = gateway("edge", "public", "istio", f"{{{HTTP}}}")
WAYPOINT = gateway("shop", "wp", "istio-waypoint", f"{{{HBONE}}}")
OF_ALL = gateway("far", "wp", "istio-waypoint", f"{{{HBONE}, {FROM_ALL}}}")
ROUTE = f"""
apiVersion: {API}
kind: HTTPRoute
metadata: {{name: web, namespace: shop}}
spec: {{parentRefs: [{{name: public, namespace: edge}}], rules: [{{backendRefs: [{{name: web, port: 80}}]}}]}}
"""
FROM_WAYPOINT = f"[{{from: [{{podSelector: {{matchLabels: {{{NAME}: wp}}}}}}]}}]"
CLOSED = policy(select=app("web"), ingress=FROM_WAYPOINT)
BAD_CLASS = f"{{apiVersion: {API}, kind: GatewayClass, metadata: {{name: istio-waypoint}}, spec: nobody}}"
BAD_WAYPOINT = WAYPOINT.replace("listeners: [", "listeners: nobody, was: [")
PODS = (deployment("web", "[{containerPort: 8080}]"), deployment("client"), deployment("other"))


def labelled(labels: str, name: str = "web") -> str:
    ports = "[{port: 80, targetPort: 8080}]"
    return service(name, ports).replace(f"name: {name},", f"name: {name}, labels: {{{labels}}},", 1)


def read(*things: str) -> tuple[KubernetesObjects, list[Diagnostic]]:
    return from_documents(documents("---\n".join(one.strip() + "\n" for one in things), "k8s.yaml"))


def outcome(source: str, target: str, *things: str, port: str = "tcp/8080", readable: bool = True) -> str:
    objects, wrong = read(*things)
    assert bool([one for one in wrong if one.severity == "error"]) is not readable
    return str(Network(build(objects)).reach(source, target, port).explain().outcome)


def ambient(**labels: str) -> str:
    return namespace("shop", **{MODE: "ambient", **labels})


@pytest.mark.parametrize("shut", [(), (CLOSED,)])
@pytest.mark.parametrize(
    ("of_service", "of_namespace", "followed"),
    [
        (f"{USE}: wp, {INGRESS_USES}: 'true'", {}, False),
        (f"{USE}: wp, {INGRESS_USES}: 'True'", {}, False),
        (f"{USE}: wp", {INGRESS_USES: "'true'"}, False),
        ("", {USE: "wp", INGRESS_USES: "'true'"}, False),
        (f"{USE}: wp, {INGRESS_USES}: 'false'", {INGRESS_USES: "'true'"}, True),
        (f"{USE}: wp", {}, True),
        # Without a waypoint before the Service the label says nothing.
        (f"{INGRESS_USES}: 'true'", {}, True),
        (f"{USE}: none, {INGRESS_USES}: 'true'", {USE: "wp"}, True),
    ],
)
def test_a_gateway_that_goes_through_a_waypoint(of_service, of_namespace, followed, shut):
    things = (namespace("edge"), ambient(**of_namespace), PUBLIC, WAYPOINT, ROUTE, labelled(of_service), *PODS, *shut)
    direct = DENIED if shut else ALLOWED
    assert outcome(EDGE, "shop/web", *things) == (direct if followed else UNKNOWN)
    assert outcome(EDGE, "shop/web", *things, port="tcp/9090") == direct, "a port that no Service leads to"
    assert outcome(EDGE, "shop/other", *things) == ALLOWED
    assert outcome("shop/client", "shop/web", *things) == direct
    assert outcome("shop/web", EDGE, *things) == ALLOWED


@pytest.mark.parametrize(("label", "expected"), [(f"{INGRESS_USES}: 'true'", UNKNOWN), ("a: b", DENIED)])
def test_a_gateway_that_may_dial_the_waypoint_alone(label, expected):
    to_waypoint = f"[{{to: [{{namespaceSelector: {{}}, podSelector: {{matchLabels: {{{NAME}: wp}}}}}}]}}]"
    lets_out = policy(types="[Egress]", egress=to_waypoint, namespace="edge")
    things = (namespace("edge"), ambient(), PUBLIC, WAYPOINT, ROUTE, labelled(f"{USE}: wp, {label}"), *PODS, lets_out)
    assert outcome(EDGE, "shop/web", *things) == expected
    assert outcome(EDGE, "shop/other", *things) == DENIED


def test_a_controller_that_no_file_holds_may_go_through_a_waypoint():
    unknown = PUBLIC.replace("gatewayClassName: istio", "gatewayClassName: somebodys")
    used = labelled(f"{USE}: wp, {INGRESS_USES}: 'true'")
    things = (namespace("edge"), ambient(), unknown, WAYPOINT, ROUTE, *PODS, CLOSED)
    assert outcome(CONTROLLER, "shop/web", *things, used) == UNKNOWN


def test_what_is_not_followed_is_told_once():
    used = labelled(f"{USE}: wp, {INGRESS_USES}: 'true'")
    objects, _ = read(namespace("edge"), ambient(), PUBLIC, WAYPOINT, ROUTE, used, *PODS)
    told = [str(one) for one in build(objects).diagnostics if INGRESS_USES in str(one)]
    assert len(told) == 1
    assert "Service shop/web" in told[0]
    assert [one.because in told[0] for one in build(objects).not_modelled] == [True]


def running(labels: str = "", annotations: str = "", args: str = "[proxy, router]", namespace: str = "edge") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: public-istio, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{a: b}}}}
  template:
    metadata: {{labels: {{a: b, {labels}}}, annotations: {{{annotations}}}}}
    spec: {{containers: [{{name: istio-proxy, image: proxyv2, args: {args}}}]}}
"""


AMBIENT_EDGE = namespace("edge", **{MODE: "ambient"})
STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""


@pytest.mark.parametrize(
    ("place", "gateways", "known"),
    [
        (AMBIENT_EDGE, running(f"{NAME}: public"), False),
        (AMBIENT_EDGE, running("istio: ingressgateway"), False),
        (AMBIENT_EDGE, running(f"{NAME}: public, {MODE}: none"), True),
        (AMBIENT_EDGE, running("istio: ingressgateway", "sidecar.istio.io/status: '{}'"), True),
        (AMBIENT_EDGE, running("istio: ingressgateway, sidecar.istio.io/inject: 'true'"), True),
        (namespace("edge"), running(f"{NAME}: public"), True),
        (namespace("edge"), running(f"{NAME}: public, {MODE}: ambient"), False),
        # Nobody knows whether the namespace is an ambient one.
        (namespace("unused"), running(f"{NAME}: public"), False),
        # What istiod makes, it keeps out.
        (AMBIENT_EDGE, PUBLIC, True),
    ],
)
@pytest.mark.parametrize("strict", [(), (STRICT,)])
def test_a_gateway_that_ztunnel_may_capture(place, gateways, known, strict):
    things = (place, ambient(), namespace("plain"), gateways, labelled(""), *PODS, *strict)
    things = (*things, deployment("client", namespace="plain"))
    assert (outcome("plain/client", EDGE, *things, port="tcp/80") != UNKNOWN) is known
    assert (outcome("shop/client", EDGE, *things, port="tcp/80") != UNKNOWN) is known
    assert (outcome(EDGE, "shop/web", *things) != UNKNOWN) is known
    assert outcome("shop/client", "shop/web", *things) == ALLOWED


TWICE = (ambient(a="b"), ambient(a="c"))


@pytest.mark.parametrize(
    ("waypoints", "known"),
    [((WAYPOINT,), False), ((OF_ALL,), False), ((), True), ((OF_ALL.replace("from: All", "from: Same"),), True)],
)
def test_a_namespace_of_which_nobody_knows_what_it_uses(waypoints, known):
    ours = namespace("ours", **{MODE: "ambient"})
    things = (*TWICE, ours, namespace("far"), namespace("edge"), PUBLIC, ROUTE, labelled(""), *PODS, *waypoints, CLOSED)
    things = (*things, deployment("client", namespace="ours"), deployment("web", namespace="ours"))
    assert outcome("ours/client", "shop/web", *things, readable=False) == (DENIED if known else UNKNOWN)
    assert outcome(EDGE, "shop/web", *things, readable=False) == (DENIED if known else UNKNOWN)
    assert outcome("ours/client", "ours/web", *things, readable=False) == ALLOWED


@pytest.mark.parametrize("shut", [(), (CLOSED,)])
@pytest.mark.parametrize(
    ("holder", "waypoints", "known"),
    [
        ((ambient(**{USE: "wp"}), labelled("")), (), False),
        ((ambient(**{USE: "wp"}), labelled("")), (WAYPOINT,), True),
        ((ambient(**{USE: "wp"}), labelled("")), (WAYPOINT.replace("istio-waypoint", "somebodys"),), False),
        ((ambient(**{USE: "wp"}), labelled("")), (BAD_WAYPOINT,), False),
        ((ambient(**{USE: "wp"}), labelled("")), (WAYPOINT, BAD_CLASS), False),
        ((ambient(), labelled(f"{USE}: wp")), (), False),
        ((ambient(), labelled(f"{USE}: none")), (), True),
        ((ambient(), labelled(f"{USE}: wp", "other")), (), True),
    ],
)
def test_a_waypoint_that_nobody_knows(holder, waypoints, known, shut):
    things = (namespace("plain"), *holder, *PODS, *waypoints, deployment("client", namespace="plain"), *shut)
    readable = not {BAD_WAYPOINT, BAD_CLASS} & set(waypoints)
    direct = DENIED if shut else ALLOWED
    assert outcome("shop/client", "shop/web", *things, readable=readable) == (direct if known else UNKNOWN)
    assert outcome("plain/client", "shop/web", *things, readable=readable) == direct
