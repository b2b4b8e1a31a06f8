"""How a sidecar reads the ports of its pod."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_inbound import DETECTED, EITHER, HTTP, TCP, Inbound, is_gateway, ports, protocol
from ringfence.model.intervals import IntervalSet
from ringfence.resources.istio.networking import EntryPort, ServiceEntry
from ringfence.resources.kubernetes import Container, ContainerPort, ObjectMeta, PodTemplate, Service, ServicePort

WEB = PodTemplate(labels={"app": "web"}, containers=(Container("c", ports=(ContainerPort(8080, "main"),)),))


def service(*listed, name="web", created="", **more):
    more = {"selector": {"app": "web"}, **more}
    return Service(ObjectMeta(name, "shop", creation_timestamp=created), ports=listed, **more)


@pytest.mark.parametrize(
    ("name", "app_protocol", "number", "expected"),
    [
        *((name, "", 80, HTTP) for name in ("http", "http2", "grpc", "grpc-web", "grpc-web-x", "HTTP-api", "http-80")),
        *((name, "", 80, TCP) for name in ("tcp", "tls", "https", "mongo", "mysql", "redis", "tcp-x", "udp")),
        *((name, "", 80, DETECTED) for name in ("", "web", "httpx", "api-http")),
        *(("", "", number, TCP) for number in (25, 53, 3306, 27017)),
        ("http", "", 3306, HTTP),
        ("tcp", "http", 80, HTTP),
        ("http", "tcp", 80, TCP),
        ("http", "example.com/custom", 80, DETECTED),
        ("", "kubernetes.io/h2c", 80, HTTP),
        ("", "kubernetes.io/ws", 80, HTTP),
        ("", "kubernetes.io/wss", 80, TCP),
    ],
)
def test_protocol(name, app_protocol, number, expected):
    assert protocol(ServicePort(number, 8080, name, app_protocol=app_protocol)) == expected


HTTP_80, TCP_80 = ServicePort(80, 8080, "http"), ServicePort(80, 8080, "tcp")
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ((), ()),
        ((service(HTTP_80),), ((8080, HTTP),)),
        ((service(ServicePort(80, "main", "http")),), ((8080, HTTP),)),
        ((service(ServicePort(80, "other", "http")),), ()),
        ((service(ServicePort(80, 8080, "web")),), ()),
        ((service(ServicePort(80, 8080, "http", "UDP")),), ()),
        ((service(HTTP_80, selector={"app": "db"}),), ()),
        ((service(HTTP_80, selector={}),), ()),
        ((service(HTTP_80, type="ExternalName"),), ()),
        ((service(HTTP_80), service(HTTP_80, name="b")), ((8080, HTTP),)),
        ((service(HTTP_80), service(TCP_80, name="b")), ((8080, EITHER),)),
        ((service(HTTP_80, created=LATE), service(TCP_80, name="b", created=EARLY)), ((8080, TCP),)),
        ((service(HTTP_80, created=EARLY), service(TCP_80, name="b", created=EARLY)), ((8080, TCP),)),
        ((service(HTTP_80, created=EARLY), service(TCP_80, name="b")), ((8080, EITHER),)),
    ],
)
def test_ports(services, expected):
    assert ports(services, WEB) == expected
    assert ports(services[::-1], WEB) == expected


def entry(*listed, name="e", created="", selector=(("app", "web"),), hosts=("b.example", "web.example")):
    metadata = ObjectMeta(name, "shop", creation_timestamp=created)
    return ServiceEntry(metadata, hosts, ports=listed, workload_selector=selector)


SAID = (8080, HTTP)
HTTP_ENTRY, TCP_ENTRY = EntryPort(80, "HTTP", "x", 8080), EntryPort(80, "TCP", "x", 8080)


@pytest.mark.parametrize(
    ("services", "entries", "expected"),
    [
        ((), (entry(HTTP_ENTRY),), (SAID,)),
        ((), (entry(EntryPort(8080, "grpc-web", "x")),), (SAID,)),
        ((), (entry(EntryPort(80, "HTTP2", "main", 9090)),), (SAID,)),
        ((), (entry(EntryPort(80, "", "x")),), ()),
        ((), (entry(HTTP_ENTRY, selector=None),), ()),
        ((), (entry(HTTP_ENTRY, selector=()),), ()),
        ((), (entry(HTTP_ENTRY, selector=(("app", "db"),)),), ()),
        ((service(TCP_80),), (entry(HTTP_ENTRY),), ((8080, EITHER),)),
        ((service(TCP_80, created=LATE),), (entry(HTTP_ENTRY, created=EARLY),), (SAID,)),
        ((service(HTTP_80, created=EARLY),), (entry(TCP_ENTRY, created=LATE),), (SAID,)),
        ((service(TCP_80, created=EARLY),), (entry(HTTP_ENTRY, created=EARLY),), (SAID,)),
        ((service(TCP_80, name="a", created=EARLY),), (entry(HTTP_ENTRY, created=EARLY),), ((8080, TCP),)),
    ],
)
def test_ports_of_service_entries(services, entries, expected):
    assert ports(services, WEB, entries) == expected


def test_the_facet():
    inbound = Inbound(((80, HTTP), (5432, TCP), (8080, HTTP), (9000, EITHER)), ("shop/t",), ("a", "b"))
    assert inbound.facet == {
        "ports": "http 80,8080; tcp 5432; either 9000",
        "tokens": "shop/t",
        "providers": "a,b",
        "past": "((15020, 15021), (15090, 15090))",
    }
    assert inbound.read_as(HTTP) == IntervalSet.of(80, 8080)
    assert inbound.read_as(DETECTED) == IntervalSet.of((0, 65535)) - IntervalSet.of(80, 5432, 8080, 9000)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (PodTemplate(labels={"gateway.networking.k8s.io/gateway-name": "x"}), True),
        (PodTemplate(labels={"istio": "ingressgateway"}), True),
        (PodTemplate(annotations={"inject.istio.io/templates": "gateway"}), True),
        (WEB, False),
    ],
)
def test_gateways(template, expected):
    assert is_gateway(template) is expected
