"""Network ACLs from Terraform: entries inside and beside, defaults, the names that guides get wrong."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import AclAction, NetworkAcl, Unknown
from tests.sources.terraform.reading import VPC, everything, messages, objects

ENTRY = (
    'rule_no = 100\naction = "allow"\nprotocol = "tcp"\nfrom_port = 5432\nto_port = 5432\ncidr_block = "10.0.0.0/8"\n'
)
RULE = """
resource "aws_network_acl_rule" "r" {
  network_acl_id = aws_network_acl.a.id
  rule_number    = 200
  egress         = true
  protocol       = "icmp"
  icmp_type      = 3
  icmp_code      = 4
  rule_action    = "deny"
  cidr_block     = "0.0.0.0/0"
}
"""


def text(body: str, more: str = "") -> str:
    return f'{VPC}resource "aws_network_acl" "a" {{\n  vpc_id = aws_vpc.main.id\n{body}}}\n{more}'


def made(body: str, more: str = "") -> NetworkAcl:
    return objects(text(body, more)).network_acls[0]


def test_entries_inside() -> None:
    (entry,) = made(f"  ingress {{\n{ENTRY}}}\n").entries
    assert (entry.number, entry.action, entry.protocol, entry.cidr) == (100, AclAction.ALLOW, "tcp", "10.0.0.0/8")
    assert (entry.from_port, entry.to_port, entry.egress) == (5432, 5432, False)
    assert str(entry.span) == "main.tf:6"


def test_entries_beside() -> None:
    (entry,) = made("", RULE).entries
    assert (entry.number, entry.action, entry.protocol, entry.egress) == (200, AclAction.DENY, "icmp", True)
    assert (entry.icmp_type, entry.icmp_code, entry.from_port) == (3, 4, None)


def test_both_are_in_doubt() -> None:
    found = made(f"  ingress {{\n{ENTRY}}}\n", RULE)
    assert [one.exists is None for one in found.entries] == [True, False]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (ENTRY.replace("rule_no", "rule_number"), "did you mean rule_no?"),
        (ENTRY.replace("action", "rule_action"), "did you mean action?"),
        (ENTRY.replace("to_port = 5432\n", ""), "'to_port' is missing"),
        (ENTRY.replace("100", "32767"), "from 1 to 32766"),
        (ENTRY.replace("allow", "permit"), "neither allow nor deny"),
        (ENTRY.replace('cidr_block = "10.0.0.0/8"\n', ""), "either cidr_block or ipv6_cidr_block"),
        (ENTRY + 'ipv6_cidr_block = "::/0"\n', "either cidr_block or ipv6_cidr_block"),
    ],
)
def test_refused_entries_are_errors_and_unknown(body: str, words: str) -> None:
    found, diagnostics = everything(text(f"  ingress {{\n{body}}}\n"))
    assert any(words in str(one) and one.severity == "error" for one in diagnostics), diagnostics
    (entry,) = found.network_acls[0].entries
    assert any(isinstance(one, Unknown) for one in (entry.number, entry.action, entry.cidr, entry.exists))


def test_the_default_acl() -> None:
    (implied,) = objects(VPC).network_acls
    assert implied.id == "aws_vpc.main.default_network_acl_id"
    assert [(one.number, one.cidr, one.action) for one in implied.entries if one.egress] == [
        (100, "0.0.0.0/0", AclAction.ALLOW), (101, "::/0", AclAction.ALLOW)
    ]  # fmt: skip
    adopt = (
        'resource "aws_default_network_acl" "d" {\n  default_network_acl_id = aws_vpc.main.default_network_acl_id\n}\n'
    )
    (adopted,) = objects(VPC + adopt).network_acls
    assert (adopted.id, adopted.vpc, adopted.entries) == (implied.id, "aws_vpc.main", ())


def test_associations() -> None:
    more = (
        'resource "aws_subnet" "s" {\n  count = 2\n  vpc_id = aws_vpc.main.id\n  cidr_block = "10.0.0.0/24"\n}\n'
        'resource "aws_network_acl_association" "x" {\n  network_acl_id = aws_network_acl.a.id\n'
        "  subnet_id = aws_subnet.s[1].id\n}\n"
    )
    found = made("  subnet_ids = [aws_subnet.s[0].id]\n", more)
    assert found.subnets == ("aws_subnet.s[0]", "aws_subnet.s[1]")
    elsewhere = objects(more.replace("aws_network_acl.a.id", '"acl-9"').replace("aws_vpc.main.id", '"vpc-1"'))
    assert [(one.id, one.subnets) for one in elsewhere.network_acls] == [("acl-9", ("aws_subnet.s[1]",))]
    assert isinstance(elsewhere.network_acls[0].unlisted, Unknown)


def test_an_entry_of_an_unknown_acl_may_be_in_any() -> None:
    found = objects('variable "x" {}\n' + text("", RULE.replace("aws_network_acl.a.id", "var.x")))
    for acl in found.network_acls:
        (entry,) = [one for one in acl.entries if one.number == 200]
        assert isinstance(entry.exists, Unknown)
    assert len(found.network_acls) == 2
    assert any(
        "which ACL" in one for one in messages('variable "x" {}\n' + RULE.replace("aws_network_acl.a.id", "var.x"))
    )


def test_entries_made_by_a_module_that_looks_them_up() -> None:
    rules = """
variable "rules" {
  type    = list(map(string))
  default = [{ rule_number = 100, rule_action = "allow", from_port = 80, to_port = 80, protocol = "tcp" }]
}
resource "aws_network_acl_rule" "r" {
  count          = length(var.rules)
  network_acl_id = aws_network_acl.a.id
  rule_number    = var.rules[count.index]["rule_number"]
  rule_action    = var.rules[count.index]["rule_action"]
  from_port      = lookup(var.rules[count.index], "from_port", null)
  to_port        = lookup(var.rules[count.index], "to_port", null)
  icmp_code      = lookup(var.rules[count.index], "icmp_code", null)
  protocol       = var.rules[count.index]["protocol"]
  cidr_block     = lookup(var.rules[count.index], "cidr_block", "0.0.0.0/0")
}
"""
    (entry,) = made("", rules).entries
    assert (entry.number, entry.from_port, entry.icmp_code, entry.cidr) == (100, 80, None, "0.0.0.0/0")
