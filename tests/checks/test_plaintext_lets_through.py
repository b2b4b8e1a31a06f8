"""RF406: rules on identities, and the plaintext that they do not stop."""

from __future__ import annotations

import pytest

from ringfence.checks import plaintext_lets_through
from ringfence.checks.finding import Severity

from .manifests import app, deployment, found, messages, namespace, policy
from .meshes import AMBIENT, authorization, meshed, peer_authentication, workload

SHOP = meshed(), workload("db", 5432), workload("web")
OUTSIDER = namespace("out"), workload("probe", namespace="out")
STRICT = peer_authentication("default", "STRICT")
DB = "shop/db[Deployment]"
FROM = "[{{from: [{{source: {{{}}}}}]}}]"
WEB = "cluster.local/ns/shop/sa/web"
NOT_WEB, OF_WEB = FROM.format(f"notPrincipals: [{WEB}]"), FROM.format(f"principals: [{WEB}]")


def rules(action: str, text: str) -> str:
    return authorization("p", text, action, select="db")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (rules("ALLOW", NOT_WEB), Severity.HIGH),
        (rules("ALLOW", FROM.format("notNamespaces: [guests]")), Severity.HIGH),
        (rules("ALLOW", FROM.format(f"notPrincipals: [{WEB}], namespaces: [shop]")), None),
        (rules("ALLOW", OF_WEB), None),
        (rules("ALLOW", "[{}]"), None),
        (rules("ALLOW", FROM.format("ipBlocks: [10.0.0.0/8]")), None),
        (rules("DENY", OF_WEB), Severity.HIGH),
        (rules("DENY", FROM.format("namespaces: [shop]")), Severity.HIGH),
        # Nobody in the files is denied, and anybody gets in.
        (rules("DENY", FROM.format("namespaces: [guests]")), Severity.MEDIUM),
        # The safe way round: who proves nothing is none of those that may.
        (rules("DENY", NOT_WEB), None),
        (rules("DENY", FROM.format("notNamespaces: [shop]")), None),
        (rules("AUDIT", OF_WEB), None),
        (authorization("p", OF_WEB, "DENY", select="db", dry=True), None),
        (authorization("p", OF_WEB, "DENY", select="other"), None),
    ],
)
def test_rules(policy, expected):
    result = found(plaintext_lets_through, *SHOP, *OUTSIDER, policy)
    assert [one.severity for one in result] == ([] if expected is None else [expected])
    assert messages(plaintext_lets_through, *SHOP, *OUTSIDER, STRICT, policy) == []


def test_a_denied_workload_gets_through_past_its_own_proxy():
    (one,) = found(plaintext_lets_through, *SHOP, rules("DENY", OF_WEB))
    assert one.message.endswith(f"denies by identity, which no plaintext connection has, and {DB} takes plaintext")
    assert one.witness is not None
    packet = one.witness.packet
    assert (packet.source, packet.header.plane, packet.header.y) == ("shop/web[Deployment]", "tcp", 5432)
    assert one.span.pointer == "/spec/rules/0"


@pytest.mark.parametrize(
    "closed",
    [
        # An ALLOW policy asks for an identity as well.
        authorization("allow", FROM.format("principals: ['*']"), select="db"),
        policy(select=app("db")),
    ],
)
def test_a_denial_is_whole_where_plaintext_is_refused_anyway(closed):
    assert messages(plaintext_lets_through, *SHOP, *OUTSIDER, rules("DENY", OF_WEB), closed) == []


def test_an_admission_is_less_urgent_where_nobody_gets_there():
    closed = policy(select=app("db"), ingress="[{from: [{podSelector: {}}]}]")
    (one,) = found(plaintext_lets_through, *SHOP, *OUTSIDER, rules("ALLOW", NOT_WEB), closed)
    assert (one.severity, one.witness) == (Severity.MEDIUM, None)


@pytest.mark.parametrize(
    ("ports", "expected"), [("'5432'", 1), ("'9090'", 0)], ids=["plaintext on this port", "not on this one"]
)
def test_ports(ports, expected):
    lenient = peer_authentication("db", select="db", ports="{5432: {mode: PERMISSIVE}}")
    denied = f"[{{from: [{{source: {{principals: [{WEB}]}}}}], to: [{{operation: {{ports: [{ports}]}}}}]}}]"
    assert len(messages(plaintext_lets_through, *SHOP, STRICT, lenient, rules("DENY", denied))) == expected


def test_ambient_pods():
    manifests = meshed("shop", labels=AMBIENT), *SHOP[1:], rules("DENY", OF_WEB)
    assert len(messages(plaintext_lets_through, *manifests)) == 1
    assert messages(plaintext_lets_through, *manifests, STRICT) == []


def test_without_a_mesh_it_is_quiet():
    assert messages(plaintext_lets_through, deployment("db"), *OUTSIDER) == []
