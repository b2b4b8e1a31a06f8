"""Requests: their shape, and what several meshes make of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ringfence.model.diagnostics import InputError
from ringfence.topology.mesh.requests import seen


@dataclass(frozen=True)
class Sees:
    """A mesh that sees these subjects in whatever request."""

    subjects: Mapping[str, tuple[str, ...]]

    def request(self, http: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
        return self.subjects


@pytest.mark.parametrize(
    ("meshes", "expected"),
    [
        ([], {}),
        ([{"path": ("/a",)}], {"path": ("/a",)}),
        ([{"path": ("/a",)}, {"path": ("/a",), "query": ()}], {"path": ("/a",), "query": ()}),
        # One of them normalizes: a rule of neither is decided by the other's reading.
        ([{"path": ("/a",), "method": ("GET",)}, {"path": ("/a/",)}], {"method": ("GET",)}),
    ],
)
def test_what_meshes_disagree_about_is_not_known(meshes, expected):
    assert seen([Sees(one) for one in meshes], {"path": "/a"}) == expected  # type: ignore[misc]


@pytest.mark.parametrize(
    ("http", "message"),
    [
        ({"verb": "GET"}, "http: there is no 'verb'; known are method, path"),
        ({"method": ["GET"]}, "http: method is text"),
        ({"path": None}, "http: path is text"),
        ({"headers": "x"}, "http: headers is a mapping"),
        ({"claims": ["iss"]}, "http: claims is a mapping"),
        ({"headers": {"x": 1}}, "http: header x is text, or a list of texts"),
        ({"headers": {"x": ["a", 1]}}, "http: header x is text, or a list of texts"),
    ],
)
def test_a_request_has_a_shape(http, message):
    with pytest.raises(InputError) as wrong:
        seen([], http)
    assert wrong.value.diagnostic.message.startswith(message)
