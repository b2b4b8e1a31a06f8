"""Characters to tokens."""

from __future__ import annotations

import pytest

from ringfence.sources.terraform.scanner import Scanner, SyntaxFault


def test_blanks_and_comments() -> None:
    scan = Scanner("  /* a\n b */ # c\n // d\n x")
    assert scan.peek() == ""
    scan.lines()
    assert scan.identifier() == "x"
    assert scan.ended


def test_line_ends_count_outside_brackets_only() -> None:
    scan = Scanner("\n x")
    assert scan.identifier() is None
    scan.newlines = True
    assert scan.identifier() == "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 1), ("1.50", 1.5), ("2.0", 2), ("1e3", 1000), ("12345678901234567890", 12345678901234567890)],
)
def test_numbers(text: str, expected: float) -> None:
    found = Scanner(text).number()
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(("text", "expected"), [("n", "\n"), ('"', '"'), ("u00e9", "é"), ("U0001F600", "\U0001f600")])
def test_escapes(text: str, expected: str) -> None:
    assert Scanner(text).escape() == expected


@pytest.mark.parametrize("text", ["x", "u12", "uD800", "U00110000", ""])
def test_escapes_that_are_none(text: str) -> None:
    with pytest.raises(SyntaxFault):
        Scanner(text).escape()


def test_longest_operator_first() -> None:
    scan = Scanner("=> == = ...")
    found = []
    while (sign := scan.peek()) != "":
        scan.expect(sign)
        found.append(sign)
    assert found == ["=>", "==", "=", "..."]


def test_a_missing_operator_has_its_place() -> None:
    with pytest.raises(SyntaxFault) as caught:
        Scanner("  x").expect("}")
    assert caught.value.at == 2


def test_words_are_whole() -> None:
    scan = Scanner("format for")
    assert not scan.word("for")
    assert scan.word("format")
    assert scan.word("for")
