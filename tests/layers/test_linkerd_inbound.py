"""What a proxy lets in: grids of Servers, routes, probes and defaults, and a law over random clusters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.engine.decisions import Side, decide
from ringfence.layers.linkerd_inbound import chain
from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.linkerd_settings import Settings
from ringfence.layers.linkerd_targets import Targets
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.layers.mesh_facets import NO_PLANE, SIDECAR
from ringfence.model.addresses import NO_ADDRESS, AddressSet, number
from ringfence.model.conditions import Request
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Chain, Purpose
from ringfence.resources.kubernetes import KubernetesObjects, LabelSelector, RefusedObject
from ringfence.resources.linkerd import AuthorizationPolicy, Server
from tests.layers.linkerd_clusters import (
    ALLOWED,
    DENIED,
    INSTALLED,
    OPEN,
    identities,
    networks,
    objects,
    pod,
    policy,
    route,
    says,
    server,
)  # fmt: skip

DENY = Settings("deny")
MEMBER, PLAIN = pod("shop/client"), pod("shop/plain", plane=NO_PLANE)
FAR = "192.0.2.9"
ANY_IDENTITY = identities("any", "*")


def inbound(
    things: KubernetesObjects, *others: Settings, of: Settings = DENY, installed: LinkerdValues = INSTALLED
) -> Chain:
    return chain(Targets(things, installed).served(), (of, *others), installed)


def shop(
    *servers: object, policies: Iterable[AuthorizationPolicy] = (), **rooms: Iterable[object]
) -> KubernetesObjects:
    return objects(
        servers=servers, authorization_policies=policies, mesh_tls_authentications=[ANY_IDENTITY],
        network_authentications=[networks("near", "10.0.0.0/8")], **rooms,
    )  # fmt: skip


def test_it_is_policy() -> None:
    assert inbound(objects()).purpose is Purpose.POLICY


@pytest.mark.parametrize(
    "header", [Header("udp", 1, 80), Header("icmp", 8, 0), Header("sctp", 1, 80), Header("other", protocol=47)]
)
def test_only_tcp_passes_the_proxy(header: Header) -> None:
    assert says(inbound(objects()), pod(settings=DENY), FAR, header) == ALLOWED


@pytest.mark.parametrize(
    ("plane", "expected"),
    [(NO_PLANE, ALLOWED), (SIDECAR, ALLOWED), (None, OPEN)],
)
def test_pods_outside_enforce_nothing(plane: str | None, expected: frozenset[Action]) -> None:
    assert says(inbound(objects()), pod(settings=DENY, plane=plane), FAR, "tcp/80") == expected


SKIPPING = Settings("deny", skip_inbound=port_set("25,4567"))


@pytest.mark.parametrize(
    ("header", "expected"),
    [("tcp/25", ALLOWED), ("tcp/4567", ALLOWED), ("tcp/26", DENIED), ("tcp/4143", DENIED), ("mtls/4143", DENIED)],
)
def test_skipped_ports(header: str, expected: frozenset[Action]) -> None:
    assert says(inbound(objects(), of=SKIPPING), pod(settings=SKIPPING), FAR, header) == expected


def test_skipped_ports_are_those_of_the_pod() -> None:
    assert says(inbound(objects(), SKIPPING), pod(settings=DENY), FAR, "tcp/25") == DENIED


def test_the_proxys_own_port_takes_mutual_tls_only() -> None:
    everyone = Settings("all-unauthenticated")
    made = inbound(objects(), of=everyone)
    assert says(made, pod(settings=everyone), PLAIN, "tcp/4143") == DENIED
    assert says(made, pod(settings=everyone), MEMBER, "mtls/4143") == ALLOWED


@pytest.mark.parametrize(
    ("default", "member", "plain", "far"),
    [
        ("all-unauthenticated", ALLOWED, ALLOWED, ALLOWED),
        ("all-authenticated", ALLOWED, DENIED, DENIED),
        ("cluster-unauthenticated", ALLOWED, ALLOWED, DENIED),
        ("cluster-authenticated", ALLOWED, DENIED, DENIED),
        ("deny", DENIED, DENIED, DENIED),
        ("audit", ALLOWED, ALLOWED, ALLOWED),
        (None, OPEN, OPEN, OPEN),
    ],
)
def test_the_default_policy(
    default: str | None, member: frozenset[Action], plain: frozenset[Action], far: frozenset[Action]
) -> None:
    own = Settings(default)
    made, web = inbound(objects(), DENY, of=own), pod(settings=own)
    assert (says(made, web, MEMBER), says(made, web, PLAIN, "tcp/80"), says(made, web, FAR, "tcp/80")) == (
        member,
        plain,
        far,
    )
    assert says(made, pod(settings=DENY), MEMBER) == DENIED


def test_a_refusal_names_the_default_policy() -> None:
    made = inbound(objects(), Settings("all-authenticated"), of=DENY)
    rules = (rule for stage in made.stages for scope in stage.scopes for rule in scope.rules)
    names = {rule.name for rule in rules if rule.action is Action.DENY}
    assert {"deny", "all-authenticated: no authorization applies"} <= names


@pytest.mark.parametrize(
    ("default", "plain_80", "plain_81", "member_80"),
    [
        ("all-unauthenticated", DENIED, ALLOWED, ALLOWED),
        ("cluster-unauthenticated", DENIED, ALLOWED, ALLOWED),
        ("all-authenticated", DENIED, DENIED, ALLOWED),
        ("audit", ALLOWED, ALLOWED, ALLOWED),
        ("deny", DENIED, DENIED, DENIED),
    ],
)
def test_ports_that_require_an_identity(
    default: str, plain_80: frozenset[Action], plain_81: frozenset[Action], member_80: frozenset[Action]
) -> None:
    own = Settings(default, identity_ports=port_set("80"))
    made, web = inbound(objects(), Settings(default), of=own), pod(settings=own)
    assert says(made, web, PLAIN, "tcp/80") == plain_80
    assert says(made, web, PLAIN, "tcp/81") == plain_81
    assert says(made, web, MEMBER, "mtls/80") == member_80


def test_a_server_decides_alone_about_its_port() -> None:
    everyone = Settings("all-unauthenticated")
    made, web = inbound(shop(server("web")), of=everyone), pod(settings=everyone)
    assert says(made, web, PLAIN, "tcp/80") == DENIED
    assert says(made, web, PLAIN, "tcp/81") == ALLOWED
    assert says(made, pod("data/web", settings=everyone), PLAIN, "tcp/80") == ALLOWED


def test_a_server_of_machines_outside_selects_no_pod() -> None:
    outside = replace(server("web"), pod_selector=None, external_workload_selector=LabelSelector())
    everyone = Settings("all-unauthenticated")
    assert says(inbound(shop(outside), of=everyone), pod(settings=everyone), PLAIN, "tcp/80") == ALLOWED


@pytest.mark.parametrize(("label", "expected"), [("web", ALLOWED), ("db", DENIED)])
def test_a_server_selects_pods(label: str, expected: frozenset[Action]) -> None:
    web = server("web", selector=LabelSelector((("app", "web"),)))
    made = inbound(shop(web, policies=[policy("p", "Server/web")]))
    assert says(made, pod(settings=DENY, app=label), PLAIN, "tcp/80") == expected


@pytest.mark.parametrize(
    ("ports", "port", "expected"),
    [
        ((8080,), 8080, ALLOWED),
        ((8080,), 80, DENIED),
        ((80,), 80, ALLOWED),
        ((80, 8080), 80, ALLOWED),
        ((80, 8080), 8080, ALLOWED),
        ((80, 8080), 81, DENIED),
        ((), 8080, DENIED),
    ],
)
def test_a_named_port_is_the_pods_own(ports: tuple[int, ...], port: int, expected: frozenset[Action]) -> None:
    own = Settings("deny", named_ports=(("http", ports),) if ports else ())
    other = Settings("deny", named_ports=(("http", (80, 81, 8080)),))
    made = inbound(shop(server("web", "http"), policies=[policy("p", "Server/web")]), other, of=own)
    assert says(made, pod(settings=own), PLAIN, f"tcp/{port}") == expected


@pytest.mark.parametrize(
    ("first", "second", "wins"),
    [
        (("b", "2026-01-01T00:00:00Z"), ("a", "2026-01-02T00:00:00Z"), "b"),
        (("b", "2026-01-01T00:00:00Z"), ("a", "2026-01-01T00:00:00Z"), "a"),
    ],
)
def test_of_two_servers_the_oldest_counts_then_the_name(
    first: tuple[str, str], second: tuple[str, str], wins: str
) -> None:
    servers = [server(name, created=created) for name, created in (first, second)]
    for name in ("a", "b"):
        made = inbound(shop(*servers, policies=[policy("p", f"Server/{name}")]))
        assert says(made, pod(settings=DENY), PLAIN, "tcp/80") == (ALLOWED if name == wins else DENIED)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (server("b"), server("a", created="2026-01-01T00:00:00Z"), OPEN),
        (server("b"), server("a"), OPEN),
        (server("b"), server("a", 81), ALLOWED),
        (server("b"), server("a", 81, proxy_protocol="opaque"), ALLOWED),
    ],
)
def test_of_two_servers_without_an_age_nobody_knows_which_counts(
    first: Server, second: Server, expected: frozenset[Action]
) -> None:
    made = inbound(shop(first, second, policies=[policy("p", "Server/b")]))
    assert says(made, pod(settings=DENY), PLAIN, "tcp/80") == expected
    assert says(inbound(shop(first, second)), pod(settings=DENY), PLAIN, "tcp/80") == DENIED


# Ports that clients are told are opaque.

OPAQUE_FOR_CLIENTS = Settings("deny", told_opaque=port_set("80"))


@pytest.mark.parametrize(
    ("protocol", "told", "plain"),
    [("HTTP/1", DENIED, ALLOWED), ("gRPC", DENIED, ALLOWED), ("unknown", ALLOWED, ALLOWED), ("TLS", ALLOWED, ALLOWED)],
)
def test_an_http_server_refuses_clients_that_are_told_that_its_port_is_opaque(
    protocol: str, told: frozenset[Action], plain: frozenset[Action]
) -> None:
    things = shop(server("web", proxy_protocol=protocol), policies=[policy("p", "Server/web")])
    made = inbound(things, of=OPAQUE_FOR_CLIENTS)
    assert says(made, pod(settings=OPAQUE_FOR_CLIENTS), MEMBER, "mtls/80", "POST /a.B/C") == told
    assert says(made, pod(settings=OPAQUE_FOR_CLIENTS), MEMBER, "tcp/80", "POST /a.B/C") == plain
    assert says(made, pod(settings=DENY), MEMBER, "mtls/80", "POST /a.B/C") == ALLOWED


def test_routes_do_not_count_where_clients_see_no_http() -> None:
    things = shop(server("web"), policies=[policy("s", "Server/web")], linkerd_http_routes=[route("a", "web", "/a")])
    made = inbound(things, of=OPAQUE_FOR_CLIENTS)
    assert says(made, pod(settings=OPAQUE_FOR_CLIENTS), MEMBER, "mtls/80", "GET /c") == ALLOWED
    assert says(made, pod(settings=OPAQUE_FOR_CLIENTS), MEMBER, "tcp/80", "GET /c") == DENIED


def test_a_younger_opaque_server_tells_clients_too() -> None:
    servers = [
        server("b", proxy_protocol="HTTP/1", created="2026-01-01T00:00:00Z"),
        server("a", proxy_protocol="opaque", created="2026-01-02T00:00:00Z"),
    ]
    made = inbound(shop(*servers, policies=[policy("p", "Namespace/shop")]))
    assert says(made, pod(settings=DENY), MEMBER, "mtls/80", "GET /a") == DENIED
    assert says(made, pod(settings=DENY), MEMBER, "tcp/80", "GET /a") == ALLOWED


def test_probes_are_not_seen_where_clients_see_no_http() -> None:
    told = replace(PROBED, told_opaque=port_set("80"))
    made = inbound(shop(), PROBED, of=told)
    assert says(made, pod(settings=told), FAR, "tcp/80", "GET /live") == ALLOWED
    assert says(made, pod(settings=told), MEMBER, "mtls/80", "GET /live") == DENIED
    assert says(made, pod(settings=PROBED), MEMBER, "mtls/80", "GET /live") == ALLOWED


def test_authorizations_are_alternatives() -> None:
    policies = [
        policy("p", "Server/web", "MeshTLSAuthentication/any"),
        policy("q", "Server/web", "NetworkAuthentication/near"),
    ]
    made, web = inbound(shop(server("web"), policies=policies)), pod(settings=DENY)
    assert says(made, web, pod("x/y", ip="192.0.2.1"), "mtls/80") == ALLOWED
    assert says(made, web, PLAIN, "tcp/80") == ALLOWED
    assert says(made, web, FAR, "tcp/80") == DENIED


# Probes.

PROBED = Settings("deny", probes=((80, ("/live", "/ready")), (4191, ("/live",))))


@pytest.mark.parametrize(
    ("port", "request_", "expected"),
    [
        (80, "GET /live", ALLOWED),
        (80, "GET /ready?x", ALLOWED),
        (80, "GET /live/", DENIED),
        (80, "POST /live", DENIED),
        (81, "GET /live", DENIED),
        (4191, "GET /live", ALLOWED),
        (4191, "GET /metrics", DENIED),
        (80, None, OPEN),
    ],
)
@pytest.mark.parametrize("protocol", [None, "unknown", "HTTP/1", "HTTP/2"])
def test_probes_are_open(port: int, request_: str | None, expected: frozenset[Action], protocol: str | None) -> None:
    servers = [server(f"s{number}", number, proxy_protocol=protocol) for number in (80, 4191)] if protocol else []
    made = inbound(shop(*servers), of=PROBED)
    assert says(made, pod(settings=PROBED), FAR, f"tcp/{port}", request_) == expected


@pytest.mark.parametrize("protocol", ["gRPC", "opaque", "TLS"])
def test_probes_are_http(protocol: str) -> None:
    made = inbound(shop(server("s", proxy_protocol=protocol)), of=PROBED)
    assert says(made, pod(settings=PROBED), FAR, "tcp/80", "GET /live") == DENIED


def test_probes_on_opaque_ports_are_not_seen() -> None:
    opaque = Settings("deny", opaque_ports=port_set("80"), probes=PROBED.probes)
    made = inbound(shop(), PROBED, of=opaque)
    assert says(made, pod(settings=opaque), FAR, "tcp/80", "GET /live") == DENIED
    assert says(made, pod(settings=PROBED), FAR, "tcp/80", "GET /live") == ALLOWED


@pytest.mark.parametrize(
    ("probes", "expected"),
    [(AddressSet.of("192.0.2.0/24"), ALLOWED), (AddressSet.of("198.51.100.1"), DENIED), (NO_ADDRESS, DENIED)],
)
def test_probes_come_from_somewhere(probes: AddressSet, expected: frozenset[Action]) -> None:
    installed = LinkerdValues(probe_networks=probes)
    made = inbound(shop(), of=PROBED, installed=installed)
    assert says(made, pod(settings=PROBED), FAR, "tcp/80", "GET /live") == expected


def test_routes_close_the_probes() -> None:
    made = inbound(shop(server("web"), linkerd_http_routes=[route("r", "web", "/a")]), of=PROBED)
    assert says(made, pod(settings=PROBED), FAR, "tcp/80", "GET /live") == DENIED


# Routes.

ROUTED = [policy("p", "HTTPRoute/a", "MeshTLSAuthentication/any")]


@pytest.mark.parametrize(
    ("protocol", "request_", "expected"),
    [
        ("HTTP/1", "GET /a", ALLOWED),
        ("HTTP/1", "GET /b", DENIED),
        ("HTTP/1", "GET /c", DENIED),
        ("HTTP/1", None, OPEN),
        ("HTTP/2", "GET /a", ALLOWED),
        ("unknown", "GET /a", ALLOWED),
        ("gRPC", "GET /a", DENIED),
        ("opaque", "GET /a", DENIED),
    ],
)
def test_routes(protocol: str, request_: str | None, expected: frozenset[Action]) -> None:
    things = shop(
        server("web", proxy_protocol=protocol), policies=ROUTED,
        linkerd_http_routes=[route("a", "web", "/a"), route("b", "web", "/b")],
    )  # fmt: skip
    assert says(inbound(things), pod(settings=DENY), MEMBER, "mtls/80", request_) == expected
    assert says(inbound(things), pod(settings=DENY), PLAIN, "tcp/80", request_) == DENIED


@pytest.mark.parametrize(
    ("request_", "expected"), [("GET /a", ALLOWED), ("GET /b", ALLOWED), ("GET /c", DENIED), ("GET /d", DENIED)]
)
def test_routes_take_the_servers_authorizations_too(request_: str, expected: frozenset[Action]) -> None:
    things = shop(
        server("web", proxy_protocol="HTTP/1"),
        policies=[*ROUTED, policy("s", "Server/web", "NetworkAuthentication/near")],
        linkerd_http_routes=[route("a", "web", "/a"), route("b", "web", "/b"), route("d", "web", "/d", redirects=True)],
    )
    assert says(inbound(things), pod(settings=DENY), PLAIN, "tcp/80", request_) == expected


def test_a_connection_that_is_no_http_knows_no_routes() -> None:
    things = shop(server("web"), policies=[policy("s", "Server/web")], linkerd_http_routes=[route("a", "web", "/a")])
    made, web = inbound(things), pod(settings=DENY)
    assert says(made, web, PLAIN, "tcp/80", "GET /c") == DENIED
    assert says(made, web, PLAIN, "tcp/80", None) == OPEN

    decided = decide(made, "pods", web, Side(None, number(FAR)), Header("tcp", 1, 80), Request({"method": ()}))
    assert {one.action for one in decided.possible} == ALLOWED


@pytest.mark.parametrize(("request_", "expected"), [("POST /a.B/C", ALLOWED), ("GET /a.B/C", DENIED)])
def test_grpc_routes(request_: str, expected: frozenset[Action]) -> None:
    things = shop(
        server("web", proxy_protocol="gRPC"), policies=[policy("p", "GRPCRoute/g")],
        routes=[route("g", "web", "/ignored", kind="GRPCRoute")],
    )  # fmt: skip
    assert says(inbound(things), pod(settings=DENY), FAR, "tcp/80", request_) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [("POST /a/B", ALLOWED), ("POST /a/B/d", ALLOWED), ("POST /a", DENIED), ("GET /a/B", DENIED), (None, ALLOWED)],
)
def test_a_grpc_server_without_routes_takes_calls(request_: str | None, expected: frozenset[Action]) -> None:
    things = shop(server("web", proxy_protocol="gRPC"), policies=[policy("p", "Server/web")])
    assert says(inbound(things), pod(settings=DENY), FAR, "tcp/80", request_) == expected


YOUNG, OLD = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("ages", "paths", "client", "expected"),
    [
        (("", ""), ("/a", "/a"), "mtls", OPEN),
        (("", YOUNG), ("/a", "/a"), "mtls", OPEN),
        ((OLD, YOUNG), ("/a", "/a"), "mtls", ALLOWED),
        ((YOUNG, OLD), ("/a", "/a"), "mtls", DENIED),
        ((OLD, OLD), ("/a", "/a"), "mtls", ALLOWED),
        (("", ""), ("/a", "/b"), "mtls", ALLOWED),
        (("", ""), ("/a", "/a"), "tcp", DENIED),
    ],
)
def test_of_two_routes_without_an_age_nobody_knows_which_counts(
    ages: tuple[str, str], paths: tuple[str, str], client: str, expected: frozenset[Action]
) -> None:
    routes = [
        replace(made, metadata=replace(made.metadata, creation_timestamp=age))
        for made, age in zip((route("a", "web", paths[0]), route("b", "web", paths[1])), ages, strict=True)
    ]
    things = shop(server("web", proxy_protocol="HTTP/1"), policies=ROUTED, linkerd_http_routes=routes)
    assert says(inbound(things), pod(settings=DENY), MEMBER, f"{client}/80", "GET /a") == expected


@pytest.mark.parametrize("redirecting", ["a", "b"])
def test_a_redirect_of_unknown_age_may_count(redirecting: str) -> None:
    routes = [route(name, "web", "/a", redirects=name == redirecting) for name in ("a", "b")]
    things = shop(
        server("web", proxy_protocol="HTTP/1"), policies=[policy("s", "Server/web")], linkerd_http_routes=routes
    )
    assert says(inbound(things), pod(settings=DENY), MEMBER, "mtls/80", "GET /a") == OPEN


@pytest.mark.parametrize(
    ("refused", "protocol", "expected"),
    [
        (RefusedObject("HTTPRoute", "shop", "r"), "HTTP/1", OPEN),
        (RefusedObject("GRPCRoute", "", ""), "unknown", OPEN),
        (RefusedObject("HTTPRoute", "shop", "r"), "opaque", ALLOWED),
        (RefusedObject("HTTPRoute", "data", "r"), "HTTP/1", ALLOWED),
        (RefusedObject("TCPRoute", "shop", "r"), "HTTP/1", ALLOWED),
    ],
)
def test_a_refused_route_may_have_been_the_servers(
    refused: RefusedObject, protocol: str, expected: frozenset[Action]
) -> None:
    things = shop(server("web", proxy_protocol=protocol), policies=[policy("s", "Server/web")], refused=[refused])
    assert says(inbound(things), pod(settings=DENY), PLAIN, "tcp/80", "GET /a") == expected


# The law: the chain decides as the policy controller and the proxy do, told in the plainest way.

PEERS = (MEMBER, pod("data/db", ip="192.0.2.1"), PLAIN, FAR)
IDENTITIES = st.sampled_from(((), ("MeshTLSAuthentication/any",), ("ServiceAccount/client",)))
NETWORKS = st.sampled_from(((), ("NetworkAuthentication/near",), ("NetworkAuthentication/none",)))
REQUIRED = st.builds(lambda first, second: (*first, *second), IDENTITIES, NETWORKS)
PROTOCOLS = st.sampled_from(("HTTP/1", "opaque", "gRPC"))
SOME_PORT: st.SearchStrategy[int | str] = st.sampled_from((80, 81, "http"))
SERVERS = st.lists(
    st.tuples(st.sampled_from(("a", "b", "c")), SOME_PORT, PROTOCOLS),
    max_size=3,
    unique_by=lambda one: one[0],
)
TARGETS = st.sampled_from(("Server/a", "Server/b", "Namespace/shop", "HTTPRoute/ra"))


@st.composite
def clusters(draw: st.DrawFn) -> KubernetesObjects:
    servers = [server(name, port, created=OLD, proxy_protocol=protocol) for name, port, protocol in draw(SERVERS)]
    wanted = draw(st.lists(st.tuples(TARGETS, REQUIRED), max_size=3))
    routes = [route("ra", "a", "/a/b")] if draw(st.booleans()) else []
    policies = [policy(f"p{place}", to, *required) for place, (to, required) in enumerate(wanted)]
    return shop(*servers, policies=policies, linkerd_http_routes=routes)


def holds(required: tuple[str, ...], peer: Endpoint | str, plane: str) -> bool:
    """Whether all required authentications hold; a missing one lets nobody in."""
    identity = peer.identity if isinstance(peer, Endpoint) and plane == "mtls" else ""
    address = peer.addresses.first() if isinstance(peer, Endpoint) else peer
    facts = {
        "MeshTLSAuthentication": bool(identity),
        "ServiceAccount": identity == INSTALLED.identity("client", "shop"),
        "near": address in AddressSet.of("10.0.0.0/8"),
    }
    return all(facts.get(one, False) for one in required)


def allowed(things: KubernetesObjects, default: str, peer: Endpoint | str, plane: str, port: int, path: str) -> bool:
    """The answer for a pod whose port http is 80, in the words of the documentation."""
    inside = (peer.addresses.first() if isinstance(peer, Endpoint) else peer) in INSTALLED.cluster_networks
    known = bool(isinstance(peer, Endpoint) and plane == "mtls" and peer.identity)

    def lets(one: AuthorizationPolicy) -> bool:
        names = [
            ref.name if ref.kind == "NetworkAuthentication" else ref.kind for ref in one.required_authentication_refs
        ]
        return "none" not in names and holds(tuple(names), peer, plane)

    having_port = [one for one in things.linkerd_servers if one.port == port or (one.port == "http" and port == 80)]
    if not having_port:
        return {"deny": False, "all-authenticated": known, "cluster-unauthenticated": inside}[default]
    chosen = min(having_port, key=lambda one: one.metadata.name)
    told = any(one.proxy_protocol == "opaque" for one in having_port)
    if plane == "mtls" and told and chosen.proxy_protocol != "opaque":
        return False
    own = any(
        lets(one)
        for one in things.linkerd_authorization_policies
        if (one.target_ref.kind, one.target_ref.name) in (("Server", chosen.metadata.name), ("Namespace", "shop"))
    )
    if chosen.metadata.name != "a" or not things.linkerd_http_routes or chosen.proxy_protocol != "HTTP/1":
        return own
    routed = any(lets(one) for one in things.linkerd_authorization_policies if one.target_ref.kind == "HTTPRoute")
    return path == "/a" and (own or routed)


@given(
    clusters(), st.sampled_from(("deny", "all-authenticated", "cluster-unauthenticated")), st.sampled_from(PEERS),
    st.sampled_from(("tcp", "mtls")), st.sampled_from((80, 81, 82)), st.sampled_from(("/a", "/b")),
)  # fmt: skip
@settings(max_examples=600)
def test_the_chain_decides_as_the_controller(
    things: KubernetesObjects, default: str, peer: Endpoint | str, plane: str, port: int, path: str
) -> None:
    own = Settings(default, named_ports=(("http", (80,)),))
    web = pod(settings=own)
    expected = ALLOWED if allowed(things, default, peer, plane, port, path) else DENIED
    made = inbound(things, Settings("audit"), of=own)
    assert says(made, web, peer, f"{plane}/{port}", f"POST {path}/b") == expected
