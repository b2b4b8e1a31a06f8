"""Texts to documents: where they are split, what a broken one costs, and how places are found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.sources.yaml_documents import RENDER, documents
from tests.sources.dumps import dump
from tests.sources.test_json_documents import plain_data

NOT_YAML, SCAN = "this is not YAML: while parsing ", "this is not YAML: while scanning "
TWICE = "keep one of the two"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("# nothing\n---\n---\n# nothing\n", []),
        ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("---\na: 1\n...\n---\nb: 2\n...\n", [{"a": 1}, {"b": 2}]),
        ("...\n# x\n... # y\na: 1\n...\n...", [{"a": 1}]),
        ("a: 1\n...\nb: 2", [{"a": 1}, {"b": 2}]),
        ("--- {a: 1}\n--- # b\nb: 2", [{"a": 1}, {"b": 2}]),
        ("%YAML 1.1\n# x\n---\na: 1\n...\n%TAG ! tag:x,2000:\n---\nb: 2", [{"a": 1}, {"b": 2}]),
        ("a: |\n  x\n  ---\n  y\nb: '---'\n", [{"a": "x\n---\ny\n", "b": "---"}]),
        ("a: ---b\n----: c\n", [{"a": "---b", "----": "c"}]),
        ("a: 1\r\n---\r\nb: 2\r\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\r---\rb: 2\r", [{"a": 1}, {"b": 2}]),
        ('{"a": 1}', [{"a": 1}]),
        ('{"a": 1}\n---\n{"b": 2.0}', [{"a": 1}, {"b": 2}]),
        ("{a: 1}", [{"a": 1}]),
        ("a: 1\n--- 1\n--- x", [{"a": 1}, 1, "x"]),
    ],
)
def test_splitting(text: str, values: list[Any]) -> None:
    assert [one.value for one in documents(text) if one.problem is None] == values
    assert all(one.problem is None for one in documents(text))


@pytest.mark.parametrize(
    ("text", "place", "message", "remedy", "read"),
    [
        ("a: 1\n---\nb: [\n---\nc: 3\n", "f:4:1", f"{NOT_YAML}a flow node: did not find expected node content", "", 2),
        ("a: 1\n---\nb: 'x\n---\nc: 3\n", "f:4:1", f"{SCAN}a quoted scalar: found unexpected end of stream", "", 2),
        ("a: 1\n---\n\nb: 2\nb: 3\n", "f:5:1", "the key 'b' stands here twice", TWICE, 1),
        ('{"a": 1,\n "b": 2, "a": 3}', "f:2:10", "the key 'a' stands here twice", TWICE, 0),
        ('{"a": 1,\n "a": NaN}', "f:2:2", "the key 'a' stands here twice", TWICE, 0),
        ("a: &a *a\n---\nb: 2", "f:1:7", f"{NOT_YAML}a block mapping: did not find expected key", "", 1),
        ("name: {{ .Values.name }}", "f:1:8", "a collection cannot be a key", RENDER, 0),
        (
            "{{- if .X }}\na: 1\n---\nb: 2",
            "f:1:2",
            "a collection cannot be a key",
            RENDER,
            1,
        ),
    ],
)
def test_broken_documents_leave_the_others(text: str, place: str, message: str, remedy: str, read: int) -> None:
    found = list(documents(text, "f"))
    [problem] = [one.problem for one in found if one.problem]
    assert (str(problem.span), problem.message, problem.remedy) == (place, message, remedy)
    assert sum(one.problem is None for one in found) == read


def test_broken_json_is_named_as_json_where_the_file_says_so() -> None:
    text = '{"a": 1,\n "b" 2}'
    [by_name], [by_look] = documents(text, "f.json"), documents(text, "f")
    assert str(by_name.problem) == "f.json:2:6: error: this is not JSON: Expecting ':' delimiter"
    assert str(by_look.problem).startswith("f:2:6: error: this is not YAML")


@pytest.mark.parametrize(
    ("pointer", "place"),
    [("", "f:4:1"), ("/b", "f:4:1"), ("/b/0", "f:5:3"), ("/b/0/c", "f:5:3"), ("/b/0/zzz", "f:5:3"), ("/x", "f:4:1")],
)
def test_places_count_from_the_top_of_the_file(pointer: str, place: str) -> None:
    _, second = documents("a: 1\n# x\n---\nb:\n- c: 1\n", "f")
    steps = pointer.split("/")[1:]
    assert str(second.span.at(*steps)) == place


def test_places_in_json() -> None:
    [only] = documents('\n{"b": [\n {"c": 1}]}', "f")
    assert str(only.span.at("b", 0, "c")) == "f:3:3"


@given(st.lists(plain_data.filter(lambda value: value is not None), max_size=4))
def test_json_and_yaml_say_the_same(values: list[Any]) -> None:
    dumped = "".join(f"---\n{dump(value)}" for value in values)
    assert [one.value for one in documents(dumped)] == values
    assert [one.value for value in values for one in documents(json.dumps([value]))] == [[value] for value in values]
