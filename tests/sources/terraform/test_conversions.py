"""Conversions, by operators and by a variable's type."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError, convert, number, text, truth, unified, whole
from ringfence.sources.terraform.expressions import expression
from ringfence.sources.terraform.scanner import Scanner

UNKNOWN = Unknown("later")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", 1, "1"),
        ("string", True, "true"),
        ("number", "80", 80),
        ("number", "1.5", 1.5),
        ("bool", "true", True),
        ("any", {"a": 1}, {"a": 1}),
        ("list(string)", [1, "a"], ["1", "a"]),
        ("set(number)", ["3", 1, 3], [1, 3]),
        ("map(number)", {"a": "1"}, {"a": 1}),
        ("tuple([string, number])", [1, "2"], ["1", 2]),
        ("object({ a = number })", {"a": "1", "b": 2}, {"a": 1}),
        ("object({ a = optional(number, 7) })", {}, {"a": 7}),
        ("object({ a = optional(number, -1) })", {"a": None}, {"a": -1}),
        ("object({ a = optional(list(string), []) })", {}, {"a": []}),
        ("object({ a = optional(string) })", {}, {"a": None}),
        ("string", None, None),
    ],
)
def test_types(kind: str, value: Any, expected: Any) -> None:
    assert convert(value, expression(Scanner(kind))) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", "x"),
        ("number", True),
        ("bool", 1),
        ("string", []),
        ("list(string)", "a"),
        ("map(string)", []),
        ("object({ a = string })", {}),
        ("tuple([string])", []),
        ("nonsense", 1),
    ],
)
def test_what_does_not_fit(kind: str, value: Any) -> None:
    with pytest.raises(EvaluationError):
        convert(value, expression(Scanner(kind)))


def test_unknown_stays_unknown() -> None:
    assert convert(UNKNOWN, expression(Scanner("number"))) is UNKNOWN
    assert convert([UNKNOWN], expression(Scanner("list(number)"))) == [UNKNOWN]
    assert (text(UNKNOWN), number(UNKNOWN), truth(UNKNOWN)) == (UNKNOWN, UNKNOWN, UNKNOWN)


def test_whole_numbers() -> None:
    assert whole("3") == 3
    with pytest.raises(EvaluationError):
        whole(1.5)


def test_both_sides_of_a_conditional_have_one_type() -> None:
    assert unified(1, "a") == ("1", "a")
    assert unified(True, False) == (True, False)
    assert unified([], "a") == ([], "a")
