"""Cluster policies: order of tiers, actions, peers and ports, sentence by sentence of the layer's documentation."""

from __future__ import annotations

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.engine.reference import Reference
from ringfence.model.addresses import number
from ringfence.model.headers import Header
from ringfence.model.networks import Packet
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import documents
from ringfence.topology.kubernetes import build
from ringfence.topology.options import parse

CLUSTER = """
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {pool: edge}}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {team: a}}
---
apiVersion: v1
kind: Namespace
metadata: {name: b, labels: {team: b}}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: a, labels: {app: client}}
spec: {containers: [{name: c, image: i}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: b, labels: {app: server}}
spec: {containers: [{name: c, image: i, ports: [{name: web, containerPort: 8080}]}]}
status: {podIP: 10.0.0.2}
---
"""

ALLOW_ALL = "[{action: Allow, from: [{namespaces: {}}]}]"
DENY_ALL = "[{action: Deny, from: [{namespaces: {}}]}]"


def admin(ingress: str, priority: int = 10, name: str = "p") -> str:
    spec = f"{{priority: {priority}, subject: {{namespaces: {{matchLabels: {{team: b}}}}}}, ingress: {ingress}}}"
    head = f"apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: {name}}}"
    return f"{head}\nspec: {spec}\n---\n"


def baseline(ingress: str) -> str:
    head = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {name: default}"
    return f"{head}\nspec: {{subject: {{namespaces: {{}}}}, ingress: {ingress}}}\n---\n"


def isolating(types: str = "[Ingress]", ingress: str = "[]") -> str:
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: np, namespace: b}"
    return f"{head}\nspec: {{podSelector: {{}}, policyTypes: {types}, ingress: {ingress}}}\n---\n"


def egress(rules: str) -> str:
    head = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: out}"
    return (
        f"{head}\nspec: {{priority: 5, subject: {{namespaces: {{matchLabels: {{team: a}}}}}}, egress: {rules}}}\n---\n"
    )


def outcome(policies: str, target: str = "b/server[Pod]", port: int = 8080, plane: str = "tcp", **options) -> Outcome:
    objects, problems = from_documents(documents(CLUSTER + policies, "case.yaml"))
    assert not problems
    network = build(objects, parse(options)[0]).network
    places = {"b/server[Pod]": "10.0.0.2", "n1[Node]": "192.168.0.1", "external-ipv4": "203.0.113.9"}
    header = Header(plane, 40000, port) if plane != "icmp" else Header("icmp", 8, 0)
    packet = Packet("a/client[Pod]", number("10.0.0.1"), target, number(places[target]), header)
    return Reference(network).trace(packet).outcome


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ("", Outcome.ALLOWED),
        (admin(DENY_ALL), Outcome.DENIED),
        (admin(ALLOW_ALL) + isolating(), Outcome.ALLOWED),
        (admin("[{action: Pass, from: [{namespaces: {}}]}]") + isolating(), Outcome.DENIED),
        (admin("[{action: Pass, from: [{namespaces: {}}]}]") + baseline(DENY_ALL), Outcome.DENIED),
        (baseline(DENY_ALL), Outcome.DENIED),
        (baseline(DENY_ALL) + isolating(ingress="[{}]"), Outcome.ALLOWED),
        (baseline(ALLOW_ALL) + isolating(), Outcome.DENIED),
        (admin(DENY_ALL, 1, "first") + admin(ALLOW_ALL, 2, "second"), Outcome.DENIED),
        (admin(DENY_ALL, 3, "first") + admin(ALLOW_ALL, 2, "second"), Outcome.ALLOWED),
        (admin(DENY_ALL, 2, "first") + admin(ALLOW_ALL, 2, "second"), Outcome.UNKNOWN),
        (admin(ALLOW_ALL[:-1] + ", " + DENY_ALL[1:]), Outcome.ALLOWED),
        (admin("[{action: Deny, from: [{namespaces: {matchLabels: {team: b}}}]}]"), Outcome.ALLOWED),
    ],
)
def test_tiers_decide_in_order(policies, expected):
    assert outcome(policies) is expected


@pytest.mark.parametrize(
    ("ports", "port", "expected"),
    [
        ("[{portNumber: {protocol: TCP, port: 8080}}]", 8080, Outcome.DENIED),
        ("[{portNumber: {protocol: TCP, port: 8080}}]", 8081, Outcome.ALLOWED),
        ("[{portNumber: {protocol: UDP, port: 8080}}]", 8080, Outcome.ALLOWED),
        ("[{portRange: {protocol: TCP, start: 8000, end: 8100}}]", 8080, Outcome.DENIED),
        ("[{namedPort: web}]", 8080, Outcome.DENIED),
        ("[{namedPort: web}]", 9090, Outcome.ALLOWED),
        ("[{namedPort: unheard-of}]", 8080, Outcome.ALLOWED),
    ],
)
def test_ports(ports, port, expected):
    rules = f"[{{action: Deny, from: [{{namespaces: {{}}}}], ports: {ports}}}]"
    assert outcome(admin(rules), port=port) is expected
    rules = f"[{{action: Deny, to: [{{namespaces: {{}}}}], ports: {ports}}}]"
    assert outcome(egress(rules), port=port) is expected


def test_a_rule_without_ports_covers_icmp():
    assert outcome(admin(DENY_ALL), plane="icmp") is Outcome.DENIED


@pytest.mark.parametrize(
    ("peer", "target", "expected"),
    [
        ("{networks: [10.0.0.0/8]}", "b/server[Pod]", Outcome.DENIED),
        ("{networks: [10.0.0.0/8]}", "external-ipv4", Outcome.ALLOWED),
        ("{networks: [203.0.113.0/24]}", "external-ipv4", Outcome.DENIED),
        ("{nodes: {matchLabels: {pool: edge}}}", "n1[Node]", Outcome.DENIED),
        ("{nodes: {matchLabels: {pool: core}}}", "n1[Node]", Outcome.ALLOWED),
        ("{nodes: {}}", "b/server[Pod]", Outcome.ALLOWED),
        ("{domainNames: [example.com]}", "external-ipv4", Outcome.UNKNOWN),
        ("{something: new}", "external-ipv4", Outcome.DENIED),
        ("{}", "b/server[Pod]", Outcome.DENIED),
    ],
)
def test_egress_peers(peer, target, expected):
    assert outcome(egress(f"[{{action: Deny, to: [{peer}]}}]"), target) is expected


def test_an_unknown_peer_of_an_allow_matches_nobody():
    rules = "[{action: Allow, to: [{something: new}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]"
    assert outcome(egress(rules), "external-ipv4") is Outcome.DENIED


def test_names_resolve_as_the_option_says():
    rules = "[{action: Allow, to: [{domainNames: [%s]}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]"
    dns = {"api.example.com": ["203.0.113.9"], "example.com": ["203.0.113.8"]}
    assert outcome(egress(rules % "api.example.com"), "external-ipv4", dns=dns) is Outcome.ALLOWED
    assert outcome(egress(rules % "example.com"), "external-ipv4", dns=dns) is Outcome.DENIED
    assert outcome(egress(rules % "'*.example.com'"), "external-ipv4", dns=dns) is Outcome.ALLOWED
    assert outcome(egress(rules % "other.example"), "external-ipv4", dns=dns) is Outcome.UNKNOWN


def test_networks_leave_pods_alone_where_the_option_says_so():
    rules = "[{action: Deny, to: [{networks: [10.0.0.0/8]}]}]"
    assert outcome(egress(rules), ipblock_matches_pods=False) is Outcome.ALLOWED


def test_a_policy_of_the_other_direction_shields_from_the_baseline_only_by_option():
    policies = baseline(DENY_ALL) + isolating("[Egress]")
    assert outcome(policies) is Outcome.DENIED
    assert outcome(policies, baseline_per_direction=False) is Outcome.ALLOWED
