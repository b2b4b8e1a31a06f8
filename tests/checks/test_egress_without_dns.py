"""RF106: which egress rules let a pod look names up."""

from __future__ import annotations

import pytest

from ringfence.checks import egress_without_dns

from .manifests import app, deployment, found, messages, namespace, policy

FORGOT = ["shop/web[Deployment] may open connections and cannot look names up: shop/p forgot UDP port 53"]
KUBE_SYSTEM = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}"
SERVER = deployment("coredns", namespace="kube-system", **{"k8s-app": "kube-dns"})


def egress(*rules: str, name: str = "p", select: str = "{}") -> str:
    return policy(name, select, "[Egress]", egress=f"[{', '.join(rules)}]")


def to(peer: str, *ports: str) -> str:
    return f"{{to: [{peer}]" + (f", ports: [{', '.join(ports)}]}}" if ports else "}")


DB = "{podSelector: {matchLabels: {app: db}}}"
BLOCK = "{ipBlock: {cidr: 10.0.0.0/8}}"
UDP, TCP = "{port: 53, protocol: UDP}", "{port: 53, protocol: TCP}"
RANGE = "{port: 1, endPort: 1024, protocol: UDP}"


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], []),
        ([policy()], []),
        # Nothing goes out at all: that is no lock-down that forgot something.
        ([egress()], []),
        ([egress("{}")], []),
        ([egress(to(DB))], FORGOT),
        ([egress(to(DB, "{port: 5432}"))], FORGOT),
        ([egress(to(DB, RANGE))], FORGOT),
        ([egress(to(BLOCK))], []),
        ([egress(to(BLOCK, "{port: 443}"))], FORGOT),
        ([egress(to("{ipBlock: {cidr: 10.96.0.10/32}}", UDP))], []),
        ([egress(f"{{ports: [{UDP}]}}")], []),
        ([egress(f"{{ports: [{RANGE}]}}")], []),
        ([egress(f"{{ports: [{TCP}]}}")], FORGOT),
        ([egress(to(KUBE_SYSTEM, TCP))], FORGOT),
        ([egress(to(KUBE_SYSTEM, UDP, TCP))], []),
        ([egress(to(KUBE_SYSTEM))], []),
        ([egress(to("{namespaceSelector: {}}"))], []),
        ([egress(to("{namespaceSelector: {matchLabels: {team: x}}}"))], FORGOT),
        # Who names port 53 has a name server of his own in mind.
        ([egress(to("{podSelector: {matchLabels: {app: my-dns}}}", UDP))], []),
        # Policies add up.
        ([egress(to(DB)), egress(to(KUBE_SYSTEM, UDP), name="q")], []),
        ([egress(to(DB)), egress(to(KUBE_SYSTEM, UDP), name="q", select=app("other"))], FORGOT),
    ],
)
def test_what_admits_dns(policies, expected):
    assert messages(egress_without_dns, deployment(), *policies) == expected


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}", []),
        ("{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: coredns}}}", FORGOT),
        ("{namespaceSelector: {matchLabels: {name: kube-system}}}", []),
    ],
)
def test_the_name_server_of_the_files_is_the_one_that_counts(peer, expected):
    cluster = deployment(), SERVER, namespace("kube-system", name="kube-system")
    assert messages(egress_without_dns, *cluster, egress(to(peer))) == expected


def test_a_policy_of_the_whole_cluster_may_admit_it_for_all():
    wide = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: dns}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  egress:
    - {name: dns, action: ACTION, to: [{namespaces: {}}], protocols: [{udp: {destinationPort: {number: 53}}}]}
"""
    assert messages(egress_without_dns, deployment(), egress(to(DB)), wide.replace("ACTION", "Accept")) == []
    assert messages(egress_without_dns, deployment(), egress(to(DB)), wide.replace("ACTION", "Deny")) == FORGOT


def test_pods_on_the_host_network_ask_as_their_node():
    assert messages(egress_without_dns, deployment(spec="hostNetwork: true, "), egress(to(DB))) == []


def test_workloads_with_the_same_policies_are_one_finding():
    pods = [deployment(name) for name in ("a", "b", "c", "d")]
    (one,) = found(egress_without_dns, *pods, egress(name="deny"), egress(to(DB)))
    assert one.message == (
        "shop/a[Deployment], shop/b[Deployment], shop/c[Deployment] and 1 more may open connections and cannot look "
        "names up: shop/deny and shop/p forgot UDP port 53"
    )
    # At the policy that opens something, where the missing line belongs.
    assert str(one.span) == "k8s.yaml:40:1"
