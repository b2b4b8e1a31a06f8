"""A cluster as a network: what stands where, what is assumed, and that packets get everywhere."""

from __future__ import annotations

from itertools import permutations

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.model.addresses import AddressSet
from ringfence.topology import kubernetes
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options
from tests.checks.manifests import deployment, view
from tests.layers.clusters import (
    ask,
    cluster,
    has,
    namespace,
    namespaces,
    node,
    pod,
    policy,
    raw,
    rule,
    service,
    template,
    workload,
)

THINGS = (
    namespace("x"),
    pod("x/a", ip="10.0.0.1", node="n1"),
    pod("x/b", ip="10.0.0.2"),
    pod("x/h", ip="192.168.0.1", node="n1", host=True),
    workload("x/agents", template(host=True, app="agents"), kind="DaemonSet"),
    node("n1", "192.168.0.1"),
    node("n2", "192.168.0.2"),
)
ENDS = ("x/a", "x/b", "x/h", "x/agents[DaemonSet]", "n1[Node]", "n2[Node]", "8.8.8.8")


@pytest.mark.parametrize(("source", "target"), list(permutations(ENDS, 2)))
def test_without_policies_everybody_reaches_everybody(source, target):
    assert ask(cluster(*THINGS), source, target) is Outcome.ALLOWED


def test_an_empty_cluster_is_a_network_with_an_outside():
    network = build(cluster()).network
    assert [one.id for one in network.endpoints] == ["external-ipv4"]
    assert network.assumed_open == (kubernetes.NO_CLOUD, kubernetes.ANY_ADDRESS, kubernetes.NO_IPV6)


@pytest.mark.parametrize(
    ("things", "options", "sentence", "said"),
    [
        ([], Options(), kubernetes.NO_CLOUD, True),
        ([], Options(), kubernetes.ANY_ADDRESS, True),
        ([], Options(pod_cidrs=AddressSet.of("10.0.0.0/8")), kubernetes.ANY_ADDRESS, False),
        ([], Options(), kubernetes.NO_IPV6, True),
        ([node("m", "fd00::1")], Options(), kubernetes.NO_IPV6, False),
        ([], Options(), kubernetes.UNDECLARED, False),
        ([pod("y/a")], Options(), kubernetes.UNDECLARED, True),
        ([], Options(), kubernetes.NO_CONTROLLER, False),
    ],
)
def test_what_is_assumed_is_listed(things, options, sentence, said):
    assert (sentence in build(cluster(*THINGS, *things), options).network.assumed_open) is said


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (has(**{"kubernetes.io/metadata.name": "unseen"}), Outcome.ALLOWED),
        (has("kubernetes.io/metadata.name in unseen,y"), Outcome.ALLOWED),
        (has(team="red"), Outcome.DENIED),
        (has("team notin red"), Outcome.ALLOWED),
        (has(), Outcome.ALLOWED),
    ],
)
def test_an_undeclared_namespace_has_its_name_and_no_other_label(selector, expected):
    things = (*THINGS, pod("unseen/a", ip="10.0.0.9"), policy("x/p", ingress=(rule(namespaces(selector)),)))
    assert ask(cluster(*things), "unseen/a", "x/a") is expected


def test_what_is_not_modelled_is_reported_once():
    topology = build(cluster(*THINGS, raw("cilium.io/v2", "CiliumNetworkPolicy", "x/p")))
    assert [one.title for one in topology.not_modelled] == ["CiliumNetworkPolicy x/p"]
    assert build(cluster(*THINGS)).not_modelled == ()


def test_workloads_and_what_is_behind_a_target():
    topology = build(cluster(*THINGS, service("x/a", "tcp/80=8080", selector={"app": "agents"})))
    assert [one.id for one in topology.workloads["x/agents[DaemonSet]"]] == ["x/agents[DaemonSet]"]
    (target,) = topology.service("x/a", "tcp", 80)
    assert target.namespace == "x"
    # No policy finds a pod on the host's network by its labels; a Service does.
    assert [one.id for one in topology.behind(target)] == ["x/agents[DaemonSet]"]


def test_a_namespace_of_which_nobody_knows_whether_it_is_in_the_mesh_is_told_of():
    meshed = "{apiVersion: v1, kind: Namespace, metadata: {name: other, labels: {istio-injection: enabled}}}"
    shown = view(meshed, deployment("web"), deployment("db"), deployment("x", namespace="other"))
    (told,) = (one for one in shown.topology.diagnostics if "in the mesh" in one.message)
    assert (
        told.message == "whether pods of namespace shop are in the mesh is not known (shop/web[Deployment] among them)"
    )
    assert told.severity == "warning"
    assert not view(deployment("web")).topology.diagnostics
