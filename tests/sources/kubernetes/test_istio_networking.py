"""DestinationRule, ServiceEntry and Gateway, accepted and refused as istiod does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.model.spans import Span
from ringfence.resources.istio.networking import (
    DestinationRule,
    EntryEndpoint,
    EntryPort,
    GatewayServer,
    PortTraffic,
    ServiceEntry,
    Subset,
    TlsMode,
    TrafficPolicy,
)
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from tests.sources.damage import damaged
from tests.sources.kubernetes.texts import good, read, thing

GROUP = "networking.istio.io"
ROOMS = {
    "DestinationRule": "destination_rules",
    "ServiceEntry": "service_entries",
    "Sidecar": "sidecars",
    "Gateway": "istio_gateways",
    "VirtualService": "virtual_services",
}


def one(kind: str, spec: str, version: str = "v1") -> Any:
    (found,) = getattr(good(thing(f"{GROUP}/{version}", kind, spec)), ROOMS[kind])
    return found


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_destination_rule(version):
    found = one(
        "DestinationRule",
        "{host: web, exportTo: ['.'], workloadSelector: {matchLabels: {a: b}}, trafficPolicy: {"
        "tls: {mode: ISTIO_MUTUAL}, loadBalancer: {simple: PASSTHROUGH},"
        " portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]},"
        " subsets: [{name: v1, labels: {v: '1'}, trafficPolicy: {connectionPool: {}}}]}",
        version,
    )
    policy = TrafficPolicy(TlsMode.ISTIO_MUTUAL, (PortTraffic(80, TlsMode.SIMPLE),), True)
    subsets = (Subset("v1", (("v", "1"),), TrafficPolicy()),)
    assert found == DestinationRule(found.metadata, "web", policy, subsets, (".",), (("a", "b"),))


def test_a_tls_block_without_mode_is_disable():
    assert one("DestinationRule", "{host: web, trafficPolicy: {tls: {}}}").policy == TrafficPolicy(TlsMode.DISABLE)


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("{}", "spec.host: is missing"),
        ("{host: 'a b'}", "is not a host name"),
        ("{host: 'w*b.c'}", "is not a host name"),
        ("{host: web, trafficpolicy: {}}", "did you mean trafficPolicy?"),
        ("{host: web, trafficPolicy: {}}", "is empty"),
        ("{host: web, trafficPolicy: {tls: {mode: STRICT}}}", "'STRICT' is not one of"),
        ("{host: web, trafficPolicy: {tls: {mode: MUTUAL}}}", "MUTUAL needs a clientCertificate"),
        (
            "{host: web, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: a, privateKey: b, credentialName: c}}}",
            "c",
        ),
        ("{host: web, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, credentialName: c}}}", "Istio's own certificates"),
        ("{host: web, trafficPolicy: {portLevelSettings: [{tls: {mode: SIMPLE}}]}}", "port: is missing"),
        ("{host: web, trafficPolicy: {portLevelSettings: [{port: {number: 0}}]}}", "is not a port"),
        ("{host: web, subsets: [{name: a}, {name: a}]}", "is the name of two subsets"),
        ("{host: web, subsets: [{labels: {a: b}}]}", "name: is missing"),
        ("{host: web, exportTo: ['*', a]}", "beside others"),
        ("{host: web, exportTo: ['*'], workloadSelector: {matchLabels: {a: b}}}", "stays in its own namespace"),
    ],
)
def test_destination_rules_that_are_refused(spec, complaint):
    refused("DestinationRule", spec, complaint)


def refused(kind: str, spec: str, complaint: str) -> None:
    objects, said = read(thing(f"{GROUP}/v1", kind, spec))
    assert getattr(objects, ROOMS[kind]) == ()
    assert [gone.kind for gone in objects.refused] == [kind]
    assert any(complaint in text for text in said), said


def test_service_entry():
    found = one(
        "ServiceEntry",
        "{hosts: [a.example], addresses: [10.0.0.7, 10.1.0.0/16], ports: [{number: 80, name: http, protocol: HTTP,"
        " targetPort: 8080}], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.2.0.1,"
        " ports: {http: 81}, labels: {x: y}, serviceAccount: vm}], exportTo: ['~']}",
    )
    assert found == ServiceEntry(
        found.metadata,
        ("a.example",),
        ("10.0.0.7/32", "10.1.0.0/16"),
        (EntryPort(80, "HTTP", "http", 8080),),
        "MESH_INTERNAL",
        "STATIC",
        (EntryEndpoint("10.2.0.1", (("x", "y"),), (("http", 81),), "vm"),),
        None,
        ("~",),
    )


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("{}", "hosts: is empty"),
        ("{hosts: ['*']}", "is no host of a ServiceEntry"),
        ("{hosts: [a.b], addresses: [x]}", "is no address"),
        ("{hosts: [a.b], ports: [{number: 80}]}", "name: is missing"),
        ("{hosts: [a.b], ports: [{number: 80, name: a, protocol: ftp}]}", "is no protocol that Istio knows"),
        ("{hosts: [a.b], resolution: dns}", "is not one of"),
        ("{hosts: [a.b], endpoints: [{address: 10.0.0.1}], workloadSelector: {labels: {a: b}}}", "beside endpoints"),
    ],
)
def test_service_entries_that_are_refused(spec, complaint):
    refused("ServiceEntry", spec, complaint)


def test_gateway():
    found = one(
        "Gateway",
        "{selector: {istio: ingressgateway}, servers: [{port: {number: 443, protocol: TLS, name: a}, hosts: ['*'],"
        " tls: {mode: ISTIO_MUTUAL}}, {port: {number: 80, protocol: HTTP, name: b}, hosts: [x/y.z],"
        " tls: {httpsRedirect: true}}]}",
    )
    assert found.selector == (("istio", "ingressgateway"),)
    assert found.servers == (
        GatewayServer(443, "TLS", ("*",), "ISTIO_MUTUAL"),
        GatewayServer(80, "HTTP", ("x/y.z",), "", True),
    )


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("{}", "servers: is empty"),
        ("{servers: [{hosts: ['*']}]}", "port: is missing"),
        ("{servers: [{port: {number: 80}}]}", "hosts: is empty"),
        ("{servers: [{port: {number: 80}, hosts: ['*'], tls: {mode: STRICT}}]}", "is not one of"),
        ("{selector: {a: '*'}, servers: [{port: {number: 80}, hosts: ['*']}]}", "no wildcards"),
    ],
)
def test_gateways_that_are_refused(spec, complaint):
    refused("Gateway", spec, complaint)


SPECS: dict[str, Any] = {
    "DestinationRule": {
        "host": "web",
        "trafficPolicy": {
            "tls": {"mode": "MUTUAL", "clientCertificate": "a", "privateKey": "b"},
            "portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "SIMPLE"}}],
        },
        "subsets": [{"name": "v1", "labels": {"a": "b"}, "trafficPolicy": {"tls": {"mode": "DISABLE"}}}],
        "exportTo": ["."],
        "workloadSelector": {"matchLabels": {"a": "b"}},
    },
    "VirtualService": {
        "hosts": ["web"],
        "gateways": ["mesh", "gw"],
        "http": [
            {
                "match": [{"uri": {"prefix": "/"}, "port": 80, "gateways": ["mesh"]}, {"port": 81}],
                "route": [{"destination": {"host": "web", "subset": "v1", "port": {"number": 80}}, "weight": 1}],
            },
            {"delegate": {"name": "d"}},
        ],
        "tcp": [{"match": [{"port": 80}], "route": [{"destination": {"host": "web"}}]}],
        "tls": [{"match": [{"sniHosts": ["a"]}], "route": [{"destination": {"host": "web"}}]}],
    },
    "ServiceEntry": {
        "hosts": ["a.b"],
        "addresses": ["10.0.0.0/8"],
        "ports": [{"number": 80, "name": "a", "protocol": "HTTP", "targetPort": 81}],
        "endpoints": [{"address": "10.0.0.1", "ports": {"a": 80}, "labels": {"a": "b"}}],
        "exportTo": ["*"],
    },
    "Sidecar": {
        "workloadSelector": {"labels": {"a": "b"}},
        "egress": [{"hosts": ["a/*"], "port": {"number": 80}}],
        "ingress": [
            {
                "port": {"number": 80, "protocol": "HTTPS"},
                "bind": "10.0.0.1",
                "captureMode": "NONE",
                "defaultEndpoint": "127.0.0.1:80",
                "tls": {"mode": "SIMPLE"},
            },
        ],
    },
    "Gateway": {
        "selector": {"a": "b"},
        "servers": [{"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["*"], "tls": {"mode": "SIMPLE"}}],
    },
    "PeerAuthentication": {
        "selector": {"matchLabels": {"a": "b"}},
        "mtls": {"mode": "STRICT"},
        "portLevelMtls": {"80": {"mode": "DISABLE"}},
    },
}


@settings(max_examples=150)
@given(st.sampled_from(tuple(SPECS)).flatmap(lambda kind: st.tuples(st.just(kind), damaged(SPECS[kind]))))
def test_whatever_stands_there_is_read_whole_or_refused_with_a_word(drawn):
    kind, spec = drawn
    group = "security.istio.io" if kind == "PeerAuthentication" else GROUP
    document = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "x", "namespace": "y"}, "spec": spec}
    objects, diagnostics = from_documents([Document(document, Span("f"))])
    read_ones = sum(len(getattr(objects, room)) for room in (*ROOMS.values(), "peer_authentications"))
    assert read_ones + len(objects.refused) == 1
    assert bool(objects.refused) == any(one.severity == "error" for one in diagnostics)
