"""RF410: permissions that no client can use, because another layer keeps all of them away."""

from __future__ import annotations

import pytest

from ringfence.checks import unused_authorization
from ringfence.checks.finding import Severity

from .manifests import app, deployment, found, messages, namespace, policy, service
from .meshes import (
    AMBIENT,
    REQUIRES,
    annotated,
    authorization,
    destination_rule,
    linkerd_policy,
    mesh_tls,
    meshed,
    peer_authentication,
    server,
    workload,
)

DB, WEB = "shop/db[Deployment]", "shop/web[Deployment]"
SERVICE = service("db", "[{name: tcp-sql, port: 5432}]")
ADMIN = service("db", "[{name: tcp-admin, port: 9090}]").replace("name: db,", "name: admin,")
PODS = workload("db", 5432), workload("web"), workload("api"), SERVICE
SHOP = meshed(), *PODS
FROM = "[{{from: [{{source: {{{}}}}}]}}]"
OF_WEB = FROM.format("principals: [cluster.local/ns/shop/sa/web]")
API_ONLY = policy(select=app("db"), ingress="[{from: [{podSelector: {matchLabels: {app: api}}}]}]")
NOT_9090 = policy(select=app("db"), ingress="[{ports: [{port: 5432}]}]")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (OF_WEB, [WEB]),
        (FROM.format("serviceAccounts: [web]"), [WEB]),
        (FROM.format("principals: [cluster.local/ns/shop/sa/api]"), []),
        # One of several is enough.
        (FROM.format("namespaces: [shop]"), []),
        (FROM.format("principals: ['*']"), []),
        # Who is not in the files, or proves nothing, is another finding's.
        (FROM.format("principals: [cluster.local/ns/elsewhere/sa/a]"), []),
        # Who is not asked for an identity may be anybody.
        ("[{}]", []),
        (FROM.format("ipBlocks: [10.0.0.0/8]"), []),
        (FROM.format("notPrincipals: [cluster.local/ns/shop/sa/api]"), []),
    ],
)
def test_rules(rules, expected):
    result = messages(unused_authorization, *SHOP, authorization("p", rules, select="db"), API_ONLY)
    text = "AuthorizationPolicy shop/p admits {}, which cannot reach port 5432 of " + DB
    assert result == [text.format(one) for one in expected]
    assert messages(unused_authorization, *SHOP, authorization("p", rules, select="db")) == []


@pytest.mark.parametrize("other", [authorization("d", OF_WEB, "DENY"), policy(select=app("db"))])
def test_other_layers(other):
    assert len(messages(unused_authorization, *SHOP, authorization("p", OF_WEB, select="db"), other)) == 1


def test_the_reason_is_what_refuses_and_the_packet_is_the_clients():
    (one,) = found(unused_authorization, *SHOP, authorization("p", OF_WEB, select="db"), API_ONLY)
    assert one.severity is Severity.LOW
    assert [what for what, _ in one.because] == ["NetworkPolicy: shop/p"]
    assert one.span.pointer == "/spec/rules/0"
    assert one.witness is not None
    packet = one.witness.packet
    assert (packet.source, packet.destination, packet.header.plane, packet.header.y) == (WEB, DB, "mtls", 5432)


@pytest.mark.parametrize(("ports", "expected"), [("'5432'", 0), ("'9090'", 1)])
def test_ports(ports, expected):
    rules = OF_WEB[:-2] + f", to: [{{operation: {{ports: [{ports}]}}}}]}}]"
    manifests = *SHOP, ADMIN, authorization("p", rules, select="db")
    assert len(messages(unused_authorization, *manifests, NOT_9090)) == expected


@pytest.mark.parametrize(
    "more",
    [
        [peer_authentication("db", "DISABLE", select="db")],
        [destination_rule("db", "db", "{tls: {mode: DISABLE}}"), peer_authentication("default", "STRICT")],
    ],
)
def test_what_proxies_send_and_take_is_another_findings(more):
    assert messages(unused_authorization, *SHOP, authorization("p", OF_WEB, select="db"), *more) == []


def test_several_clients():
    rules = FROM.format("serviceAccounts: [web, api]")
    (one,) = messages(unused_authorization, *SHOP, authorization("p", rules, select="db"), policy(select=app("db")))
    assert f"admits {WEB}, shop/api[Deployment], none of which can reach port" in one


def test_ambient_pods():
    manifests = meshed("shop", labels=AMBIENT), *PODS, authorization("p", OF_WEB, select="db")
    assert messages(unused_authorization, *manifests) == []
    assert len(messages(unused_authorization, *manifests, API_ONLY)) == 1


@pytest.mark.parametrize("labels", [None, AMBIENT], ids=["a port of TCP", "ztunnel"])
def test_a_rule_that_is_dropped_is_another_findings(labels):
    rules = OF_WEB[:-2] + ", to: [{operation: {methods: [GET]}}]}]"
    assert messages(unused_authorization, meshed("shop", labels=labels), *PODS, authorization("p", rules)) == []


OF_LINKERD = annotated(), *PODS[:3], server("db", "db", 5432)
AUTHENTICATION = mesh_tls("a", refs="[{kind: ServiceAccount, name: web}]")
OLD = """
apiVersion: policy.linkerd.io/v1beta1
kind: ServerAuthorization
metadata: {name: p, namespace: shop}
spec: {server: {name: db}, client: {meshTLS: {serviceAccounts: [{name: web}]}}}
"""


@pytest.mark.parametrize(
    ("permission", "title"),
    [
        ([linkerd_policy("p", "db", REQUIRES.format("a")), AUTHENTICATION], "AuthorizationPolicy"),
        ([linkerd_policy("p", "shop", REQUIRES.format("a"), kind="Namespace"), AUTHENTICATION], "AuthorizationPolicy"),
        ([OLD], "ServerAuthorization"),
    ],
)
def test_linkerd(permission, title):
    assert messages(unused_authorization, *OF_LINKERD, *permission) == []
    assert messages(unused_authorization, *OF_LINKERD, *permission, API_ONLY) == [
        f"{title} shop/p admits {WEB}, which cannot reach port 5432 of {DB}"
    ]


def test_linkerd_without_identities():
    everyone = linkerd_policy("p", "db", "[]")
    gone = linkerd_policy("q", "db", REQUIRES.format("gone"))
    assert messages(unused_authorization, *OF_LINKERD, everyone, gone, API_ONLY) == []


@pytest.mark.parametrize("manifests", [[deployment("db"), API_ONLY], [namespace(), *PODS, API_ONLY]])
def test_without_a_mesh_it_is_quiet(manifests):
    assert messages(unused_authorization, *manifests) == []
