"""NetworkPolicies: defaults as the API server fills them in, and every refusal with its place."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import (
    SELECT_EVERYTHING,
    IPBlock,
    LabelSelector,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from tests.sources.kubernetes.texts import good, policy, read

INGRESS, EGRESS = PolicyType.INGRESS, PolicyType.EGRESS
WEB = LabelSelector((("app", "web"),))


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ("{podSelector: {}}", (INGRESS,)),
        ("null", (INGRESS,)),
        ("{egress: []}", (INGRESS,)),
        ("{egress: [{}]}", (INGRESS, EGRESS)),
        ("{policyTypes: []}", (INGRESS,)),
        ("{policyTypes: [Egress]}", (EGRESS,)),
        ("{policyTypes: [Egress, Ingress]}", (EGRESS, INGRESS)),
        ("{policyTypes: [Ingress, Ingress], egress: [{}]}", (INGRESS,)),
    ],
)
def test_policy_types(spec: str, types: tuple[PolicyType, ...]) -> None:
    [found] = good(policy(spec)).network_policies
    assert found.policy_types == types
    assert found.pod_selector == SELECT_EVERYTHING


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("{podSelector: {}}", NetworkPolicyPeer(pod_selector=SELECT_EVERYTHING)),
        ("{namespaceSelector: {matchLabels: {app: web}}}", NetworkPolicyPeer(namespace_selector=WEB)),
        ("{podSelector: {matchLabels: {app: web}}, namespaceSelector: {}}", NetworkPolicyPeer(WEB, SELECT_EVERYTHING)),
        ("{ipBlock: {cidr: 10.1.2.3/8}}", NetworkPolicyPeer(ip_block=IPBlock("10.0.0.0/8"))),
        ("{ipBlock: {cidr: 010.0.0.0/08}}", NetworkPolicyPeer(ip_block=IPBlock("10.0.0.0/8"))),
        (
            "{ipBlock: {cidr: '2001:DB8::/32', except: ['2001:db8:1::1/48']}}",
            NetworkPolicyPeer(ip_block=IPBlock("2001:db8::/32", ("2001:db8:1::/48",))),
        ),
    ],
)
def test_peers(peer: str, expected: NetworkPolicyPeer) -> None:
    [found] = good(policy(f"{{ingress: [{{from: [{peer}]}}]}}")).network_policies
    assert found.ingress == (NetworkPolicyRule(peers=(expected,)),)
    assert str(found.ingress[0].peers[0].span) == "f:4:26"


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("{}", NetworkPolicyPort("TCP", None)),
        ("null", NetworkPolicyPort("TCP", None)),
        ("{port: 80}", NetworkPolicyPort("TCP", 80)),
        ("{port: 80.0}", NetworkPolicyPort("TCP", 80)),
        ("{port: 0x50}", NetworkPolicyPort("TCP", 80)),
        ("{port: http, protocol: UDP}", NetworkPolicyPort("UDP", "http")),
        ("{port: 80, endPort: 90, protocol: SCTP}", NetworkPolicyPort("SCTP", 80, 90)),
        ("{protocol: UDP}", NetworkPolicyPort("UDP")),
    ],
)
def test_ports(port: str, expected: NetworkPolicyPort) -> None:
    [found] = good(policy(f"{{egress: [{{ports: [{port}]}}]}}")).network_policies
    assert found.egress == (NetworkPolicyRule(ports=(expected,)),)


@pytest.mark.parametrize(
    ("spec", "column", "message"),
    [
        ("{podSelectr: {}}", 8, "spec.podSelectr: there is no such field (did you mean podSelector?)"),
        (
            "{foo: 1}",
            8,
            "spec.foo: there is no such field (the fields here are podSelector, policyTypes, ingress, egress)",
        ),
        ("[]", 1, "spec: must be a mapping, not a list"),
        ("{podSelector: web}", 8, "spec.podSelector: must be a mapping, not the text 'web'"),
        ("{policyTypes: Ingress}", 8, "spec.policyTypes: must be a list, not the text 'Ingress'"),
        (
            "{policyTypes: [ingress]}",
            22,
            "spec.policyTypes[0]: 'ingress' is not one of Ingress, Egress (did you mean Ingress?)",
        ),
        ("{policyTypes: [null]}", 22, "spec.policyTypes[0]: is missing: one of Ingress, Egress"),
        ("{policyTypes: [Ingress, Egress, Egress]}", 8, "spec.policyTypes: holds more than two entries"),
        ("{ingress: [{to: []}]}", 19, "spec.ingress[0].to: there is no such field (the fields here are from, ports)"),
        (
            "{ingress: [{from: [{}]}]}",
            26,
            "spec.ingress[0].from[0]: names no peer (podSelector: {} is every pod of the "
            "namespace, namespaceSelector: {} every pod)",
        ),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]}",
            26,
            "spec.ingress[0].from[0]: has ipBlock beside a selector (make two peers of it)",
        ),
        ("{ingress: [{from: [{ipBlock: {}}]}]}", 27, "spec.ingress[0].from[0].ipBlock.cidr: is missing"),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}",
            37,
            "spec.ingress[0].from[0].ipBlock.cidr: '10.0.0.0/33' is not a block of addresses (CIDR)",
        ),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}]}]}",
            37,
            "spec.ingress[0].from[0].ipBlock.cidr: '10.0.0.1' is not a block of addresses (CIDR) (write 10.0.0.1/32)",
        ),
        (
            "{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}",
            61,
            "spec.egress[0].to[0].ipBlock.except[0]: 10.0.0.0/8 is not a part of 10.0.0.0/8 "
            "(name a smaller block inside cidr, or leave it out)",
        ),
        (
            "{ingress: [{ports: [{port: 70000}]}]}",
            28,
            "spec.ingress[0].ports[0].port: 70000 is not a port (1 to 65535)",
        ),
        (
            "{ingress: [{ports: [{port: '80'}]}]}",
            28,
            "spec.ingress[0].ports[0].port: '80' is not a port's name "
            "(at most 15 of lower case, digits, single inner '-') (take off the quotes)",
        ),
        (
            "{ingress: [{ports: [{port: 1.5}]}]}",
            28,
            "spec.ingress[0].ports[0].port: must be a number, not the number 1.5",
        ),
        (
            "{ingress: [{ports: [{port: 9, endPort: 8}]}]}",
            37,
            "spec.ingress[0].ports[0].endPort: 8 is less than the port 9",
        ),
        (
            "{ingress: [{ports: [{port: a, endPort: 8}]}]}",
            37,
            "spec.ingress[0].ports[0].endPort: cannot stand beside a named port",
        ),
        ("{ingress: [{ports: [{endPort: 8}]}]}", 28, "spec.ingress[0].ports[0].endPort: needs a port to begin with"),
        (
            "{ingress: [{ports: [{protocol: tcp}]}]}",
            28,
            "spec.ingress[0].ports[0].protocol: 'tcp' is not one of TCP, UDP, SCTP (did you mean TCP?)",
        ),
    ],
)
def test_refusals(spec: str, column: int, message: str) -> None:
    objects, said = read(policy(spec))
    assert said == [f"f:4:{column}: error: {message}"]
    assert objects.network_policies == ()
    [refused] = objects.refused
    assert (refused.kind, refused.namespace, refused.name, str(refused.span)) == ("NetworkPolicy", "shop", "p", "f:1:1")


def test_all_that_is_wrong_is_named() -> None:
    _, said = read(policy("{podSelector: {matchLabels: {a: 1}}, ingress: [{ports: [{port: 0}, {protocol: X}]}]}"))
    assert len(said) == 3


def test_an_old_dump_may_have_a_status() -> None:
    assert len(good(policy("{}") + "status: {}\n").network_policies) == 1
