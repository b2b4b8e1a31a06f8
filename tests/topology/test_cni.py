"""Which network plugin runs, and whether it enforces."""

from __future__ import annotations

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.resources.kubernetes import ConfigMap, Container, PodTemplate
from ringfence.topology.cni import enforcement
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options
from ringfence.topology.plugins import DAEMONS, ENFORCING
from tests.layers.clusters import ask, block, cluster, meta, node, pod, policy, rule, template, workload


def daemon(name, *containers):
    made = PodTemplate(containers=containers) if containers else template()
    return workload(f"kube-system/{name}", made, kind="DaemonSet")


def agent(*args, image="", **env):
    return Container("agent", image, args=args, env=env)


def config(name, **data):
    return ConfigMap(meta(f"kube-system/{name}"), {key.replace("_", "-"): value for key, value in data.items()})


AWS_IMAGE = "602401143452.dkr.ecr.eu-west-1.amazonaws.com/amazon-k8s-cni:v{}"


@pytest.mark.parametrize(
    ("things", "cni", "enforced"),
    [
        ([], "", None),
        ([daemon("calico-node")], "calico", True),
        ([daemon("cilium")], "cilium", True),
        ([daemon("antrea-agent")], "antrea", True),
        ([daemon("weave-net")], "weave", True),
        ([daemon("kube-router")], "kube-router", True),
        ([daemon("kube-flannel-ds")], "flannel", False),
        ([daemon("kindnet")], "kindnet", None),
        # One that enforces goes before one that only connects.
        ([daemon("kube-flannel-ds"), daemon("calico-node")], "calico", True),
        ([daemon("aws-node"), daemon("calico-node")], "calico", True),
        ([daemon("cilium"), config("cilium-config", enable_policy="default")], "cilium", True),
        ([daemon("cilium"), config("cilium-config", enable_policy="always")], "cilium", True),
        ([daemon("cilium"), config("cilium-config", enable_policy="never")], "cilium", False),
        ([daemon("aws-node")], "amazon-vpc-cni", False),
        ([daemon("aws-node", agent(ENABLE_NETWORK_POLICY="true"))], "amazon-vpc-cni", True),
        ([daemon("aws-node", agent(ENABLE_NETWORK_POLICY="false"))], "amazon-vpc-cni", False),
        ([daemon("aws-node", agent(ENABLE_NETWORK_POLICY=None))], "amazon-vpc-cni", None),
        ([daemon("aws-node", agent("--enable-network-policy=true"))], "amazon-vpc-cni", True),
        ([daemon("aws-node", agent("--enable-network-policy=false"))], "amazon-vpc-cni", False),
        (
            [daemon("aws-node"), config("amazon-vpc-cni", enable_network_policy_controller="true")],
            "amazon-vpc-cni",
            True,
        ),
        # Both halves are needed.
        (
            [
                daemon("aws-node", agent("--enable-network-policy=true")),
                config("amazon-vpc-cni", enable_network_policy_controller="false"),
            ],
            "amazon-vpc-cni",
            False,
        ),
        (
            [
                daemon("aws-node", agent("--enable-network-policy=false")),
                config("amazon-vpc-cni", enable_network_policy_controller="true"),
            ],
            "amazon-vpc-cni",
            False,
        ),
        (
            [
                daemon("aws-node", agent(image=AWS_IMAGE.format("1.13.4"))),
                config("amazon-vpc-cni", enable_network_policy_controller="true"),
            ],
            "amazon-vpc-cni",
            False,
        ),
        (
            [
                daemon("aws-node", agent(image=AWS_IMAGE.format("1.14.0"))),
                config("amazon-vpc-cni", enable_network_policy_controller="true"),
            ],
            "amazon-vpc-cni",
            True,
        ),
        # The name alone does not make a plugin.
        ([workload("x/calico-node")], "", None),
    ],
)
def test_manifests_give_the_plugin_away(things, cni, enforced):
    found = enforcement(cluster(*things), Options())
    assert (found.cni, found.enforced) == (cni, enforced)
    assert found.because


@pytest.mark.parametrize(
    ("options", "cni", "enforced"),
    [
        (Options(cni="calico"), "calico", True),
        (Options(cni="flannel"), "flannel", False),
        (Options(cni="aws-node"), "amazon-vpc-cni", None),
        (Options(cni="homemade"), "homemade", None),
        (Options(network_policy_enforced=False), "cilium", False),
        (Options(cni="flannel", network_policy_enforced=True), "flannel", True),
    ],
)
def test_options_go_before_manifests(options, cni, enforced):
    found = enforcement(cluster(daemon("cilium")), options)
    assert (found.cni, found.enforced) == (cni, enforced)


@pytest.mark.parametrize(("cni", "matches"), [("cilium", False), ("calico", True), ("", True)])
def test_only_cilium_keeps_blocks_from_pods(cni, matches):
    assert enforcement(cluster(), Options(cni=cni)).ipblock_matches_pods is matches


def test_every_daemon_is_of_a_known_plugin():
    assert set(DAEMONS.values()) <= set(ENFORCING)


TWO = (pod("x/a", ip="10.0.0.1"), pod("x/b", ip="10.0.0.2"))
CLOSED = policy("x/p", ingress=())


def test_where_nothing_enforces_policies_do_nothing():
    assert ask(cluster(*TWO, CLOSED, daemon("kube-flannel-ds")), "x/a", "x/b") is Outcome.ALLOWED


def test_what_is_not_known_is_taken_as_enforced_and_listed():
    objects = cluster(*TWO, CLOSED)
    assert ask(objects, "x/a", "x/b") is Outcome.DENIED
    assumed = build(objects).network.assumed_open
    assert "NetworkPolicy is taken as enforced: no network plugin is named or found in the manifests" in assumed
    assert not any("taken as enforced" in one for one in build(objects, Options(cni="calico")).network.assumed_open)


def test_cilium_that_isolates_always_closes_pods_without_policies():
    objects = cluster(*TWO, daemon("cilium"), config("cilium-config", enable_policy="always"))
    assert ask(objects, "x/a", "x/b") is Outcome.DENIED
    assert ask(objects, "8.8.8.8", "x/b") is Outcome.DENIED
    assert ask(cluster(*TWO, daemon("cilium")), "x/a", "x/b") is Outcome.ALLOWED


NODES = (pod("x/a", ip="10.0.0.1", node="m"), node("m", "192.168.0.1"), node("n", "192.168.0.2"))
BLOCK = policy("x/p", ingress=(rule(block("192.168.0.0/16")),))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Options(), Outcome.ALLOWED),
        (Options(cni="calico", ipblock_matches_pods=False), Outcome.ALLOWED),
        (Options(cni="cilium"), Outcome.DENIED),
        (Options(cni="cilium", ipblock_matches_pods=True), Outcome.DENIED),
        (Options(cni="cilium", cilium_cidr_matches_nodes=True), Outcome.ALLOWED),
    ],
)
def test_blocks_and_nodes(options, expected):
    objects = cluster(*NODES, BLOCK)
    assert ask(objects, "n[Node]", "x/a", options=options) is expected
    assert ask(objects, "192.168.0.9", "x/a", options=options) is Outcome.ALLOWED
    assert ask(objects, "m[Node]", "x/a", options=options) is Outcome.ALLOWED


def test_the_agents_configuration_says_whether_blocks_mean_nodes():
    agent = (daemon("cilium"), config("cilium-config", policy_cidr_match_mode="nodes"))
    assert ask(cluster(*NODES, BLOCK, *agent), "n[Node]", "x/a") is Outcome.ALLOWED
    assert ask(cluster(*NODES, BLOCK, agent[0]), "n[Node]", "x/a") is Outcome.DENIED
