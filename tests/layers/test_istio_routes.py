"""Over which subsets the ports of hosts are reached."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_reached import DETECTED, HTTP, ITSELF, TCP, TLS, Lead, Port, Reached
from ringfence.layers.istio_routes import Routing
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import Destination, Sidecar, SidecarListener, TrafficRoute, VirtualService
from ringfence.resources.kubernetes import ObjectMeta

WEB, DB = "web.shop.svc.cluster.local", "db.shop.svc.cluster.local"


def route(*targets: str, protocol: str = HTTP, ports: tuple[int, ...] = (), certain: bool = True) -> TrafficRoute:
    """Destinations as `host/subset` or `host/subset/port`."""
    found = []
    for one in targets:
        host, subset, port = [*one.split("/"), "", "0"][:3]
        found.append(Destination(host, subset, int(port or 0)))
    return TrafficRoute(protocol, tuple(found), ports, certain)


def virtual(
    name: str, *routes: TrafficRoute, hosts: tuple[str, ...] = (WEB,), to: tuple[str, ...] = (), created: str = "",
    gateways: tuple[str, ...] = (),
) -> VirtualService:  # fmt: skip
    namespace, _, short = name.rpartition("/")
    metadata = ObjectMeta(short, namespace or "shop", creation_timestamp=created)
    return VirtualService(metadata, hosts, gateways, routes, to)


def reached(*services: VirtualService, protocol: str = HTTP, client: str = "client", gateway: bool = False):
    ports = (Port(WEB, 80, protocol), Port(WEB, 81, protocol), Port(DB, 5432, TCP))
    found = Routing(services, ports, MeshConfig()).reached(client, gateway)
    return {(key[0].partition(".")[0], key[1]): one.subsets | led(one) for key, one in found.items()}


def led(there: Reached) -> set[str]:
    """What leads there from elsewhere for clients that know all hosts."""
    return {one.subset for one in there.foreign if not (one.by_name and one.dialled)}


ALL = {("web", 80): {ITSELF}, ("web", 81): {ITSELF}, ("db", 5432): {ITSELF}}


@pytest.mark.parametrize(
    ("services", "protocol", "changes"),
    [
        ((), HTTP, {}),
        ((virtual("a", route("web/v1")),), HTTP, {80: {"v1"}, 81: {"v1"}}),
        ((virtual("a", route("web/v1", certain=False), route("web")),), HTTP, {80: {"v1", ""}, 81: {"v1", ""}}),
        ((virtual("a", route("web/v1"), route("web")),), HTTP, {80: {"v1"}, 81: {"v1"}}),  # the second is never taken
        ((virtual("a", route("web/v1", certain=False)),), HTTP, {80: {"v1"}, 81: {"v1"}}),
        ((virtual("a", route("web/v1", ports=(80,))),), HTTP, {80: {"v1"}}),
        ((virtual("a", route("web/v1/81")),), HTTP, {80: set(), 81: {"v1"}}),
        ((virtual("a", route("db//5432")),), HTTP, {80: set(), 81: set()}),
        # Routes are for ports of their own protocol.
        ((virtual("a", route("web/v1")),), TCP, {}),
        ((virtual("a", route("web/v1", protocol=TCP)),), TCP, {80: {"v1"}, 81: {"v1"}}),
        ((virtual("a", route("web/v1", protocol=TCP, certain=False)),), TCP, {80: {"v1", ""}, 81: {"v1", ""}}),
        ((virtual("a", route("web/v1", protocol=TLS, certain=False)),), TLS, {80: {"v1"}, 81: {"v1"}}),
        ((virtual("a", route("web/v1")),), DETECTED, {80: {"v1", ""}, 81: {"v1", ""}}),
        (
            (virtual("a", route("web/v1"), route("web/v2", protocol=TCP)),),
            DETECTED,
            {80: {"v1", "v2"}, 81: {"v1", "v2"}},
        ),
        # Hosts, visibility, gateways.
        ((virtual("a", route("web/v1"), hosts=("*.svc.cluster.local",)),), HTTP, {80: {"v1"}, 81: {"v1"}}),
        ((virtual("a", route("web/v1"), hosts=("web",)),), HTTP, {80: {"v1"}, 81: {"v1"}}),
        ((virtual("b/a", route(f"{WEB}/v1"), hosts=("web",)),), HTTP, {80: {"", "v1"}}),
        ((virtual("a", route("web/v1"), to=(".",)),), HTTP, {}),
        ((virtual("a", route("web/v1"), to=("client",)),), HTTP, {80: {"v1"}, 81: {"v1"}}),
        ((virtual("a", route("web/v1"), gateways=("gw",)),), HTTP, {}),
        ((virtual("a", route("web/v1"), gateways=("gw", "mesh")),), HTTP, {80: {"v1"}, 81: {"v1"}}),
        # Of several for one host: private, named, public; then the oldest.
        (
            (
                virtual("a", route("web/v1"), created="2026-01-01T00:00:00Z"),
                virtual("client/b", route(f"{WEB}/v2"), to=(".",)),
            ),
            HTTP,
            {80: {"v2"}, 81: {"v2"}},
        ),
        (
            (
                virtual("a", route("web/v1"), created="2026-01-02T00:00:00Z"),
                virtual("b", route("web/v2"), created="2026-01-01T00:00:00Z"),
            ),
            HTTP,
            {80: {"v2"}, 81: {"v2"}},
        ),
        # A name that only VirtualServices know leads to hosts of the registry, too.
        ((virtual("a", route("web/v1/80"), hosts=("shop.example",)),), HTTP, {80: {"", "v1"}}),
    ],
)
def test_the_subsets_of_each_port(services, protocol, changes):
    expected = dict(ALL)
    for port, subsets in changes.items():
        expected[("web", port)] = subsets
    assert reached(*services, protocol=protocol) == expected


def test_of_several_hosts_that_fit_http_has_one_and_tcp_all():
    wide = virtual("a", route("web/wide"), route("web/wide", protocol=TCP, certain=False), hosts=("*.cluster.local",))
    narrow = virtual("b", route("web/narrow"))
    assert reached(wide, narrow)["web", 80] == {"narrow"}
    assert reached(wide, narrow, protocol=TCP)["web", 80] == {"wide", ""}
    later = virtual("c", route("web/later", protocol=TCP))
    assert reached(wide, later, protocol=TCP)["web", 80] == {"wide", "later"}


def test_tls_for_another_name_goes_out_as_it_is():
    service = virtual("a", route("web/v1", protocol=TLS, certain=False))
    found = Routing((service,), (Port(WEB, 443, TLS), Port(WEB, 80, TCP)), MeshConfig()).reached("client")
    assert [found[WEB, port].bare for port in (443, 80)] == [True, False]


def test_a_route_to_another_host_is_known_at_both():
    found = Routing((virtual("a", route("db/v1/5432")),), (Port(WEB, 80, HTTP), Port(DB, 5432, TCP)), MeshConfig())
    web, db = (found.reached("client")[key] for key in ((WEB, 80), (DB, 5432)))
    by_name = Lead("v1", ((WEB, 80),), by_name=True)
    assert (web.instead, db.foreign, db.subsets) == ({(DB, 5432, "v1")}, {Lead("v1", ((WEB, 80),)), by_name}, {ITSELF})


def test_a_route_without_a_port_leads_to_the_dialled_one_or_for_tcp_to_the_only_one():
    for protocol, expected in ((HTTP, {}), (TCP, {(DB, 5432): {Lead("", ((WEB, 80),))}}), (DETECTED, {})):
        service = virtual("a", route("db", protocol=protocol or HTTP))
        found = Routing((service,), (Port(WEB, 80, protocol), Port(DB, 5432, TCP)), MeshConfig()).reached("client")
        assert {key: one.foreign for key, one in found.items() if one.foreign} == expected


def test_a_sidecar_limits_them():
    some = (virtual("a", route("web/v1")), virtual("other/b", route(f"{DB}/v2", protocol=TCP), hosts=(DB,)))
    routing = Routing(some, (Port(WEB, 80, HTTP), Port(DB, 5432, TCP)), MeshConfig())
    own = Sidecar(ObjectMeta("s", "shop"), egress=(SidecarListener(("./*",)),))
    found = routing.reached("shop", False, own)
    assert (found[WEB, 80].subsets, found[DB, 5432].subsets) == ({"v1"}, {ITSELF})
    assert [routing.limited(own, "istio-system", *key) for key in ((WEB, 80), (DB, 5432))] == [False, True]
    root = Sidecar(ObjectMeta("s", "istio-system"), egress=(SidecarListener(("./*",)),))
    assert routing.differing(False, root) == ("other", "shop")
    assert [routing.limited(root, "istio-system", *key) for key in ((WEB, 80), (DB, 5432))] == [True, True]


def test_a_delegate_may_lead_anywhere():
    delegating = virtual("a", TrafficRoute(HTTP, delegated=True))
    found = Routing((delegating,), (Port(WEB, 80, HTTP),), MeshConfig()).reached("client")
    assert found[WEB, 80].anything


def test_a_gateway_may_follow_any_of_them_or_none():
    found = reached(virtual("a", route("web/v1"), gateways=("gw",)), gateway=True)
    assert found["web", 80] == {"", "v1"}


def test_namespaces_that_see_other_virtual_services_differ():
    some = (virtual("a", route("web"), to=("x", ".")), virtual("b", route("web"), to=("*",)))
    found = Routing(some, (), MeshConfig())
    assert found.differing() == ("shop", "x")
    assert Routing(some[1:], (), MeshConfig()).differing() == ()
