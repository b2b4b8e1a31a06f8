"""Which target groups a scaling group and a node group register with: their own word, and that of other resources."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import Ids, Unknown
from tests.sources.terraform.reading import objects

GROUPS = """
resource "aws_lb_target_group" "web" { port = 80 }
resource "aws_lb_target_group" "api" { port = 81 }
resource "aws_autoscaling_group" "old" { target_group_arns = [aws_lb_target_group.api.arn] }
resource "aws_eks_node_group" "new" { cluster_name = "c" }
"""
OLD, NEW = "aws_autoscaling_group.old.id", "aws_eks_node_group.new.resources[0].autoscaling_groups[0].name"
WEB, API = "aws_lb_target_group.web", "aws_lb_target_group.api"


def attachment(parent: str) -> str:
    return f"""
resource "aws_autoscaling_attachment" "one" {{
  autoscaling_group_name = {parent}
  lb_target_group_arn    = aws_lb_target_group.web.arn
}}
"""


@pytest.mark.parametrize(
    ("more", "scaling", "nodes"),
    [
        ("", (API,), ()),
        (attachment(OLD), (API, WEB), ()),
        (attachment(NEW), (API,), (WEB,)),
        (attachment("aws_lb_target_group.web.id"), (API,), ()),
    ],
)
def test_who_registers(more: str, scaling: Ids, nodes: Ids) -> None:
    found = objects(GROUPS + more)
    assert found.autoscaling_groups[0].target_groups == scaling
    assert found.node_groups[0].target_groups == nodes


def test_a_parent_that_is_not_known_may_be_any() -> None:
    found = objects(GROUPS + attachment("data.aws_autoscaling_groups.all.names[0]"))
    for one in (found.autoscaling_groups[0], found.node_groups[0]):
        assert isinstance(one.target_groups, tuple)
        assert isinstance(one.target_groups[-1], Unknown)
