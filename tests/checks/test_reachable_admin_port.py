"""RF201: what the internet really reaches, and what only looks as if it did."""

from __future__ import annotations

import pytest

from ringfence.checks import exposed_port, reachable_admin_port
from ringfence.checks.finding import Severity
from ringfence.engine.outcomes import Outcome

from .terraform import (
    CLEAN,
    OUT,
    ROUTES,
    VPC,
    acl,
    block,
    database,
    entry,
    found,
    group,
    instance,
    line,
    messages,
    world,
)

SSH = ["SSH (tcp/22) of aws_instance.a is reachable from the internet"]
MAYBE = ["SSH (tcp/22) of aws_instance.a may be reachable from the internet"]
HOST = instance("a", "public", "a", public=True)
OPEN = VPC + ROUTES + group("a", world())
IPV6 = """
resource "aws_vpc" "main" {
  cidr_block      = "10.0.0.0/16"
  ipv6_cidr_block = "2001:db8:1::/56"
}
resource "aws_internet_gateway" "main" { vpc_id = aws_vpc.main.id }
resource "aws_subnet" "public" {
  vpc_id          = aws_vpc.main.id
  cidr_block      = "10.0.0.0/24"
  ipv6_cidr_block = "2001:db8:1::/64"
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    ipv6_cidr_block = "::/0"
    gateway_id      = aws_internet_gateway.main.id
  }
}
resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}
"""
LIST = """
resource "aws_ec2_managed_prefix_list" "all" {
  name           = "all"
  address_family = "IPv4"
  max_entries    = 2
  entry { cidr = "0.0.0.0/0" }
}
"""
DYNAMIC = """
locals { ports = [22] }
resource "aws_security_group" "a" {
  vpc_id = aws_vpc.main.id
  dynamic "ingress" {
    for_each = local.ports
    content {
      protocol    = "tcp"
      from_port   = ingress.value
      to_port     = ingress.value
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
  egress {
    protocol = "-1"
    from_port = 0
    to_port = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""
DEFAULT = """
resource "aws_default_security_group" "d" {
  vpc_id = aws_vpc.main.id
  ingress {
    protocol = "tcp"
    from_port = 22
    to_port = 22
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    protocol = "-1"
    from_port = 0
    to_port = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""
BLOCKED = """
resource "aws_vpc_block_public_access_options" "b" {
  internet_gateway_block_mode = "block-bidirectional"
}
"""
LEFT_OUT = """
resource "aws_vpc_block_public_access_exclusion" "e" {
  subnet_id                       = aws_subnet.public.id
  internet_gateway_exclusion_mode = "allow-bidirectional"
}
"""
ALLOW = (entry("ingress", 100, "allow"), entry("egress", 100, "allow"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(OPEN + HOST, SSH, id="open"),
        pytest.param(
            VPC + ROUTES + group("a", block("ingress", cidr_blocks='["0.0.0.0/1", "128.0.0.0/1"]')) + HOST,
            SSH,
            id="two halves",
        ),
        pytest.param(
            VPC + ROUTES + group("a", block("ingress", self="true", cidr_blocks='["0.0.0.0/0"]')) + HOST,
            SSH,
            id="self beside the world",
        ),
        pytest.param(
            VPC
            + ROUTES
            + LIST
            + group("a", block("ingress", prefix_list_ids="[aws_ec2_managed_prefix_list.all.id]"))
            + HOST,
            SSH,
            id="prefix list",
        ),
        pytest.param(VPC + ROUTES + DYNAMIC + HOST, SSH, id="dynamic block and locals"),
        pytest.param(VPC + ROUTES + DEFAULT + instance("a", "public", "", public=True), SSH, id="default group"),
        pytest.param(
            IPV6
            + group(
                "a",
                block("ingress", ipv6_cidr_blocks='["::/0"]'),
                block("egress", "-1", 0, ipv6_cidr_blocks='["::/0"]'),
            )
            + instance("a", "public", "a", more='ipv6_addresses = ["2001:db8:1::10"]'),
            SSH,
            id="IPv6",
        ),
        pytest.param(
            IPV6
            + group(
                "a",
                block("ingress", ipv6_cidr_blocks='["::/0"]'),
                block("egress", "-1", 0, ipv6_cidr_blocks='["::/0"]'),
            )
            + instance("a", "public", "a", more='private_ip = "10.0.0.10"\n  ipv6_address_count = 1'),
            MAYBE,
            id="IPv6, by an address that AWS chooses",
        ),
        pytest.param(
            VPC + ROUTES + group("a", block("ingress", cidr_blocks='["198.51.100.0/24"]')) + HOST, [], id="an office"
        ),
        pytest.param(VPC + ROUTES + group("a", world(443)) + HOST, [], id="https"),
        pytest.param(OPEN, [], id="attached to nothing"),
        pytest.param(OPEN + instance("a", "private", "a", public=True), [], id="private subnet"),
        pytest.param(OPEN + instance("a", "public", "a"), [], id="no public address"),
        pytest.param(VPC + group("a", world()) + HOST, [], id="no route"),
        pytest.param(
            OPEN + HOST + acl("n", ("public",), entry("ingress", 90, "deny", ports=(22, 22)), *ALLOW),
            [],
            id="denying ACL",
        ),
        pytest.param(
            OPEN + HOST + acl("n", ("public",), ALLOW[0], entry("egress", 100, "allow", ports=(443, 443))),
            [],
            id="no way back",
        ),
        pytest.param(
            OPEN + HOST + acl("n", ("public",), ALLOW[0], entry("egress", 100, "allow", ports=(40000, 50000))),
            SSH,
            id="a way back to some ports: who attacks chooses",
        ),
        pytest.param(
            OPEN + HOST + BLOCKED,
            [],
            id="Block Public Access",
        ),
        pytest.param(
            OPEN + HOST + BLOCKED + LEFT_OUT,
            SSH,
            id="Block Public Access, and an exclusion",
        ),
        pytest.param(
            OPEN + HOST + BLOCKED.replace('"block-bidirectional"', "var.mode") + 'variable "mode" {}\n',
            MAYBE,
            id="Block Public Access of a mode that is not known",
        ),
        pytest.param(
            OPEN + instance("a", "public", "a", more="").replace("= false", "= var.public") + 'variable "public" {}\n',
            MAYBE,
            id="a public address that nobody knows of",
        ),
        pytest.param(CLEAN, [], id="clean"),
    ],
)
def test_ssh_of_a_host(text, expected):
    assert messages(reachable_admin_port, text) == expected


def test_a_rule_for_everything_is_one_finding():
    (one,) = messages(reachable_admin_port, VPC, ROUTES, group("a", world(0, "-1")), HOST)
    assert one.startswith("SSH (tcp/22), Telnet (tcp/23), SMB (tcp/445) and ")


@pytest.mark.parametrize(
    ("public", "port", "expected"),
    [
        ("true", 5432, ["PostgreSQL (tcp/5432) of aws_db_instance.db is reachable from the internet"]),
        ("true", 6000, ["database (tcp/6000) of aws_db_instance.db is reachable from the internet"]),
        ("false", 5432, []),
    ],
)
def test_a_database_is_asked_for_its_own_port(public, port, expected):
    text = database("db", "a", "public", port=port, more=f"publicly_accessible = {public}")
    assert messages(reachable_admin_port, VPC, ROUTES, group("a", world(0, "-1")), text) == expected


def balancer(kind: str, listener: int, target: int, protocol: str, internal: str = "false") -> str:
    groups = "security_groups = [aws_security_group.front.id]" if kind == "application" else ""
    return f"""
resource "aws_lb" "front" {{
  load_balancer_type = "{kind}"
  internal           = {internal}
  subnets            = [aws_subnet.public.id]
  {groups}
}}
resource "aws_lb_target_group" "t" {{
  port     = {target}
  protocol = "{protocol}"
  vpc_id   = aws_vpc.main.id
}}
resource "aws_lb_target_group_attachment" "t" {{
  target_group_arn = aws_lb_target_group.t.arn
  target_id        = aws_instance.a.id
}}
resource "aws_lb_listener" "front" {{
  load_balancer_arn = aws_lb.front.arn
  port              = {listener}
  protocol          = "{protocol}"
  default_action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.t.arn
  }}
}}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (balancer("network", 6000, 5432, "TCP"), ["PostgreSQL (tcp/5432) behind aws_lb.front, by tcp/6000,"]),
        (balancer("network", 22, 22, "TCP"), ["SSH (tcp/22) behind aws_lb.front, by tcp/22,"]),
        (balancer("application", 443, 9200, "HTTP"), ["Elasticsearch (tcp/9200) behind aws_lb.front, by tcp/443,"]),
        (balancer("network", 6000, 5432, "TCP", "true"), []),
        (balancer("network", 443, 8443, "TCP"), []),
    ],
)
def test_a_private_host_behind_a_balancer(text, expected):
    groups = group("front", world(0, "-1")) + group("a", world(0, "-1"))
    everything = VPC + ROUTES + groups + instance("a", "private", "a") + text
    assert messages(reachable_admin_port, everything) == [f"{one} is reachable from the internet" for one in expected]
    assert messages(exposed_port, everything) == []


def test_a_balancer_whose_target_refuses_is_not_reachable():
    text = VPC + ROUTES + group("a") + instance("a", "private", "a") + balancer("network", 22, 22, "TCP")
    assert messages(reachable_admin_port, text) == []


def test_the_finding_stands_at_the_rule_and_shows_a_packet_that_arrives():
    text = OPEN + HOST
    (one,) = found(reachable_admin_port, text)
    assert one.severity is Severity.HIGH
    assert str(one.span).startswith(line(text, "ingress {") + ":") or str(one.span) == line(text, "ingress {")
    assert one.witness is not None
    assert (one.witness.trace.outcome, one.witness.packet.header.y) == (Outcome.ALLOWED, 22)
    assert OUT in text
