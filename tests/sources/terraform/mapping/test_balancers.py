"""Load balancers, listeners, target groups, targets."""

from __future__ import annotations

from ringfence.resources.aws import BalancerKind, Unknown
from tests.sources.terraform.reading import objects

TEXT = """
variable "x" {}
resource "aws_lb" "web" {
  internal        = false
  subnets         = ["s1", "s2"]
  security_groups = ["g"]
}
resource "aws_lb" "net" {
  name               = "inner"
  load_balancer_type = "network"
  internal           = true
  subnet_mapping {
    subnet_id = "s1"
  }
}
resource "aws_lb_target_group" "a" {
  name               = "pages"
  port               = 8080
  protocol           = "TCP"
  target_type        = "ip"
  preserve_client_ip = "true"
  health_check {
    port     = "traffic-port"
    protocol = "HTTP"
  }
}
resource "aws_lb_target_group" "b" {
  port = 9090
  health_check {
    port = 9091
  }
}
resource "aws_lb_listener" "l" {
  load_balancer_arn = aws_lb.web.arn
  port              = "443"
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.a.arn
  }
}
resource "aws_lb_listener_rule" "r" {
  listener_arn = aws_lb_listener.l.arn
  action {
    type = "forward"
    forward {
      target_group {
        arn = aws_lb_target_group.b.arn
      }
    }
  }
}
resource "aws_lb_target_group_attachment" "t" {
  target_group_arn = aws_lb_target_group.a.arn
  target_id        = "10.0.0.9"
  port             = 81
}
resource "aws_lb_target_group_attachment" "u" {
  target_group_arn = var.x
  target_id        = "10.0.0.10"
}
"""


def test_balancers() -> None:
    web, net = objects(TEXT).load_balancers
    assert (web.kind, web.internal, web.subnets, web.security_groups) == (
        BalancerKind.APPLICATION,
        False,
        ("s1", "s2"),
        ("g",),
    )
    assert (web.label, net.label) == (None, "inner")
    assert (net.kind, net.internal, net.subnets, net.security_groups) == (BalancerKind.NETWORK, True, ("s1",), ())


def test_listeners_lead_to_the_groups_of_all_their_rules() -> None:
    (found,) = objects(TEXT).listeners
    assert (found.load_balancer, found.port, found.protocol) == ("aws_lb.web", 443, "HTTPS")
    assert found.target_groups == ("aws_lb_target_group.a", "aws_lb_target_group.b")


def test_target_groups_and_targets() -> None:
    first, second = objects(TEXT).target_groups
    assert (first.label, second.label) == ("pages", None)
    assert (first.port, first.protocol, first.target_type, first.preserve_client_ip) == (8080, "TCP", "ip", True)
    assert (first.health_port, first.health_protocol, second.health_port) == (None, "HTTP", 9091)
    assert [(one.target, one.port, one.exists is None) for one in first.targets] == [
        ("10.0.0.9", 81, True), ("10.0.0.10", None, False)
    ]  # fmt: skip
    assert [isinstance(one.exists, Unknown) for one in second.targets] == [True]
