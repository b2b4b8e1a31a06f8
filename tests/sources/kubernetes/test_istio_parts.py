"""Selectors and exports, which Istio's kinds share."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.model.spans import Span
from ringfence.sources.kubernetes.istio_parts import export_to, workload_selector
from ringfence.sources.kubernetes.parts import Part


def part(value: Any) -> Part:
    return Part.root({"x": value}, Span("f"))["x"]


@pytest.mark.parametrize(
    ("value", "expected", "accepted"),
    [
        (None, None, True),
        ({}, (), True),
        ({"matchLabels": {"b": "2", "a": ""}}, (("a", ""), ("b", "2")), True),
        ({"matchLabels": {"a": "x*"}}, (("a", "x*"),), False),
        ({"matchLabels": {"*": "x"}}, (("*", "x"),), False),
        ({"matchLabels": {"": "x"}}, (("", "x"),), False),
        ({"matchLabels": {"a": "x" * 64}}, (("a", "x" * 64),), False),
        ({"labels": {"a": "x"}}, (), False),
    ],
)
def test_selectors(value, expected, accepted):
    written = part(value)
    assert workload_selector(written) == expected
    assert (not written.problems.refusals) is accepted


@pytest.mark.parametrize(
    ("value", "nobody", "accepted"),
    [
        ([], False, True),
        (["*"], False, True),
        (["."], False, True),
        (["a", "b"], False, True),
        (["a", "a"], False, False),
        ([".", "shop"], False, False),
        (["*", "a"], False, False),
        ([""], False, False),
        (["~"], False, False),
        (["~"], True, True),
        (["~", "a"], True, False),
        ("a", False, False),
    ],
)
def test_exports(value, nobody, accepted):
    written = part(value)
    found = export_to(written, "shop", nobody=nobody)
    assert (not written.problems.refusals) is accepted
    assert found == (tuple(value) if isinstance(value, list) else ())
