"""What istiod makes for Gateways of the Gateway API, from whom their routes lead, and what policies do to both."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.checks import entry_cut_off
from ringfence.checks.finding import View
from ringfence.engine.outcomes import Outcome
from ringfence.topology.entries import CONTROLLER, SOME_NODE
from ringfence.topology.mesh.istio_gateways import ASSUMED, carriers, deployed
from tests.checks.manifests import app, deployment, found, messages, namespace, policy, service, view

HTTP = "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"
API = "gateway.networking.k8s.io"
MODE = "istio.io/dataplane-mode"
NAME, OF_CLASS, MANAGED = f"{API}/gateway-name", f"{API}/gateway-class-name", "gateway.istio.io/managed"


def gateway(spec: str = "", meta: str = "", class_name: str = "istio", listeners: str = f"[{HTTP}]") -> str:
    return f"""
apiVersion: {API}/v1
kind: Gateway
metadata: {{name: public, namespace: edge{meta}}}
spec: {{gatewayClassName: {class_name}, listeners: {listeners}{spec}}}
"""


def gateway_class(name: str, controller: str) -> str:
    spec = f"{{controllerName: {controller}}}"
    return f"{{apiVersion: {API}/v1, kind: GatewayClass, metadata: {{name: {name}}}, spec: {spec}}}"


def route(*parents: str, kind: str = "HTTPRoute", backend: str = "{name: web, port: 80}") -> str:
    named = ", ".join(parents or ("{name: public, namespace: edge}",))
    return f"""
apiVersion: {API}/v1
kind: {kind}
metadata: {{name: web, namespace: shop}}
spec: {{parentRefs: [{named}], rules: [{{backendRefs: [{backend}]}}]}}
"""


def workload_of(name: str, *labels: str, namespace: str = "edge") -> str:
    said = ", ".join(("a: b", *labels))
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{a: b}}}}
  template:
    metadata: {{labels: {{{said}}}}}
    spec:
      serviceAccountName: {name}
      containers: [{{name: istio-proxy, image: proxyv2, args: [proxy, router]}}]
"""


def service_of(name: str, selector: str, kind: str = "LoadBalancer") -> str:
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: edge}}
spec: {{type: {kind}, selector: {selector}, ports: [{{name: status-port, port: 15021}}, {{name: http, port: 80}}]}}
"""


MESHED = (namespace("edge"), namespace("shop", **{"istio-injection": "enabled"}))
WEB = (
    *MESHED,
    deployment("web", "[{containerPort: 8080}]"),
    service("web", "[{name: http, port: 80, targetPort: 8080}]"),
)
MADE = ("edge/public-istio[Deployment]",)


def made(*manifests: str) -> View:
    return view(*WEB, *manifests)


def the_pod(one: View, title: str = MADE[0]):
    (endpoint,) = one.connectivity.workloads[title]
    return endpoint


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([gateway()], "public-istio"),
        ([gateway(class_name="own"), gateway_class("own", "istio.io/gateway-controller")], "public-own"),
        ([gateway(), gateway_class("istio", "istio.io/gateway-controller")], "public-istio"),
        ([gateway(spec=", addresses: [{value: 192.0.2.1}]")], "public-istio"),
        ([gateway(spec=", addresses: [{type: IPAddress, value: 192.0.2.1}]")], "public-istio"),
        ([gateway(meta=", annotations: {gateway.istio.io/name-override: mine}")], "mine"),
        # Somebody else's class, or nobody knows whose.
        ([gateway(), gateway_class("istio", "example.com/other")], None),
        ([gateway(class_name="own")], None),
        ([gateway(class_name="istio-waypoint")], "public"),
        ([gateway(class_name="own"), gateway_class("own", "istio.io/mesh-controller")], "public"),
        ([gateway(class_name="istio-remote")], None),
        # Deployed by hand.
        ([gateway(spec=", addresses: [{type: Hostname, value: ingress}]")], None),
        ([gateway(spec=", addresses: [{value: 192.0.2.1}, {value: 192.0.2.2}]")], None),
        # What changes it is not read.
        ([gateway(spec=", infrastructure: {parametersRef: {group: '', kind: ConfigMap, name: own}}")], None),
    ],
)
def test_for_which_gateways_pods_are_made(manifests, expected):
    objects = made(*manifests).topology.objects
    there = {one.metadata.name for one in objects.workloads if one.metadata.namespace == "edge"}
    assert there == ({expected} if expected else set())
    assert {one.metadata.name for one in objects.services if one.metadata.namespace == "edge"} == there


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        ("", {}),
        (", labels: {team: red}", {"team": "red"}),
        (", labels: {sidecar.istio.io/inject: 'true'}", {"sidecar.istio.io/inject": "true"}),
    ],
)
@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("", None),
        (", infrastructure: {annotations: {x: y}}", None),
        (", infrastructure: {labels: {tier: edge}}", {"tier": "edge"}),
        (f", infrastructure: {{labels: {{{NAME}: other}}}}", {}),
    ],
)
def test_labels_of_the_pods(given, labels, said, instead):
    one = made(gateway(spec=said, meta=given))
    own = {"sidecar.istio.io/inject": "false", "service.istio.io/canonical-name": "public-istio"}
    own |= {"service.istio.io/canonical-revision": "latest"}
    always = {NAME: "public", OF_CLASS: "istio", MANAGED: "istio.io-gateway-controller"}
    assert the_pod(one).facets["pod"] == {**own, **(labels if instead is None else instead), **always}


def test_it_is_a_gateway_of_the_mesh_with_an_identity_of_its_own():
    one = the_pod(made(gateway()))
    assert one.identity == "spiffe://cluster.local/ns/edge/sa/public-istio"
    assert (one.facets["mesh"], one.facets["istio proxy"]["kind"]) == ({"plane": "sidecar"}, "gateway")
    other = the_pod(made(gateway(meta=", annotations: {gateway.istio.io/service-account: web}")))
    assert other.identity == "spiffe://cluster.local/ns/edge/sa/web"


def test_a_waypoint_is_named_as_its_gateway_and_is_no_way_in():
    one = made(gateway(class_name="istio-waypoint"))
    found = the_pod(one, "edge/public[Deployment]")
    assert found.identity == "spiffe://cluster.local/ns/edge/sa/public"
    assert found.facets["mesh"] == {"plane": "waypoint"}
    told = {NAME: "public", OF_CLASS: "istio-waypoint", MANAGED: "istio.io-mesh-controller"}
    assert told | {"istio.io/dataplane-mode": "none"} == {
        key: found.facets["pod"][key] for key in (*told, "istio.io/dataplane-mode")
    }
    assert not one.topology.entries


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("", [("LoadBalancer", 15021), ("LoadBalancer", 80), ("LoadBalancer", 443)]),
        ("NodePort", [("NodePort", 15021), ("NodePort", 80), ("NodePort", 443)]),
        ("ClusterIP", []),
    ],
)
def test_its_service_is_a_way_in(annotation, expected):
    meta = f", annotations: {{networking.istio.io/service-type: {annotation}}}" if annotation else ""
    listeners = (
        f"[{HTTP}, {{name: more, port: 80, protocol: HTTP, hostname: a.b}}, {{name: s, port: 443, protocol: TLS}}]"
    )
    entries = made(gateway(meta=meta, listeners=listeners)).topology.entries
    assert [(one.kind, one.targets[0].port) for one in entries] == expected
    assert all(one.sources == (SOME_NODE,) for one in entries)


OTHER_CLASS = f"""
apiVersion: {API}/v1
kind: Gateway
metadata: {{name: other, namespace: edge}}
spec: {{gatewayClassName: other, listeners: [{HTTP}]}}
"""
TCP = f"[{HTTP.replace('HTTP,', 'TCP,')}]"
BY_HAND = gateway(spec=", addresses: [{type: Hostname, value: %s}]")
BY_EDGE = ("edge/ingress[Deployment]",)
INGRESS = (workload_of("ingress", "istio: ingress"), service_of("ingress", "{istio: ingress}"))


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([gateway(), route()], [MADE]),
        ([gateway(), route(kind="GRPCRoute")], [MADE]),
        ([gateway(listeners=TCP), route(kind="TCPRoute")], [MADE]),
        ([gateway(listeners=TCP.replace("TCP,", "TLS,")), route(kind="TLSRoute")], [MADE]),
        # No listener takes it.
        ([gateway(listeners=TCP), route()], []),
        # Deployed by hand: who stands behind the Service.
        ([BY_HAND % "ingress", *INGRESS, route()], [BY_EDGE]),
        ([BY_HAND % "ingress.edge.svc.cluster.local", *INGRESS, route()], [BY_EDGE]),
        ([BY_HAND % "gone", *INGRESS, route()], [(CONTROLLER,)]),
        ([BY_HAND % "ingress.example.com", *INGRESS, route()], [(CONTROLLER,)]),
        ([gateway(spec=", addresses: [{type: x.y/Own, value: ingress}]"), *INGRESS, route()], [(CONTROLLER,)]),
        # A Gateway that is not in the files may be anybody's.
        ([route()], [(CONTROLLER,)]),
        # Each Gateway is a way in of its own.
        (
            [gateway(), OTHER_CLASS, route("{name: public, namespace: edge}", "{name: other, namespace: edge}")],
            [MADE, (CONTROLLER,)],
        ),
        (
            [gateway(), route("{name: public, namespace: edge, sectionName: http}", "{name: public, namespace: edge}")],
            [MADE],
        ),
    ],
)
def test_from_whom_routes_lead(manifests, expected):
    entries = made(*manifests).topology.entries
    assert [one.sources for one in entries if one.kind.endswith("Route")] == expected


@pytest.mark.parametrize(
    ("there", "expected", "services"),
    [
        # A cluster as it runs.
        ([workload_of("public-istio", f"{NAME}: public"), service_of("public-istio", f"{{{NAME}: public}}")], MADE, 1),
        # One of the two alone: the other is added.
        ([workload_of("public-istio", f"{NAME}: public")], MADE, 1),
        ([service_of("public-istio", f"{{{NAME}: public}}")], MADE, 1),
        # Pods of that gateway by another name.
        ([workload_of("other", f"{NAME}: public")], ("edge/other[Deployment]",), 1),
        # A Deployment of that name which istiod does not touch: nobody knows who carries the traffic.
        ([workload_of("public-istio", "x: y")], (), 1),
        # Another namespace's say nothing.
        ([workload_of("public-istio", f"{NAME}: public", namespace="shop")], MADE, 1),
        # A Service of one's own.
        ([*INGRESS[:1], service_of("public-istio", "{istio: ingress}")], BY_EDGE, 1),
    ],
)
def test_what_is_there_is_used(there, expected, services):
    objects = made(gateway(), *there).topology.objects
    (one,) = objects.gateways
    assert carriers(one, objects) == expected
    names = [service.metadata.name for service in objects.services if service.metadata.namespace == "edge"]
    assert len(names) == services
    assert deployed(objects).objects == objects


def test_what_is_taken_for_granted_and_what_is_not_known_is_said():
    assert ASSUMED in made(gateway()).topology.network.assumed_open
    running = (workload_of("public-istio", f"{NAME}: public"), service_of("public-istio", f"{{{NAME}: public}}"))
    assert ASSUMED not in made(gateway(), *running).topology.network.assumed_open
    parameters = gateway(spec=", infrastructure: {parametersRef: {group: '', kind: ConfigMap, name: own}}")
    assert "ConfigMap own" in str(made(parameters).topology.diagnostics[0])
    assert not made(parameters, *running).topology.diagnostics
    defaults = """
apiVersion: v1
kind: ConfigMap
metadata: {name: gw, namespace: istio-system, labels: {gateway.istio.io/defaults-for-class: istio}}
data: {service: x}
"""
    one = made(gateway(), defaults, route())
    assert "ConfigMap istio-system/gw" in str(one.topology.diagnostics[0])
    assert [entry.sources for entry in one.topology.entries] == [(CONTROLLER,)]


STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""


AMBIENT = namespace("edge", **{MODE: "ambient"})


@pytest.mark.parametrize(
    ("place", "more", "expected"),
    [
        (AMBIENT, {}, "none"),
        (AMBIENT, {"meta": f", labels: {{{MODE}: ambient}}"}, "ambient"),
        (AMBIENT, {"spec": f", infrastructure: {{labels: {{{MODE}: ambient}}}}"}, "ambient"),
        (AMBIENT, {"spec": ", infrastructure: {labels: {a: b}}"}, "none"),
        # What the Gateway's own labels say keeps istiod from saying it, whether they are handed down or not.
        (AMBIENT, {"meta": f", labels: {{{MODE}: ambient}}", "spec": ", infrastructure: {labels: {a: b}}"}, None),
        (AMBIENT, {"class_name": "istio-waypoint"}, "none"),
        (namespace("edge"), {}, None),
    ],
)
def test_istiod_keeps_its_gateways_out_of_the_ambient_plane(place, more, expected):
    (made_one,) = view(place, gateway(**more)).topology.objects.workloads
    assert made_one.templates[0].labels.get(MODE) == expected


def authorization(rule: str, of: str = "selector: {matchLabels: {app: web}}", place: str = "shop") -> str:
    return f"""
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: p, namespace: {place}}}
spec: {{{of}, rules: [{rule}]}}
"""


def admits(identity: str, **where: str) -> str:
    return authorization(f"{{from: [{{source: {{principals: [{identity}]}}}}]}}", **where)


FROM_GATEWAY = f"""[{{from: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: edge}}}},
      podSelector: {{matchLabels: {{{NAME}: public}}}}}}], ports: [{{port: 8080}}]}}]"""
ROUTE = "HTTPRoute shop/web leads to shop/web[Deployment] on tcp/8080, and its traffic is refused there"
BALANCER = f"LoadBalancer edge/public-istio leads to {MADE[0]} on tcp/80, and its traffic is refused there"
AT_GATEWAY = f"targetRefs: [{{group: {API}, kind: Gateway, name: public}}]"
BY_LABEL = f"selector: {{matchLabels: {{{NAME}: public}}}}"
NOBODY = "cluster.local/ns/edge/sa/nobody"
ITS_OWN = "cluster.local/ns/edge/sa/public-istio"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([STRICT], []),
        ([policy()], [ROUTE]),
        ([policy(select=app("web"), ingress=FROM_GATEWAY)], []),
        ([policy(select=app("web"), ingress=FROM_GATEWAY.replace("public", "other"))], [ROUTE]),
        ([policy(select=app("web"), ingress=FROM_GATEWAY.replace(": edge", ": shop"))], [ROUTE]),
        # The gateway's own way out.
        ([policy(namespace="edge", types="[Egress]")], [ROUTE]),
        ([admits(ITS_OWN)], []),
        ([admits(NOBODY)], [ROUTE]),
        ([STRICT, admits(ITS_OWN), policy(select=app("web"), ingress=FROM_GATEWAY)], []),
        # At the gateway itself; no client outside has an identity.
        ([admits(NOBODY, of=AT_GATEWAY, place="edge")], [BALANCER]),
        ([admits(NOBODY, of=BY_LABEL, place="edge")], [BALANCER]),
        ([admits(NOBODY, of=AT_GATEWAY, place="shop")], []),
        ([authorization("{}", of=AT_GATEWAY, place="edge")], []),
        # What a request must be is asked, not refused.
        ([authorization("{to: [{operation: {hosts: [a.b]}}]}", of=AT_GATEWAY, place="edge")], []),
    ],
)
def test_what_cuts_off_the_gateway(manifests, expected):
    assert sorted(messages(entry_cut_off, *WEB, gateway(), route(), *manifests)) == sorted(expected)


def test_the_finding_has_a_why_and_a_packet():
    (one,) = found(entry_cut_off, *WEB, gateway(), route(), STRICT, admits(NOBODY))
    assert [what for what, _ in one.because] == ["Istio authorization: no rule of shop/p matches"]
    assert one.witness is not None
    assert one.witness.trace.outcome is Outcome.DENIED
    assert one.witness.packet.source == MADE[0]


OPTION = "tls: {mode: Terminate, options: {gateway.istio.io/tls-terminate-mode: %s}}"


@pytest.mark.parametrize(
    ("tls", "mode"),
    [("", "UNSEEN"), (f", {OPTION % 'MUTUAL'}", "UNSEEN"), (f", {OPTION % 'ISTIO_MUTUAL'}", "STRICT")],
)
def test_which_transport_a_listener_takes(tls, mode):
    listener = f"{{name: s, port: 443, protocol: HTTPS{tls}}}"
    taken = the_pod(made(gateway(listeners=f"[{listener}]"))).facets["istio mtls"]
    assert (taken["443"], taken["*"]) == (mode, "UNSEEN")


@given(
    st.lists(
        st.sampled_from(
            [
                STRICT,
                admits(ITS_OWN),
                policy("a"),
                policy("b", select=app("web"), ingress=FROM_GATEWAY),
                policy("c", namespace="edge", types="[Ingress, Egress]"),
                policy("d", namespace="edge", select=f"{{matchLabels: {{{MANAGED}: istio.io-gateway-controller}}}}"),
            ]
        ),
        unique=True,
        max_size=6,
    )
)
@settings(max_examples=30, deadline=None)
def test_as_assumed_and_as_it_runs_are_one_network(manifests):
    """Law: what istiod makes may be in the files or not; every pair of workloads may do the same."""
    labels = (f"{NAME}: public", f"{OF_CLASS}: istio", f"{MANAGED}: istio.io-gateway-controller")
    running = (workload_of("public-istio", *labels), service_of("public-istio", f"{{{NAME}: public}}"))
    both = [made(gateway(), route(), *manifests, *more) for more in ((), running)]
    assumed, exported = (
        sorted(
            (str(edge.source), str(edge.target), str(edge.may), str(edge.must), str(edge.transports))
            for edge in one.connectivity.edges()
        )
        for one in both
    )
    assert assumed == exported
    entries = [[(one.title, one.sources, one.port) for one in each.topology.entries] for each in both]
    assert entries[0] == entries[1]
