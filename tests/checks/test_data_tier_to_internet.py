"""RF206: which subnets are the data tier's, and which of their routes lead out."""

from __future__ import annotations

import pytest

from ringfence.checks import data_tier_to_internet
from ringfence.checks.finding import Severity

from .terraform import CLEAN, ROUTES, VPC, block, database, found, group, instance, line, messages

NAT = """
resource "aws_eip" "nat" { domain = "vpc" }
resource "aws_nat_gateway" "main" {
  subnet_id         = aws_subnet.public.id
  connectivity_type = "public"
  allocation_id     = aws_eip.nat.id
}
resource "aws_route" "nat" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main.id
}
"""
GATEWAY = """
resource "aws_route" "private" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
"""
HALVES = GATEWAY.replace("0.0.0.0/0", "0.0.0.0/1")
COUNTED = GATEWAY.replace("{", "{\n  count = var.out ? 1 : 0\n", 1) + 'variable "out" {}\n'
EIGW = """
resource "aws_egress_only_internet_gateway" "six" { vpc_id = aws_vpc.main.id }
resource "aws_route" "six" {
  route_table_id              = aws_route_table.private.id
  destination_ipv6_cidr_block = "::/0"
  egress_only_gateway_id      = aws_egress_only_internet_gateway.six.id
}
"""
DB = VPC + ROUTES + group("db", block("ingress", "tcp", 5432, self="true")) + database("db", "db", "private")
SAID = "subnet aws_subnet.private holds aws_db_instance.db and has a way to the internet by {}"
TAGGED = DB.replace('resource "aws_subnet" "other" {', 'resource "aws_subnet" "other" {\n  tags = { Tier = "data" }')
CACHE = """
resource "aws_elasticache_subnet_group" "c" {
  name       = "c"
  subnet_ids = [aws_subnet.other.id]
}
resource "aws_elasticache_replication_group" "c" {
  description        = "c"
  port               = 6379
  subnet_group_name  = aws_elasticache_subnet_group.c.name
  security_group_ids = [aws_security_group.db.id]
}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DB + NAT, [SAID.format("aws_nat_gateway.main")]),
        (DB + GATEWAY, [SAID.format("aws_internet_gateway.main")]),
        (DB + HALVES, [SAID.format("aws_internet_gateway.main")]),
        (DB + EIGW, [SAID.format("aws_egress_only_internet_gateway.six")]),
        (
            TAGGED + NAT,
            [
                SAID.format("aws_nat_gateway.main"),
                "subnet aws_subnet.other, of the data tier, has a way to the internet by aws_nat_gateway.main",
            ],
        ),
        (
            VPC + ROUTES + group("db") + CACHE + NAT,
            [
                "subnet aws_subnet.other holds aws_elasticache_replication_group.c and has a way to the internet"
                " by aws_nat_gateway.main"
            ],
        ),
        (DB, []),
        (DB + GATEWAY.replace("0.0.0.0/0", "198.51.100.0/24"), []),
        (DB + NAT.replace('"public"', '"private"').replace("allocation_id", "# "), []),
        (VPC + ROUTES + group("a") + instance("a", "private", "a") + NAT, []),
        (CLEAN, []),
    ],
    ids=[
        "NAT",
        "internet gateway",
        "half of the internet",
        "egress only",
        "tag",
        "cache",
        "no route",
        "a partner",
        "private NAT",
        "no database",
        "clean",
    ],
)
def test_which_subnets_have_a_way(text, expected):
    assert messages(data_tier_to_internet, text) == expected


def test_a_route_that_may_be_there():
    (one,) = found(data_tier_to_internet, DB + COUNTED)
    assert (one.severity, "may have a way" in one.message, len(one.because)) == (Severity.LOW, True, 1)


def test_it_stands_at_the_route():
    (one,) = found(data_tier_to_internet, DB + NAT)
    assert str(one.span).startswith(line(DB + NAT, 'resource "aws_route" "nat"'))


TWO = VPC + ROUTES + group("db", block("ingress", "tcp", 5432, self="true")) + database("db", "db", "private", "other")
BOTH = "subnets aws_subnet.private, aws_subnet.other hold aws_db_instance.db and have a way to the internet by {}"
SECOND = """
resource "aws_route_table" "second" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}
"""


def test_zones_of_a_tier_are_one_finding():
    (one,) = found(data_tier_to_internet, TWO + NAT)
    assert (one.message, one.because) == (BOTH.format("aws_nat_gateway.main"), ())


def test_zones_with_routes_of_their_own_are_one_finding_with_each_route():
    associated = "subnet_id      = aws_subnet.other.id\n  route_table_id = aws_route_table.%s.id"
    assert associated % "private" in TWO
    text = TWO.replace(associated % "private", associated % "second") + SECOND + NAT
    (one,) = found(data_tier_to_internet, text)
    assert one.message == BOTH.format("aws_nat_gateway.main, aws_internet_gateway.main")
    assert [reason for reason, _ in one.because] == [
        "aws_subnet.private by aws_nat_gateway.main",
        "aws_subnet.other by aws_internet_gateway.main",
    ]
    places = [str(span) for _, span in one.because]
    assert places[0].startswith(line(text, 'resource "aws_route" "nat"'))
    assert places[1].startswith(f"main.tf:{text[: text.index(SECOND)].count(chr(10)) + 4}")


def test_a_zone_that_is_not_certain_stands_apart():
    associated = "subnet_id      = aws_subnet.other.id\n  route_table_id = aws_route_table.%s.id"
    second = SECOND.replace('"0.0.0.0/0"', "var.out") + 'variable "out" {}\n'
    text = TWO.replace(associated % "private", associated % "second") + second + NAT
    assert [(one.severity, one.message) for one in found(data_tier_to_internet, text)] == [
        (Severity.MEDIUM, SAID.format("aws_nat_gateway.main")),
        (
            Severity.LOW,
            "subnet aws_subnet.other holds aws_db_instance.db and may have a way to the internet by"
            " aws_internet_gateway.main",
        ),
    ]
