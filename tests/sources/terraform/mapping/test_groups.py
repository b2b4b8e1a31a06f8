"""Security groups from Terraform: rules inside and beside, defaults, and what is refused or unknown."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import CidrPeer, GroupPeer, Peer, PrefixListPeer, SecurityGroup, Unknown
from tests.sources.terraform.reading import VPC, everything, group, messages, objects

WORLD = (
    '  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = "tcp"\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n'
)


def made(body: str, more: str = "") -> SecurityGroup:
    return group(f'resource "aws_security_group" "a" {{\n  name = "a"\n{body}}}\n{more}')


def inline(body: str) -> list[tuple[object, object, object, Peer]]:
    found = made(f"  ingress {{\n{body}\n  }}\n")
    return [(one.protocol, one.from_port, one.to_port, one.peer) for one in found.rules]


OWN = GroupPeer("aws_security_group.a")
PORTS = 'from_port = 22\nto_port = 22\nprotocol = "tcp"\n'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (PORTS + 'cidr_blocks = ["0.0.0.0/1", "128.0.0.0/1"]', [CidrPeer("0.0.0.0/1"), CidrPeer("128.0.0.0/1")]),
        (PORTS + 'ipv6_cidr_blocks = ["::/0"]', [CidrPeer("::/0")]),
        (PORTS + 'self = true\ncidr_blocks = ["0.0.0.0/0"]', [CidrPeer("0.0.0.0/0"), OWN]),
        (PORTS + 'prefix_list_ids = ["pl-1"]', [PrefixListPeer("pl-1")]),
        (PORTS + 'security_groups = ["sg-1", aws_security_group.a.id]', [GroupPeer("sg-1"), OWN]),
        (PORTS + "self = false", []),
    ],
)  # fmt: skip
def test_peers(body: str, expected: list[Peer]) -> None:
    assert inline(body) == [("tcp", 22, 22, peer) for peer in expected]


@pytest.mark.parametrize(
    ("protocol", "low", "high", "expected"),
    [
        ('"-1"', 0, 0, ("-1", None, None)),
        ("-1", 0, 0, ("-1", None, None)),
        ('"all"', 0, 0, ("-1", None, None)),
        ('"TCP"', 1, 2, ("tcp", 1, 2)),
        ("6", '"80"', 80, ("tcp", 80, 80)),
        ('"icmp"', 8, -1, ("icmp", 8, -1)),
        ('"1"', -1, -1, ("icmp", -1, -1)),
        ("58", -1, -1, ("icmpv6", -1, -1)),
        ('"47"', 0, 0, ("47", None, None)),
    ],
)
def test_protocols(protocol: str, low: object, high: object, expected: tuple[object, ...]) -> None:
    body = f'protocol = {protocol}\nfrom_port = {low}\nto_port = {high}\ncidr_blocks = ["10.0.0.0/8"]'
    assert [one[:3] for one in inline(body)] == [expected]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (PORTS.replace("protocol", "protocoll") + 'cidr_blocks = ["10.0.0.0/8"]', "did you mean protocol?"),
        ('protocol = "tcp"\nfrom_port = 1\ncidr_blocks = ["10.0.0.0/8"]', "'to_port' is missing"),
        (PORTS.replace("22", "23", 1) + 'cidr_blocks = ["10.0.0.0/8"]', "23 to 22 is no port range"),
        (PORTS + 'cidr_blocks = ["10.0.0.0/33"]', "is no CIDR block"),
        (PORTS + 'cidr_blocks = "10.0.0.0/8"', "a list of texts"),
        (PORTS.replace('"tcp"', '"tpc"') + "self = true", "is no protocol"),
        (PORTS.replace("22", '"ssh"', 1) + "self = true", "is no whole number"),
        (PORTS + "self = 3", "true or false"),
    ],
)
def test_refused_rules_are_errors_and_unknown(body: str, words: str) -> None:
    found, diagnostics = everything(
        f'resource "aws_security_group" "a" {{\n  name = "a"\n  ingress {{\n{body}\n  }}\n}}\n'
    )
    assert any(words in str(one) and one.severity == "error" for one in diagnostics)
    assert all(str(one.span).startswith("main.tf:3") for one in diagnostics if one.severity == "error")
    for rule in found.security_groups[0].rules:
        values = (rule.protocol, rule.from_port, rule.to_port, rule.peer, getattr(rule.peer, "cidr", None), rule.exists)
        assert any(isinstance(one, Unknown) for one in values)


def test_unknown_values_stay_unknown() -> None:
    text = 'variable "x" {}\nresource "aws_security_group" "a" {\n  name = "a"\n  ingress {\n' + PORTS
    for argument in ("cidr_blocks", "security_groups", "prefix_list_ids", "self"):
        (found,) = objects(f"{text}    {argument} = var.x\n  }}\n}}\n").security_groups
        assert [isinstance(one.peer, Unknown) for one in found.rules] == [True]
    (found,) = objects(text + "    cidr_blocks = [var.x]\n  }\n}\n").security_groups
    assert isinstance(found.rules[0].peer, CidrPeer)
    assert isinstance(found.rules[0].peer.cidr, Unknown)


def test_the_provider_takes_the_default_egress_away() -> None:
    assert made("").rules == ()
    assert made("  egress = []\n  ingress = []\n").rules == ()


def test_attributes_as_blocks() -> None:
    body = f'  ingress = [{{\n{PORTS}cidr_blocks = ["10.0.0.0/8"]\nself = null\n}}]\n'
    assert [one.peer for one in made(body).rules] == [CidrPeer("10.0.0.0/8")]


BESIDE = """
resource "aws_vpc_security_group_ingress_rule" "r" {
  security_group_id = aws_security_group.a.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.0.0.0/8"
}
resource "aws_vpc_security_group_egress_rule" "e" {
  security_group_id = aws_security_group.a.id
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0"
}
resource "aws_security_group_rule" "old" {
  type                     = "egress"
  security_group_id        = aws_security_group.a.id
  protocol                 = "udp"
  from_port                = 53
  to_port                  = 53
  source_security_group_id = aws_security_group.a.id
}
"""


def test_rules_beside_the_group() -> None:
    found = made("", BESIDE)
    assert [(one.id.split(".")[1], one.egress, one.protocol, one.from_port, one.exists) for one in found.rules] == [
        ("old", True, "udp", 53, None),
        ("r", False, "tcp", 443, None),
        ("e", True, "-1", None, None),
    ]
    assert found.rules[0].peer == GroupPeer("aws_security_group.a")
    assert found.unlisted is None


def test_rules_inside_and_beside_take_each_other_away() -> None:
    text = f'resource "aws_security_group" "a" {{\n  name = "a"\n{WORLD}}}\n{BESIDE}'
    (found,) = objects(text).security_groups
    doubtful = {(one.from_port, one.egress): one.exists is not None for one in found.rules}
    assert doubtful == {(22, False): False, (443, False): True, (None, True): False, (53, True): False}
    assert any("take each other away" in one for one in messages(text))


def test_a_rule_for_an_unknown_group_may_be_in_any() -> None:
    text = 'variable "x" {}\n' + BESIDE.replace(
        'aws_security_group.a.id\n  ip_protocol       = "tcp"', 'var.x\n  ip_protocol = "tcp"'
    )
    found = objects(
        text
        + 'resource "aws_security_group" "a" {\n  name = "a"\n}\nresource "aws_security_group" "b" {\n  name = "b"\n}\n'
    )
    for one in found.security_groups:
        (rule,) = [rule for rule in one.rules if rule.from_port == 443]
        assert isinstance(rule.exists, Unknown)


def test_a_rule_for_a_group_elsewhere_makes_it_known_in_part() -> None:
    (found,) = objects(BESIDE.replace("aws_security_group.a.id", '"sg-elsewhere"')).security_groups
    assert (found.id, len(found.rules)) == ("sg-elsewhere", 3)
    assert isinstance(found.unlisted, Unknown)


def test_the_default_group() -> None:
    (implied,) = objects(VPC).security_groups
    assert implied.id == "aws_vpc.main.default_security_group_id"
    assert [(one.egress, one.peer) for one in implied.rules] == [
        (True, CidrPeer("0.0.0.0/0")), (True, CidrPeer("::/0")), (False, GroupPeer(implied.id))
    ]  # fmt: skip
    emptied = 'resource "aws_default_security_group" "d" {\n  vpc_id = aws_vpc.main.id\n}\n'
    (adopted,) = objects(VPC + emptied).security_groups
    assert (adopted.id, adopted.address, adopted.rules) == (implied.id, "aws_default_security_group.d", ())


def test_the_group_of_a_cluster() -> None:
    text = VPC + (
        'resource "aws_subnet" "s" {\n  vpc_id = aws_vpc.main.id\n  cidr_block = "10.0.0.0/24"\n}\n'
        'resource "aws_eks_cluster" "c" {\n  name = "c"\n  vpc_config {\n    subnet_ids = [aws_subnet.s.id]\n  }\n}\n'
        'resource "aws_vpc_security_group_ingress_rule" "more" {\n'
        "  security_group_id = aws_eks_cluster.c.vpc_config[0].cluster_security_group_id\n"
        '  ip_protocol = "tcp"\n  from_port = 443\n  to_port = 443\n  cidr_ipv4 = "10.0.0.0/8"\n}\n'
    )
    found = objects(text)
    own = found.eks_clusters[0].cluster_security_group
    (group,) = [one for one in found.security_groups if one.id == own]
    assert (group.vpc, group.unlisted) == ("aws_vpc.main", None)
    assert [(one.egress, one.peer, one.exists is None) for one in group.rules] == [
        (False, GroupPeer(group.id), True),
        (True, CidrPeer("0.0.0.0/0"), True),
        (False, CidrPeer("10.0.0.0/8"), True),
    ]


@pytest.mark.parametrize(
    ("family", "egress"),
    [
        ('"ipv6"', [("::/0", True)]),
        ('"ipv4"', [("0.0.0.0/0", True)]),
        ("var.x", [("0.0.0.0/0", False), ("::/0", False)]),
    ],
)
def test_the_family_of_a_cluster(family: str, egress: list[tuple[str, bool]]) -> None:
    block = f"  kubernetes_network_config {{\n    ip_family = {family}\n  }}\n"
    text = f'variable "x" {{}}\nresource "aws_eks_cluster" "c" {{\n{block}}}\n'
    (own,) = objects(text).security_groups
    found = [(getattr(one.peer, "cidr", ""), one.exists is None) for one in own.rules if one.egress]
    assert found == egress


def test_a_rule_that_may_not_exist() -> None:
    text = f'variable "n" {{}}\nresource "aws_security_group" "a" {{\n  count = var.n\n{WORLD}}}\n'
    (found,) = objects(text).security_groups
    assert isinstance(found.exists, Unknown)
    assert isinstance(found.rules[0].exists, Unknown)


def test_places() -> None:
    found = made(WORLD, BESIDE)
    assert {str(one.span) for one in found.rules} == {"main.tf:3", "main.tf:11", "main.tf:18", "main.tf:23"}
    assert str(found.span) == "main.tf:1"
