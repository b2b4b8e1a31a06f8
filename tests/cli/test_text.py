"""What a terminal would obey is written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.cli.text import one_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop/web[Deployment]", "shop/web[Deployment]"),
        ("größer 中", "größer 中"),
        ("a\nb", "a\\nb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("\udcff", "\\udcff"),
        ("no\u00a0break", "no\u00a0break"),
    ],
)
def test_one_line(text: str, expected: str) -> None:
    assert one_line(text) == expected


@given(st.text())
def test_is_one_line_and_stays_so(text: str) -> None:
    shown = one_line(text)
    assert len(shown.splitlines()) <= 1
    assert one_line(shown) == shown
