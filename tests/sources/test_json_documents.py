"""One JSON document: values, what is refused, and the places of the parts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.sources.json_documents import DEEPEST, DuplicateKeyError, position, read
from ringfence.sources.yaml_scalars import MalformedError

plain_data = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        (' [1, 2.0, 2.5, 1e3, "a", null, true] ', [1, 2, 2.5, 1000, "a", None, True]),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("12345678901234567890123", 1.2345678901234568e22),
        ("-1000000000000000001", -1000000000000000001),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ('{"a": 1,\n "b": }', 1, 6, "this is not JSON: Expecting value"),
        ('{"a": 1} x', 0, 9, "this is not JSON: Extra data"),
        ('{"a": "\n"}', 0, 7, "this is not JSON: Invalid control character at"),
        ("[NaN]", None, None, "NaN is not JSON"),
        ("[1e400]", None, None, "a number is too large"),
        ("[" + "9" * 5000 + "]", None, None, "a number is too large"),
        ('["\\ud83d"]', None, None, "an escape stands for half a character (a lone surrogate)"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), None, None, f"nested deeper than {DEEPEST} levels"),
        ("[" * 100_000, None, None, f"nested deeper than {DEEPEST} levels"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_broken(text: str, line: int | None, column: int | None, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        read(text)
    assert (caught.value.message, caught.value.line, caught.value.column) == (message, line, column)


def test_nesting_up_to_the_limit() -> None:
    assert read("[" * DEEPEST + "]" * DEEPEST)


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "\\u0061": 2}}]'])
def test_doubles(text: str) -> None:
    with pytest.raises(DuplicateKeyError):
        read(text)


TEXT = '\n{"a": [1,\n  {"b/c": "x", "d~": []}],\r\n "e" : {"": 2}}'


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("", (1, 0)), ("/a", (1, 1)), ("/a/0", (1, 7)), ("/a/1", (2, 2)), ("/a/1/b~1c", (2, 3)), ("/a/1/d~0", (2, 15)),
        ("/e", (3, 1)), ("/e/", (3, 8)), ("/a/7", (1, 1)), ("/x/y", (1, 0)), ("/a/0/z", (1, 7)),
        ("/a/1/d~0/0", (2, 15)),
    ],
)  # fmt: skip
def test_positions(pointer: str, place: tuple[int, int]) -> None:
    assert position(TEXT, pointer) == place


@given(plain_data, st.sampled_from((None, 1)))
def test_every_place_holds_its_value(value: Any, indent: int | None) -> None:
    """From the place that is found on, the text reads as the value (past the key, in an object)."""
    text = json.dumps(value, indent=indent)
    lines = text.split("\n")
    for pointer, name, part in _parts(value, ""):
        line, column = position(text, pointer)
        rest = "\n".join([lines[line][column:], *lines[line + 1 :]])
        if name is not None:
            found, end = json.JSONDecoder().raw_decode(rest)
            assert found == name
            rest = rest[end:].lstrip(" \n:")
        assert json.JSONDecoder().raw_decode(rest)[0] == part


def _parts(value: Any, pointer: str) -> Any:
    if isinstance(value, dict):
        for name, part in value.items():
            below = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            yield below, name, part
            yield from _parts(part, below)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield f"{pointer}/{index}", None, part
            yield from _parts(part, f"{pointer}/{index}")
