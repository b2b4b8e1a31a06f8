"""Nested blocks in each of their forms."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.records import Arguments

UNKNOWN = Unknown("later")


@pytest.mark.parametrize(
    ("arguments", "ports", "open_"),
    [
        (Arguments(), [], False),
        (Arguments(blocks={"x": (Arguments({"port": 1}), Arguments({"port": 2}))}), [1, 2], False),
        (Arguments({"x": [{"port": 1}]}), [1], False),
        (Arguments({"x": {"port": 1}}), [1], False),
        (Arguments({"x": []}), [], False),
        (Arguments({"x": UNKNOWN}), [], True),
        (Arguments({"x": [{"port": 1}, UNKNOWN]}), [1], True),
        (Arguments({"x": [3]}), [], True),
        (Arguments({"x": "text"}), [], True),
        (Arguments(open={"x": UNKNOWN}), [], True),
        (Arguments(blocks={"x": (Arguments({"port": 1}),)}, open={"x": UNKNOWN}), [1], True),
    ],
)
def test_nested(arguments: Arguments, ports: list[Any], open_: bool) -> None:
    found, more = arguments.nested("x")
    assert [one.get("port") for one in found] == ports
    assert (more is not None) == open_


def test_all_names() -> None:
    assert Arguments({"a": 1}, {"b": ()}, {"c": UNKNOWN}).names() == {"a", "b", "c"}
