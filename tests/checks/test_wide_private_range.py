"""RF204: private ranges wider than the VPC, unless something beyond it is meant."""

from __future__ import annotations

import pytest

from ringfence.checks import wide_private_range

from .terraform import CLEAN, VPC, block, found, group, instance, line, messages

BEYOND = """
resource "aws_route" "beyond" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "10.0.0.0/8"
  transit_gateway_id     = "tgw-1"
}
"""


def rule(*cidrs: str) -> str:
    return block("ingress", "tcp", 5432, cidr_blocks="[" + ", ".join(f'"{one}"' for one in cidrs) + "]")


@pytest.mark.parametrize(
    ("blocks", "ranges"),
    [
        (rule("10.0.0.0/8"), ["10.0.0.0/8"]),
        (rule("172.16.0.0/12"), ["172.16.0.0/12"]),
        (rule("192.168.0.0/16"), ["192.168.0.0/16"]),
        (rule("10.0.0.0/8", "192.168.0.0/16"), ["10.0.0.0/8", "192.168.0.0/16"]),
        (rule("10.0.0.0/12"), ["10.0.0.0/12"]),
        (rule("10.0.0.0/16"), []),
        (rule("10.0.1.0/24"), []),
        (rule("10.9.0.0/16"), []),
        (rule("0.0.0.0/0"), []),
        (rule("198.51.100.0/24"), []),
        (block("ingress", "tcp", 5432, self="true"), []),
        (block("egress", "tcp", 5432, cidr_blocks='["10.0.0.0/8"]'), []),
    ],
)
def test_which_ranges_are_wide(blocks, ranges):
    text = VPC + group("a", blocks) + instance("a", "private", "a")
    said = "aws_security_group.a of aws_instance.a admits {} on tcp 5432, more than its VPC holds"
    assert messages(wide_private_range, text) == [said.format(one) for one in ranges]


@pytest.mark.parametrize(
    "text",
    [
        CLEAN,
        VPC + group("a", rule("10.0.0.0/8")),
        VPC + group("a", rule("10.0.0.0/8")) + instance("a", "private", "a") + BEYOND,
        VPC.replace("10.0.", "192.168.") + group("a", rule("192.168.0.0/16")) + instance("a", "private", "a"),
    ],
    ids=["clean", "attached to nothing", "a transit gateway", "the VPC itself"],
)
def test_nothing_to_say(text):
    assert messages(wide_private_range, text) == []


def test_it_stands_at_the_rule():
    text = VPC + group("a", rule("10.0.0.0/8")) + instance("a", "private", "a")
    (one,) = found(wide_private_range, text)
    assert str(one.span).startswith(line(text, "ingress {"))
    assert [reason for reason, _ in one.because] == ["its VPC is 10.0.0.0/16"]
