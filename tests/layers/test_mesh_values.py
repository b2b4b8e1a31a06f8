"""Values by path: there, not there, and not readable."""

from __future__ import annotations

import pytest

from ringfence.layers.mesh_values import Reading, text

ROOT = {"a": {"b": "x", "n": 1, "none": None}, "plain": "y"}


@pytest.mark.parametrize(
    ("path", "expected", "wrong"),
    [
        ("a.b", "x", []),
        ("plain", "y", []),
        ("a.none", "default", []),
        ("a.c", "default", []),
        ("plain.b", "default", []),
        ("a.n", "default", ["a.n: 1 is no text"]),
        ("a", "default", ["a: {'b': 'x', 'n': 1, 'none': None} is no text"]),
    ],
)
def test_a_value(path, expected, wrong):
    reading = Reading(ROOT)
    assert reading.value(path, text, "default") == expected
    assert reading.wrong == wrong
