"""What the reader takes as a cluster policy, and what it refuses, with the place."""

from __future__ import annotations

import pytest

from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import documents

VERSIONS = {
    "AdminNetworkPolicy": "v1alpha1",
    "BaselineAdminNetworkPolicy": "v1alpha1",
    "ClusterNetworkPolicy": "v1alpha2",
}
ANY = "subject: {namespaces: {}}"
RULE = "{action: Deny, from: [{namespaces: {}}]}"


def read(kind: str, spec: str, name: str = "default"):
    group = f"policy.networking.k8s.io/{VERSIONS[kind]}"
    text = f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{spec}\n"
    return from_documents(documents(text, "policy.yaml"))


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("AdminNetworkPolicy", f"  {{priority: 0, subject: {{namespaces: {{}}}}, ingress: [{RULE}]}}"),
        ("AdminNetworkPolicy", "  {priority: 1000, subject: {pods: {namespaceSelector: {}, podSelector: {}}}}"),
        ("BaselineAdminNetworkPolicy", f"  {{subject: {{namespaces: {{}}}}, ingress: [{RULE}]}}"),
        (
            "ClusterNetworkPolicy",
            f"  {{tier: Baseline, priority: 5, {ANY}, ingress: [{RULE}]}}",
        ),
        (
            "ClusterNetworkPolicy",
            "  {tier: Admin, priority: 5, subject: {namespaces: {}}, egress:"
            " [{action: Accept, to: [{networks: [10.0.0.0/8]}],"
            " protocols: [{tcp: {destinationPort: {number: 80}}}, {udp: {}}, {destinationNamedPort: dns}]}]}",
        ),
    ],
)
def test_valid_policies_are_read(kind, spec):
    objects, problems = read(kind, spec)
    assert not problems
    assert [one.kind for one in objects.cluster_policies] == [kind]


@pytest.mark.parametrize(
    ("kind", "spec", "says"),
    [
        ("AdminNetworkPolicy", "  {subject: {namespaces: {}}}", "spec.priority: is missing"),
        ("AdminNetworkPolicy", "  {priority: 1001, subject: {namespaces: {}}}", "1001 is not within 0 to 1000"),
        ("AdminNetworkPolicy", "  {priority: 1, subject: {}}", "spec.subject: must have exactly one of"),
        ("AdminNetworkPolicy", "  {priority: 1, tier: Admin, subject: {namespaces: {}}}", "there is no such field"),
        ("ClusterNetworkPolicy", "  {priority: 1, subject: {namespaces: {}}}", "spec.tier: is missing"),
        (
            "ClusterNetworkPolicy",
            "  {tier: Admin, priority: 1, subject: {namespaces: {}}, ingress:"
            " [{action: Allow, from: [{namespaces: {}}]}]}",
            "'Allow' is not one of Accept, Deny, Pass",
        ),
        (
            "BaselineAdminNetworkPolicy",
            "  {subject: {namespaces: {}}, ingress: [{action: Pass, from: [{namespaces: {}}]}]}",
            "'Pass' is not one of Allow, Deny",
        ),
        (
            "AdminNetworkPolicy",
            "  {priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: []}]}",
            "spec.ingress[0].from: must name a peer",
        ),
        (
            "AdminNetworkPolicy",
            "  {priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}],"
            " ports: [{portRange: {protocol: TCP, start: 9, end: 8}}]}]}",
            "8 is less than the start 9",
        ),
    ],
)
def test_invalid_policies_are_refused_with_their_place(kind, spec, says):
    objects, problems = read(kind, spec)
    assert not objects.cluster_policies
    assert [one.kind for one in objects.refused] == [kind]
    assert any(says in one.message for one in problems), [one.message for one in problems]
    assert all(one.span.position() is not None for one in problems)


def test_the_baseline_policy_is_called_default():
    objects, problems = read("BaselineAdminNetworkPolicy", "  {subject: {namespaces: {}}}", name="other")
    assert not objects.cluster_policies
    assert "must be default" in problems[0].message
