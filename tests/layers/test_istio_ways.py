"""Which clients are told apart at a listed port: by namespaces, labels, Sidecars, and what goes past their proxies."""

from __future__ import annotations

from ringfence.layers.istio_destination_rules import DestinationRules, Tls
from ringfence.layers.istio_listed import Clients, ListedPort
from ringfence.layers.istio_modes import Modes
from ringfence.layers.istio_reached import HTTP, Port
from ringfence.layers.istio_routes import Routing
from ringfence.layers.istio_ways import ways
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import (
    Destination,
    DestinationRule,
    Sidecar,
    SidecarListener,
    TlsMode,
    TrafficPolicy,
    TrafficRoute,
    VirtualService,
)
from ringfence.resources.kubernetes import ObjectMeta

WEB, DB = "web.shop.svc.cluster.local", "db.shop.svc.cluster.local"
LISTED = ListedPort(WEB, "shop", 80, HTTP, ())
OTHER = ListedPort(DB, "shop", 80, HTTP, ())
CONFIG = MeshConfig()


def clients(
    *rules: DestinationRule, services: tuple[VirtualService, ...] = (), sidecars: tuple[Sidecar, ...] = (),
    skipped: frozenset[int] = frozenset(), gateways: bool = False,
) -> Clients:  # fmt: skip
    routing = Routing(services, (Port(WEB, 80, HTTP), Port(DB, 80, HTTP)), CONFIG)
    found = DestinationRules(rules, CONFIG), routing, Modes((), CONFIG.root_namespace), CONFIG
    return Clients(*found, sidecars, skipped, gateways)


def told(listed: ListedPort, of: Clients) -> list[tuple[Tls, str]]:
    hosts = {(one.host, one.port): one for one in (LISTED, OTHER, listed)}
    return [(way.tls, way.name) for way, _ in ways(listed, of, hosts)]


def rule(name: str, mode: TlsMode, *exported: str, selector: tuple[tuple[str, str], ...] | None = None):
    space, _, short = name.partition("/")
    return DestinationRule(ObjectMeta(short, space), WEB, TrafficPolicy(mode), (), exported, selector)


def sidecar(*hosts: str, namespace: str = "shop") -> Sidecar:
    return Sidecar(ObjectMeta("s", namespace), egress=(SidecarListener(hosts),))


AUTO = (Tls.AUTO, "no DestinationRule")


def test_clients_that_send_alike_are_one_way():
    assert told(LISTED, clients()) == [AUTO]
    public = rule("shop/d", TlsMode.DISABLE)
    assert told(LISTED, clients(public)) == [(Tls.PLAINTEXT, "shop/d")]


def test_a_namespace_with_a_rule_of_its_own_is_apart():
    own = rule("front/d", TlsMode.DISABLE, ".")
    assert told(LISTED, clients(own)) == [(Tls.PLAINTEXT, "front/d"), AUTO]


def test_clients_are_told_apart_by_labels():
    own = rule("shop/d", TlsMode.DISABLE, selector=(("app", "job"),))
    assert told(LISTED, clients(own)) == [(Tls.PLAINTEXT, "shop/d"), AUTO, AUTO]


def test_ports_past_the_proxy_and_gateways_have_ways_of_their_own():
    past = (Tls.PLAINTEXT, "excludeOutboundPorts")
    assert told(LISTED, clients(skipped=frozenset((80,)))) == [past, AUTO]
    assert told(LISTED, clients(skipped=frozenset((81,)))) == [AUTO]
    assert told(LISTED, clients(gateways=True)) == [AUTO, AUTO]


def test_a_sidecar_matters_where_it_limits_what_leads_here():
    assert told(LISTED, clients(sidecars=(sidecar("*/*"),))) == [AUTO]
    assert told(LISTED, clients(sidecars=(sidecar("shop/" + DB),))) == [AUTO]  # without those under it
    route = TrafficRoute(HTTP, (Destination(WEB, "", 0),), (), True)
    leading = VirtualService(ObjectMeta("v", "shop"), (DB,), (), (route,))
    both = clients(services=(leading,), sidecars=(sidecar("*/*"),))
    assert told(LISTED, both) == [AUTO]
    # Under the Sidecar nobody knows the host whose route leads here: another way, although this port is known.
    one = clients(services=(leading,), sidecars=(sidecar("shop/" + WEB),))
    assert told(LISTED, one) == [AUTO, AUTO]


def test_who_may_know_a_port_by_its_exports():
    hidden = ListedPort(WEB, "shop", 80, HTTP, (), exported=frozenset(("front",)))
    assert told(hidden, clients()) == [AUTO]
    assert told(ListedPort(WEB, "shop", 80, HTTP, (), exported=frozenset()), clients()) == []
