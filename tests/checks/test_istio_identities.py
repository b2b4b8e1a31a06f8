"""Identities in Istio's policies: who proves them, and where nobody is asked."""

from __future__ import annotations

import pytest

from ringfence.checks.istio_identities import of_istio

from .manifests import namespace, service, view
from .meshes import AMBIENT, authorization, destination_rule, meshed, peer_authentication, workload

SERVICE = service("db", "[{name: tcp-sql, port: 5432}]")
ADMIN = service("db", "[{name: tcp-admin, port: 9090}]").replace("name: db,", "name: admin,")
SHOP = meshed(), workload("db", 5432), workload("web"), SERVICE
LEGACY = namespace("legacy"), workload("report", namespace="legacy")
DB, WEB = "shop/db[Deployment]", "shop/web[Deployment]"
FROM = "[{{from: [{{source: {{{}}}}}]}}]"
BARE = "legacy/report[Deployment] has no proxy"
OF_SHOP = FROM.format("namespaces: [shop]")


def said(*manifests: str) -> list[str]:
    return [one.message.partition("AuthorizationPolicy ")[2] for one in of_istio(view(*manifests))]


@pytest.mark.parametrize(
    ("source", "shown", "why"),
    [
        ("principals: [cluster.local/ns/shop/sa/web]", "", ""),
        ("principals: ['*']", "", ""),
        ("principals: ['*/sa/web']", "", ""),
        # A pattern may be for what is elsewhere.
        ("principals: [cluster.local/ns/legacy/*]", "", ""),
        ("principals: [cluster.local/ns/legacy/sa/report]", "cluster.local/ns/legacy/sa/report", BARE),
        (
            "principals: [cluster.local/ns/shop/sa/wbe]",
            "cluster.local/ns/shop/sa/wbe",
            "no pod uses service account shop/wbe",
        ),
        ("principals: [cluster.local/ns/elsewhere/sa/a]", "", ""),
        ("principals: [cluster.local/ns/istio-system/sa/gateway]", "", ""),
        (
            "principals: [other/ns/shop/sa/web]",
            "other/ns/shop/sa/web",
            "the trust domain of the mesh is cluster.local",
        ),
        (
            "principals: [spiffe://cluster.local/ns/shop/sa/web]",
            "spiffe://cluster.local/ns/shop/sa/web",
            "a principal is written cluster.local/ns/NAMESPACE/sa/ACCOUNT",
        ),
        ("namespaces: [shop]", "", ""),
        ("namespaces: ['leg*']", "", ""),
        ("namespaces: [legacy]", "namespace legacy", BARE),
        ("namespaces: [elsewhere]", "", ""),
        ("serviceAccounts: [web]", "", ""),
        ("serviceAccounts: [shop/web]", "", ""),
        ("serviceAccounts: [wbe]", "wbe", "no pod uses service account shop/wbe"),
        ("serviceAccounts: [legacy/report]", "legacy/report", BARE),
        # Excluding what is not there is no mistake.
        ("notPrincipals: [cluster.local/ns/legacy/sa/report]", "", ""),
    ],
)
def test_who_proves_a_name(source, shown, why):
    policy = authorization("p", FROM.format(source), select="db")
    expected = [f"shop/p names {shown}, which nobody proves: {why}"] if shown else []
    assert said(*SHOP, *LEGACY, policy) == expected


def test_a_control_planes_accounts_may_come_from_elsewhere():
    policy = authorization("p", FROM.format("principals: [cluster.local/ns/istio-system/sa/gateway]"), select="db")
    istiod = namespace("istio-system"), workload("istiod", namespace="istio-system")
    assert said(*SHOP, *istiod, policy) == []


def test_a_namespace_that_nobody_declares_may_be_in_the_mesh():
    policy = authorization("p", FROM.format("namespaces: [undeclared]"), select="db")
    assert said(*SHOP, workload("a", namespace="undeclared"), policy) == []


@pytest.mark.parametrize(
    ("more", "ports", "expected"),
    [
        ([], "", False),
        ([peer_authentication("db", "DISABLE", select="db")], "", True),
        ([peer_authentication("db", "PERMISSIVE", select="db")], "", False),
        ([peer_authentication("db", select="db", ports="{5432: {mode: DISABLE}}")], "", True),
        ([peer_authentication("db", select="db", ports="{5432: {mode: DISABLE}}"), ADMIN], "'9090'", False),
        ([peer_authentication("db", select="db", ports="{9090: {mode: DISABLE}}")], "", False),
    ],
)
def test_servers_that_take_plaintext_alone(more, ports, expected):
    to = f", to: [{{operation: {{ports: [{ports}]}}}}]" if ports else ""
    policy = authorization("p", f"[{{from: [{{source: {{namespaces: [shop]}}}}]{to}}}]", select="db")
    what = f"shop/p names identities, and port 5432 of {DB} takes plaintext alone"
    assert said(*SHOP, *more, policy) == [what] * expected


def test_ztunnel_always_takes_mutual_tls():
    off = peer_authentication("db", "DISABLE", select="db")
    policy = authorization("p", OF_SHOP, select="db")
    assert said(meshed("shop", labels=AMBIENT), *SHOP[1:], off, policy) == []


@pytest.mark.parametrize("action", ["ALLOW", "DENY"])
def test_pods_without_a_proxy_ask_for_nothing(action):
    policy = authorization("p", OF_SHOP, action, namespace="legacy", select="report")
    what = "legacy/p names identities, and legacy/report[Deployment], which it is for, has no proxy to ask for them"
    assert said(*SHOP, *LEGACY, policy) == [what]
    plain = authorization("p", "[{to: [{operation: {ports: ['80']}}]}]", namespace="legacy", select="report")
    assert said(*SHOP, *LEGACY, plain) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([SERVICE], []),
        ([SERVICE, destination_rule("db", "db", "{tls: {mode: ISTIO_MUTUAL}}")], []),
        (
            [SERVICE, destination_rule("db", "db", "{tls: {mode: DISABLE}}")],
            ["DestinationRule shop/db sends plaintext"],
        ),
        # A port that no Service lists is sent in plaintext.
        ([], []),
    ],
)
def test_clients_that_send_plaintext(more, expected):
    policy = authorization("p", FROM.format("principals: [cluster.local/ns/shop/sa/web]"), select="db")
    result = list(of_istio(view(*SHOP[:3], *more, policy)))
    sends = f"which nobody proves: {WEB} sends plaintext to {DB}"
    plaintext = SERVICE not in more or bool(expected)
    assert [one.message.partition(", ")[2] for one in result] == [sends] * plaintext
    assert [what for one in result for what, _ in one.because] == expected


def test_clients_that_send_plaintext_are_named_together():
    plain = destination_rule("db", "db", "{tls: {mode: DISABLE}}")
    both = authorization("p", FROM.format("serviceAccounts: [web, api]"), select="db")
    assert said(*SHOP, workload("api"), plain, both) == [
        f"shop/p names web, api, which nobody proves: {WEB}, shop/api[Deployment] send plaintext to {DB}"
    ]
    # What a STRICT server refuses altogether is a conflict, and no question of identities.
    assert said(*SHOP, workload("api"), plain, both, peer_authentication("default", "STRICT")) == []


def test_one_client_that_sends_its_identity_is_enough():
    own = destination_rule("db", "db.shop.svc.cluster.local", "{tls: {mode: DISABLE}}", "other", ", exportTo: [.]")
    clients = meshed("other"), workload("web", namespace="other", account="web")
    both = FROM.format("principals: [cluster.local/ns/other/sa/web], namespaces: ['*']")
    assert len(said(*SHOP, *clients, own, authorization("p", both, select="db"))) == 1
    all_of_them = FROM.format("principals: ['*/sa/web']")
    assert said(*SHOP, *clients, own, authorization("p", all_of_them, select="db")) == []
