"""What stands behind a Service: pods and their ports, or what Endpoints list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.resources.kubernetes import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    ObjectMeta,
)
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options
from ringfence.topology.services import port_numbers
from tests.layers.clusters import cluster, meta, pod, policy, service, workload

PODS = (
    pod("x/a", "tcp/http=8080", ip="10.0.0.1", app="web"),
    pod("x/b", "tcp/http=9090", "udp/http=53", ip="10.0.0.2", app="web", tier="1"),
    pod("y/c", "tcp/http=7070", ip="10.0.0.3", app="web"),
    pod("x/d", ip="10.0.0.4"),
)


def led(objects, name, protocol="tcp", port=None):
    """Where a Service leads, as (endpoint, port)."""
    topology = build(objects)
    found = topology.service(name, protocol, port)
    return sorted((one.id, target.port) for target in found for one in topology.behind(target))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (service("x/web", "tcp/80=8080"), [("x/a[Pod]", 8080), ("x/b[Pod]", 8080)]),
        # A name is the number that each pod gives it; pods without it are left out.
        (service("x/web", "tcp/80=http"), [("x/a[Pod]", 8080), ("x/b[Pod]", 9090)]),
        (service("x/web", "tcp/80=nope"), []),
        (service("x/web", "tcp/80=80", selector={"app": "web", "tier": "1"}), [("x/b[Pod]", 80)]),
        (service("x/web", "tcp/80=80", selector={"app": "nobody"}), []),
        # A headless Service rewrites nothing: clients dial the port that they name.
        (service("x/web", "tcp/80=8080", cluster_ips=("None",)), [("x/a[Pod]", 80), ("x/b[Pod]", 80)]),
        (service("x/web", "tcp/80=8080", kind="ExternalName", external_name="example.com"), []),
        (service("x/web", "tcp/80=8080", selector={}), []),
    ],
)
def test_a_service_leads_to_pods_of_its_namespace(made, expected):
    assert led(cluster(*PODS, made), "x/web") == expected


@pytest.mark.parametrize("how", ["node", "pod"])
@pytest.mark.parametrize(("port", "number"), [("tcp/80=http", 8080), ("tcp/80=9", 9)])
def test_a_service_leads_to_pods_on_the_host_network_too(how, port, number):
    host = pod("x/h", "tcp/http=8080", ip="192.168.0.1", node="n", host=True, app="web")
    stranger = pod("y/h", "tcp/http=8080", ip="192.168.0.2", node="n", host=True, app="web")
    objects = cluster(host, stranger, service("x/web", port))
    topology = build(objects, Options(host_network=how))
    behind = [(one.id, target.port) for target in topology.service("x/web", "tcp") for one in topology.behind(target)]
    assert behind == [("x/h[Pod]", number)]


def test_the_port_is_asked_by_number_or_name_and_protocol():
    made = service("x/web", "tcp/80=8080", "tcp/81=8081", "udp/80=53")
    made = replace(made, ports=(replace(made.ports[0], name="first"), *made.ports[1:]))
    objects = cluster(*PODS, made)
    assert {port for _, port in led(objects, "x/web")} == {8080, 8081}
    assert {port for _, port in led(objects, "x/web", "udp", 80)} == {53}
    assert {port for _, port in led(objects, "x/web", "tcp", "first")} == {8080}
    assert led(objects, "x/web", "tcp", 82) == []
    assert led(objects, "x/nowhere") == []


@pytest.mark.parametrize("sliced", [False, True])
def test_a_service_without_selector_leads_where_endpoints_say(sliced):
    addresses = (EndpointAddress(("10.0.0.4", "10.0.0.3")), EndpointAddress(("db.example.com", "10.0")))
    subset = EndpointSubset(addresses, (EndpointPort(5432), EndpointPort(1, "other")))
    objects = cluster(*PODS, service("x/db", "tcp/80=80", selector={}))
    if sliced:
        own = ObjectMeta("db-1", "x", {"kubernetes.io/service-name": "db"})
        stranger = ObjectMeta("db-1", "y", {"kubernetes.io/service-name": "db"})
        slices = tuple(EndpointSlice(one, "IPv4", (subset,)) for one in (own, stranger))
        objects = replace(objects, endpoint_slices=slices)
    else:
        objects = replace(objects, endpoints=(Endpoints(meta("x/db"), (subset,)), Endpoints(meta("x/else"), (subset,))))
    assert led(objects, "x/db") == [("x/d[Pod]", 5432), ("y/c[Pod]", 5432)]


def test_named_ports_of_all_pods():
    assert port_numbers(cluster(*PODS)) == {
        ("tcp", "http"): frozenset({8080, 9090, 7070}),
        ("udp", "http"): frozenset({53}),
    }


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (service("x/web", "tcp/80=80"), False),
        (service("z/web", "tcp/80=80"), True),
        (service("x/web", "tcp/80=80", selector={"app": "web", "tier": "2"}), True),
        (service("x/w", "tcp/80=80"), False),
        (service("x/web", "tcp/80=80", selector={}), False),
        (service("x/web", "tcp/80=80", selector={"no": "one"}, kind="ExternalName"), False),
    ],
)
def test_a_service_that_selects_nothing_is_a_warning(made, said):
    objects = cluster(*PODS, workload("x/w"), policy("x/p", ingress=()), made)
    name = made.metadata.qualified_name
    messages = [one.message for one in build(objects).diagnostics]
    assert messages == ([f"Service {name} selects no pod"] if said else [])
