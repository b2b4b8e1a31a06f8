"""VPCs, subnets, gateways, addresses, endpoints, prefix lists."""

from __future__ import annotations

from ringfence.resources.aws import EndpointKind, Unknown
from tests.sources.terraform.reading import VPC, objects


def test_blocks_of_a_vpc() -> None:
    more = (
        'resource "aws_vpc_ipv4_cidr_block_association" "b" {\n  vpc_id = aws_vpc.main.id\n'
        '  cidr_block = "100.64.0.0/16"\n}\n'
        'resource "aws_vpc" "six" {\n  cidr_block = "10.1.0.0/16"\n  assign_generated_ipv6_cidr_block = true\n}\n'
        'resource "aws_vpc" "pool" {\n  ipv4_ipam_pool_id = "ipam-1"\n}\n'
        'resource "aws_default_vpc" "d" {}\n'
    )
    found = {one.id: one for one in objects(VPC + more).vpcs}
    assert found["aws_vpc.main"].cidrs == ("10.0.0.0/16", "100.64.0.0/16")
    assert found["aws_vpc.main"].ipv6_cidrs == ()
    assert isinstance(found["aws_vpc.six"].ipv6_cidrs[0], Unknown)  # type: ignore[index]
    assert isinstance(found["aws_vpc.pool"].cidrs[0], Unknown)  # type: ignore[index]
    assert found["aws_default_vpc.d"].cidrs == ("172.31.0.0/16",)


def test_a_block_of_an_unknown_vpc_may_be_any_ones() -> None:
    more = (
        'variable "x" {}\nresource "aws_vpc_ipv4_cidr_block_association" "b" {\n'
        '  vpc_id = var.x\n  cidr_block = "1.0.0.0/8"\n}\n'
    )
    assert isinstance(objects(VPC + more).vpcs[0].cidrs, Unknown)


def test_subnets() -> None:
    text = VPC + (
        'resource "aws_subnet" "a" {\n  vpc_id = aws_vpc.main.id\n  cidr_block = "10.0.0.0/24"\n'
        '  availability_zone = "eu-a"\n  map_public_ip_on_launch = "true"\n  tags = { Tier = "data" }\n}\n'
    )
    (found,) = objects(text).subnets
    assert (found.vpc, found.cidr, found.zone, found.map_public_ip) == ("aws_vpc.main", "10.0.0.0/24", "eu-a", True)
    assert found.tags == {"Tier": "data"}


def test_gateways_and_addresses() -> None:
    text = VPC + (
        'resource "aws_internet_gateway" "a" {}\nresource "aws_internet_gateway_attachment" "a" {\n'
        "  internet_gateway_id = aws_internet_gateway.a.id\n  vpc_id = aws_vpc.main.id\n}\n"
        'resource "aws_egress_only_internet_gateway" "e" {\n  vpc_id = aws_vpc.main.id\n}\n'
        'resource "aws_eip" "n" {}\nresource "aws_eip" "i" {}\n'
        'resource "aws_nat_gateway" "n" {\n  subnet_id = "subnet-1"\n  allocation_id = aws_eip.n.id\n}\n'
        'resource "aws_nat_gateway" "p" {\n  subnet_id = "subnet-1"\n  connectivity_type = "private"\n}\n'
        'resource "aws_eip_association" "i" {\n  allocation_id = aws_eip.i.id\n  network_interface_id = "eni-1"\n}\n'
    )
    found = objects(text)
    assert [(one.vpc, one.egress_only) for one in found.internet_gateways] == [
        ("aws_vpc.main", False),
        ("aws_vpc.main", True),
    ]
    assert [(one.public, one.allocations) for one in found.nat_gateways] == [(True, ("aws_eip.n",)), (False, ())]
    assert [one.network_interface for one in found.elastic_ips] == [None, "eni-1"]
    assert all(isinstance(one.public_ip, Unknown) for one in found.elastic_ips)


def test_endpoints() -> None:
    text = VPC + (
        'resource "aws_route_table" "a" {\n  vpc_id = aws_vpc.main.id\n}\n'
        'resource "aws_vpc_endpoint" "s3" {\n  vpc_id = aws_vpc.main.id\n  service_name = "com.amazonaws.eu.s3"\n}\n'
        'resource "aws_vpc_endpoint_route_table_association" "s3" {\n  vpc_endpoint_id = aws_vpc_endpoint.s3.id\n'
        "  route_table_id = aws_route_table.a.id\n}\n"
        'resource "aws_vpc_endpoint" "ecr" {\n  vpc_id = aws_vpc.main.id\n  service_name = "com.amazonaws.eu.ecr"\n'
        '  vpc_endpoint_type = "Interface"\n  subnet_ids = ["subnet-1"]\n  security_group_ids = ["sg-1"]\n}\n'
        'resource "aws_security_group" "a" {\n  name = "a"\n  egress {\n    from_port = 443\n    to_port = 443\n'
        '    protocol = "tcp"\n    prefix_list_ids = [aws_vpc_endpoint.s3.prefix_list_id]\n  }\n}\n'
    )
    found = objects(text)
    gateway, interface = found.vpc_endpoints
    assert (gateway.kind, gateway.route_tables, gateway.prefix_list) == (
        EndpointKind.GATEWAY, ("aws_route_table.a",), "aws_vpc_endpoint.s3.prefix_list_id"
    )  # fmt: skip
    assert (interface.kind, interface.subnets, interface.security_groups) == (
        EndpointKind.INTERFACE,
        ("subnet-1",),
        ("sg-1",),
    )
    assert "aws_vpc_endpoint.s3.prefix_list_id" in str(found.security_groups[0].rules[0].peer)


def test_prefix_lists() -> None:
    text = (
        'variable "x" {}\nresource "aws_ec2_managed_prefix_list" "a" {\n  name = "a"\n  address_family = "IPv4"\n'
        '  max_entries = 3\n  entry {\n    cidr = "10.0.0.0/8"\n  }\n}\n'
        'resource "aws_ec2_managed_prefix_list_entry" "b" {\n  prefix_list_id = aws_ec2_managed_prefix_list.a.id\n'
        '  cidr = "192.0.2.0/24"\n}\n'
        'resource "aws_ec2_managed_prefix_list" "b" {\n  name = "b"\n  dynamic "entry" {\n    for_each = var.x\n'
        "    content {\n      cidr = entry.value\n    }\n  }\n}\n"
    )
    first, second = objects(text).prefix_lists
    assert first.cidrs == ("10.0.0.0/8", "192.0.2.0/24")
    assert isinstance(second.cidrs, Unknown)
