"""How far an unknown spreads through expressions. Known values are tested beside OpenTofu (tests/servers)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError, text
from ringfence.sources.terraform.values import Reference
from tests.sources.terraform.reading import VPC, value

HEAD = VPC + (
    'variable "x" {}\n'
    'resource "aws_subnet" "some" {\n  count = 2\n  vpc_id = aws_vpc.main.id\n}\n'
    'resource "aws_subnet" "maybe" {\n  count = var.x\n}\n'
    'resource "aws_subnet" "each" {\n  for_each = { a = 1, b = 2 }\n  cidr_block = each.value\n}\n'
)
ID = Reference("aws_vpc.main", "id")
SOME = [Reference(f"aws_subnet.some[{n}]", "id") for n in range(2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("false && var.x", False),
        ("var.x && false", False),
        ("true || var.x", True),
        ("var.x || true", True),
        ("var.x ? 1 : 1", 1),
        ("[var.x, 2][1]", 2),
        ("{ a = var.x, b = 2 }.b", 2),
        ("aws_vpc.main.id == null", False),
        ("aws_vpc.main.id != null", True),
        ("aws_vpc.main.cidr_block", "10.0.0.0/16"),
        ("aws_vpc.main.id", ID),
        ('"${aws_vpc.main.id}"', ID),
        ("aws_subnet.some[*].id", SOME),
        ("aws_subnet.some.*.vpc_id", [ID, ID]),
        ("aws_subnet.some[1].id", SOME[1]),
        ("length(aws_subnet.some)", 2),
        ('aws_subnet.each["b"].cidr_block', 2),
        ("[for k, v in aws_subnet.each : k]", ["a", "b"]),
        ("values(aws_subnet.each)[*].id", [Reference(f'aws_subnet.each["{k}"]', "id") for k in "ab"]),
        ('try(aws_subnet.some[5].id, aws_vpc.main.id, "")', ID),
        ('try([][0], "d")', "d"),
        ("can(aws_subnet.some[5])", False),
        ("null[*]", []),
        ("[for s in toset([aws_vpc.main.id]) : s]", [ID]),
    ],
)
def test_known_all_the_same(text: str, expected: Any) -> None:
    assert value(text, HEAD) == expected


@pytest.mark.parametrize(
    "text",
    [
        "var.x",
        "!var.x",
        "-var.x",
        "var.x + 1",
        "var.x == 1",
        "var.x.a.b[0]",
        '"a${var.x}"',
        '"a${aws_vpc.main.id}"',
        "var.x ? 1 : 2",
        "true && var.x",
        'aws_vpc.main.id == "vpc-1"',
        "aws_vpc.main.owner_id == null",
        "[for v in var.x : v]",
        "[for v in [1] : v if var.x]",
        "{ for v in [var.x] : v => 1 }",
        "{ (var.x) = 1 }",
        "var.x[*].id",
        "aws_subnet.maybe[0].id",
        "length(aws_subnet.maybe)",
        "data.aws_vpc.other.id",
        'try(var.x.missing, "d")',
        'try(aws_subnet.maybe[0].id, "")',
        "can(var.x)",
        "max([1, var.x]...)",
        "max(var.x...)",
        "toset([1, 2])[0]",
        "path.cwd",
        "terraform.workspace",
        "nosuchfunction(1)",
    ],
)
def test_unknown(text: str) -> None:
    assert isinstance(value(text, HEAD), Unknown)


@pytest.mark.parametrize(
    "text",
    [
        "local.none",
        "var.none",
        "aws_vpc.none.id",
        "module.none.x",
        "each.key",
        "count.index",
        "1 / 0",
        "1 + true",
        '"a" + 1',
        "[1][1]",
        "{ a = 1 }.b",
        "1.a",
        "[for a in 1 : a]",
        "{ for a in [1, 1] : a => a }",
        "!1",
        "max(1...)",
        "try(1 / 0)",
        '"a" ? 1 : 2',
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        value(text, HEAD)


LEAVES = ("var.x", "1", "2", '"a"', '""', "true", "false", "null", "[]", '["a", "b"]', "{ a = 1 }", "[1, 2]")
SHAPES = (
    "({0} + {1})", "({0} == {1})", "({0} != {1})", "({0} < {1})", "({0} && {1})", "({0} || {1})", "!{0}",
    "({0} ? {1} : {2})", "[{0}, {1}]", "{{ a = {0}, b = {1} }}", "{0}[0]", "{0}.a", "{0}[*]", '"s${{{0}}}"',
    "[for v in {0} : v]", "[for v in {0} : v if v == {1}]", "{{ for k, v in {0} : k => {1} }}", "try({0}, {1})",
    "can({0})", "length({0})", "concat({0}, {1})", "merge({0}, {1})", 'lookup({0}, "a", {1})', "element({0}, 1)",
    "slice({0}, 0, 1)", "compact({0})", "coalesce({0}, {1})", "contains({0}, {1})", "distinct({0})",
    "flatten([{0}, {1}])",
    "toset({0})", "tolist({0})", "keys({0})", "values({0})", "one({0})", "max({0}, {1})", 'join(",", {0})',
    'format("%s-%v", {0}, {1})', "alltrue({0})", "reverse({0})", "sort({0})", "setunion({0}, {1})", "zipmap({0}, {1})",
    "range({0})", "tostring({0})", "tonumber({0})", "index({0}, {1})", "coalescelist({0}, {1})",
)  # fmt: skip
VALUES = (
    "1",
    '"a"',
    "true",
    "false",
    "null",
    "[]",
    '["a", "b"]',
    '["b", "b", ""]',
    "{ a = 1 }",
    "{ a = [1] }",
    "[[1], [2]]",
    '"true"',
)


def covers(known: Any, actual: Any) -> bool:
    """Whether what was said without the variable's value is true of what comes out with it."""
    if isinstance(known, Unknown) or isinstance(actual, Unknown):
        return True
    if isinstance(known, dict) and isinstance(actual, dict):
        return known.keys() == actual.keys() and all(covers(known[key], actual[key]) for key in known)
    if isinstance(known, list) and isinstance(actual, list):
        return len(known) == len(actual) and all(map(covers, known, actual))
    plain = (str, bool, int, float)  # a conditional makes texts of both results where one is a text
    if isinstance(known, plain) and isinstance(actual, plain):
        return text(known) == text(actual)
    return type(known) is type(actual) and bool(known == actual)


def holds(expression: str, given_value: str) -> bool:
    """Whether an expression on `var.x` says nothing without its value that is wrong with it."""
    try:
        actual = value(expression, f'variable "x" {{\n  default = {given_value}\n}}')
    except EvaluationError:
        return True
    return covers(value(expression, 'variable "x" {}'), actual)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_said_without_a_value_holds_with_every_value(shape: str) -> None:
    others = ("[var.x, 1]", "{ a = var.x }", "[]", '["a", "b"]', '"a"', "1", "true")
    for place in range(3 if "{2}" in shape else 2 if "{1}" in shape else 1):
        for other in others:
            parts = [other, other, "0"]
            parts[place] = "var.x"
            wrong = [one for one in VALUES if not holds(shape.format(*parts), one)]
            assert (shape.format(*parts), wrong) == (shape.format(*parts), [])


inner = st.builds(
    lambda shape, one, two: shape.format("var.x", one, two),
    st.sampled_from(SHAPES),
    st.sampled_from(LEAVES),
    st.sampled_from(LEAVES),
)


@given(st.sampled_from(SHAPES), inner, st.one_of(inner, st.sampled_from(LEAVES)), st.sampled_from(LEAVES))
def test_so_it_does_when_they_are_nested(shape: str, one: str, two: str, three: str) -> None:
    expression = shape.format(one, two, three)
    assert [given_value for given_value in VALUES if not holds(expression, given_value)] == []
