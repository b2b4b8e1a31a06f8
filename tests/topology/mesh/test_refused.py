"""What a mesh refuses may be open where something that has a say in it could not be read."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.model.spans import Span
from ringfence.network import Network
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options, parse
from tests.layers.istio_worlds import NETWORKING, PEOPLE, SECURITY, namespace, peer, pod, service, thing, virtual

STRICT = (*PEOPLE, pod("web"), pod("a"), pod("plain/p"), service("web"), peer("default", "STRICT"))
CLOSED = (*STRICT, thing(SECURITY, "AuthorizationPolicy", "closed", {}))
MODE = {"selector": {"matchLabels": {"app": "web"}}, "mtls": {"mode": "DISABEL"}}
RULES: dict[str, Any] = {"ruels": [{}]}


def outcome(source: str, *things: dict[str, Any], target: str = "shop/web", **asked: Any) -> str:
    """What becomes of a flow to `shop/web`; the last object is refused."""
    documents = [Document(one, Span(f"{index}.yaml")) for index, one in enumerate(things)]
    objects, diagnostics = from_documents(documents)
    assert {one.span.file for one in diagnostics if one.severity == "error"} == {f"{len(things) - 1}.yaml"}
    return str(Network(build(objects)).reach(source, target, "tcp/8080", **asked).explain().outcome)


def mtls(source: str, *things: dict[str, Any], target: str = "shop/web") -> str:
    """How that flow travels."""
    objects, _ = from_documents([Document(one, Span(f"{index}.yaml")) for index, one in enumerate(things)])
    return str(Network(build(objects)).reach(source, target, "tcp/8080").explain().transport)


@pytest.mark.parametrize(
    ("things", "kind", "name", "spec", "expected"),
    [
        (STRICT, "PeerAuthentication", "w", MODE, "unknown"),
        (STRICT, "PeerAuthentication", "other/w", MODE, "denied"),
        (STRICT, "PeerAuthentication", "istio-system/w", MODE, "unknown"),
        (CLOSED, "AuthorizationPolicy", "w", RULES, "denied"),  # in plaintext, which STRICT refuses
    ],
)
def test_from_outside_the_mesh(things, kind, name, spec, expected):
    found = outcome("plain/p", *things, thing(SECURITY, kind, name, spec))
    assert found == expected


def test_a_route_that_nobody_can_read_leaves_the_transport_open():
    bad = {"hosts": ["web"], "http": [{"rout": []}]}
    assert outcome("shop/a", *STRICT, thing(NETWORKING, "VirtualService", "v", bad)) == "unknown"
    assert outcome("plain/p", *STRICT, thing(NETWORKING, "VirtualService", "v", bad)) == "denied"


@pytest.mark.parametrize(
    ("kind", "name", "spec", "expected"),
    [
        ("AuthorizationPolicy", "w", RULES, "unknown"),
        ("AuthorizationPolicy", "istio-system/w", RULES, "unknown"),
        ("AuthorizationPolicy", "other/w", RULES, "denied"),
    ],
)
def test_from_inside(kind, name, spec, expected):
    assert outcome("shop/a", *CLOSED, thing(SECURITY, kind, name, spec)) == expected


def bad_service(name: str) -> dict[str, Any]:
    return service(name, type="Nothing")


OPEN_MESH = (*PEOPLE, pod("web"), pod("a"), pod("other/b"), pod("plain/p"))
GETS = thing(SECURITY, "AuthorizationPolicy", "gets", {"rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]})
GET = {"method": "GET", "path": "/"}


@pytest.mark.parametrize(
    ("last", "target", "expected"),
    [
        (service("web"), "shop/web", "permissive"),
        (bad_service("web"), "shop/web", "unknown"),
        (bad_service("else"), "shop/web", "unknown"),
        (bad_service("other/else"), "shop/web", "plaintext"),
        (bad_service("other/else"), "other/b", "unknown"),
    ],
)
def test_what_clients_send_may_depend_on_a_refused_service(last, target, expected):
    assert mtls("shop/a", *OPEN_MESH, last, target=target) == expected


def test_who_dials_a_refused_service_may_be_led_to_another():
    routed = virtual("v", "else", http=[{"route": [{"destination": {"host": "web"}}]}])
    assert mtls("shop/a", *OPEN_MESH, service("web"), routed, bad_service("other/else")) == "unknown"


@pytest.mark.parametrize(
    ("last", "expected"), [("shop/else", "unknown"), ("other/else", "allowed"), ("other/web", "allowed")]
)
def test_how_a_port_is_read_may_depend_on_a_refused_service(last, expected):
    things = (*OPEN_MESH, service("web", port_name="http"), GETS)
    assert outcome("shop/a", *things, bad_service(last), request=GET) == expected
    assert outcome("plain/p", *things, bad_service(last), request=GET) == expected


@pytest.mark.parametrize("kind", ["v1 Endpoints", "discovery.k8s.io/v1 EndpointSlice"])
def test_what_clients_send_may_depend_on_refused_endpoints(kind):
    version, _, name = kind.partition(" ")
    last = {**thing(version, name, "other/e", {}), "subsets": 7, "endpoints": 7, "addressType": 7}
    assert mtls("shop/a", *OPEN_MESH, last) == "unknown"
    assert mtls("plain/p", *OPEN_MESH, last) == "plaintext"


def test_of_two_services_that_differ_neither_says_how_a_port_is_read():
    things = (*OPEN_MESH, service("web", port_name="http"), GETS)
    assert outcome("shop/a", *things, service("web", port_name="grpc"), request=GET) == "unknown"


GATE = pod("gate", {"istio": "ingressgateway"}, {"inject.istio.io/templates": "gateway"})
SERVERS = {"selector": {"istio": "ingressgateway"}, "servers": []}
MUTUAL = {
    "port": {"number": 8080, "name": "https", "protocol": "HTTPS"},
    "tls": {"mode": "ISTIO_MUTUAL"},
    "hosts": ["*"],
}
GATEWAY = thing(NETWORKING, "Gateway", "g", SERVERS | {"servers": [MUTUAL]})


@pytest.mark.parametrize(("last", "expected"), [("shop/gate", "unknown"), ("other/gate", "denied")])
def test_a_gateways_own_ports_may_depend_on_a_refused_service(last, expected):
    assert outcome("plain/p", *OPEN_MESH, GATE, GATEWAY, bad_service(last), target="shop/gate") == expected


AMBIENT = tuple(namespace(one, **{"istio.io/dataplane-mode": "ambient"}) for one in ("shop", "other"))
WAYPOINT = thing(
    "gateway.networking.k8s.io/v1",
    "Gateway",
    "wp",
    {
        "gatewayClassName": "istio-waypoint",
        "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}],
    },
)
OF_PODS = {**WAYPOINT, "metadata": {**WAYPOINT["metadata"], "labels": {"istio.io/waypoint-for": "workload"}}}
SHUT = thing("networking.k8s.io/v1", "NetworkPolicy", "closed", {"podSelector": {}, "policyTypes": ["Ingress"]})


@pytest.mark.parametrize(
    ("waypoints", "last", "source", "expected"),
    [
        ((WAYPOINT,), "shop/else", "shop/a", "unknown"),
        ((WAYPOINT,), "shop/else", "plain/p", "denied"),
        ((WAYPOINT,), "other/else", "shop/a", "denied"),
        ((OF_PODS,), "shop/else", "shop/a", "denied"),
        ((), "shop/else", "shop/a", "denied"),
    ],
)
def test_a_refused_service_may_be_reached_through_a_waypoint(waypoints, last, source, expected):
    things = (*AMBIENT, namespace("plain"), pod("web"), pod("a"), pod("plain/p"), SHUT, *waypoints)
    assert outcome(source, *things, bad_service(last)) == expected


def admitting(principal: str) -> dict[str, Any]:
    rules = [{"from": [{"source": {"principals": [principal]}}]}]
    return thing(SECURITY, "AuthorizationPolicy", "p", {"rules": rules})


ADMITS = admitting("cluster.local/ns/vm/sa/v")


@pytest.mark.parametrize("kind", ["WorkloadEntry", "WorkloadGroup"])
def test_a_refused_machine_may_be_whoever_is_outside(kind):
    entry = thing(NETWORKING, kind, "vm/v", {"adress": "192.0.2.1", "serviceAccount": "v"})
    things = (*OPEN_MESH, service("web"), peer("default", "STRICT"), ADMITS)
    assert outcome("192.0.2.1", *things, entry) == "unknown"
    assert outcome("plain/p", *things, entry) == "denied"
    assert outcome("shop/a", *things, thing(NETWORKING, "ServiceEntry", "e", {"hots": []})) == "denied"
    assert outcome("192.0.2.1", *things, thing(NETWORKING, "ServiceEntry", "e", {"hots": []})) == "denied"


def configured(text: str, name: str = "istio") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "istio-system"},
        "data": {"values" if name == "linkerd-config" else "mesh": text},
    }


TRUSTING = admitting("*/ns/shop/sa/default")


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("trustDomain: here", {}, "allowed"),
        ("{}", {}, "allowed"),
        ("# nothing", {}, "allowed"),
        ("trustDomain: 1", {}, "unknown"),
        ("trustDomain: 1", {"istio_trust_domain": "here"}, "allowed"),
        ("enableAutoMtls: perhaps", {"istio_trust_domain": "here"}, "unknown"),
        ("trustDomain", {}, "unknown"),
        ("a: [", {}, "unknown"),
    ],
)
def test_a_configuration_that_nobody_can_read_leaves_its_mesh_open(text, options, expected):
    chosen, wrong = parse(options)
    assert not wrong
    things = (*OPEN_MESH, service("web"), peer("default", "STRICT"), TRUSTING, configured(text))
    objects, _ = from_documents([Document(one, Span(f"{index}.yaml")) for index, one in enumerate(things)])
    assert str(Network(build(objects, chosen)).reach("shop/a", "shop/web", "tcp/8080").explain().outcome) == expected


def test_a_configuration_that_was_refused_leaves_its_mesh_open():
    things = (*OPEN_MESH, service("web"), peer("default", "STRICT"), TRUSTING)
    assert outcome("shop/a", *things, {**configured(""), "data": []}) == "unknown"
    assert outcome("shop/a", *things, {**configured("", "another"), "data": []}) == "allowed"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("proxy: {defaultInboundPolicy: deny}", "denied"), ("proxy: {defaultInboundPolicy: no}", "unknown")],
)
def test_what_linkerds_configuration_means_may_not_be_known(text, expected):
    meshed = {"linkerd.io/inject": "enabled"}
    pods = (pod("web", annotations=meshed), pod("a", annotations=meshed))
    things = (namespace("shop"), *pods, configured(text, "linkerd-config"))
    objects, _ = from_documents([Document(one, Span(f"{index}.yaml")) for index, one in enumerate(things)])
    reach = Network(build(objects, Options())).reach("shop/a", "shop/web", "tcp/8080")
    assert str(reach.explain().outcome) == expected
