"""Requests as Linkerd's routes see them."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.layers.linkerd_requests import request_subjects


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        ({}, {}),
        ({"method": "GET"}, {"method": ("GET",)}),
        ({"host": "Web:80"}, {"host": ("Web:80",)}),
        ({"path": "/a//../b%2f"}, {"path": ("/a//../b%2f",), "query": ()}),
        ({"path": "/a?b=c&d=e+f&g&b=%2F"}, {"path": ("/a",), "query": ("b=c", "d=e f", "g=", "b=/")}),
        ({"headers": {"X-A": "b", "c": ["d", "e"]}}, {"header:x-a": ("b",), "header:c": ("d", "e")}),
        ({"claims": {"sub": "x"}}, {}),
    ],
)
def test_subjects(http: dict[str, Any], expected: dict[str, tuple[str, ...]]) -> None:
    assert request_subjects(http) == expected
