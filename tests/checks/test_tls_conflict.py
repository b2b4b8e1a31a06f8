"""RF402: what DestinationRules send against what servers take."""

from __future__ import annotations

import pytest

from ringfence.checks import tls_conflict

from .manifests import app, deployment, found, messages, namespace, policy, service
from .meshes import destination_rule, meshed, peer_authentication, workload

SHOP = meshed(), workload("db", 5432), workload("web"), service("db", "[{name: tcp-sql, port: 5432}]")
STRICT, OFF = peer_authentication("default", "STRICT"), peer_authentication("default", "DISABLE")
DB, WEB = "shop/db[Deployment]", "shop/web[Deployment]"
REFUSED = {
    mode: f"DestinationRule shop/db says {mode}, and {DB} takes {takes} alone on port 5432: "
    f"connections from {WEB} are refused"
    for mode, takes in (("DISABLE", "mutual TLS"), ("SIMPLE", "mutual TLS"), ("ISTIO_MUTUAL", "plaintext"))
}
UNINJECTED = {"sidecar.istio.io/inject": "'false'"}
EXCLUDED = {"traffic.sidecar.istio.io/excludeInboundPorts": "'5432'"}


def rule(mode: str, host: str = "db", more: str = "") -> str:
    return destination_rule("db", host, f"{{tls: {{mode: {mode}}}}}", more=more)


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([STRICT, rule("DISABLE")], ["DISABLE"]),
        ([STRICT, rule("SIMPLE")], ["SIMPLE"]),
        ([STRICT, rule("ISTIO_MUTUAL")], []),
        ([STRICT], []),
        # PERMISSIVE takes either.
        ([rule("DISABLE")], []),
        ([rule("ISTIO_MUTUAL")], []),
        ([OFF, rule("ISTIO_MUTUAL")], ["ISTIO_MUTUAL"]),
        ([OFF, rule("DISABLE")], []),
        ([STRICT, rule("DISABLE", "db.shop.svc.cluster.local")], ["DISABLE"]),
        ([STRICT, rule("DISABLE", "'*.local'")], ["DISABLE"]),
        ([STRICT, rule("DISABLE", "other")], []),
        # The port is plaintext on purpose, and the rule knows it.
        ([STRICT, peer_authentication("db", select="db", ports="{5432: {mode: DISABLE}}"), rule("DISABLE")], []),
        ([peer_authentication("db", select="db", ports="{5432: {mode: STRICT}}"), rule("DISABLE")], ["DISABLE"]),
    ],
)
def test_modes(manifests, expected):
    assert messages(tls_conflict, *SHOP, *manifests) == [REFUSED[mode] for mode in expected]


@pytest.mark.parametrize("annotations", [UNINJECTED, EXCLUDED])
def test_mutual_tls_to_what_has_no_proxy(annotations):
    manifests = meshed(), workload("db", 5432, annotations=annotations), *SHOP[2:]
    assert messages(tls_conflict, *manifests, rule("ISTIO_MUTUAL")) == [REFUSED["ISTIO_MUTUAL"]]
    assert messages(tls_conflict, *manifests, rule("DISABLE")) == []


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ("{portLevelSettings: [{port: {number: 5432}, tls: {mode: DISABLE}}]}", "portLevelSettings/0/tls/mode"),
        ("{portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]}", None),
        ("{tls: {mode: DISABLE}}", "tls/mode"),
    ],
)
def test_it_stands_at_the_mode(settings, pointer):
    result = found(tls_conflict, *SHOP, STRICT, destination_rule("db", "db", settings))
    assert [one.span.pointer for one in result] == ([f"/spec/trafficPolicy/{pointer}"] if pointer else [])


def test_the_reason_is_the_servers_policy_and_the_packet_is_what_the_client_sends():
    (one,) = found(tls_conflict, *SHOP, STRICT, rule("DISABLE"))
    assert [what for what, _ in one.because] == ["PeerAuthentication shop/default says STRICT"]
    assert one.witness is not None
    packet = one.witness.packet
    assert (packet.source, packet.destination, packet.header.plane, packet.header.y) == (WEB, DB, "tcp", 5432)


def test_flows_that_policies_refuse_do_not_count():
    closed = policy(select=app("db"))
    assert messages(tls_conflict, *SHOP, STRICT, rule("DISABLE"), closed) == []
    api_only = policy(select=app("db"), ingress="[{from: [{podSelector: {matchLabels: {app: api}}}]}]")
    (one,) = messages(tls_conflict, *SHOP, workload("api"), STRICT, rule("DISABLE"), api_only)
    assert one.endswith("connections from shop/api[Deployment] are refused")


def test_a_rule_that_the_client_does_not_follow():
    private = rule("DISABLE", "db.shop.svc.cluster.local", ", exportTo: [.]")
    manifests = meshed(), *SHOP[1:2], SHOP[3], meshed("other"), workload("web", namespace="other"), STRICT
    assert messages(tls_conflict, *manifests, private) == []
    (one,) = messages(tls_conflict, *manifests, rule("DISABLE", "db.shop.svc.cluster.local"))
    assert one.endswith("connections from other/web[Deployment] are refused")


def test_clients_without_a_proxy_follow_no_rule():
    manifests = namespace("other"), workload("probe", namespace="other"), meshed(), SHOP[1], SHOP[3]
    assert messages(tls_conflict, *manifests, STRICT, rule("DISABLE", "db.shop.svc.cluster.local")) == []


def test_without_a_mesh_it_is_quiet():
    assert messages(tls_conflict, deployment("db"), service("db", "[{port: 5432}]")) == []
