"""Expressions as trees. What they mean is tested beside OpenTofu (tests/servers/test_terraform_language.py)."""

from __future__ import annotations

import pytest

from ringfence.sources.terraform.expressions import expression, template
from ringfence.sources.terraform.scanner import Scanner, SyntaxFault
from ringfence.sources.terraform.syntax import (
    Attribute,
    Binary,
    Call,
    Conditional,
    For,
    Index,
    Literal,
    Name,
    Object,
    Opaque,
    Splat,
    Template,
    Tuple,
    Unary,
)


def parsed(text: str) -> object:
    scan = Scanner(text)
    found = expression(scan)
    scan.lines()
    assert scan.ended, text[scan.at :]
    return found


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("null", Literal),
        ('"a"', Literal),
        ('"a${b}"', Template),
        ("a.b", Attribute),
        ("a[0]", Index),
        ("a.0", Index),
        ("a[*].b", Splat),
        ("a.*.b", Splat),
        ("f(1, 2,\n)", Call),
        ("!a", Unary),
        ("a + b", Binary),
        ("a ? b : c", Conditional),
        ("[\n1,\n2\n]", Tuple),
        ("{\n a = 1\n b : 2, c = 3\n}", Object),
        ("[for a in b : a if a]", For),
        ("{ for a, b in c : a => b... }", For),
        ('"%{ if a }x%{ endif }"', Opaque),
        ('"${~ a ~}"', Opaque),
        ("provider::x::f(1)", Call),
        ("<<A\nx\nA\n", Literal),
        ("(\n a\n)", Name),
    ],
)
def test_kinds(text: str, kind: type) -> None:
    assert isinstance(parsed(text), kind)


def test_precedence() -> None:
    found = parsed("a || b && c == d + e * f")
    assert isinstance(found, Binary)
    assert found.operator == "||"
    assert isinstance(found.right, Binary)
    assert found.right.operator == "&&"


def test_a_keyword_may_begin_a_name() -> None:
    assert parsed("format") == Name("format", 0)
    assert isinstance(parsed("[formats]"), Tuple)


@pytest.mark.parametrize(
    "text", ["", "1 +", "(1", "[1", "{a}", "a ? b", '"a', "f(", "a.", "a[", "[for a b : c]", "<<A\nx", '"\\q"']
)
def test_faults(text: str) -> None:
    with pytest.raises(SyntaxFault):
        parsed(text)


def test_depth_has_an_end() -> None:
    with pytest.raises(SyntaxFault, match="deeper"):
        parsed("(" * 5000 + ")" * 5000)


def test_whole_texts_as_templates() -> None:
    assert template("plain") == Literal("plain", 0)
    assert template("") == Literal("", 0)
    assert isinstance(template("${a}"), Template)
