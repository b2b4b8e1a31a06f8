"""Typed fields, each complaint with its place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ringfence.certificates.fields import Fields
from ringfence.model.diagnostics import Diagnostic
from ringfence.model.spans import Span


def fields(**content: Any) -> Fields:
    return Fields.of(content, Span("f", line=1), [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90d", timedelta(days=90)),
        ("160h", timedelta(hours=160)),
        ("1h30m", timedelta(hours=1.5)),
        ("45s", timedelta(seconds=45)),
        ("", None),
        ("0d", None),
        ("1w", None),
        ("-1d", None),
        ("1.5h", None),
        (90, None),
        ("9999999d", None),
        ("30m1h", None),
    ],
)
def test_durations(text: Any, expected: timedelta | None) -> None:
    found = fields(x=text)
    assert found.duration("x", timedelta(1)) == (expected or timedelta(1))
    assert bool(found.diagnostics) == (expected is None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.example:443", ("a.example", 443)),
        ("a.example", ("a.example", 53)),
        (":8080", ("", 8080)),
        ("[2001:db8::1]:443", ("2001:db8::1", 443)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("a:0", None),
        ("a:65536", None),
        ("a:b", None),
        ("a:²", None),
    ],
)
def test_endpoints(text: str, expected: tuple[str, int] | None) -> None:
    found = fields(x=text)
    assert found.endpoint("x", 53) == (expected or ("", 53))
    assert bool(found.diagnostics) == (expected is None)


@pytest.mark.parametrize(
    ("text", "expected"), [("0640", 0o640), ("640", 0o640), (0o640, None), ("0o640", None), ("1777", None)]
)
def test_modes(text: Any, expected: int | None) -> None:
    found = fields(x=text)
    assert found.mode("x", 0o600) == (expected or 0o600)
    assert bool(found.diagnostics) == (expected is None)


def test_what_nobody_read() -> None:
    found = fields(directory="x", modee="y")
    found.text("directory")
    found.text("mode")
    found.close()
    assert [one.message for one in found.diagnostics] == ["modee: there is no such field here"]
    assert found.diagnostics[0].remedy == "did you mean mode?"


@pytest.mark.parametrize("value", [None, [], "x", 5])
def test_what_is_no_mapping(value: Any) -> None:
    diagnostics: list[Diagnostic] = []
    assert Fields.of(value, Span("f"), diagnostics).content == {}
    assert len(diagnostics) == 1


def test_lists_and_tables() -> None:
    found = fields(one={"a": 1}, many=[{"a": 1}, 5], wrong=3, table={"x": {}, "y": None}, twice=["a", "a"])
    assert len(list(found.mappings("one"))) == 1
    assert len(list(found.mappings("many"))) == 2
    assert len(list(found.mappings("wrong"))) == 0
    assert [key for key, _ in found.entries("table")] == ["x"]
    assert found.texts("twice") == ("a",)
    assert len(found.diagnostics) == 4
