"""A cluster and the cloud around it: unknown where nothing binds them, each itself where it is alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence import load
from ringfence.engine.outcomes import Outcome
from tests.checks.terraform import ROUTES, VPC, group, instance, world

POD = """
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: closed, namespace: shop, labels: {app: closed}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {matchLabels: {app: closed}}}
"""

CLOUD = VPC + ROUTES + group("web", world(443)) + instance("web", "public", "web", public=True)


@pytest.fixture
def both(tmp_path: Path) -> Path:
    (tmp_path / "pods.yaml").write_text(POD)
    (tmp_path / "main.tf").write_text(CLOUD)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "target", "port", "expected"),
    [
        ("internet", "aws_instance.web", "tcp/443", Outcome.ALLOWED),
        ("internet", "aws_instance.web", "tcp/22", Outcome.DENIED),
        ("shop/a", "shop/b", "tcp/80", Outcome.ALLOWED),
        ("shop/a", "aws_instance.web", "tcp/443", Outcome.UNKNOWN),
        ("shop/a", "internet", "tcp/443", Outcome.UNKNOWN),
        ("internet", "shop/a", "tcp/443", Outcome.UNKNOWN),
        ("internet", "shop/closed", "tcp/443", Outcome.DENIED),
    ],
)
def test_outcomes(both: Path, source: str, target: str, port: str, expected: Outcome):
    assert load(both).reach(source, target, port).outcome is expected


def test_what_is_between_the_two_is_listed_as_not_known(both: Path):
    assert any("in which subnets the cluster runs" in one for one in load(both).topology.network.assumed_open)


def test_an_explanation_says_why_nothing_is_known(both: Path):
    (note,) = load(both).reach("internet", "shop/a", "tcp/443").explain().notes
    assert "in which subnets the cluster runs" in note
    assert "`clusters` in ringfence.yaml" in note
    assert load(both).reach("internet", "shop/closed", "tcp/443").explain().notes == ()


def test_files_of_terraform_without_a_network_are_no_cloud(both: Path):
    (both / "main.tf").write_text('resource "aws_s3_bucket" "pages" { bucket = "pages" }')
    net = load(both)
    assert net.reach("internet", "shop/a", "tcp/443").outcome is Outcome.ALLOWED
    assert not any("in which subnets the cluster runs" in one for one in net.topology.network.assumed_open)


def test_a_cloud_alone_has_no_pod_network(both: Path):
    (both / "pods.yaml").unlink()
    net = load(both)
    assert "pods" not in net.topology.network.locations
    assert net.topology.inside == ("aws_instance.web",)
    assert net.reach("internet", "aws_instance.web", "tcp/443").outcome is Outcome.ALLOWED
