"""RF104: policies in a cluster whose plugin ignores them."""

from __future__ import annotations

import pytest

from ringfence.checks import policy_not_enforced

from .manifests import deployment, found, messages, policy

FLANNEL = deployment("kube-flannel-ds", namespace="kube-flannel").replace("kind: Deployment", "kind: DaemonSet")


@pytest.mark.parametrize(
    ("manifests", "options", "expected"),
    [
        ([policy()], {}, []),
        ([policy()], {"cni": "calico"}, []),
        ([policy()], {"cni": "kindnet"}, []),
        ([policy()], {"cni": "flannel"}, ["one NetworkPolicy is there, and nothing enforces it"]),
        ([policy("a"), policy("b")], {"cni": "flannel"}, ["2 NetworkPolicies are there, and nothing enforces them"]),
        ([policy(), FLANNEL], {}, ["one NetworkPolicy is there, and nothing enforces it"]),
        ([FLANNEL], {}, []),
        ([policy()], {"network_policy_enforced": "false"}, ["one NetworkPolicy is there, and nothing enforces it"]),
        ([policy(), FLANNEL], {"network_policy_enforced": "true"}, []),
    ],
)
def test_what_is_not_enforced(manifests, options, expected):
    assert messages(policy_not_enforced, deployment(), *manifests, **options) == expected


def test_it_stands_at_the_plugin_or_else_at_the_first_policy():
    (at_plugin,) = found(policy_not_enforced, policy(), FLANNEL)
    (at_policy,) = found(policy_not_enforced, policy(), cni="flannel")
    assert [str(one.span) for one in (at_plugin, at_policy)] == ["k8s.yaml:8:1", "k8s.yaml:1:1"]
    assert at_policy.because[0][0] == "flannel does not enforce NetworkPolicy"
