"""The places of a cluster's nodes; who is put where, and what passes there, is in `test_composition`."""

from __future__ import annotations

import pytest

from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.aws import AutoScalingGroup, NodeGroup
from ringfence.topology.aws import build
from ringfence.topology.bindings import Binding
from ringfence.topology.nodes import nodes
from tests.layers.clusters import cluster, workload
from tests.topology.aws.clouds import cloud

CLOUD = build(
    cloud(
        node_groups=(
            NodeGroup(id="web", address="aws_eks_node_group.web", cluster="c", subnets=("private", "public")),
            NodeGroup(id="db", address='aws_eks_node_group.more["db"]', cluster="c", subnets=("private",)),
        ),
        autoscaling_groups=(AutoScalingGroup(id="batch", address="aws_autoscaling_group.batch", subnets=("data",)),),
    )
)
DB = 'private (aws_eks_node_group.more["db"])'


@pytest.mark.parametrize(
    ("binding", "expected"),
    [
        (Binding("c", nodes=("web",)), ["private", "public"]),
        (Binding("c", nodes=("aws_eks_node_group.web",)), ["private", "public"]),
        (
            Binding("c", nodes=("aws_eks_node_group.*",)),
            ["private (aws_eks_node_group.web)", "public (aws_eks_node_group.web)", DB],
        ),
        (Binding("c", nodes=('*.more["d?"]', "batch")), [DB, "data (aws_autoscaling_group.batch)"]),
        (Binding("c", nodes=("batch", "batch")), ["data"]),
        (Binding("c", subnets=("private", "data")), ["private", "data"]),
        (Binding("c", nodes=("web", "gone")), None),
        (Binding("c", subnets=("gone",)), None),
    ],
)
def test_the_places_that_a_binding_names(binding: Binding, expected: list[str] | None):
    wrong: list[Diagnostic] = []
    found = nodes(CLOUD, binding, cluster(workload("x/web")), wrong)
    assert (None if found is None else sorted(one.key for one in found.places)) == (expected and sorted(expected))
    assert found is not None or any("gone" in one.message for one in wrong)
