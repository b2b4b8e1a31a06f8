"""Route tables: routes inside and beside, targets, the main table, associations."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import TargetKind, Unknown
from tests.sources.terraform.reading import VPC, everything, objects

TABLE = VPC + 'resource "aws_internet_gateway" "i" {\n  vpc_id = aws_vpc.main.id\n}\n'


def route(target: str, destination: str = 'cidr_block = "0.0.0.0/0"') -> str:
    table = f'{TABLE}resource "aws_route_table" "a" {{\n  vpc_id = aws_vpc.main.id\n'
    return f"{table}  route {{\n    {destination}\n    {target}\n  }}\n}}\n"


@pytest.mark.parametrize(
    ("target", "kind", "id"),
    [
        ("gateway_id = aws_internet_gateway.i.id", TargetKind.INTERNET_GATEWAY, "aws_internet_gateway.i"),
        ('gateway_id = "igw-1"', TargetKind.INTERNET_GATEWAY, "igw-1"),
        ('gateway_id = "vgw-1"', TargetKind.OTHER, "vgw-1"),
        ('gateway_id = "local"', TargetKind.LOCAL, ""),
        ('nat_gateway_id = "nat-1"', TargetKind.NAT_GATEWAY, "nat-1"),
        ('egress_only_gateway_id = "eigw-1"', TargetKind.EGRESS_ONLY, "eigw-1"),
        ('network_interface_id = "eni-1"', TargetKind.NETWORK_INTERFACE, "eni-1"),
        ('vpc_endpoint_id = "vpce-1"', TargetKind.VPC_ENDPOINT, "vpce-1"),
        ('transit_gateway_id = "tgw-1"', TargetKind.OTHER, "tgw-1"),
    ],
)
def test_targets(target: str, kind: TargetKind, id: str) -> None:
    (found,) = objects(route(target)).route_tables[0].routes
    assert (found.destination, found.kind, found.target, found.exists) == ("0.0.0.0/0", kind, id, None)


def test_destinations() -> None:
    target = 'nat_gateway_id = "nat-1"'
    (six,) = objects(route(target, 'ipv6_cidr_block = "::/0"')).route_tables[0].routes
    (listed,) = objects(route(target, 'destination_prefix_list_id = "pl-1"')).route_tables[0].routes
    assert (six.destination, six.by_prefix_list) == ("::/0", False)
    assert (listed.destination, listed.by_prefix_list) == ("pl-1", True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (route(""), "needs a target"),
        (route('nat_gateway_id = "n"', ""), "needs a destination"),
        (route('nat_gw = "n"'), "did you mean nat_gateway_id?"),
    ],
)
def test_refused(text: str, words: str) -> None:
    found, diagnostics = everything(text)
    assert any(words in str(one) for one in diagnostics)
    (one,) = found.route_tables[0].routes
    assert any(isinstance(value, Unknown) for value in (one.destination, one.target, one.exists))


BESIDE = (
    'resource "aws_route" "r" {\n  route_table_id = aws_route_table.a.id\n  destination_cidr_block = "10.9.0.0/16"\n'
    '  nat_gateway_id = "nat-1"\n}\n'
)
EMPTY = f'{TABLE}resource "aws_route_table" "a" {{\n  vpc_id = aws_vpc.main.id\n}}\n'


def test_routes_beside_the_table() -> None:
    table = objects(EMPTY + BESIDE).route_tables[0]
    assert [(one.destination, one.exists) for one in table.routes] == [("10.9.0.0/16", None)]
    both = objects(route('nat_gateway_id = "nat-2"') + BESIDE).route_tables[0]
    assert [one.exists is None for one in both.routes] == [True, False]
    elsewhere = objects(BESIDE.replace("aws_route_table.a.id", '"rtb-1"')).route_tables[0]
    assert (elsewhere.id, len(elsewhere.routes), isinstance(elsewhere.unlisted, Unknown)) == ("rtb-1", 1, True)
    unknown = objects('variable "x" {}\n' + EMPTY + BESIDE.replace("aws_route_table.a.id", "var.x"))
    assert [[isinstance(one.exists, Unknown) for one in table.routes] for table in unknown.route_tables] == [
        [True],
        [True],
    ]


def test_the_main_table() -> None:
    tables = objects(VPC).route_tables
    assert [(one.id, one.vpc, one.routes) for one in tables] == [
        ("aws_vpc.main.main_route_table_id", "aws_vpc.main", ())
    ]
    adopted = TABLE + (
        'resource "aws_default_route_table" "d" {\n  default_route_table_id = aws_vpc.main.default_route_table_id\n'
        '  route {\n    cidr_block = "0.0.0.0/0"\n    gateway_id = aws_internet_gateway.i.id\n  }\n}\n'
    )
    (found,) = objects(adopted).route_tables
    assert (found.id, found.vpc, len(found.routes)) == ("aws_vpc.main.main_route_table_id", "aws_vpc.main", 1)
    chosen = EMPTY + (
        'resource "aws_main_route_table_association" "m" {\n  vpc_id = aws_vpc.main.id\n'
        "  route_table_id = aws_route_table.a.id\n}\n"
    )
    assert objects(chosen).vpcs[0].main_route_table == "aws_route_table.a"


def test_associations() -> None:
    more = (
        'resource "aws_route_table_association" "s" {\n  route_table_id = aws_route_table.a.id\n'
        '  subnet_id = "subnet-1"\n}\n'
        'resource "aws_route_table_association" "g" {\n  route_table_id = aws_route_table.a.id\n'
        "  gateway_id = aws_internet_gateway.i.id\n}\n"
        'resource "aws_vpn_gateway_route_propagation" "v" {\n  route_table_id = aws_route_table.a.id\n'
        '  vpn_gateway_id = "vgw-1"\n}\n'
    )
    table = objects(EMPTY + more).route_tables[0]
    assert (table.subnets, table.gateways, table.propagating) == (
        ("subnet-1",),
        ("aws_internet_gateway.i",),
        ("vgw-1",),
    )
    elsewhere = objects(more.replace("aws_route_table.a.id", '"rtb-1"').replace("aws_internet_gateway.i.id", '"igw-1"'))
    assert [(one.id, one.subnets) for one in elsewhere.route_tables] == [("rtb-1", ("subnet-1",))]
