"""RF203: rules for everybody, however they are written, and whether anybody arrives by them."""

from __future__ import annotations

import pytest

from ringfence.checks import group_open_to_world
from ringfence.checks.finding import Severity
from ringfence.engine.outcomes import Outcome

from .terraform import CLEAN, ROUTES, VPC, acl, block, entry, found, group, instance, line, messages, world

CLOUD = VPC + ROUTES
LIST = """
resource "aws_ec2_managed_prefix_list" "all" {
  name           = "all"
  address_family = "IPv4"
  max_entries    = 2
  entry { cidr = "0.0.0.0/1" }
  entry { cidr = "128.0.0.0/1" }
}
"""


def message(ports: str) -> list[str]:
    return [f"aws_security_group.a of aws_instance.a is open to the world on {ports}"]


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (world(8080), message("tcp 8080")),
        (world(53, "udp"), message("udp 53")),
        (world(0, "-1"), message("tcp · udp")),
        (block("ingress", "tcp", 0, 65535, cidr_blocks='["0.0.0.0/0"]'), message("tcp")),
        (block("ingress", "tcp", 80, 90, cidr_blocks='["0.0.0.0/0"]'), message("tcp 81-90")),
        (block("ingress", "tcp", 22, cidr_blocks='["0.0.0.0/1", "128.0.0.0/1"]'), message("tcp 22")),
        (block("ingress", "tcp", 22, ipv6_cidr_blocks='["::/0"]'), message("tcp 22")),
        (block("ingress", "tcp", 22, cidr_blocks='["0.0.0.0/0"]', ipv6_cidr_blocks='["::/0"]'), message("tcp 22")),
        (block("ingress", "tcp", 22, self="true", cidr_blocks='["0.0.0.0/0"]'), message("tcp 22")),
        (block("ingress", "tcp", 22, prefix_list_ids="[aws_ec2_managed_prefix_list.all.id]"), message("tcp 22")),
        (world(443) + world(80), []),
        (world(443, "udp"), []),
        (block("ingress", "icmp", 8, 0, cidr_blocks='["0.0.0.0/0"]').replace("to_port = 8", "to_port = 0"), []),
        (block("ingress", "tcp", 22, cidr_blocks='["198.51.100.0/24", "10.0.0.0/8"]'), []),
        (block("ingress", "tcp", 22, self="true"), []),
        (block("ingress", "tcp", 22, cidr_blocks="var.unknown"), []),
    ],
)
def test_what_counts_as_the_world(blocks, expected):
    text = CLOUD + LIST + 'variable "unknown" {}\n' + group("a", blocks) + instance("a", "public", "a", public=True)
    assert messages(group_open_to_world, text) == expected


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (CLOUD + instance("a", "public", "a", public=True), Severity.MEDIUM),
        (CLOUD + instance("a", "public", "a"), Severity.LOW),
        (CLOUD + instance("a", "private", "a", public=True), Severity.LOW),
        (VPC + instance("a", "public", "a", public=True), Severity.LOW),
        (
            CLOUD
            + instance("a", "public", "a", public=True)
            + acl("n", ("public",), entry("ingress", 90, "deny", ports=(22, 22)), entry("ingress", 100, "allow")),
            Severity.LOW,
        ),
    ],
)
def test_it_is_low_where_nothing_arrives(text, severity):
    (one,) = found(group_open_to_world, group("a", world()) + text)
    assert (one.severity, one.witness is not None) == (severity, severity is Severity.MEDIUM)
    assert one.witness is None or one.witness.trace.outcome is Outcome.ALLOWED


@pytest.mark.parametrize("text", [CLEAN, CLOUD + group("a", world())], ids=["clean", "attached to nothing"])
def test_nothing_to_say(text):
    assert messages(group_open_to_world, text) == []


def test_it_stands_at_the_rule():
    text = CLOUD + group("a", world()) + instance("a", "private", "a")
    (one,) = found(group_open_to_world, text)
    assert str(one.span).startswith(line(text, "ingress {"))
