"""RF209: the public endpoints of EKS clusters."""

from __future__ import annotations

import pytest

from ringfence.checks import public_cluster_api
from ringfence.checks.finding import Severity

from .terraform import CLEAN, VPC, found, line, messages

CLUSTER = """
variable "v" {}
resource "aws_eks_cluster" "c" {
  name = "c"
  vpc_config {
    subnet_ids = [aws_subnet.private.id]
    %s
  }
}
"""
OPEN = ["the API server of aws_eks_cluster.c (tcp/443) is open to the internet"]
PERHAPS = ["the API server of aws_eks_cluster.c (tcp/443) may be open to the internet"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", OPEN),
        ("endpoint_public_access = true", OPEN),
        ('public_access_cidrs = ["0.0.0.0/0"]', OPEN),
        ('public_access_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]', OPEN),
        ('public_access_cidrs = ["0.0.0.0/0", var.v]', OPEN),
        ("endpoint_public_access = false", []),
        ('public_access_cidrs = ["198.51.100.0/24"]', []),
        ('public_access_cidrs = ["10.0.0.0/8"]', []),
        ("endpoint_public_access = var.v", PERHAPS),
        ("public_access_cidrs = var.v", PERHAPS),
        ('public_access_cidrs = ["198.51.100.0/24", var.v]', PERHAPS),
        ('endpoint_public_access = var.v\n    public_access_cidrs = ["198.51.100.0/24"]', []),
    ],
)
def test_whom_the_endpoint_answers(arguments: str, expected: list[str]) -> None:
    assert messages(public_cluster_api, VPC + CLUSTER % arguments) == expected


@pytest.mark.parametrize("text", [VPC, CLEAN])
def test_without_a_cluster_there_is_nothing_to_say(text: str) -> None:
    assert messages(public_cluster_api, text) == []


def test_what_is_not_certain_is_low_and_says_why() -> None:
    text = VPC + CLUSTER % "endpoint_public_access = var.v"
    (one,) = found(public_cluster_api, text)
    assert (one.severity, [reason for reason, _ in one.because]) == (Severity.LOW, ["the variable 'v' has no value"])
    assert str(one.span).startswith(line(text, 'resource "aws_eks_cluster"'))
    (sure,) = found(public_cluster_api, VPC + CLUSTER % "")
    assert (sure.severity, sure.because) == (Severity.MEDIUM, ())
