"""Values by path: there, not there, and not readable."""

from __future__ import annotations

import pytest

from ringfence.layers.mesh_values import Reading, label_selector, text
from ringfence.resources.kubernetes import LabelSelector, LabelSelectorRequirement, SelectorOperator

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


EXISTS = LabelSelectorRequirement("a", SelectorOperator.EXISTS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, LabelSelector()),
        ({"matchLabels": None}, LabelSelector()),
        ({"matchLabels": {"b": "2", "a": "1"}}, LabelSelector((("a", "1"), ("b", "2")))),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, LabelSelector((), (EXISTS,))),
        ({"matchExpressions": [{"key": "a", "operator": "Is"}]}, None),
        ({"matchExpressions": [{"operator": "Exists"}]}, None),
        ({"matchExpressions": ["a"]}, None),
        ({"matchExpressions": 1}, None),
        ({"matchLabels": {"a": 1}}, None),
        ({"matchLabels": ["a"]}, None),
        ({"labels": {}}, None),
        (None, None),
    ],
)
def test_a_selector_of_labels(value, expected):
    assert label_selector(value) == expected
