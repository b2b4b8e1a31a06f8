"""Istio's authorization at a sidecar: every field on HTTP and TCP ports, the order of actions, authorizers, tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.istio_authorization import Settings, authorization
from ringfence.layers.istio_options import Authorizer
from ringfence.layers.mesh_facets import AMBIENT, MESH, NO_PLANE
from ringfence.resources.istio.authorization import PolicyRule, TargetReference
from ringfence.resources.kubernetes import ObjectMeta, PodTemplate, Service, ServicePort

from .istio_pods import (
    ALLOW,
    AUDIT,
    CUSTOM,
    DENY,
    GET,
    HTTP_PORT,
    SERVICE,
    TCP_PORT,
    TOKENS,
    UNLISTED,
    decided,
    operation,
    policy,
    rule,
    source,
    when,
)

YES, NO, OPEN = {True}, {False}, {True, False}
STRANGER = "spiffe://other.example/ns/back/sa/mail"

EACH = tuple(map(str, (HTTP_PORT, TCP_PORT, UNLISTED)))

FIELDS = [
    # rule, what matches it, what does not
    (source(principals=["cluster.local/ns/front/sa/cart"]), {}, {"identity": STRANGER}),
    (source(principals=["*"]), {}, {"identity": ""}),
    (source(principals=["*/sa/cart"]), {}, {"identity": STRANGER}),
    (source(principals=["cluster.local/ns/front/*"]), {}, {"identity": ""}),
    (source(not_principals=["cluster.local/*"]), {"identity": ""}, {}),
    (source(namespaces=["front"]), {}, {"identity": STRANGER}),
    (source(namespaces=["fr*"]), {}, {"identity": STRANGER}),
    (source(not_namespaces=["front"]), {"identity": ""}, {}),
    (source(service_accounts=["front/cart"]), {}, {"identity": STRANGER}),
    (source(service_accounts=["cart"]), {"identity": "spiffe://x/ns/shop/sa/cart"}, {}),
    (source(not_service_accounts=["front/cart"]), {"identity": STRANGER}, {}),
    (source(trust_domains=["cluster.local"]), {}, {"identity": STRANGER}),
    (source(trust_domains=["*.local"]), {}, {"identity": STRANGER}),
    (source(trust_domains=["*"]), {}, {"identity": ""}),
    (source(not_trust_domains=["cluster.local"]), {"identity": STRANGER}, {}),
    (source(ip_blocks=["10.1.0.0/16"]), {}, {"address": "10.2.0.1"}),
    (source(not_ip_blocks=["10.1.0.9"]), {"address": "10.1.0.8"}, {}),
    (source(namespaces=["front"], trust_domains=["o*"]), {"identity": "spiffe://other.example/ns/front/sa/x"}, {}),
    (operation(ports=EACH), {}, {"port": 9}),
    (operation(not_ports=["9"]), {}, {"port": 9}),
    (when("source.ip", "10.1.0.9"), {}, {"address": "10.1.0.8"}),
    (when("source.ip", but=["10.1.0.9"]), {"address": "10.1.0.8"}, {}),
    (when("source.namespace", "front"), {}, {"identity": STRANGER}),
    (when("source.principal", "*/sa/cart"), {}, {"identity": STRANGER}),
    (when("source.serviceAccount", "front/cart"), {}, {"identity": STRANGER}),
    (when("source.trustDomain", "cluster.local"), {}, {"identity": STRANGER}),
    (when("destination.ip", "10.3.0.0/16"), {}, {"own_address": "10.4.0.1"}),
    (when("destination.ip", but=["10.3.0.2"]), {"own_address": "10.4.0.1"}, {}),
    (when("destination.port", *EACH), {}, {"port": 9}),
    (when("connection.sni", "*.example"), {"http": {**GET, "sni": "a.example"}}, {"http": {**GET, "sni": "a.test"}}),
    (source(remote_ip_blocks=["10.1.0.0/16"]), {}, {"address": "10.2.0.1"}),
    (when("remote.ip", but=["10.1.0.9"]), {"address": "10.1.0.8"}, {}),
]  # fmt: skip
"""What holds on every port."""


def http(**fields):
    return {"http": {**GET, **fields}}


FORWARDED = http(headers={"x-forwarded-for": "192.0.2.1, 203.0.113.7"})

HTTP_FIELDS = [
    (operation(hosts=["web.shop"]), http(host="WEB.shop"), http(host="web.shop:80")),
    (operation(hosts=["web.*"]), http(host="Web.shop:80"), http(host="app.shop")),
    (operation(hosts=["*.shop"]), {}, http(host="web.shop:80")),
    (operation(not_hosts=["web.shop"]), http(host="app.shop"), http(host="WEB.SHOP")),
    (operation(methods=["GET"]), {}, http(method="get")),
    (operation(methods=["P*"]), http(method="PUT"), {}),
    (operation(not_methods=["*T"]), http(method="HEAD"), {}),
    (operation(paths=["/a"]), http(path="/a?b"), http(path="/a/")),
    (operation(paths=["/a*"]), http(path="/b/../a"), {}),
    (operation(paths=["/a/{*}/c"]), http(path="/a/b/c"), http(path="/a/b/b/c")),
    (operation(paths=["/a/{**}"]), http(path="/a/b/c"), http(path="/a")),
    (operation(not_paths=["/"]), http(path="/a"), {}),
    (when("request.headers[X-Team]", "a*"), http(headers={"x-team": "ab"}), {}),
    (when("request.headers[x-team]", "*"), http(headers={"X-Team": ""}), {}),
    (when("request.headers[x-team]", "a,b"), http(headers={"X-Team": "a,b"}), http(headers={"x-team": ["a"]})),
    (when("request.headers[x-team]", but=["a"]), {}, http(headers={"x-team": "a"})),
    (when("request.headers[:authority]", "web.shop"), {}, http(host="WEB.shop")),
    (when("request.headers[host]", "web.shop"), {}, http(host="WEB.shop")),
    (source(remote_ip_blocks=["203.0.113.0/24"]), FORWARDED, {}),
    (source(not_remote_ip_blocks=["203.0.113.0/24"]), {}, FORWARDED),
]
"""What holds on HTTP ports alone."""


def claims(**more):
    return http(claims={"iss": "https://issuer.example", "sub": "ada", **more})


TOKEN_FIELDS = [
    (source(request_principals=["*"]), claims(), {}),
    (source(request_principals=["https://issuer.example/ada"]), claims(), claims(sub="eve")),
    (source(request_principals=["https://issuer.example/*"]), claims(), {}),
    (source(request_principals=["https://issuer.example/a*"]), claims(), claims(sub="eve")),
    (source(request_principals=["https*"]), claims(), {}),
    (source(request_principals=["*.example/ada"]), claims(), claims(sub="eve")),
    (source(request_principals=["*/ada"]), claims(), claims(sub="eve")),
    (source(request_principals=["*da"]), claims(), claims(sub="eve")),
    (source(not_request_principals=["*"]), {}, claims()),
    (when("request.auth.principal", "*"), claims(), {}),
    (when("request.auth.audiences", "shop"), claims(aud=["shop", "x"]), claims(aud="x")),
    (when("request.auth.presenter", "app"), claims(azp="app"), claims(azp="web")),
    (when("request.auth.claims[role]", "adm*"), claims(role=["x", "admin"]), claims(role="x")),
    (when("request.auth.claims[role]", "*"), claims(role="x"), claims(role=7)),
    (when("request.auth.claims[org][unit]", "sales"), claims(org={"unit": "sales"}), claims(**{"org.unit": "sales"})),
    (when("request.auth.claims[scope]", "read"), claims(scope="write read"), claims(scope="reading")),
    (when("request.auth.claims[role]", but=["guest"]), claims(role="x"), claims(role="guest")),
]
"""What holds on HTTP ports with tokens."""


@pytest.mark.parametrize("port", [HTTP_PORT, TCP_PORT, UNLISTED])
@pytest.mark.parametrize(("asked", "fits", "fails"), FIELDS)
def test_fields_of_every_port(asked, fits, fails, port):
    fits, fails = {"port": port, **fits}, {"port": port, **fails}
    assert decided([policy(ALLOW, asked)], **fits) == YES
    assert decided([policy(ALLOW, asked)], **fails) == NO
    assert decided([policy(DENY, asked)], **fits) == NO
    assert decided([policy(DENY, asked)], **fails) == YES


@pytest.mark.parametrize("port", [HTTP_PORT, UNLISTED])
@pytest.mark.parametrize(("asked", "fits", "fails"), HTTP_FIELDS + TOKEN_FIELDS)
def test_fields_of_http(asked, fits, fails, port):
    fits, fails = {"port": port, "requests": (TOKENS,), **fits}, {"port": port, "requests": (TOKENS,), **fails}
    assert decided([policy(ALLOW, asked)], **fits) == YES
    assert decided([policy(ALLOW, asked)], **fails) == NO
    assert decided([policy(DENY, asked)], **fits) == NO
    assert decided([policy(DENY, asked)], **fails) == YES


@pytest.mark.parametrize("asked", [one for one, _, _ in HTTP_FIELDS + TOKEN_FIELDS if "remote" not in str(one.sources)])
def test_fields_of_http_on_a_tcp_port(asked):
    assert decided([policy(ALLOW, asked)], port=TCP_PORT, http=None) == NO
    assert decided([policy(DENY, asked)], port=TCP_PORT, http=None) == NO


def both(ip, path):
    return PolicyRule(source(ip_blocks=[ip]).sources, operation(paths=[path]).operations)


def test_a_deny_on_a_tcp_port_keeps_its_other_parts():
    assert decided([policy(DENY, both("10.1.0.9", "/a"))], port=TCP_PORT) == NO
    assert decided([policy(DENY, both("10.9.0.9", "/a"))], port=TCP_PORT) == YES


def test_an_allow_on_a_tcp_port_loses_the_rule_and_keeps_the_others():
    allows = policy(ALLOW, both("10.1.0.9", "/"), source(ip_blocks=["10.2.0.0/16"]))
    assert decided([allows], port=TCP_PORT) == NO
    assert decided([allows], port=TCP_PORT, address="10.2.0.1") == YES


@pytest.mark.parametrize("asked", [operation(methods=["GET"]), source(request_principals=["*"])])
@pytest.mark.parametrize("action", [ALLOW, DENY])
def test_without_a_request_a_condition_is_open_on_http_ports(asked, action):
    assert decided([policy(action, asked)], http=None, requests=(TOKENS,)) == OPEN


def test_a_port_that_no_service_lists_is_http_or_tcp_as_it_looks():
    allows = policy(ALLOW, operation(methods=["GET"]))
    assert decided([allows], port=UNLISTED, http=None) == OPEN
    assert decided([allows], port=UNLISTED) == YES


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((), YES),
        ((policy(ALLOW),), NO),
        ((policy(ALLOW, rule()),), YES),
        ((policy(ALLOW, rule()), policy(DENY, rule())), NO),
        ((policy(ALLOW, rule()), policy(DENY, operation(methods=["PUT"]))), YES),
        ((policy(DENY, operation(methods=["PUT"])),), YES),
        ((policy(AUDIT, rule()),), YES),
        ((policy(ALLOW, rule()), policy(DENY, rule(), dry_run=True)), YES),
        ((policy(ALLOW, dry_run=True),), YES),
        ((policy(ALLOW, operation(methods=["PUT"])), policy(ALLOW, operation(methods=["GET"]))), YES),
        ((policy(DENY, rule(), namespace="front"),), YES),
        ((policy(DENY, rule(), namespace="istio-system"),), NO),
        ((policy(DENY, rule(), selector=(("app", "web"),)),), NO),
        ((policy(DENY, rule(), selector=(("app", "db"),)),), YES),
        ((policy(DENY, rule(), namespace="istio-system", selector=(("app", "web"),)),), NO),
        ((policy(ALLOW, namespace="istio-system"), policy(ALLOW, rule())), YES),
        ((policy(DENY, rule(), target_refs=(TargetReference("", "Service", "web"),)),), YES),
    ],
)
def test_order_and_scope(policies, expected):
    assert decided(policies) == expected


GATEWAY = PodTemplate(labels={"gateway.networking.k8s.io/gateway-name": "edge"})
WAYPOINT = PodTemplate(labels={**GATEWAY.labels, "gateway.istio.io/managed": "istio.io-mesh-controller"})


@pytest.mark.parametrize(
    ("template", "namespace", "expected"),
    [(GATEWAY, "shop", NO), (GATEWAY, "front", YES), (PodTemplate(), "shop", YES), (WAYPOINT, "shop", YES)],
)
def test_a_gateway_as_target(template, namespace, expected):
    refs = (TargetReference("gateway.networking.k8s.io", "Gateway", "edge"),)
    denies = policy(DENY, rule(), target_refs=refs)
    assert decided([denies], template=template, namespace=namespace, services=()) == expected


def test_gateways_take_policies_by_selector_and_waypoints_do_not():
    denies = [policy(DENY, rule())]
    assert decided(denies, template=GATEWAY, services=()) == NO
    assert decided(denies, template=WAYPOINT, services=()) == YES


def test_at_a_gateway_nobody_knows_what_x_forwarded_for_counts_for():
    allows = [policy(ALLOW, source(remote_ip_blocks=["10.1.0.0/16"]))]
    assert decided(allows, template=GATEWAY, services=()) == YES
    assert decided(allows, template=GATEWAY, services=(), **FORWARDED) == OPEN


@pytest.mark.parametrize("plane", [AMBIENT, NO_PLANE])
def test_pods_without_a_sidecar_enforce_nothing(plane):
    assert decided([policy(ALLOW)], plane=plane) == YES


def test_where_nobody_knows_of_a_sidecar_a_denial_is_open():
    assert decided([policy(ALLOW)], unknown=frozenset((MESH,))) == OPEN
    assert decided([policy(DENY, operation(methods=["PUT"]))], unknown=frozenset((MESH,))) == YES


@pytest.mark.parametrize(
    ("action", "asked", "expected"),
    [
        (DENY, source(namespaces=["front"]), NO),
        (DENY, operation(methods=["PUT"]), OPEN),
        (ALLOW, operation(methods=["GET"]), OPEN),
        (ALLOW, operation(methods=["PUT"]), NO),
        (ALLOW, source(namespaces=["front"]), YES),
    ],
)
def test_a_port_that_services_disagree_on(action, asked, expected):
    other = Service(ObjectMeta("b", "shop"), selector={"app": "web"}, ports=(ServicePort(90, HTTP_PORT, "tcp"),))
    assert decided([policy(action, asked)], services=(SERVICE, other)) == expected


def test_what_is_not_tcp_passes():
    assert decided([policy(ALLOW)], transport="udp", identity="") == YES


@pytest.mark.parametrize(
    ("annotations", "port", "expected"),
    [
        ({}, 15020, YES),
        ({}, HTTP_PORT, NO),
        ({"traffic.sidecar.istio.io/excludeInboundPorts": "8080, 9"}, HTTP_PORT, YES),
        ({"traffic.sidecar.istio.io/includeInboundPorts": "9"}, HTTP_PORT, YES),
        ({"traffic.sidecar.istio.io/includeInboundPorts": "8080"}, HTTP_PORT, NO),
        ({"traffic.sidecar.istio.io/includeInboundPorts": ""}, HTTP_PORT, YES),
        ({"traffic.sidecar.istio.io/includeInboundPorts": "http"}, HTTP_PORT, OPEN),
        ({"traffic.sidecar.istio.io/excludeInboundPorts": "*"}, HTTP_PORT, OPEN),
        ({"traffic.sidecar.istio.io/excludeInboundPorts": "*"}, 15090, YES),
        ({"sidecar.istio.io/interceptionMode": "NONE"}, HTTP_PORT, YES),
    ],
)
def test_ports_past_the_proxy(annotations, port, expected):
    template = PodTemplate(labels={"app": "web"}, annotations=annotations)
    assert decided([policy(ALLOW)], template=template, port=port) == expected


def asks(provider="ask", **more):
    return policy(CUSTOM, operation(ports=[str(HTTP_PORT), str(TCP_PORT)]), provider=provider, **more)


@pytest.mark.parametrize(
    ("policies", "authorizers", "on_http", "on_tcp"),
    [
        ([asks()], {"ask": Authorizer("grpc", "deny")}, NO, NO),
        ([asks()], {"ask": Authorizer("grpc", "allow")}, YES, YES),
        ([asks()], {"ask": Authorizer("grpc")}, OPEN, OPEN),
        ([asks()], {"ask": Authorizer("http", "deny")}, NO, YES),
        ([asks()], {}, NO, NO),
        ([asks()], None, OPEN, OPEN),
        ([asks(dry_run=True)], {}, YES, YES),
        ([asks(dry_run=True)], {"ask": Authorizer("grpc", "allow")}, OPEN, OPEN),
        ([asks(), asks("other")], {"ask": Authorizer("grpc", "allow"), "other": Authorizer("grpc", "allow")}, NO, NO),
        ([asks(), asks("other", dry_run=True)], {"ask": Authorizer("grpc", "allow")}, NO, NO),
        ([asks(), policy(ALLOW)], {"ask": Authorizer("grpc", "allow")}, NO, NO),
    ],
)
def test_external_authorizers(policies, authorizers, on_http, on_tcp):
    settings = Settings(authorizers=authorizers)
    assert decided(policies, settings=settings) == on_http
    assert decided(policies, settings=settings, port=TCP_PORT, http=None) == on_tcp


def test_several_authorizers_where_istiod_takes_them():
    authorizers = {"ask": Authorizer("grpc", "allow"), "other": Authorizer("grpc", "deny")}
    two = [asks(), policy(CUSTOM, operation(paths=["/other"]), provider="other")]
    settings = Settings(authorizers=authorizers, several_authorizers=True)
    assert decided(two, settings=settings) == YES
    assert decided(two, settings=settings, **http(path="/other")) == NO


def test_trust_domain_aliases():
    settings = Settings(trust_domains=("new.example", "old.example"))
    allows = [policy(ALLOW, source(principals=["cluster.local/ns/front/sa/cart"]))]
    for domain, expected in (("new.example", YES), ("old.example", YES), ("cluster.local", NO)):
        assert decided(allows, settings=settings, identity=f"spiffe://{domain}/ns/front/sa/cart") == expected


def test_no_policy_no_chain():
    assert authorization((), (), (), Settings()) == ()


RULES = st.sampled_from([one for one, _, _ in FIELDS + HTTP_FIELDS + TOKEN_FIELDS])
POLICIES = st.lists(st.builds(policy, st.sampled_from([ALLOW, DENY]), RULES), max_size=4)
PACKETS = st.fixed_dictionaries(
    {
        "port": st.sampled_from([HTTP_PORT, TCP_PORT, UNLISTED, 15020]),
        "identity": st.sampled_from(["", "spiffe://cluster.local/ns/front/sa/cart", STRANGER]),
        "address": st.sampled_from(["10.1.0.9", "10.2.0.1"]),
        "http": st.sampled_from([None, GET, claims(role="admin")["http"], FORWARDED["http"], {"path": "/a"}]),
        "requests": st.sampled_from([(), (TOKENS,)]),
    }
)


@given(POLICIES, RULES, PACKETS)
def test_an_allow_rule_more_never_closes(policies, more, packet):
    allows = [one for one in policies if one.action is ALLOW] or [policy(ALLOW)]
    denies = [one for one in policies if one.action is DENY]
    before = decided([*allows, *denies], **packet)
    after = decided([*allows, *denies, policy(ALLOW, more)], **packet)
    assert before != YES or after == YES
    assert after != NO or before == NO


@given(POLICIES, RULES, PACKETS)
def test_a_deny_never_opens(policies, more, packet):
    before = decided(policies, **packet)
    after = decided([*policies, policy(DENY, more)], **packet)
    assert before != NO or after == NO
    assert after != YES or before == YES


@given(POLICIES, PACKETS)
def test_the_order_of_policies_is_irrelevant(policies, packet):
    assert decided(policies, **packet) == decided(policies[::-1], **packet)
