"""Requests as Linkerd's routes see them."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.layers.linkerd_requests import asked_headers, request_subjects
from ringfence.resources.kubernetes import NamedMatch, ObjectMeta, Route, RouteMatch, RouteRule


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        ({}, {}),
        ({"method": "GET"}, {"method": ("GET",), "gRPC": ("no",)}),
        ({"method": "POST"}, {"method": ("POST",)}),
        ({"method": "POST", "path": "/a.B/C?d"}, {"method": ("POST",), "path": ("/a.B/C",), "query": ("d=",)}),
        ({"path": "/a"}, {"path": ("/a",), "query": (), "gRPC": ("no",)}),
        ({"host": "Web:80"}, {"host": ("Web:80",)}),
        ({"path": "/a//../b%2f"}, {"path": ("/a//../b%2f",), "query": ()}),
        ({"path": "/a/b?b=c&d=e+f&g&b=%2F"}, {"path": ("/a/b",), "query": ("b=c", "d=e f", "g=", "b=/")}),
        ({"headers": {"X-A": "b", "c": ["d", "e"]}}, {"header:x-a": ("b",), "header:c": ("d", "e")}),
        ({"claims": {"sub": "x"}}, {}),
    ],
)
def test_subjects(http: dict[str, Any], expected: dict[str, tuple[str, ...]]) -> None:
    assert request_subjects(http) == expected


def test_a_header_that_is_asked_for_and_not_there_is_absent() -> None:
    assert request_subjects({"headers": {"X-A": "b"}}, ("x-a", "x-b")) == {"header:x-a": ("b",), "header:x-b": ()}


def test_the_headers_that_routes_ask_for() -> None:
    matches = (RouteMatch(headers=(NamedMatch("a", "1"), NamedMatch("b", "2", True))), RouteMatch())
    route = Route("HTTPRoute", ObjectMeta("r", "shop"), rules=(RouteRule(matches=matches), RouteRule()))
    assert asked_headers((route,)) == {"a", "b"}
