"""Services of AWS whose addresses nobody knows, beside blocks that may hold them."""

from __future__ import annotations

from pathlib import Path

import pytest

import ringfence
from tests.checks.terraform import ROUTES, VPC, block, group, instance

ENDPOINT = """
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.eu-central-1.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id]
}
"""
S3 = "service com.amazonaws.eu-central-1.s3"
OUT = 'egress {\n  protocol = "tcp"\n  from_port = 443\n  to_port = 443\n  cidr_blocks = [%s]\n}\n'
NAT = """
resource "aws_nat_gateway" "n" {
  subnet_id     = aws_subnet.public.id
  allocation_id = "eipalloc-1"
}
resource "aws_route" "n" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.n.id
}
"""
OFFICE = block("ingress", "tcp", 22, cidr_blocks='["198.51.100.0/24"]')
SHELL = "aws_instance.bastion, ports: [tcp/22]"
CLOUD = VPC + ROUTES + ENDPOINT + group("bastion", OFFICE) + instance("bastion", "public", "bastion", public=True)


def host(cidrs: str, more: str = "") -> str:
    """A private host that may open HTTPS to some blocks."""
    text = f'resource "aws_security_group" "h" {{\nname = "h"\nvpc_id = aws_vpc.main.id\n{OUT % cidrs}}}\n'
    return text + instance("h", "private", "h") + more


def verdict(folder: Path, code: str, intent: str) -> str:
    (folder / "main.tf").write_text(CLOUD + code)
    text = f"version: 1\nintents: [{{name: i, reason: r, {intent}}}]\n"
    (folder / "ringfence.yaml").write_text(text)
    ((proof,), wrong) = ringfence.load(folder, posture=folder / "ringfence.yaml").proofs
    assert wrong == []
    return proof.status


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        ("allow: {from: {cidr: 198.51.100.0/24}, to: %s}", "proved"),
        ("only: {from: {cidr: 198.51.100.0/24}, to: %s}", "proved"),
        ("deny: {from: {cidr: 8.8.8.0/24}, to: %s}", "proved"),
        ("deny: {from: 8.8.8.8, to: %s}", "proved"),
        ("deny: {from: {cidr: 198.51.100.0/28}, to: %s}", "violated"),
        ("isolate: [{cidr: 8.8.8.0/24}, aws_instance.bastion]", "violated"),
        (f"deny: {{from: '{S3}', to: %s}}", "proved"),
        (f"allow: {{from: '{S3}', to: %s}}", "violated"),
    ],
)
def test_a_service_opens_no_connection(tmp_path: Path, intent: str, expected: str) -> None:
    assert verdict(tmp_path, "", intent % SHELL if "%s" in intent else intent) == expected


ALLOW = "allow: {from: aws_instance.h, to: {cidr: %s}, ports: [tcp/443]}"
DENY = "deny: {from: aws_instance.h, to: {cidr: %s}, ports: [tcp/443]}"
PARTNER, ALL = '"203.0.113.0/24"', '"0.0.0.0/0"'


@pytest.mark.parametrize(
    ("code", "intent", "expected"),
    [
        # By the endpoint or by NAT: what has an address of the block is reached.
        (host(PARTNER, NAT), ALLOW % "203.0.113.0/24", "proved"),
        (host(PARTNER, NAT), ALLOW % "203.0.113.0/25", "proved"),
        (host(PARTNER, NAT), ALLOW % "203.0.112.0/23", "violated"),
        (host(PARTNER, NAT), DENY % "8.8.8.0/24", "proved"),
        (host(ALL, NAT), DENY % "8.8.8.0/24", "violated"),
        # Without a NAT gateway the service alone is reached, and whether it is in the block matters.
        (host(ALL), DENY % "8.8.8.0/24", "unknown"),
        (host(ALL), ALLOW % "8.8.8.0/24", "violated"),
        (host(PARTNER), DENY % "8.8.8.0/24", "proved"),
        # No service has a private address; what a block of everything holds is certain.
        (host(ALL), DENY % "192.168.0.0/16", "proved"),
        (host(ALL), DENY % "0.0.0.0/0", "violated"),
    ],
)
def test_a_service_may_have_addresses_of_a_block(tmp_path: Path, code: str, intent: str, expected: str) -> None:
    assert verdict(tmp_path, code, intent) == expected
