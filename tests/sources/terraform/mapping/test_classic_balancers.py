"""Classic Load Balancers, as balancers of the second generation."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import BalancerKind, Unknown
from tests.sources.terraform.reading import objects

TEXT = """
variable "x" {}
resource "aws_elb" "front" {
  name            = "front"
  internal        = true
  subnets         = ["s1", "s2"]
  security_groups = ["g"]
  instances       = [["i-1"], "i-2"]
  listener {
    lb_port           = 443
    lb_protocol       = "ssl"
    instance_port     = "8443"
    instance_protocol = "tcp"
  }
  listener {
    lb_port           = 80
    lb_protocol       = "http"
    instance_port     = 8080
    instance_protocol = "http"
  }
}
resource "aws_elb" "zonal" {
  availability_zones = ["a"]
  dynamic "listener" {
    for_each = var.x
    content {
      lb_port = listener.value
    }
  }
}
resource "aws_elb_attachment" "a" {
  elb      = aws_elb.front.id
  instance = "i-3"
}
resource "aws_autoscaling_group" "own" {
  load_balancers = [aws_elb.front.name]
}
resource "aws_autoscaling_group" "named" {
  load_balancers = ["front"]
}
resource "aws_autoscaling_group" "attached" {}
resource "aws_autoscaling_attachment" "t" {
  autoscaling_group_name = aws_autoscaling_group.attached.name
  elb                    = aws_elb.front.id
}
"""
BOTH = ("aws_elb.front:8443", "aws_elb.front:8080")


def test_they_take_connections_apart() -> None:
    front, zonal = objects(TEXT).load_balancers
    assert (front.kind, front.internal, front.subnets, front.security_groups, front.label) == (
        BalancerKind.APPLICATION,
        True,
        ("s1", "s2"),
        ("g",),
        "front",
    )
    assert isinstance(zonal.subnets, Unknown)


def test_listeners_lead_to_instance_ports() -> None:
    found = objects(TEXT)
    shown = [(one.load_balancer, one.port, one.protocol, one.target_groups) for one in found.listeners]
    assert shown[:2] == [
        ("aws_elb.front", 443, "TLS", BOTH[:1]),
        ("aws_elb.front", 80, "HTTP", BOTH[1:]),
    ]
    (unknown,) = shown[2:]
    assert unknown[0] == "aws_elb.zonal"
    assert all(isinstance(one, Unknown) for one in unknown[1:])


def test_instances_are_registered_at_each_port() -> None:
    groups = {one.id: one for one in objects(TEXT).target_groups}
    for id, port in zip(BOTH, (8443, 8080), strict=True):
        assert (groups[id].port, groups[id].target_type) == (port, "instance")
        assert [one.target for one in groups[id].targets] == ["i-1", "i-2", "i-3"]


@pytest.mark.parametrize("name", ["own", "named", "attached"])
def test_scaling_groups_register(name: str) -> None:
    found = {one.address: one for one in objects(TEXT).autoscaling_groups}
    assert found[f"aws_autoscaling_group.{name}"].target_groups == BOTH
