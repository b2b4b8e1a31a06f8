"""Clusters and managed services."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import FargateSelector, Taint, Unknown
from tests.sources.terraform.reading import everything, objects


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("lambda_function", 'vpc_config {\n subnet_ids = ["s"]\n security_group_ids = ["g"]\n}'),
        ("ecs_service", 'network_configuration {\n subnets = ["s"]\n security_groups = ["g"]\n}'),
        ("efs_mount_target", 'subnet_id = "s"\nsecurity_groups = ["g"]'),
        ("opensearch_domain", 'vpc_options {\n subnet_ids = ["s"]\n security_group_ids = ["g"]\n}'),
        ("msk_cluster", 'broker_node_group_info {\n client_subnets = ["s"]\n security_groups = ["g"]\n}'),
        ("mq_broker", 'subnet_ids = ["s"]\nsecurity_groups = ["g"]'),
    ],
)
def test_services_in_subnets(kind: str, body: str) -> None:
    (found,) = objects(f'resource "aws_{kind}" "x" {{\n{body}\n}}\n').managed_services
    assert (found.kind, found.subnets, found.security_groups) == (kind, ("s",), ("g",))


def test_a_function_outside_any_vpc_is_no_service_of_it() -> None:
    assert objects('resource "aws_lambda_function" "x" {}\n').managed_services == ()


@pytest.mark.parametrize("name", ['"main"', "aws_db_subnet_group.m.name", "aws_db_subnet_group.m.id"])
def test_databases_in_subnet_groups(name: str) -> None:
    text = (
        'resource "aws_db_subnet_group" "m" {\n  name = "main"\n  subnet_ids = ["s"]\n}\n'
        f'resource "aws_db_instance" "d" {{\n  db_subnet_group_name = {name}\n  port = 5432\n'
        '  publicly_accessible = true\n  vpc_security_group_ids = ["g"]\n}\n'
    )
    (found,) = objects(text).managed_services
    assert (found.subnet_group, found.port, found.publicly_accessible) == ("aws_db_subnet_group.m", 5432, True)


def test_a_database_whose_subnets_are_elsewhere() -> None:
    for body in ("", 'db_subnet_group_name = "elsewhere"\n'):
        (found,) = objects(f'resource "aws_db_instance" "d" {{\n{body}}}\n').managed_services
        assert isinstance(found.subnet_group, Unknown)


def test_clusters_and_node_groups() -> None:
    text = (
        'resource "aws_eks_cluster" "c" {\n  name = "shop"\n  vpc_config {\n    subnet_ids = ["s"]\n'
        '    security_group_ids = ["g"]\n    endpoint_public_access = false\n'
        '    public_access_cidrs = ["10.0.0.0/8"]\n  }\n}\n'
        'resource "aws_eks_node_group" "n" {\n  cluster_name = "shop"\n  subnet_ids = ["s"]\n}\n'
        'resource "aws_eks_node_group" "m" {\n  cluster_name = aws_eks_cluster.c.name\n}\n'
    )
    found = objects(text)
    (cluster,) = found.eks_clusters
    assert (cluster.name, cluster.subnets, cluster.security_groups) == ("shop", ("s",), ("g",))
    assert (cluster.public_access, cluster.public_access_cidrs) == (False, ("10.0.0.0/8",))
    assert [one.cluster for one in found.node_groups] == ["aws_eks_cluster.c"] * 2


def test_what_node_groups_say_of_their_nodes() -> None:
    text = (
        'variable "v" {}\n'
        'resource "aws_eks_cluster" "c" { name = "c" }\n'
        'resource "aws_eks_node_group" "g" {\n  cluster_name = "c"\n  node_group_name = "db"\n'
        '  labels = { role = "db", size = 8, open = var.v }\n'
        '  taint {\n    key = "a"\n    value = "b"\n    effect = "NO_SCHEDULE"\n  }\n'
        '  taint {\n    key = "c"\n    effect = "PREFER_NO_SCHEDULE"\n  }\n}\n'
        'resource "aws_eks_node_group" "h" {\n  cluster_name = "c"\n  node_group_name_prefix = "x"\n'
        "  taint {\n    key = aws_eks_cluster.c.id\n    effect = var.v\n  }\n}\n"
    )
    named, other = objects(text).node_groups
    assert (named.name, named.taints) == ("db", (Taint("a", "b", "NoSchedule"), Taint("c", "", "PreferNoSchedule")))
    assert isinstance(named.labels, dict)
    assert (named.labels["role"], named.labels["size"]) == ("db", "8")
    assert isinstance(named.labels["open"], Unknown)
    assert isinstance(other.name, Unknown)
    assert isinstance(other.taints, tuple)
    assert isinstance(other.taints[0].key, Unknown)
    assert isinstance(other.taints[0].effect, Unknown)


def test_a_taints_effect_that_is_none_is_an_error() -> None:
    text = 'resource "aws_eks_node_group" "g" {\n  taint {\n    key = "a"\n    effect = "NoSchedule"\n  }\n}\n'
    found, diagnostics = everything(text)
    assert isinstance(found.node_groups[0].taints, tuple)
    assert isinstance(found.node_groups[0].taints[0].effect, Unknown)
    assert any("NoSchedule is no effect" in one.message for one in diagnostics)


def test_fargate_profiles() -> None:
    text = (
        'resource "aws_eks_cluster" "c" { name = "c" }\n'
        'resource "aws_eks_fargate_profile" "p" {\n  cluster_name = aws_eks_cluster.c.name\n  subnet_ids = ["s"]\n'
        '  selector {\n    namespace = "batch"\n    labels = { run = "x-*" }\n  }\n  selector { namespace = "b?" }\n}\n'
    )
    (profile,) = objects(text).fargate_profiles
    assert (profile.cluster, profile.subnets) == ("aws_eks_cluster.c", ("s",))
    assert profile.selectors == (FargateSelector("batch", {"run": "x-*"}), FargateSelector("b?"))
