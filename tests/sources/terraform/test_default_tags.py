"""Default tags: which provider a resource has, and whose tag goes before whose."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import PartlyKnown, Tags, Unknown, listed
from tests.sources.terraform.reading import objects

SHOP = 'provider "aws" {\n default_tags {\n tags = { team = "shop", tier = "web" }\n }\n}\n'
WEST = 'provider "aws" {\n alias = "west"\n default_tags {\n tags = { team = "west" }\n }\n}\n'
CALL = 'module "m" {\n source = "./m"\n %s\n}\n'
BARE = 'provider "aws" {\n region = "eu-west-1"\n}\n'
LOCAL = 'locals {\n t = { team = var.team }\n}\nvariable "team" { default = "ops" }\n' + SHOP.replace(
    '{ team = "shop", tier = "web" }', "local.t"
)
MISSING = 'variable "t" {}\n' + SHOP.replace('{ team = "shop", tier = "web" }', "var.t")
ONE = 'variable "t" {}\n' + SHOP.replace('"shop"', "var.t")
DYNAMIC = 'provider "aws" {\n dynamic "default_tags" {\n for_each = [1]\n content { tags = {} }\n }\n}\n'


def vpc(arguments: str = "") -> str:
    return f'resource "aws_vpc" "main" {{\n cidr_block = "10.0.0.0/16"\n {arguments}\n}}\n'


def tags(text: str, **files: str) -> Tags:
    (found,) = objects(text, **files).vpcs
    return found.tags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHOP + vpc(), {"team": "shop", "tier": "web"}),
        (SHOP + vpc('tags = { Name = "a" }'), {"team": "shop", "tier": "web", "Name": "a"}),
        (SHOP + vpc('tags = { tier = "data" }'), {"team": "shop", "tier": "data"}),
        (BARE + vpc('tags = { tier = "data" }'), {"tier": "data"}),
        (WEST + vpc('tags = { tier = "data" }'), {"tier": "data"}),
        (SHOP + WEST + vpc("provider = aws.west"), {"team": "west"}),
        (SHOP + WEST + vpc('provider = "aws.west"'), {"team": "west"}),
        (SHOP + WEST + vpc(), {"team": "shop", "tier": "web"}),
        (LOCAL + vpc(), {"team": "ops"}),
        (MISSING + vpc('tags = { tier = "data" }'), PartlyKnown()),
        (DYNAMIC + vpc(), PartlyKnown()),
        (ONE + vpc('tags = { a = "b" }'), {"team": Unknown(), "tier": "web", "a": "b"}),
        (vpc(), {}),
    ],
    ids=[
        "none of its own", "both", "its own first", "no default tags", "another provider's", "an alias",
        "an alias in marks", "not the alias", "a local", "unknown", "dynamic", "one unknown", "no provider",
    ],
)  # fmt: skip
def test_a_resource_has_its_providers_tags(text: str, expected: Tags) -> None:
    assert tags(text) == expected


@pytest.mark.parametrize(
    ("call", "own", "expected"),
    [
        ("", "", {"team": "shop", "tier": "web"}),
        ("providers = { aws = aws.west }", "", {"team": "west"}),
        ("providers = { aws.other = aws.west }", "provider = aws.other", {"team": "west"}),
        ("", "provider = aws.west", {}),
        ("providers = { aws = aws }", "", {"team": "shop", "tier": "web"}),
    ],
    ids=["inherited", "mapped", "mapped to an alias", "aliases are not handed down", "mapped to itself"],
)
def test_a_module_has_what_its_caller_hands_down(call: str, own: str, expected: Tags) -> None:
    assert tags(SHOP + WEST + CALL % call, m_main__tf=vpc(own)) == expected


def test_a_scaling_group_takes_none() -> None:
    text = SHOP + 'resource "aws_autoscaling_group" "g" {\n min_size = 1\n max_size = 1\n}\n'
    (found,) = objects(text).autoscaling_groups
    assert found.tags == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MISSING + vpc('tags = { tier = "data" }'), {"tier": "data"}),
        (MISSING + vpc(), {}),
        (MISSING + vpc('tags = merge(var.t, { tier = "data" })'), {"tier": "data"}),
        (MISSING + vpc('tags = merge({ tier = "data" }, var.t)'), {}),
        (SHOP + 'variable "t" {}\n' + vpc("tags = var.t"), {}),
        (SHOP + 'variable "t" {}\n' + vpc('tags = merge(var.t, { a = "b" })'), {"a": "b"}),
        ('variable "t" {}\nlocals {\n t = merge(var.t, { a = var.t, b = "c" })\n}\n' + vpc("tags = local.t"),
         {"a": Unknown(), "b": "c"}),
        ('variable "t" {}\n' + vpc('tags = merge({ a = "x" }, merge(var.t, { b = "c" }), { d = "e" })'),
         {"b": "c", "d": "e"}),
    ],
)  # fmt: skip
def test_what_overrules_an_unknown_is_known(text: str, expected: Tags) -> None:
    found = tags(text)
    assert isinstance(found, PartlyKnown) or found == Unknown()
    assert listed(found) == expected
