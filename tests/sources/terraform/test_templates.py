"""Texts with expressions inside, in each of their three forms."""

from __future__ import annotations

import pytest

from ringfence.sources.terraform.expressions import expression
from ringfence.sources.terraform.scanner import Scanner, SyntaxFault
from ringfence.sources.terraform.syntax import Expression, Literal, Name, Opaque, Template
from ringfence.sources.terraform.templates import heredoc, quoted, template


def shape(node: Expression) -> object:
    match node:
        case Literal(value):
            return value
        case Template(parts):
            return [shape(one) for one in parts]
        case Name(name):
            return Name(name)
        case Opaque():
            return Opaque
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('""', ""),
        ('"a\\n"', "a\n"),
        ('"a${b}c"', ["a", Name("b"), "c"]),
        ('"${ "${b}" }"', [[Name("b")]]),
        ('"$${b} %%{c}"', "${b} %{c}"),
        ('"%{ if a }b%{ endif }"', Opaque),
        ('"a ${~ b ~} c"', Opaque),
    ],
)
def test_quoted(text: str, expected: object) -> None:
    scan = Scanner(text)
    assert shape(quoted(scan, expression)) == expected
    assert scan.ended


@pytest.mark.parametrize("text", ['"', '"a\n"', '"${a"', '"\\x"', '"%{ if'])
def test_quoted_without_an_end(text: str) -> None:
    with pytest.raises(SyntaxFault):
        quoted(Scanner(text), expression)


def test_whole_texts_know_no_quotes_and_no_escapes() -> None:
    assert shape(template('"\\n${a}', expression)) == ['"\\n', Name("a")]


@pytest.mark.parametrize(
    ("lines", "indented", "expected"),
    [
        ("  a\n    b\nEOT", False, "  a\n    b\n"),
        ("  a\n    b\n  EOT", True, "a\n  b\n"),
        ("  a\n\n  EOT", True, "a\n\n"),
        ("EOT", False, ""),
        ("a${b}\nEOT", False, ["a", Name("b"), "\n"]),
    ],
)
def test_heredoc(lines: str, indented: bool, expected: object) -> None:
    scan = Scanner(lines)
    assert shape(heredoc(scan, "EOT", indented, 0, expression)) == expected
    assert scan.ended


def test_a_heredoc_without_its_end() -> None:
    with pytest.raises(SyntaxFault, match="ends with EOT"):
        heredoc(Scanner("a\nb"), "EOT", False, 0, expression)
