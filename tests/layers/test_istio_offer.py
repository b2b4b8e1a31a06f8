"""What a client's proxy sends to listed and unlisted ports, over a whole cluster."""

from __future__ import annotations

import pytest

from ringfence.model.rules import Purpose
from tests.layers.istio_worlds import (
    EARLY,
    LATE,
    NETWORKING,
    PEOPLE,
    World,
    destination,
    namespace,
    peer,
    pod,
    service,
    thing,
    tls,
    virtual,
)

BASE = (*PEOPLE, pod("a"), pod("other/o"), pod("plain/n"), pod("web"))
WEB = "web.shop.svc.cluster.local"
NAKED = {"sidecar.istio.io/inject": "false"}


def config(text: str) -> dict[str, object]:
    metadata = {"name": "istio", "namespace": "istio-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mesh": text}}


DISABLED = {"trafficPolicy": tls("DISABLE")}


def sidecar(name: str, *hosts: str, app: str = "", **spec: object) -> dict[str, object]:
    selector = {"workloadSelector": {"labels": {"app": app}}} if app else {}
    return thing(NETWORKING, "Sidecar", name, {**selector, "egress": [{"hosts": list(hosts)}], **spec})


def at_port(number: int) -> dict[str, object]:
    return {"portLevelSettings": [{"port": {"number": number}, **tls("DISABLE")}]}


def test_auto_mtls_needs_a_service_that_lists_the_port():
    assert World(*BASE).sent("a", "web") == "plaintext"
    world = World(*BASE, service("web", (80, 8080)))
    assert [world.sent("a", "web", port) for port in (8080, 80, 9090)] == ["mtls", "plaintext", "plaintext"]
    assert [world.sent("plain/n", "web"), world.sent("a", "plain/n")] == ["plaintext", "plaintext"]


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((), "mtls"),
        ((config("enableAutoMtls: false"),), "plaintext"),
        ((config("enableAutoMtls: false"), destination("d", "web", "ISTIO_MUTUAL")), "mtls"),
        ((peer("w", "DISABLE", "web"),), "plaintext"),
        ((peer("w", None, "web", p8080="DISABLE"),), "plaintext"),
        ((peer("w", "DISABLE", "web", p8080="STRICT"),), "mtls"),
        ((peer("w", None, "web", p9090="DISABLE"),), "mtls"),
        # A Service's namespace in DISABLE turns auto-mTLS off, whatever its workloads say.
        ((peer("n", "DISABLE"), peer("w", "STRICT", "web")), "plaintext"),
        ((peer("istio-system/m", "DISABLE"), peer("w", "STRICT", "web")), "plaintext"),
        ((peer("istio-system/m", "DISABLE"), peer("n", "PERMISSIVE")), "mtls"),
        ((peer("n", "DISABLE"), destination("d", "web", "ISTIO_MUTUAL")), "mtls"),
        ((peer("n", "DISABLE"), peer("m", "STRICT"), peer("w", "STRICT", "web")), "either"),
        # Rules of other places and for other workloads.
        ((destination("other/d", WEB, "DISABLE"),), "mtls"),
        ((destination("d", "web", "DISABLE", exportTo=["other"]),), "mtls"),
        ((destination("d", "web", "DISABLE", workloadSelector={"matchLabels": {"app": "a"}}),), "plaintext"),
        ((destination("d", "web", "DISABLE", workloadSelector={"matchLabels": {"app": "x"}}),), "mtls"),
        ((destination("d", "web", "DISABLE", EARLY), destination("e", "web", "ISTIO_MUTUAL", LATE)), "plaintext"),
        ((destination("d", "web", "DISABLE"), destination("e", "web", "ISTIO_MUTUAL")), "either"),
        ((destination("d", "web", "MUTUAL"),), "either"),
        ((destination("d", "web", trafficPolicy=at_port(80)),), "plaintext"),
        ((destination("d", "web", trafficPolicy=at_port(8080)),), "mtls"),  # ports are those of the Service
        # The client's own proxy.
        ((sidecar("s", "./*"),), "mtls"),
        ((sidecar("s", "other/*"),), "plaintext"),
        ((sidecar("s", f"./{WEB}"),), "mtls"),
        ((sidecar("s", "other/*", app="x"),), "mtls"),
        ((sidecar("s", "other/*"), sidecar("t", "*/*", app="a")), "mtls"),
        ((sidecar("istio-system/s", "other/*"),), "plaintext"),
        ((sidecar("istio-system/s", "other/*", app="a"),), "mtls"),
        ((sidecar("s", "other/*"), destination("d", "web", "ISTIO_MUTUAL")), "plaintext"),
    ],
)  # fmt: skip
def test_what_decides(things, expected):
    assert World(*BASE, service("web"), *things).sent("a", "web") == expected


def test_a_rule_of_the_clients_namespace_goes_first():
    world = World(
        *BASE, service("web"), destination("d", "web", "DISABLE"), destination("other/d", WEB, "ISTIO_MUTUAL")
    )
    assert [world.sent(one, "web") for one in ("a", "other/o")] == ["plaintext", "mtls"]


def test_two_services_that_disagree_leave_it_open():
    things = (*BASE, service("web"), service("alias", (8000, 8080), app="web"))
    assert World(*things, destination("d", "alias", "DISABLE")).sent("a", "web") == "either"
    assert World(*things).sent("a", "web") == "mtls"
    disabled = (destination("d", "alias", "DISABLE"), destination("e", "web", "DISABLE"))
    assert World(*things, *disabled).sent("a", "web") == "plaintext"


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({"traffic.sidecar.istio.io/excludeOutboundPorts": "80"}, "plaintext"),
        ({"traffic.sidecar.istio.io/excludeOutboundPorts": "8080"}, "mtls"),  # the client dials the Service's port
        ({"traffic.sidecar.istio.io/excludeOutboundPorts": "eighty"}, "either"),
        ({"traffic.sidecar.istio.io/includeOutboundIPRanges": "10.0.0.0/8"}, "either"),
        ({"traffic.sidecar.istio.io/includeOutboundIPRanges": "*"}, "mtls"),
        ({"traffic.sidecar.istio.io/excludeOutboundIPRanges": "10.0.0.0/8"}, "either"),
    ],
)
def test_what_goes_past_the_clients_proxy(annotations, expected):
    world = World(*BASE, pod("c", annotations=annotations), service("web"))
    assert [world.sent("c", "web"), world.sent("a", "web")] == [expected, "mtls"]


@pytest.mark.parametrize(
    ("pods", "things", "expected"),
    [
        ((), (), "mtls"),
        ((pod("web2", {"app": "web", **NAKED}),), (), "plaintext"),  # one endpoint without proxy decides for all
        ((), (peer("w", "DISABLE", "web"),), "mtls"),  # no endpoint is looked at by itself
        ((), (peer("n", "DISABLE"),), "plaintext"),
        ((), (destination("d", "web", "DISABLE"),), "plaintext"),
    ],
)
def test_headless_services(pods, things, expected):
    headless = service("web", (8080, 8080), clusterIP="None")
    assert World(*BASE, *pods, headless, *things).sent("a", "web") == expected


def test_a_load_balancer_that_passes_addresses_through():
    passing = destination("istio-system/d", "*", trafficPolicy={"loadBalancer": {"simple": "PASSTHROUGH"}})
    mixed = pod("web2", {"app": "web", **NAKED})
    assert World(*BASE, service("web"), passing).sent("a", "web") == "mtls"
    assert World(*BASE, mixed, service("web"), passing).sent("a", "web") == "plaintext"
    assert World(*BASE, mixed, service("web")).sent("a", "web") == "mtls"


def test_where_addresses_pass_through_endpoints_are_not_told_apart():
    passing = {"loadBalancer": {"simple": "PASSTHROUGH"}}
    things = (*BASE, pod("web2", {"app": "web", **NAKED}), service("web"))
    at_port = {"portLevelSettings": [{"port": {"number": 80}, **passing}]}
    assert World(*things, destination("d", "web", trafficPolicy=at_port)).sent("a", "web2") == "mtls"
    assert World(*things, destination("d", "web", trafficPolicy={**at_port, **passing})).sent("a", "web") == "plaintext"
    subset = {"name": "one", "labels": {"version": "1"}, "trafficPolicy": {**passing, **tls("DISABLE")}}
    over = World(*BASE, service("web"), destination("d", "web", subsets=[subset]), virtual("v", "web", **tcp("one")))
    assert over.sent("a", "web") == "plaintext"


def tcp(subset: str, host: str = "web") -> dict[str, object]:
    return {"tcp": [{"route": [{"destination": {"host": host, "subset": subset}}]}]}


def test_past_the_routes_of_a_headless_service_nothing_goes():
    things = (*BASE, service("web", (8080, 8080), clusterIP="None"))
    assert not World(*things).withheld("a", "web")
    assert World(*things, virtual("v", "web", **tcp("absent"))).withheld("a", "web")
    assert not World(*BASE, service("web"), virtual("v", "web", **tcp("absent"))).withheld("a", "web")


def test_a_route_to_a_headless_service_stays_at_the_pods_that_are_dialled():
    other = service("db", (8080, 8080), clusterIP="None")
    world = World(*BASE, pod("db"), service("web"), other, destination("d", "web", "DISABLE"),
                  virtual("v", "web", tcp=[{"route": [{"destination": {"host": "db"}}]}]))  # fmt: skip
    assert [world.sent("a", one) for one in ("web", "db")] == ["mtls", "mtls"]
    plain = World(*BASE, pod("db"), service("web"), other, destination("d", "db", "DISABLE"),
                  virtual("v", "web", tcp=[{"route": [{"destination": {"host": "db"}}]}]))  # fmt: skip
    assert [plain.sent("a", one) for one in ("web", "db")] == ["plaintext", "plaintext"]


V1, V2 = pod("v1", {"app": "web", "version": "1"}), pod("v2", {"app": "web", "version": "2"})
SUBSETS = [
    {"name": "one", "labels": {"version": "1"}, "trafficPolicy": tls("DISABLE")},
    {"name": "two", "labels": {"version": "2"}},
]


def http(*subsets: str, **match: object) -> dict[str, object]:
    routes = [{"route": [{"destination": {"host": "web", "subset": one}}], **match} for one in subsets]
    return {"http": routes}


@pytest.mark.parametrize(
    ("routing", "expected"),
    [
        (None, ("mtls", "mtls")),  # nobody goes over a subset
        (http("one"), ("plaintext", "plaintext")),  # and v2 is reached by its address alone
        (http("two"), ("plaintext", "mtls")),
        (http("one", "two", match=[{"uri": {"prefix": "/x"}}]), ("plaintext", "mtls")),
        (http("absent"), ("plaintext", "plaintext")),
    ],
)
def test_subsets(routing, expected):
    things = [*BASE[:-1], V1, V2, service("web", port_name="http"), destination("d", "web", subsets=SUBSETS)]
    if routing is not None:
        things.append(virtual("v", "web", **routing))
    world = World(*things)
    assert tuple(world.sent("a", one) for one in ("v1", "v2")) == expected


def test_a_route_to_the_host_itself_beside_one_to_a_subset_leaves_it_open():
    split = {"http": [{"route": [
        {"destination": {"host": "web", "subset": "one"}, "weight": 10}, {"destination": {"host": "web"}, "weight": 90},
    ]}]}  # fmt: skip
    things = (*BASE[:-1], V1, V2, service("web", port_name="http"), destination("d", "web", subsets=SUBSETS))
    world = World(*things, virtual("v", "web", **split))
    assert [world.sent("a", one) for one in ("v1", "v2")] == ["either", "mtls"]


def test_a_service_may_be_unknown_to_other_namespaces():
    hidden = service("web")
    hidden["metadata"]["annotations"] = {"networking.istio.io/exportTo": "."}
    world = World(*BASE, hidden)
    assert [world.sent(one, "web") for one in ("a", "other/o")] == ["mtls", "plaintext"]


def test_gateways_send_like_proxies_and_are_sent_plaintext():
    gateway = pod("gw", {"istio": "ingressgateway"}, {"inject.istio.io/templates": "gateway"})
    things = (*BASE, gateway, service("web", port_name="http"), service("gw"))
    world = World(*things, destination("d", "web", subsets=SUBSETS))
    assert [world.sent("gw", "web"), world.sent("a", "gw")] == ["mtls", "plaintext"]
    outside = virtual("v", "web", gateways=["gw"], **http("one"))
    subsets = [{"name": "one", "trafficPolicy": tls("DISABLE")}]
    over = World(*things, outside, destination("d", "web", subsets=subsets))
    assert [over.sent("gw", "web"), over.sent("a", "web")] == ["either", "mtls"]


def test_a_service_entry_leads_to_addresses_of_pods():
    entry = thing(NETWORKING, "ServiceEntry", "e", {
        "hosts": ["web.example"], "ports": [{"number": 8080, "name": "tcp", "protocol": "TCP"}],
        "resolution": "STATIC", "endpoints": [{"address": "10.1.1.1"}],
    })  # fmt: skip
    things = (*BASE[:-1], pod("web", address="10.1.1.1"))
    assert World(*things, entry).sent("a", "web") == "plaintext"
    assert World(*things, entry, destination("d", "web.example", "ISTIO_MUTUAL")).sent("a", "web") == "mtls"


def test_ambient_pods_are_spoken_to_by_hbone():
    ambient = namespace("ambient", **{"istio.io/dataplane-mode": "ambient"})
    world = World(*BASE, ambient, pod("ambient/web"), service("ambient/web"), pod("ambient/c"), service("web"))
    assert [world.sent("a", "ambient/web"), world.sent("ambient/c", "web")] == ["mtls", "mtls"]
    assert world.sent("ambient/c", "ambient/web", 9999) == "mtls"


def test_a_client_of_an_undeclared_namespace_may_send_either():
    world = World(*BASE, pod("nobody/c"), service("web"))
    assert world.sent("nobody/c", "web") == "either"


def test_the_deciding_rule_is_named_with_its_place():
    world = World(*BASE, service("web"), destination("d", "web", "DISABLE"))
    assert ("shop/d", f"{len(BASE) + 1}.yaml") in world.spans(Purpose.OFFER)


def test_tls_for_a_name_that_no_route_has_goes_out_as_it_is():
    routes = {"tls": [{"match": [{"sniHosts": [WEB]}], "route": [{"destination": {"host": "web"}}]}]}
    things = (*BASE, service("web", (443, 8443), port_name="tls"), virtual("v", "web", **routes))
    assert World(*things).sent("a", "web", 8443) == "either"
    assert World(*things, config("outboundTrafficPolicy: {mode: REGISTRY_ONLY}")).sent("a", "web", 8443) == "mtls"


def test_a_sidecar_limits_the_routes_that_are_followed():
    routes = virtual("v", "web", **tcp("one"))
    things = (*BASE, service("web"), destination("d", "web", subsets=[{"name": "one", **DISABLED}]), routes)
    assert World(*things).sent("other/o", "web") == "plaintext"
    hidden = sidecar("other/s", f"shop/{WEB}", "other/*")
    assert World(*things, hidden).sent("other/o", "web") == "plaintext"
    elsewhere = (
        *things[:-1],
        virtual("plain/v", WEB, tcp=[{"route": [{"destination": {"host": WEB, "subset": "one"}}]}]),
    )
    assert World(*elsewhere).sent("other/o", "web") == "plaintext"
    assert World(*elsewhere, hidden).sent("other/o", "web") == "mtls"


def test_what_a_route_leads_to_is_known_to_those_who_take_the_route():
    db = "db.shop.svc.cluster.local"
    things = (*BASE, pod("db"), service("other/in"), service("db"), sidecar("other/s", "other/*"))
    assert World(*things).sent("other/o", "db") == "plaintext"
    own = virtual("other/v", "in", tcp=[{"route": [{"destination": {"host": db, "port": {"number": 80}}}]}])
    assert World(*things, own).sent("other/o", "db") == "either"
    closed = config("outboundTrafficPolicy: {mode: REGISTRY_ONLY}")
    assert World(*things, own, closed).sent("other/o", "db") == "mtls"


def test_a_sidecar_of_the_root_namespace_is_for_each_namespace_by_itself():
    world = World(*BASE, pod("other/web"), service("web"), service("other/web"), sidecar("istio-system/s", "./*"))
    found = {
        (client, server): world.sent(client, server) for client in ("a", "other/o") for server in ("web", "other/web")
    }
    assert found == {
        ("a", "web"): "mtls",
        ("a", "other/web"): "plaintext",
        ("other/o", "web"): "plaintext",
        ("other/o", "other/web"): "mtls",
    }
