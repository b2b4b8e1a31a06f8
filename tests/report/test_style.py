"""Emphasis where colour is on, and plain text otherwise."""

from __future__ import annotations

import pytest

from ringfence.report.style import Style, one_line

MARKS = {"bold": "1", "dim": "2", "good": "32", "warn": "33", "bad": "31"}


@pytest.mark.parametrize(("name", "code"), MARKS.items())
def test_marks(name, code):
    assert getattr(Style(True), name)("x") == f"\x1b[{code}mx\x1b[0m"
    assert getattr(Style(), name)("x") == "x"
    assert getattr(Style(True), name)("") == ""


@pytest.mark.parametrize(("text", "shown"), [("a\nb", "a\\nb"), ("\x1b[31m", "\\x1b[31m"), ("größer", "größer")])
def test_what_a_terminal_would_obey_is_written_out(text, shown):
    assert one_line(text) == shown
