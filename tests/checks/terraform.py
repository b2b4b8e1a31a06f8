"""Small clouds as Terraform text, and what the checks are shown of them."""

from __future__ import annotations

from types import ModuleType

from ringfence.checks.finding import Finding, View
from ringfence.engine.connectivity import Connectivity
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Witnesses
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources.files import InputFile
from ringfence.sources.terraform import read_files
from ringfence.topology import aws
from ringfence.topology.joined import join
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options

VPC = """
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_internet_gateway" "main" { vpc_id = aws_vpc.main.id }
resource "aws_subnet" "public" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.0.0/24"
  availability_zone = "eu-central-1a"
}
resource "aws_subnet" "private" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.1.0/24"
  availability_zone = "eu-central-1a"
}
resource "aws_subnet" "other" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.2.0/24"
  availability_zone = "eu-central-1b"
}
resource "aws_route_table" "private" { vpc_id = aws_vpc.main.id }
resource "aws_route_table_association" "private" {
  subnet_id      = aws_subnet.private.id
  route_table_id = aws_route_table.private.id
}
resource "aws_route_table_association" "other" {
  subnet_id      = aws_subnet.other.id
  route_table_id = aws_route_table.private.id
}
"""
"""One VPC with a public subnet (its route comes with `ROUTES`) and two private ones over two zones."""

ROUTES = """
resource "aws_route_table" "public" { vpc_id = aws_vpc.main.id }
resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}
resource "aws_route" "out" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
"""

OUT = 'egress {\n  protocol = "-1"\n  from_port = 0\n  to_port = 0\n  cidr_blocks = ["0.0.0.0/0"]\n}\n'


def block(kind: str, protocol: str = "tcp", port: int | str = 22, to: int | str = "", **peers: str) -> str:
    """An `ingress` or `egress` block of a group; peers are argument texts, as `cidr_blocks='["0.0.0.0/0"]'`."""
    lines = [f'protocol = "{protocol}"', f"from_port = {port}", f"to_port = {to or port}"]
    lines += [f"{key} = {value}" for key, value in peers.items()]
    return kind + " {\n  " + "\n  ".join(lines) + "\n}\n"


def world(port: int | str = 22, protocol: str = "tcp") -> str:
    """An ingress block for everybody."""
    return block("ingress", protocol, port, cidr_blocks='["0.0.0.0/0"]')


def group(name: str, *blocks: str) -> str:
    """A group with the default egress."""
    body = "".join((*blocks, OUT))
    return f'resource "aws_security_group" "{name}" {{\nname = "{name}"\nvpc_id = aws_vpc.main.id\n{body}}}\n'


def instance(name: str, subnet: str, group: str, public: bool = False, more: str = "") -> str:
    """An instance with one group."""
    return f"""
resource "aws_instance" "{name}" {{
  ami                         = "ami-1"
  instance_type               = "t3.micro"
  subnet_id                   = aws_subnet.{subnet}.id
  vpc_security_group_ids      = [{f"aws_security_group.{group}.id" if group else ""}]
  associate_public_ip_address = {str(public).lower()}
  {more}
}}
"""


def database(name: str, group: str, *subnets: str, port: int = 5432, more: str = "") -> str:
    """A managed database over some subnets."""
    ids = ", ".join(f"aws_subnet.{one}.id" for one in subnets)
    return f"""
resource "aws_db_subnet_group" "{name}" {{
  name       = "{name}"
  subnet_ids = [{ids}]
}}
resource "aws_db_instance" "{name}" {{
  engine                 = "postgres"
  port                   = {port}
  db_subnet_group_name   = aws_db_subnet_group.{name}.name
  vpc_security_group_ids = [aws_security_group.{group}.id]
  {more}
}}
"""


def entry(kind: str, number: int, action: str, cidr: str = "0.0.0.0/0", ports: tuple[int, int] | None = None) -> str:
    """An `ingress` or `egress` entry of an ACL; every protocol where no ports are given."""
    low, high = ports or (0, 0)
    protocol = "tcp" if ports else "-1"
    return f"""{kind} {{
  rule_no = {number}
  action = "{action}"
  protocol = "{protocol}"
  cidr_block = "{cidr}"
  from_port = {low}
  to_port = {high}
}}
"""


def acl(name: str, subnets: tuple[str, ...], *entries: str) -> str:
    """A network ACL of some subnets."""
    ids = ", ".join(f"aws_subnet.{one}.id" for one in subnets)
    body = "".join(entries)
    return f'resource "aws_network_acl" "{name}" {{\nvpc_id = aws_vpc.main.id\nsubnet_ids = [{ids}]\n{body}}}\n'


CLEAN = (
    VPC
    + ROUTES
    + group("alb", world(443))
    + group("web", block("ingress", "tcp", 8080, security_groups="[aws_security_group.alb.id]"))
    + group("db", block("ingress", "tcp", 5432, security_groups="[aws_security_group.web.id]"))
    + instance("web", "private", "web")
    + database("db", "db", "private", "other")
    + acl(
        "data",
        ("private", "other"),
        entry("ingress", 100, "allow", "10.0.0.0/16"),
        entry("egress", 100, "allow", "10.0.0.0/16"),
    )
    + """
resource "aws_lb" "front" {
  load_balancer_type = "application"
  subnets            = [aws_subnet.public.id]
  security_groups    = [aws_security_group.alb.id]
}
resource "aws_lb_target_group" "web" {
  port     = 8080
  protocol = "HTTP"
  vpc_id   = aws_vpc.main.id
}
resource "aws_lb_target_group_attachment" "web" {
  target_group_arn = aws_lb_target_group.web.arn
  target_id        = aws_instance.web.id
}
resource "aws_lb_listener" "front" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}
"""
)
"""A small cloud in which nothing is wrong."""


def view(*texts: str) -> View:
    """The view of a cloud; every text must be readable."""
    objects, diagnostics = read_files([InputFile("main.tf", "".join(texts))])
    assert not [one for one in diagnostics if str(one.severity) == "error"], [str(one) for one in diagnostics]
    topology = join(build(KubernetesObjects(), Options()), aws.build(objects))
    reach = Reachability(topology.network)
    return View(topology, Connectivity(reach), Witnesses(reach))


def found(check: ModuleType, *texts: str) -> list[Finding]:
    """What one check finds in a cloud."""
    return list(check.run(view(*texts)))


def messages(check: ModuleType, *texts: str) -> list[str]:
    """The same as messages alone."""
    return [one.message for one in found(check, *texts)]


def line(text: str, part: str) -> str:
    """Where a part of a text stands, as a span says it without its column."""
    return f"main.tf:{text[: text.index(part)].count(chr(10)) + 1}"
