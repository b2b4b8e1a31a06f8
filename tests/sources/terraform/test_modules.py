"""Modules: variables, locals, instances, calls, and what tfparse is known to get wrong."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import AwsObjects, Unknown
from ringfence.sources import terraform
from ringfence.sources.files import InputFile
from ringfence.sources.terraform.conversions import EvaluationError
from tests.sources.terraform.reading import VPC, messages, module, objects, value

SUBNETS = """
variable "private_subnets" {
  type    = list(string)
  default = []
}
variable "private" {
  default = false
}
resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "this" {
  count      = length(var.private_subnets)
  vpc_id     = aws_vpc.this.id
  cidr_block = var.private_subnets[count.index]
}
output "private_subnets" {
  value = aws_subnet.this[*].id
}
output "vpc_id" {
  value = aws_vpc.this.id
}
"""


def test_an_output_with_the_name_of_an_input() -> None:
    call = (
        'module "net" {\n  source = "./net"\n  private_subnets = ["10.0.1.0/24", "10.0.2.0/24"]\n}\n'
        'resource "aws_db_subnet_group" "a" {\n  name = "a"\n  subnet_ids = module.net.private_subnets\n}\n'
    )
    found = objects(call, net_main__tf=SUBNETS)
    assert found.subnet_groups[0].subnets == tuple(f"module.net.aws_subnet.this[{n}]" for n in range(2))


def test_an_unknown_data_source_does_not_shorten_a_count() -> None:
    text = VPC + (
        'data "aws_availability_zones" "all" {}\n'
        'resource "aws_subnet" "sliced" {\n'
        "  for_each = { for k, v in slice(data.aws_availability_zones.all.names, 0, 3) : k => v }\n"
        '  vpc_id = aws_vpc.main.id\n  cidr_block = cidrsubnet("10.0.0.0/16", 8, each.key)\n'
        "  availability_zone = each.value\n}\n"
        'resource "aws_subnet" "counted" {\n  count = length(data.aws_availability_zones.all.names)\n'
        '  vpc_id = aws_vpc.main.id\n  cidr_block = cidrsubnet("10.0.0.0/16", 8, count.index + 100)\n}\n'
    )
    found = objects(text)
    known = [one for one in found.subnets if "sliced" in one.id]
    assert [one.cidr for one in known] == [f"10.0.{n}.0/24" for n in range(3)]
    assert all(isinstance(one.zone, Unknown) for one in known)
    (unknown,) = [one for one in found.subnets if "counted" in one.id]
    assert unknown.id == "aws_subnet.counted[?]"
    assert isinstance(unknown.exists, Unknown)
    assert isinstance(unknown.cidr, Unknown)
    assert unknown.vpc == "aws_vpc.main"


def test_a_count_on_a_variable_without_value_is_unknown() -> None:
    text = VPC + 'variable "on" {}\nresource "aws_internet_gateway" "a" {\n  count = var.on ? 1 : 0\n}\n'
    (found,) = objects(text).internet_gateways
    assert isinstance(found.exists, Unknown)
    assert any("variable 'on' has no value" in one and "warning" in one for one in messages(text))


def test_both_of_two_dynamic_blocks_and_what_stands_in_them() -> None:
    text = VPC + (
        'resource "aws_security_group" "b" {\n  vpc_id = aws_vpc.main.id\n}\n'
        'resource "aws_security_group" "a" {\n  vpc_id = aws_vpc.main.id\n'
        + "".join(
            f'  dynamic "ingress" {{\n    for_each = [{port}]\n    content {{\n      from_port = ingress.value\n'
            '      to_port = ingress.value\n      protocol = "tcp"\n'
            "      security_groups = [aws_security_group.b.id]\n    }\n  }\n"
            for port in (80, 443)
        )
        + "}\n"
    )
    (found,) = [one for one in objects(text).security_groups if one.id == "aws_security_group.a"]
    assert [(rule.from_port, str(rule.peer)) for rule in found.rules] == [
        (80, "GroupPeer(group='aws_security_group.b')"),
        (443, "GroupPeer(group='aws_security_group.b')"),
    ]
    assert [rule.span.line for rule in found.rules] == [11, 20]


def test_a_dynamic_block_over_an_unknown_leaves_the_group_open() -> None:
    text = VPC + (
        'variable "ports" {}\nresource "aws_security_group" "a" {\n  vpc_id = aws_vpc.main.id\n'
        '  dynamic "ingress" {\n    for_each = var.ports\n    content {\n      from_port = 1\n    }\n  }\n}\n'
    )
    (rule,) = objects(text).security_groups[0].rules
    assert not rule.egress
    assert all(isinstance(one, Unknown) for one in (rule.protocol, rule.peer, rule.exists))


def test_inputs_of_a_root(tmp_path: Any) -> None:
    text = 'variable "cidr" {}\nresource "aws_vpc" "a" {\n  cidr_block = var.cidr\n}\n'
    assert objects(text, terraform__tfvars='cidr = "10.9.0.0/16"\n').vpcs[0].cidrs == ("10.9.0.0/16",)
    (tmp_path / "main.tf").write_text(text)
    (tmp_path / "prod.vars.tfvars").write_text('cidr = "10.8.0.0/16"\n')
    found, _ = terraform.read([tmp_path], [tmp_path / "prod.vars.tfvars"])
    assert found.vpcs[0].cidrs == ("10.8.0.0/16",)


def test_calls_with_count_and_for_each() -> None:
    call = (
        'module "net" {\n  source = "./net"\n  for_each = { a = "10.0.1.0/24", b = "10.0.2.0/24" }\n'
        "  private_subnets = [each.value]\n}\n"
        'resource "aws_db_subnet_group" "a" {\n  name = "a"\n'
        "  subnet_ids = [for one in module.net : one.private_subnets[0]]\n}\n"
    )
    found = objects(call, net_main__tf=SUBNETS)
    assert [one.id for one in found.vpcs] == ['module.net["a"].aws_vpc.this', 'module.net["b"].aws_vpc.this']
    assert found.subnet_groups[0].subnets == tuple(f'module.net["{k}"].aws_subnet.this[0]' for k in "ab")
    counted = objects('module "net" {\n  source = "./net"\n  count = 0\n}\n', net_main__tf=SUBNETS)
    assert counted == AwsObjects()


def test_a_module_that_may_be_there_makes_all_in_it_uncertain() -> None:
    call = 'variable "on" {}\nmodule "net" {\n  source = "./net"\n  count = var.on\n}\n'
    (found,) = objects(call, net_main__tf=SUBNETS).vpcs
    assert found.id == "module.net[?].aws_vpc.this"
    assert isinstance(found.exists, Unknown)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('variable "x" {\n  default = null\n}', None),
        ('variable "x" {\n  type = number\n  default = "80"\n}', 80),
        ('variable "x" {\n  type = "string"\n  default = 80\n}', 80),
        ('variable "x" {\n  nullable = false\n  default = 1\n}', 1),
    ],
)
def test_variables(head: str, expected: Any) -> None:
    found = value("var.x", head)
    assert str(found) == str(expected)


def test_what_needs_itself_is_refused() -> None:
    with pytest.raises(EvaluationError, match="needs itself"):
        value("local.a", "locals {\n  a = local.b\n  b = local.a\n}")


def test_errors_are_said_once_with_their_place_and_leave_the_rest() -> None:
    text = (
        'locals {\n  bad = 1 / 0\n}\nresource "aws_vpc" "a" {\n  cidr_block = local.bad\n}\n'
        'resource "aws_vpc" "b" {\n  cidr_block = "10.0.0.0/8"\n}\n'
    )
    found, diagnostics = terraform.read_files([InputFile("main.tf", text)])
    assert [str(one) for one in diagnostics] == ["main.tf:5: error: a division by zero"]
    assert isinstance(found.vpcs[0].cidrs[0], Unknown)  # type: ignore[index]
    assert found.vpcs[1].cidrs == ("10.0.0.0/8",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (VPC + VPC, "main.tf:4: error: resource aws_vpc main stands at main.tf:1 already"),
        ('variable "x" {}\nvariable "x" {}\n', "variable x stands at main.tf:1 already"),
        ('resource "aws_vpc" {}\n', "resource aws_vpc needs two labels"),
        ("module {}\n", "module needs a label"),
    ],
)
def test_names_that_are_taken_or_missing(text: str, words: str) -> None:
    assert any(words in one for one in messages(text))


@pytest.mark.parametrize(
    "setting",
    ['for_each = ["a"]', "for_each = toset([1])", "count = -1", "count = 1000000", "count = 1.5", 'count = "x"'],
)
def test_instances_that_terraform_refuses(setting: str) -> None:
    assert any("error" in one for one in messages(f'resource "aws_vpc" "a" {{\n  {setting}\n}}\n'))


def test_deep_and_endless_modules_end() -> None:
    text = 'module "again" {\n  source = "./"\n}\n'
    assert any("not at hand" in one for one in messages(text))
    chain = "locals {\n" + "".join(f"  a{n} = local.a{n + 1}\n" for n in range(3000)) + "  a3000 = 1\n}\n"
    assert messages(chain + 'resource "aws_vpc" "a" {\n  cidr_block = local.a0\n}\n') != []


def test_a_resource_in_a_module_knows_its_address() -> None:
    assert module(VPC).address("aws_vpc", "main", "") == "aws_vpc.main"
