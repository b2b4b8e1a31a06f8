"""RF207: groups that nobody carries, and what counts as carrying one."""

from __future__ import annotations

import pytest

from ringfence.checks import group_attached_to_nothing

from .terraform import CLEAN, VPC, block, database, found, group, instance, line, messages, world

GROUP = VPC + group("a", world())
TEMPLATE = """
resource "aws_launch_template" "t" { vpc_security_group_ids = [aws_security_group.a.id] }
"""
INTERFACE = """
resource "aws_network_interface" "i" {
  subnet_id       = aws_subnet.private.id
  security_groups = [aws_security_group.a.id]
}
"""
ENDPOINT = """
resource "aws_vpc_endpoint" "e" {
  vpc_id             = aws_vpc.main.id
  service_name       = "com.amazonaws.eu-central-1.ecr.api"
  vpc_endpoint_type  = "Interface"
  subnet_ids         = [aws_subnet.private.id]
  security_group_ids = [aws_security_group.a.id]
}
"""
UNKNOWN = instance("b", "private", "a").replace("[aws_security_group.a.id]", "var.groups") + 'variable "groups" {}\n'
ELSEWHERE = 'module "m" { source = "example.com/m/aws" }\n'
CLASSIC = 'resource "aws_elb" "e" { security_groups = [aws_security_group.a.id] }\n'
PEER = group("b", block("ingress", "tcp", 22, security_groups="[aws_security_group.a.id]"))
NODES = """
resource "aws_eks_node_group" "n" {
  cluster_name = "elsewhere"
  subnet_ids   = [aws_subnet.private.id]
  %s
}
"""
NODE_TEMPLATE = 'launch_template {\n    id      = %s\n    version = "1"\n  }'
BARE = 'resource "aws_launch_template" "bare" { instance_type = "t3.micro" }\n'
CLUSTER = """
resource "aws_eks_cluster" "c" {
  name = "c"
  vpc_config {
    subnet_ids         = [aws_subnet.private.id]
    security_group_ids = [%s]
  }
}
"""
ALONE = ["aws_security_group.a is attached to nothing in the files"]
B = group("b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NODES % "", ALONE),
        (BARE + NODES % NODE_TEMPLATE % "aws_launch_template.bare.id", ALONE),
        (NODES % NODE_TEMPLATE % '"lt-1"', []),
        ('variable "v" {}\n' + NODES % NODE_TEMPLATE % "var.v", []),
        (TEMPLATE + NODES % NODE_TEMPLATE % "aws_launch_template.t.id", []),
        (B + CLUSTER % "aws_security_group.b.id", ALONE),
        (CLUSTER % "aws_security_group.a.id", []),
        ('variable "v" {}\n' + CLUSTER % "var.v", []),
        (CLUSTER % "" + (NODES % "").replace('"elsewhere"', "aws_eks_cluster.c.name"), ALONE),
    ],
    ids=[
        "the cluster's own", "a template without groups", "a template elsewhere", "a template unknown",
        "a template with it", "another group of a cluster", "a cluster's group", "a cluster's unknown group",
        "cluster and nodes",
    ],
)  # fmt: skip
def test_what_a_cluster_may_use(text, expected):
    assert messages(group_attached_to_nothing, GROUP + text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GROUP, ["aws_security_group.a is attached to nothing in the files"]),
        (GROUP + PEER + instance("b", "private", "b"), ["aws_security_group.a is attached to nothing in the files"]),
        (GROUP + instance("a", "private", "a"), []),
        (GROUP + database("a", "a", "private"), []),
        (GROUP + TEMPLATE, []),
        (GROUP + INTERFACE, []),
        (GROUP + ENDPOINT, []),
        (GROUP + UNKNOWN, []),
        (GROUP + ELSEWHERE, []),
        (GROUP + CLASSIC, []),
        (VPC, []),
        (CLEAN, []),
    ],
    ids=[
        "alone",
        "a peer",
        "instance",
        "database",
        "template",
        "interface",
        "endpoint",
        "unknown",
        "a module",
        "classic",
        "default",
        "clean",
    ],
)
def test_who_carries_it(text, expected):
    assert messages(group_attached_to_nothing, text) == expected


def test_it_stands_at_the_group_and_names_the_rules_that_mean_nobody():
    text = GROUP + PEER + instance("b", "private", "b")
    (one,) = found(group_attached_to_nothing, text)
    assert str(one.span).startswith(line(text, 'resource "aws_security_group" "a"'))
    assert [reason for reason, _ in one.because] == ["a rule of aws_security_group.b names it, and means nobody"]
