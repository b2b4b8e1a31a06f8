"""What reaches a port that a client knows by routes alone, or not at all; and where its own address is kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.layers.istio_worlds import (
    NETWORKING,
    PEOPLE,
    World,
    destination,
    namespace,
    pod,
    service,
    thing,
    tls,
    virtual,
)

WEB, DB, IN = (f"{name}.svc.cluster.local" for name in ("web.shop", "db.shop", "in.other"))
BASE = (*PEOPLE, namespace("istio-system"), pod("a"), pod("other/o"), pod("web"), pod("db"))
PASSING = {"loadBalancer": {"simple": "PASSTHROUGH"}}
CLOSED = {
    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"},
    "data": {"mesh": "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"},
}  # fmt: skip


def to(host: str, subset: str = "", port: int = 0, **match: Any) -> list[dict[str, Any]]:
    """One route."""
    there: dict[str, Any] = {"host": host} | ({"subset": subset} if subset else {})
    there |= {"port": {"number": port}} if port else {}
    return [{"route": [{"destination": there}], **match}]


def exported(made: dict[str, Any], names: str) -> dict[str, Any]:
    made["metadata"]["annotations"] = {"networking.istio.io/exportTo": names}
    return made


@pytest.mark.parametrize(
    ("names", "routes", "expected"),
    [
        (".", {}, ("mtls", "plaintext")),
        ("other", {}, ("plaintext", "mtls")),  # not known in its own namespace
        (".,other", {}, ("mtls", "mtls")),
        ("~", {}, ("plaintext", "plaintext")),
        # HTTP by the name of a VirtualService leads there all the same from its own namespace, and from no third one.
        ("other", {"http": to(WEB)}, ("either", "mtls")),
        ("plain", {"http": to(WEB)}, ("either", "plaintext")),
        ("other", {"http": to(WEB, match=[{"port": 81}])}, ("plaintext", "mtls")),
        ("other", {"tcp": to(WEB)}, ("plaintext", "mtls")),
    ],
)
def test_a_service_that_is_exported_to_some(names, routes, expected):
    made = exported(service("web", port_name="http"), names)
    things = (*BASE, made, *((virtual("v", WEB, **routes),) if routes else ()))
    world = World(*things)
    assert tuple(world.sent(one, "web") for one in ("a", "other/o")) == expected


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ({"http": to(WEB, "one")}, "either"),
        ({"http": to(WEB, "one", 80)}, "either"),
        ({"http": to(WEB, "one", 81)}, "mtls"),  # a port that the Service has not
        ({"http": to(WEB, "none")}, "mtls"),
        ({"tcp": to(WEB, "one")}, "mtls"),  # such names are for HTTP
        ({"tls": to(WEB, "one", match=[{"sniHosts": ["shop.example"]}])}, "mtls"),
    ],
)
def test_a_host_that_only_a_virtual_service_knows(routes, expected):
    rule = destination("d", "web", subsets=[{"name": "one", "trafficPolicy": tls("DISABLE")}])
    world = World(*BASE, service("web"), rule, virtual("v", "shop.example", **routes))
    assert world.sent("a", "web") == expected


def test_such_a_host_has_a_name_at_port_80_alone():
    rule = destination("d", "web", subsets=[{"name": "one", "trafficPolicy": tls("DISABLE")}])
    routes = virtual("v", "shop.example", http=to(WEB, "one"))
    world = World(*BASE, service("web", (80, 8080), (81, 8081)), rule, routes)
    assert [world.sent("a", "web", port) for port in (8080, 8081)] == ["either", "mtls"]
    elsewhere = virtual("v", "shop.example", http=to(WEB, "one", match=[{"port": 81}]))
    assert World(*BASE, service("web"), rule, elsewhere).sent("a", "web") == "mtls"


def test_a_name_may_be_used_by_nobody():
    """Where the rest is closed, perhaps nothing is sent to what such a name alone leads to."""
    limited = thing(NETWORKING, "Sidecar", "other/s", {"egress": [{"hosts": ["./*"]}]})
    things = (*BASE, service("web", port_name="http"), service("other/in", port_name="http"), limited)
    by_name = virtual("other/v", "shop.example", http=to(WEB))
    known = virtual("other/v", "in", http=to(WEB))
    for route, withheld in ((by_name, True), (known, False)):
        world = World(*things, route, CLOSED)
        assert (world.sent("other/o", "web"), world.withheld("other/o", "web")) == ("mtls", withheld)
        assert World(*things, route).sent("other/o", "web") == "either"  # the pod's own address is not closed


def test_routes_of_a_host_lead_where_it_is_known():
    limited = thing(NETWORKING, "Sidecar", "other/s", {"egress": [{"hosts": [f"shop/{WEB}", "other/nothing.example"]}]})
    rule = destination("d", "db", subsets=[{"name": "one", "trafficPolicy": tls("DISABLE")}])
    things = (*BASE, service("web"), service("db"), rule)
    led = virtual("v", "web", tcp=to(DB, "one"))
    assert World(*things, led).sent("other/o", "db") == "either"
    assert World(*things, led, limited).sent("other/o", "db") == "plaintext"
    hidden = (*BASE, exported(service("web"), "."), service("db"), rule)
    assert [World(*hidden, led).sent(one, "db") for one in ("a", "other/o")] == ["either", "mtls"]


def test_beside_routes_that_lead_elsewhere_a_name_leaves_the_own_address():
    things = (*BASE, service("web", port_name="http"), service("db", (6379, 6379)))
    away = virtual("v", WEB, http=to(DB))
    assert World(*things, away).sent("a", "web") == "plaintext"
    assert World(*things, away, virtual("w", "shop.example", http=to(WEB))).sent("a", "web") == "either"


@pytest.mark.parametrize(("client", "expected"), [("a", "plaintext"), ("b", "mtls")])
def test_what_keeps_the_address_is_sent_as_the_rule_for_the_clients_labels_says(client, expected):
    headless = service("db", (8080, 8080), clusterIP="None")
    rule = destination("d", "db", "DISABLE", workloadSelector={"matchLabels": {"app": "a"}})
    world = World(*BASE, pod("b"), service("web"), headless, rule, virtual("v", "web", tcp=to(DB)))
    assert [world.sent(client, one) for one in ("web", "db")] == [expected, expected]


def test_a_route_to_another_port_of_the_host_keeps_the_dialled_one():
    ports = service("web", (80, 8080), (81, 8081))
    policy = {**PASSING, "portLevelSettings": [{"port": {"number": 81}, **tls("DISABLE"), **PASSING}]}
    rule = destination("d", "web", trafficPolicy=policy)
    routes = virtual("v", "web", tcp=to(WEB, port=81))
    world = World(*BASE, ports, rule, routes)
    assert [world.sent("a", "web", port) for port in (8080, 8081)] == ["plaintext", "plaintext"]
    turned = World(*BASE, ports, rule, virtual("v", "web", tcp=to(WEB, port=80)))
    assert [turned.sent("a", "web", port) for port in (8080, 8081)] == ["mtls", "mtls"]
    assert [World(*BASE, ports, rule).sent("a", "web", port) for port in (8080, 8081)] == ["mtls", "plaintext"]


@pytest.mark.parametrize(
    ("names", "clients"),
    [
        ("*", ("mtls", "mtls")),
        (".", ("mtls", "plaintext")),
        ("other", ("mtls", "mtls")),
        ("plain", ("mtls", "plaintext")),
        ("~", ("either", "plaintext")),
    ],
)
def test_a_route_to_what_a_client_must_not_know_leads_nowhere(names, clients):
    headless = exported(service("db", (80, 8080), clusterIP="None"), names)
    things = (*BASE, service("web", (81, 8081)), headless, virtual("v", "web", tcp=to(DB)))
    world = World(*things)
    assert tuple(world.sent(one, "web", 8081) for one in ("a", "other/o")) == clients


@pytest.mark.parametrize(("port", "expected"), [(None, "either"), (80, "either"), (81, "plaintext")])
def test_a_listener_of_a_sidecar_has_clusters_for_its_own_port(port, expected):
    listener: dict[str, Any] = {"hosts": ["./*"]} | (
        {"port": {"number": port, "protocol": "TCP", "name": "x"}} if port else {}
    )
    limited = thing(NETWORKING, "Sidecar", "other/s", {"egress": [listener]})
    things = (*BASE, service("web"), service("other/in", (80, 8080), (81, 8081)), limited)
    world = World(*things, virtual("other/v", "in", tcp=to(WEB, port=80)))
    assert world.sent("other/o", "web") == expected


ONE = destination("d", "web", subsets=[{"name": "one", "trafficPolicy": tls("DISABLE")}])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"tcp": to(WEB)}, {"http": to(WEB, "one")}, "plaintext"),  # the first has no routes for HTTP
        ({"http": to(WEB, match=[{"port": 81}])}, {"http": to(WEB, "one")}, "plaintext"),  # nor for this port
        ({"http": to(WEB)}, {"http": to(WEB, "one")}, "mtls"),
        ({"http": to(WEB, match=[{"uri": {"prefix": "/a"}}])}, {"http": to(WEB, "one")}, "mtls"),
        ({"http": to(WEB, match=[{"sourceLabels": {"app": "x"}}])}, {"http": to(WEB, "one")}, "either"),
    ],
)
def test_of_two_for_one_host_http_follows_the_first_that_has_routes(first, second, expected):
    things = (*BASE, service("web", port_name="http"), ONE)
    assert World(*things, virtual("v", "web", **first), virtual("w", "web", **second)).sent("a", "web") == expected
    if "http" not in first:  # of those for one name with a star only the first is asked
        wide = (virtual("v", "*.shop.svc.cluster.local", **first), virtual("w", "*.shop.svc.cluster.local", **second))
        assert World(*things, *wide).sent("a", "web") == "mtls"


@pytest.mark.parametrize("condition", [{"sourceLabels": {"app": "x"}}, {"sourceNamespace": "other"}])
@pytest.mark.parametrize(("kind", "expected"), [("http", "either"), ("tcp", "either")])
def test_a_route_for_some_clients_leaves_others_at_the_host(kind, expected, condition):
    things = (*BASE, service("web", port_name=kind), ONE)
    world = World(*things, virtual("v", "web", **{kind: to(WEB, "one", match=[condition])}))
    assert world.sent("a", "web") == expected


def test_a_route_for_some_clients_that_leads_nowhere_leaves_it_open():
    headless = (*BASE, service("web", (8080, 8080), clusterIP="None"))
    for_some: dict[str, Any] = {"match": [{"sourceLabels": {"app": "x"}}]}
    assert World(*headless, virtual("v", "web", tcp=to(WEB, port=99, **for_some))).withheld("a", "web")
    assert not World(*headless, virtual("v", "web", tcp=to(WEB, **for_some))).withheld("a", "web")
    away = World(*BASE, service("web"), virtual("v", "web", tcp=to(WEB, "absent", **for_some)))
    assert away.sent("a", "web") == "either"


def test_the_rules_for_what_keeps_the_address_are_those_of_the_clients_namespace():
    headless = service("db", (8080, 8080), clusterIP="None")
    rule = destination("other/d", DB, "DISABLE")
    world = World(*BASE, service("web"), headless, rule, virtual("v", "web", tcp=to(DB)))
    assert [world.sent(one, "web") for one in ("a", "other/o")] == ["mtls", "plaintext"]


def test_a_name_that_leads_to_what_keeps_the_address_leads_to_the_own_pods():
    hidden = exported(service("web", port_name="http"), ".")
    headless = service("db", (6379, 6379), clusterIP="None")
    routes = virtual("v", WEB, http=to(DB, port=6379))
    world = World(*BASE, hidden, headless, routes)
    assert [world.sent(one, "web") for one in ("a", "other/o")] == ["mtls", "either"]
    assert World(*BASE, hidden, service("db", (6379, 6379)), routes).sent("other/o", "web") == "plaintext"


def test_a_name_that_leads_to_its_own_host_keeps_the_address_there():
    limited = thing(NETWORKING, "Sidecar", "other/s", {"egress": [{"hosts": ["./*"]}]})
    subset = {"name": "one", "trafficPolicy": {**PASSING, **tls("ISTIO_MUTUAL")}}
    things = (*BASE, service("web", port_name="http"), destination("d", "web", subsets=[subset]), limited)
    assert World(*things).sent("other/o", "web") == "plaintext"
    assert World(*things, virtual("other/v", WEB, http=to(WEB, "one"))).sent("other/o", "web") == "either"


def test_routes_for_tls_that_lead_elsewhere_may_lead_nowhere():
    sni: dict[str, Any] = {"match": [{"sniHosts": [WEB]}]}
    things = (
        *BASE,
        service("web", (443, 8443), port_name="tls"),
        service("db", (6379, 6379), clusterIP="None"),
        CLOSED,
    )
    away = [*to("absent", **sni), *to(DB, **sni)]
    assert World(*things, virtual("v", "web", tls=away)).withheld("a", "web", 8443)
    missing = [*to(WEB, "absent", **sni), *to(WEB, **sni)]
    assert World(*things, virtual("v", "web", tls=missing)).withheld("a", "web", 8443)
    assert not World(*things, virtual("v", "web", tls=to(WEB, **sni))).withheld("a", "web", 8443)
