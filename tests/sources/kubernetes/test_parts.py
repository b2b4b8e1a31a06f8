"""Parts of documents: what they are read as, and how they say what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.model.spans import Span
from ringfence.sources.kubernetes.parts import TEMPLATE, Part, suggestion


def messages(part: Part) -> list[tuple[str, str, str]]:
    return [(one.span.pointer, one.message, one.remedy) for one in part.problems.all]


@pytest.mark.parametrize(
    ("method", "value", "found", "message", "remedy"),
    [
        ("text", "x", "x", "", ""),
        ("text", None, "", "", ""),
        ("text", 1, "", "must be text, not the number 1", "put it in quotes"),
        ("text", True, "", "must be text, not true", "put it in quotes"),
        ("text", [], "", "must be text, not a list", ""),
        ("integer", 5, 5, "", ""),
        ("integer", None, 0, "", ""),
        ("integer", "5", 0, "must be a number, not the text '5'", "take off the quotes"),
        ("integer", "x", 0, "must be a number, not the text 'x'", ""),
        ("integer", True, 0, "must be a number, not true", ""),
        ("integer", 2**31, 0, "2147483648 does not fit in 32 bits", ""),
        ("boolean", True, True, "", ""),
        ("boolean", None, False, "", ""),
        ("boolean", "true", False, "must be true or false, not the text 'true'", "take off the quotes"),
        ("boolean", 1, False, "must be true or false, not the number 1", ""),
        ("entries", {"a": 1}, {"a": 1}, "", ""),
        ("entries", "x" * 100, {}, "must be a mapping, not the text " + repr("x" * 77) + "...", ""),
        ("texts", ["a", None], ("a", ""), "", ""),
        ("texts", {}, (), "must be a list, not a mapping", ""),
        ("mapping_of_texts", {"a": "b", "c": None}, {"a": "b", "c": ""}, "", ""),
        ("text", "{{ x }}", "{{ x }}", "", ""),
    ],
)
def test_reading(method: str, value: Any, found: Any, message: str, remedy: str) -> None:
    part = Part.root({"a": value}, Span())["a"]
    assert getattr(part, method)() == found
    assert messages(part) == ([("/a", f"a: {message}", remedy)] if message else [])


def test_ways_and_places() -> None:
    root = Part.root({"spec": {"ports": [{"port": 1}]}}, Span("f", "/items/0"))
    part = root["spec"]["ports"].items()[0]["port"]
    assert (part.path, part.span.pointer, part.value) == ("spec.ports[0].port", "/items/0/spec/ports/0/port", 1)
    assert (root.path, root.span.pointer) == ("", "/items/0")
    assert not part.problems.all


def test_what_is_inside_something_else_is_absent_and_said_once() -> None:
    root = Part.root({"spec": "x"}, Span())
    assert root["spec"]["a"].value is None
    assert root["spec"]["b"].text() == ""
    assert messages(root) == [("/spec", "spec: must be a mapping, not the text 'x'", "")]


def test_templates_are_recognised() -> None:
    root = Part.root({"a": "{{ .Values.x }}"}, Span())
    root["a"].one_of(("A", "B"))
    assert messages(root) == [("/a", "a: '{{ .Values.x }}' is not one of A, B", TEMPLATE)]


def test_slips_and_warnings_do_not_refuse() -> None:
    root = Part.root({}, Span())
    root.slip("s")
    root.warn("w")
    assert root.problems.refusals == []
    assert [str(one.severity) for one in root.problems.remarks] == ["error", "warning"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("podselector", "did you mean podSelector?"), ("podSelectr", "did you mean podSelector?"), ("x", "")],
)
def test_suggestions(name: str, expected: str) -> None:
    assert suggestion(name, ("podSelector", "ingress")) == expected
