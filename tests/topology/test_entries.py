"""Ways in from outside: what leads where, and who policies see as the source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.model.addresses import AddressSet
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import (
    BackendReference,
    Container,
    ContainerPort,
    Gateway,
    Ingress,
    IngressBackend,
    IngressPath,
    IngressRule,
    IngressTLS,
    Listener,
    ParentReference,
    PodTemplate,
    Route,
    RouteRule,
)
from ringfence.topology.kubernetes import build
from tests.checks import manifests
from tests.layers.clusters import (
    ask,
    block,
    cluster,
    has,
    meta,
    namespaces,
    node,
    pod,
    policy,
    rule,
    service,
    template,
    workload,
)

WEB = pod("x/web", "tcp/http=8080", ip="10.0.0.1", app="web")
BACK = service("x/web", "tcp/80=http")


def ingress(*backends, **fields):
    """`backends` as (Service, port)."""
    paths = tuple(IngressPath("/", "Prefix", IngressBackend(*one)) for one in backends)
    return Ingress(meta("x/i"), rules=(IngressRule("", paths),), **fields)


def route(*backends, kind="HTTPRoute", parents=None):
    rules = (RouteRule(tuple(backends)),)
    return Route(kind, meta("x/r"), (ParentReference("g", "x"),) if parents is None else parents, rules=rules)


MESH = ParentReference("web", "x", "", "Service")


def entries(*things):
    """As (kind, sources, endpoints and ports behind, the port that clients dial)."""
    topology = build(cluster(*things))
    return [
        (
            one.kind,
            one.sources,
            [(end.id, target.port) for target in one.targets for end in topology.behind(target)],
            one.port,
        )
        for one in topology.entries
    ]


BEHIND = [("x/web[Pod]", 8080)]
VIRTUAL, NODES, OUTSIDE = ("{ingress-controller}",), ("{node}",), ("external",)


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ([BACK], []),
        ([BACK, ingress(("web", 80))], [("Ingress", VIRTUAL, BEHIND, 80)]),
        ([BACK, ingress(("web", 80), tls=(IngressTLS(),))], [("Ingress", VIRTUAL, BEHIND, 443)]),
        (
            [BACK, Ingress(meta("x/i"), default_backend=IngressBackend("web", 80))],
            [("Ingress", VIRTUAL, BEHIND, 80)],
        ),
        # A resource backend leads to no Service.
        ([BACK, ingress(("", None))], []),
        # Controllers dial endpoints, so a headless Service leads to its target port as well.
        (
            [service("x/web", "tcp/80=http", cluster_ips=("None",)), ingress(("web", 80))],
            [("Ingress", VIRTUAL, BEHIND, 80)],
        ),
        ([BACK, route(BackendReference("web", "x", port=80))], [("HTTPRoute", VIRTUAL, BEHIND, 0)]),
        ([BACK, route(BackendReference("web", "x", port=80, weight=0))], []),
        ([BACK, route(BackendReference("web", "x", kind="Other", port=80))], []),
        (
            [BACK, route(BackendReference("web", "x", port=80), parents=(ParentReference("web", "x", "", "Service"),))],
            [],
        ),
        ([service("x/web", "tcp/80=http", kind="NodePort")], [("NodePort", NODES, BEHIND, 0)]),
        ([service("x/web", "tcp/80=http", kind="LoadBalancer")], [("LoadBalancer", NODES, BEHIND, 80)]),
        (
            [service("x/web", "tcp/80=http", kind="LoadBalancer", external_traffic_policy="Local")],
            [("LoadBalancer", OUTSIDE, BEHIND, 80)],
        ),
        ([service("x/web", "tcp/80=http", external_ips=("192.0.2.1",))], [("externalIPs", NODES, BEHIND, 80)]),
        ([service("x/web", "tcp/80=http", kind="NodePort", selector={})], []),
        ([service("x/web", "tcp/80=http", kind="ExternalName", external_ips=("192.0.2.1",))], []),
    ],
)
def test_entries(things, expected):
    assert entries(WEB, *things) == expected


def test_a_load_balancer_may_limit_its_clients():
    made = service("x/web", "tcp/80=http", kind="LoadBalancer", external_traffic_policy="Local")
    limited = replace(made, load_balancer_source_ranges=("198.51.100.0/24",))
    (one,) = build(cluster(WEB, limited)).entries
    assert one.source_ranges == AddressSet.of("198.51.100.0/24")


@pytest.mark.parametrize(
    ("more", "port", "past"),
    [
        ({}, 0, True),
        ({"allocate_load_balancer_node_ports": False}, 0, False),
        ({"allocate_load_balancer_node_ports": False}, 30080, True),
        ({"allocate_load_balancer_node_ports": False, "external_ips": ("192.0.2.1",)}, 0, True),
    ],
)
def test_ranges_hold_at_the_load_balancer_alone(more, port, past):
    made = service("x/web", "tcp/80=http", kind="LoadBalancer", **more)
    made = replace(made, ports=(replace(made.ports[0], node_port=port),))
    (one,) = build(cluster(WEB, made)).entries
    assert one.past_ranges is past


SPAN = Span("i.yaml", "/spec")


@pytest.mark.parametrize(
    ("things", "message"),
    [
        ([ingress(("gone", 80, SPAN))], "leads to Service x/gone, which is not in the files"),
        ([BACK, ingress(("web", 81, SPAN))], "Service x/web has no port 81"),
        ([BACK, ingress(("web", "http", SPAN))], "Service x/web has no port http"),
        (
            [BACK, route(BackendReference("gone", "x", port=80, span=SPAN))],
            "leads to Service x/gone, which is not in the files",
        ),
        (
            [BACK, route(BackendReference("web", "y", port=80, span=SPAN))],
            "no ReferenceGrant lets it lead to Service y/web",
        ),
        (
            [
                BACK,
                Gateway(meta("x/g"), "c", (Listener("l", 80, "HTTP", routes_from="None"),)),
                replace(route(BackendReference("web", "x", port=80)), span=SPAN),
            ],
            "HTTPRoute x/r attaches to no listener: none admits it",
        ),
    ],
)
def test_what_leads_nowhere_is_a_warning_at_its_place(things, message):
    topology = build(cluster(WEB, *things))
    assert [(one.severity, one.message, one.span) for one in topology.diagnostics] == [("warning", message, SPAN)]
    assert topology.entries == ()


def with_host_port(name, *ports, **labels):
    return workload(name, PodTemplate(labels, containers=(Container("main", ports=ports),)))


def test_a_host_port_leads_to_the_pods_that_have_it():
    agent = with_host_port("x/agent", ContainerPort(9000, "", "TCP", 80), app="agent")
    lookalike = with_host_port("x/lookalike", app="agent", more="labels")
    local = with_host_port("x/local", ContainerPort(9000, "", "TCP", 80, "127.0.0.1"), app="local")
    assert entries(agent, lookalike, local) == [("hostPort", OUTSIDE, [("x/agent[Deployment]", 9000)], 80)]


def test_a_host_network_pod_needs_no_host_port():
    assert entries(workload("x/agent", template("tcp/http=80", host=True, host_port=80))) == []


CONTROLLER = "{ingress-controller}"
ALLOWED, DENIED, UNKNOWN, NO_ROUTE = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNKNOWN, Outcome.NO_ROUTE


@pytest.mark.parametrize(
    ("policies", "what", "expected"),
    [
        ([], "tcp/8080", ALLOWED),
        # It opens connections to the ports of its backends and no others.
        ([], "tcp/80", NO_ROUTE),
        ([], "udp/8080", NO_ROUTE),
        ([policy("x/p", ingress=())], "tcp/8080", DENIED),
        ([policy("x/p", ingress=(rule(),))], "tcp/8080", ALLOWED),
        ([policy("x/p", ingress=(rule("tcp/8080"),))], "tcp/8080", ALLOWED),
        ([policy("x/p", ingress=(rule("tcp/80"),))], "tcp/8080", DENIED),
        # Nobody knows what it is.
        ([policy("x/p", ingress=(rule(namespaces(has(name="ingress-nginx"))),))], "tcp/8080", UNKNOWN),
        ([policy("x/p", ingress=(rule(namespaces(has())),))], "tcp/8080", UNKNOWN),
        # Its address may be any.
        ([policy("x/p", ingress=(rule(block("10.0.0.0/8")),))], "tcp/8080", ALLOWED),
        ([policy("x/p", ingress=(rule(block("11.0.0.0/8")),))], "tcp/8080", DENIED),
    ],
)
def test_a_controller_that_is_not_in_the_files(policies, what, expected):
    objects = cluster(WEB, BACK, ingress(("web", 80)), *policies)
    assert ask(objects, f"{CONTROLLER}@10.9.9.9", "x/web", what) is expected


def test_the_controller_reaches_backends_on_the_host_network():
    host = pod("x/web", "tcp/http=8080", ip="192.168.0.1", node="n", host=True, app="web")
    objects = cluster(host, BACK, ingress(("web", 80)))
    assert ask(objects, CONTROLLER, "x/web", "tcp/8080") is ALLOWED
    assert ask(objects, CONTROLLER, "x/web", "tcp/80") is NO_ROUTE


@pytest.mark.parametrize("source", [CONTROLLER, "{node}"])
def test_a_pod_that_has_an_ipv6_address_alone_is_reached_through_entries(source):
    six = pod("x/web", "tcp/http=8080", ip="fd00::1", app="web")
    objects = cluster(six, service("x/web", "tcp/80=http", kind="NodePort"), ingress(("web", 80)))
    network = build(objects).network
    assert [one.id for one in network.endpoints if one.workload == source] == [source, f"{source} IPv6"]
    assert ask(objects, f"{source} IPv6", "x/web", "tcp/8080") is ALLOWED


def test_a_controller_in_the_files_is_a_pod_like_others():
    image = "registry.k8s.io/ingress-nginx/controller:v1"
    nginx = workload("infra/nginx", template(image=image, app="nginx"))
    admits = policy("x/p", ingress=(rule(namespaces(has(**{"kubernetes.io/metadata.name": "infra"}))),))
    refuses = policy("x/p", ingress=(rule(namespaces(has(team="other"))),))
    things = (WEB, BACK, nginx, ingress(("web", 80)))
    assert entries(*things)[0][1] == ("infra/nginx[Deployment]",)
    assert ask(cluster(*things, admits), "infra/nginx[Deployment]", "x/web", "tcp/8080") is ALLOWED
    assert ask(cluster(*things, refuses), "infra/nginx[Deployment]", "x/web", "tcp/8080") is DENIED
    assert CONTROLLER not in {one.id for one in build(cluster(*things)).network.endpoints}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [([], ALLOWED), ([policy("x/p", ingress=())], UNKNOWN), ([policy("x/p", ingress=(rule(),))], ALLOWED)],
)
def test_a_node_port_may_be_answered_by_the_pods_own_node(policies, expected):
    made = service("x/web", "tcp/80=http", kind="NodePort")
    assert ask(cluster(WEB, made, node("n", "192.168.0.1"), *policies), "{node}", "x/web", "tcp/8080") is expected


BROKEN = {
    kind: f"{{apiVersion: {version}, kind: {kind}, metadata: {{name: i, namespace: shop}}, spec: {spec}}}"
    for version, kind, spec in (
        ("networking.k8s.io/v1", "Ingress", "{rules: 7}"),
        ("networking.istio.io/v1", "VirtualService", "{hosts: [a.b], gateways: [g], htttp: []}"),
        ("networking.istio.io/v1", "Gateway", "{servers: 1}"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", "{parentRefs: 7}"),
    )
}
CLOSED = (
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: shop},"
    " spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}}"
)


@pytest.mark.parametrize("kind", BROKEN)
def test_where_a_way_in_that_was_refused_leads_is_not_known(kind):
    pods = manifests.deployment("web"), manifests.deployment("db")
    shown = manifests.view(*pods, CLOSED, BROKEN[kind], readable=False)
    assert [one.kind for one in shown.topology.objects.refused] == [kind]
    found = {
        name: [(80 in one.must.tcp, 80 in one.may.tcp) for one in shown.connectivity.relations(CONTROLLER, name)]
        for name in ("shop/web[Deployment]", "shop/db[Deployment]")
    }
    assert [must for must, _ in found["shop/web[Deployment]"]] == [False]
    assert [may for _, may in found["shop/web[Deployment]"]] == [True]
    assert not any(may for _, may in found["shop/db[Deployment]"]), "the policy refuses it all the same"


SERVED = (
    "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: shop},"
    " spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}}"
)
ROUTED = (
    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: shop}, spec:"
    " {parentRefs: [{name: g, namespace: far}], rules: [{backendRefs: [{name: web, port: 80}]}]}}"
)
BOUND = (
    "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: v, namespace: shop}, spec:"
    " {hosts: [a.example], gateways: [far/g], http: [{route: [{destination: {host: web}}]}]}}"
)
NGINX = manifests.deployment("nginx", image="registry.k8s.io/ingress-nginx/controller", namespace="infra")


@pytest.mark.parametrize("way_in", [SERVED, ROUTED, BOUND])
@pytest.mark.parametrize(
    ("services", "certain"),
    [
        ((manifests.service("web", more="type: Nothing"),), False),
        ((), False),
        ((manifests.service("web"), manifests.service("web", more="type: NodePort")), False),
        ((manifests.service("web"),), True),
    ],
)
def test_a_service_that_is_not_there_may_be_for_every_pod_of_its_namespace(way_in, services, certain):
    pods = manifests.deployment("web"), manifests.deployment("db"), manifests.deployment("web", namespace="far")
    shown = manifests.view(*pods, CLOSED, way_in, *services, readable=False)

    towards = {
        name: any(80 in one.may.tcp for one in shown.connectivity.relations(CONTROLLER, f"{name}[Deployment]"))
        for name in ("shop/web", "shop/db", "far/web")
    }
    assert towards == {"shop/web": True, "shop/db": False, "far/web": False}
    (relation,) = shown.connectivity.relations(CONTROLLER, "shop/web[Deployment]")
    # Beside a mesh nobody knows what the controller is in it.
    assert (80 in relation.must.tcp) is (certain and way_in != BOUND)
    assert (443 in relation.may.tcp) is not certain


LABELLED = "{matchLabels: {team: a}}"
ONLY_NAMED = "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop]}]}"


def gateway(selector: str) -> str:
    taken = f"allowedRoutes: {{namespaces: {{from: Selector, selector: {selector}}}}}"
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: g, namespace: far}}
spec: {{gatewayClassName: c, listeners: [{{name: h, port: 80, protocol: HTTP, {taken}}}]}}
"""


@pytest.mark.parametrize(
    ("selector", "places", "must", "may"),
    [
        (LABELLED, ("{team: a}",), True, True),
        (LABELLED, ("{team: b}",), False, False),
        (LABELLED, (), False, True),
        (LABELLED, ("{team: a}", "{team: b}"), False, True),
        (ONLY_NAMED, (), True, True),
        ("{matchExpressions: [{key: team, operator: NotIn, values: [b]}]}", (), False, True),
    ],
)
def test_whether_a_listener_takes_a_route_may_not_be_known(selector, places, must, may):
    declared = [f"{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {one}}}}}" for one in places]
    things = (manifests.deployment("web"), manifests.service("web"), ROUTED, gateway(selector))
    shown = manifests.view(*declared, *things, readable=False)
    found = shown.connectivity.workloads.get(CONTROLLER, ())
    relations = shown.connectivity.relations(CONTROLLER, "shop/web[Deployment]") if found else []
    assert any(80 in one.must.tcp for one in relations) is must
    assert any(80 in one.may.tcp for one in relations) is may


GRANTED = (
    "{apiVersion: gateway.networking.k8s.io/v1beta1, kind: ReferenceGrant, metadata: {name: g, namespace: shop}, spec:"
    " {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: far}], to: [{group: '', kind: Service}]}}"
)


@pytest.mark.parametrize(
    ("grants", "must", "may"),
    [
        ((GRANTED,), True, True),
        ((), False, False),
        ((GRANTED.replace("from: [", "from: nobody, was: ["),), False, True),
        ((GRANTED.replace("from: [", "from: nobody, was: [").replace("shop", "away"),), False, False),
    ],
)
def test_a_grant_that_was_refused_may_have_let_a_route_in(grants, must, may):
    routed = ROUTED.replace("namespace: shop}", "namespace: far}").replace("port: 80}", "port: 80, namespace: shop}")
    shown = manifests.view(manifests.deployment("web"), manifests.service("web"), routed, *grants, readable=False)
    found = shown.connectivity.workloads.get(CONTROLLER, ())
    relations = shown.connectivity.relations(CONTROLLER, "shop/web[Deployment]") if found else []
    assert any(80 in one.must.tcp for one in relations) is must
    assert any(80 in one.may.tcp for one in relations) is may


def test_controllers_that_are_there_reach_what_policies_let_them():
    shown = manifests.view(NGINX, manifests.deployment("web"), SERVED, readable=False)
    assert CONTROLLER not in shown.topology.workloads


def test_without_anything_refused_no_controller_is_made_up():
    shown = manifests.view(manifests.deployment("web"))
    assert CONTROLLER not in shown.topology.workloads
