"""The ports that clients' proxies know, and what they lead to."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_listed import ListedPort
from ringfence.model.addresses import AddressSet
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.topology.mesh.istio_registry import of_entries, of_services
from ringfence.topology.services import port_numbers
from tests.layers.istio_worlds import NETWORKING, PEOPLE, World, pod, service, thing


def listed(*things: dict, config: MeshConfig | None = None) -> list[ListedPort]:
    objects = World(*things).objects
    found = of_services(objects, port_numbers(objects), config or MeshConfig(), {})
    return [*found, *of_entries(objects.service_entries, port_numbers(objects))]


def with_port(**port: object) -> dict:
    return thing("v1", "Service", "web", {"selector": {"app": "web"}, "ports": [{"port": 80, **port}]})


def test_a_service_is_listed_by_its_full_name_and_leads_to_pods_ports():
    (found,) = listed(service("web", (80, 8080)))
    assert (found.host, found.namespace, found.port) == ("web.shop.svc.cluster.local", "shop", 80)
    assert [one.port for one in found.backends] == [8080]
    assert (found.headless, found.external, found.exported) == (False, False, frozenset("*"))


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"name": "http"}, "http"),
        ({"name": "http2-api"}, "http"),
        ({"name": "grpc-web-x"}, "http"),
        ({"name": "tcp"}, "tcp"),
        ({"name": "https"}, "tls"),
        ({"name": "tls-x"}, "tls"),
        ({"name": "mongo"}, "tcp"),
        ({"name": "web"}, ""),
        ({"name": "web", "appProtocol": "http"}, "http"),
        ({"name": "http", "appProtocol": "tcp"}, "tcp"),
        ({"name": "x", "appProtocol": "kubernetes.io/h2c"}, "http"),
        ({"name": "x", "port": 3306}, "tcp"),
        ({"name": "http", "protocol": "UDP"}, None),
    ],
)
def test_protocols(port, expected):
    assert [one.protocol for one in listed(with_port(**port))] == ([] if expected is None else [expected])


def test_a_headless_service_leads_to_the_port_that_is_dialled():
    (found,) = listed(service("web", (80, 8080), clusterIP="None"))
    assert (found.headless, [one.port for one in found.backends]) == (True, [80])


def test_an_external_name_leads_nowhere():
    ports = [{"port": 80, "name": "http"}]
    assert listed(thing("v1", "Service", "x", {"type": "ExternalName", "externalName": "a.b", "ports": ports})) == []


def test_a_named_target_port_is_that_of_the_pods():
    containers = [{"name": "a", "image": "a", "ports": [{"name": "main", "containerPort": 7000}]}]
    (found,) = listed(pod("web", containers=containers), with_port(name="http", targetPort="main"))
    assert [one.port for one in found.backends] == [7000]


@pytest.mark.parametrize(
    ("written", "default", "expected"),
    [
        ("", ("*",), {"*"}),
        ("", (".",), {"shop"}),
        (".", ("*",), {"shop"}),
        ("a, b", ("*",), {"a", "b"}),
        ("~", ("*",), set()),
    ],
)
def test_exports(written, default, expected):
    made = service("web")
    made["metadata"]["annotations"] = {"networking.istio.io/exportTo": written}
    (found,) = listed(made, config=MeshConfig(default_service_export_to=default))
    assert found.exported == expected


def entry(**spec: object) -> dict:
    ports = [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080}]
    return thing(NETWORKING, "ServiceEntry", "e", {"hosts": ["a.example"], "ports": ports, **spec})


ENDPOINT = {"address": "10.1.1.1"}
ISTIO = {"address": "10.1.1.1", "labels": {"security.istio.io/tlsMode": "istio"}}
BARE = {"address": "10.1.1.1", "labels": {"security.istio.io/tlsMode": "disabled"}}
SELECTING = {"resolution": "STATIC", "location": "MESH_INTERNAL", "workloadSelector": {"labels": {"a": "b"}}}
NAMED = pod("named", {"a": "b"})
NAMED["spec"]["containers"][0]["ports"] = [{"containerPort": 9090, "name": "main"}]


@pytest.mark.parametrize(
    ("spec", "backends", "external"),
    [
        ({"resolution": "STATIC", "endpoints": [ENDPOINT]}, [(8080, "10.1.1.1")], True),
        ({"resolution": "STATIC", "location": "MESH_INTERNAL", "endpoints": [ENDPOINT]}, [(8080, "10.1.1.1")], True),
        ({"resolution": "STATIC", "location": "MESH_INTERNAL", "endpoints": [ISTIO]}, [(8080, "10.1.1.1")], False),
        ({"resolution": "STATIC", "endpoints": [{**ENDPOINT, "ports": {"http": 81}}]}, [(81, "10.1.1.1")], True),
        ({"resolution": "DNS", "endpoints": [{"address": "b.example"}]}, [], None),
        ({"resolution": "DNS"}, [], None),
        ({"addresses": ["10.9.0.0/16"]}, [(80, "10.9.0.0/16")], True),
        ({}, [], None),
        ({"resolution": "STATIC", "location": "MESH_INTERNAL", "workloadSelector": {"labels": {"a": "b"}}},
         [(8080, None)], False),
        ({**SELECTING, "ports": [{"number": 80, "name": "main", "protocol": "HTTP"}]},
         [(9090, None), (80, None)], False),
        ({**SELECTING, "workloadSelector": {"labels": {}}}, [], None),
        ({**SELECTING, "resolution": "NONE"}, [(8080, None)], False),
        ({"resolution": "STATIC", "location": "MESH_INTERNAL", "endpoints": [{**ENDPOINT, "serviceAccount": "vm"}]},
         [(8080, "10.1.1.1")], False),
        ({"resolution": "STATIC", "location": "MESH_INTERNAL", "endpoints": [{**BARE, "serviceAccount": "vm"}]},
         [(8080, "10.1.1.1")], True),
    ],
)  # fmt: skip
def test_service_entries(spec, backends, external):
    found = listed(entry(**spec), NAMED)
    expected = [(port, None if text is None else AddressSet.of(text)) for port, text in backends]
    assert [(one.port, one.addresses) for listed_port in found for one in listed_port.backends] == expected
    assert {one.external for one in found} == (set() if external is None else {external})


@pytest.mark.parametrize(
    ("endpoint", "location", "sent"),
    [
        (ISTIO, "MESH_INTERNAL", "mtls"),
        (ENDPOINT, "MESH_INTERNAL", "plaintext"),
        (BARE, "MESH_INTERNAL", "plaintext"),
        (ISTIO, "MESH_EXTERNAL", "plaintext"),
    ],
)
def test_what_is_written_down_as_proxied_is_sent_mutual_tls(endpoint, location, sent):
    made = entry(resolution="STATIC", location=location, endpoints=[endpoint])
    world = World(*PEOPLE, pod("web"), pod("other", address="10.1.1.1"), made)
    assert world.sent("web", "other") == sent


def test_a_udp_port_is_not_listed():
    ports = [{"number": 53, "name": "dns", "protocol": "UDP"}]
    assert listed(entry(ports=ports, addresses=["10.0.0.1"])) == []
