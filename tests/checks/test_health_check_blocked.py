"""RF208: health checks, their ports, and who lets them pass."""

from __future__ import annotations

import pytest

from ringfence.checks import health_check_blocked
from ringfence.checks.finding import Severity

from .terraform import CLEAN, ROUTES, VPC, acl, block, entry, found, group, instance, line, messages, world

LB = """
resource "aws_lb" "front" {
  load_balancer_type = "%s"
  subnets            = [aws_subnet.public.id]
  %s
}
resource "aws_lb_target_group" "web" {
  port        = 8080
  protocol    = "%s"
  vpc_id      = aws_vpc.main.id
  %s
}
resource "aws_lb_listener" "front" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "%s"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}
"""
TARGET = """
resource "aws_lb_target_group_attachment" "web" {
  target_group_arn = aws_lb_target_group.web.arn
  target_id        = aws_instance.web.id
}
"""
ALB_GROUP = "security_groups = [aws_security_group.alb.id]"
SCALED = """
resource "aws_launch_template" "t" { vpc_security_group_ids = [aws_security_group.web.id] }
resource "aws_autoscaling_group" "web" {
  vpc_zone_identifier = [aws_subnet.private.id, aws_subnet.other.id]
  target_group_arns   = [aws_lb_target_group.web.arn]
  launch_template { id = aws_launch_template.t.id }
}
"""


def alb(health: str = "", more: str = "") -> str:
    check = f"health_check {{\n    port = {health}\n  }}" if health else ""
    return LB % ("application", ALB_GROUP, "HTTP", check + more, "HTTP")


def nlb(health: str, groups: str = "", protocol: str = "TCP") -> str:
    return LB % ("network", groups, protocol, f"health_check {{\n    port = {health}\n  }}", protocol)


def cloud(*admitted: str) -> str:
    """A balancer's group, a target's that admits some of it, and the target."""
    text = VPC + ROUTES + group("alb", world(443)) + group("web", *admitted)
    return text + instance("web", "private", "web") + TARGET


def from_alb(port: int) -> str:
    return block("ingress", "tcp", port, security_groups="[aws_security_group.alb.id]")


def message(port: int, target: str = "aws_instance.web") -> list[str]:
    return [f"health checks of aws_lb.front (tcp {port}) do not reach {target}"]


FROM_VPC = block("ingress", "tcp", 8080, cidr_blocks='["10.0.0.0/16"]')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (cloud(from_alb(8080)) + alb(), []),
        (cloud(from_alb(8080)) + alb('"traffic-port"'), []),
        (cloud(from_alb(8080)) + alb("9090"), message(9090)),
        (cloud(from_alb(8080), from_alb(9090)) + alb("9090"), []),
        (cloud() + alb(), message(8080)),
        (cloud(from_alb(8080)) + 'variable "p" {}\n' + alb("var.p"), []),
        (cloud(from_alb(8080)) + alb("9090", '\n  target_type = "lambda"'), []),
        (cloud(FROM_VPC) + nlb('"traffic-port"'), []),
        (cloud(world(8080)) + nlb("9090"), message(9090)),
        # A check goes over TCP, also where the traffic does not.
        (cloud(world(8080, "udp")) + nlb('"traffic-port"', protocol="UDP"), message(8080)),
        # A balancer's outbound rules hold for its checks.
        (
            cloud(from_alb(8080)).replace("0.0.0.0/0\"]\n}\n}", "192.0.2.0/24\"]\n}\n}", 1) + alb(),
            message(8080),
        ),
        (cloud(from_alb(8080)).replace(TARGET, "") + SCALED + alb("9090"), message(9090, "aws_autoscaling_group.web")),
        (cloud(from_alb(8080)).replace(TARGET, "") + alb("9090"), []),
        (CLEAN, []),
        (VPC, []),
    ],
    ids=[
        "the traffic's port", "the traffic's port, named", "another port", "another port, admitted", "no rule",
        "a port that is not known", "a function", "a network balancer", "a network balancer's other port", "UDP",
        "the balancer's own group", "a scaling group", "nobody registered", "clean", "no balancer",
    ],
)  # fmt: skip
def test_which_checks_arrive(text: str, expected: list[str]) -> None:
    assert messages(health_check_blocked, text) == expected


IN, OUT = entry("ingress", 100, "allow"), entry("egress", 100, "allow")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((IN, OUT), []),
        ((entry("ingress", 90, "deny", ports=(8080, 8080)), IN, OUT), message(8080)),
        ((IN,), message(8080)),
        ((IN, entry("egress", 100, "allow", ports=(1024, 65535))), []),
        ((IN, entry("egress", 100, "allow", ports=(443, 443))), message(8080)),
    ],
)
def test_an_acl_stands_between(entries: tuple[str, ...], expected: list[str]) -> None:
    text = cloud(from_alb(8080)) + alb() + acl("app", ("private",), *entries)
    assert messages(health_check_blocked, text) == expected


def test_some_targets_are_named_with_their_nodes() -> None:
    text = cloud(from_alb(8080)).replace(TARGET, "") + SCALED + alb()
    (one,) = found(health_check_blocked, text + acl("app", ("other",), OUT))
    assert one.message.endswith("do not reach aws_autoscaling_group.web from some nodes or to some targets")
    assert [reason for reason, _ in one.because] == [
        "the targets of aws_lb_target_group.web",
        "aws_lb.front in aws_subnet.public -> aws_autoscaling_group.web in aws_subnet.other",
    ]


def test_it_stands_at_the_target_group_and_shows_the_packet() -> None:
    text = cloud(from_alb(8080)) + alb("9090")
    (one,) = found(health_check_blocked, text)
    assert one.severity is Severity.MEDIUM
    assert str(one.span).startswith(line(text, 'resource "aws_lb_target_group" "web"'))
    assert one.witness is not None
    assert (one.witness.packet.header.y, one.witness.branch.forward[-1].layer) == (9090, "SecurityGroup")
