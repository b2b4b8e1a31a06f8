"""What others see of a resource: its settings, then what AWS decides; nested blocks only where they name something."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.values import Reference
from tests.sources.terraform.reading import value

HEAD = """
resource "aws_eks_cluster" "main" {
  name = "shop"
  vpc_config {
    subnet_ids = []
  }
}
resource "aws_eks_node_group" "main" {
  node_group_name = null
}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aws_eks_cluster.main.name", "shop"),
        ("aws_eks_cluster.main.arn", Reference("aws_eks_cluster.main", "arn")),
        (
            "aws_eks_cluster.main.vpc_config[0].cluster_security_group_id",
            Reference("aws_eks_cluster.main", "cluster_security_group_id"),
        ),
        ("aws_eks_node_group.main.node_group_name", Reference("aws_eks_node_group.main", "node_group_name")),
        (
            "aws_eks_node_group.main.resources[0].autoscaling_groups[0].name",
            Reference("aws_eks_node_group.main", "autoscaling_group_name"),
        ),
    ],
)
def test_known(text: str, expected: Any) -> None:
    assert value(text, HEAD) == expected


@pytest.mark.parametrize("text", ["aws_eks_cluster.main.vpc_config[0].vpc_id", "aws_eks_cluster.main.vpc_config[0].id"])
def test_nested_blocks_are_unknown(text: str) -> None:
    assert value(text, HEAD) == Unknown("aws_eks_cluster.main.vpc_config is a nested block")
