"""One YAML document: values, anchors, merges, limits, and the places of the parts."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.sources import yaml_tree
from ringfence.sources.yaml_scalars import MalformedError
from ringfence.sources.yaml_tree import DEEPEST, NOTHING, build, places


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("[a, 'b', \"c\\n\", 1, ~, yes, 'yes']", ["a", "b", "c\n", 1, None, True, "yes"]),
        ("yes: 1\n80: 2", {"true": 1, "80": 2}),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y", {"a": "x\ny\n", "b": "x y"}),
        ("a: &x [1, 2]\nb: *x", {"a": [1, 2], "b": [1, 2]}),
        ("a: &x b\n*x : 1", {"a": "b", "b": 1}),
        ("&x a: *x", {"a": "a"}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        ("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3", {"a": {"k": 1, "l": 2}, "b": {"k": 3, "l": 2}}),
        ("- &x {k: 1}\n- &y {k: 2, m: 3}\n- {<<: [*x, *y]}", [{"k": 1}, {"k": 2, "m": 3}, {"k": 1, "m": 3}]),
        ("a: {k: 1, <<: {k: 1, l: 2}}", {"a": {"k": 1, "l": 2}}),
        ("'<<': 1", {"<<": 1}),
        ("!!map {a: !!str 1, b: !!seq [!!int 2]}", {"a": "1", "b": [2]}),
        ("a: ! 1", {"a": "1"}),
        ("%YAML 1.1\n---\na: 1\n...\n", {"a": 1}),
        ("---\n", None),
        ("null", None),
    ],
)  # fmt: skip
def test_values(text: str, value: Any) -> None:
    assert build(text) == value


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment\n"])
def test_no_document(text: str) -> None:
    assert build(text) is NOTHING


SCAN = "this is not YAML: while scanning "
NESTED = "[" * (DEEPEST + 1)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: 1\nb: 2\na: 3", 2, 0, "the key 'a' stands here twice"),
        ("a: {b: 1, 'b': 2}", 0, 10, "the key 'b' stands here twice"),
        ("80: a\n'80': b", 1, 0, "the key '80' stands here twice"),
        ("{<<: {a: 1}, <<: {b: 1}}", 0, 13, "the key '<<' stands here twice"),
        ("a: {k: 1, <<: {k: 2}}", 0, 10, "the merge contradicts the key 'k' above it"),
        ("a: {<<: [1]}", 0, 4, "'<<' merges mappings only"),
        ("a: *b", 0, 3, "the anchor &b does not exist"),
        ("a: &b [*b]", 0, 7, "the anchor &b contains itself"),
        ("a: &b 1\nc: &b [*b]", 1, 7, "the anchor &b contains itself"),
        ("? [a]\n: b", 0, 2, "a collection cannot be a key"),
        ("? {a: b}\n: b", 0, 2, "a collection cannot be a key"),
        ("a: &x [1]\n*x : b", 1, 0, "a collection cannot be a key"),
        ("~: 1", 0, 0, "null cannot be a key"),
        ("a:\n  1.5: 1", 1, 2, "a number with a fraction cannot be a key"),
        ("a: !Ref b", 0, 3, "the tag !Ref is not known"),
        ("a: !!set {b: ~}", 0, 3, "the tag !!set is not known"),
        ("a: !!int x", 0, 3, "'x' is not a value of the tag !!int"),
        ("a: .nan", 0, 3, ".nan is not a number that JSON can hold"),
        (NESTED, 0, DEEPEST, f"nested deeper than {DEEPEST} levels"),
        ("a: [1\nb: 2", 1, 1, "this is not YAML: while parsing a flow sequence: did not find expected ',' or ']'"),
        ("a: b: c", 0, 4, "this is not YAML: mapping values are not allowed in this context"),
        ("a: 'b", 0, 5, "this is not YAML: while scanning a quoted scalar: found unexpected end of stream"),
        ("a:\n\t- b", 1, 0, f"{SCAN}for the next token: found character that cannot start any token"),
        ("a: 1\nb: \x07", 1, None, "this is not YAML: control characters are not allowed"),
        ("a: 1\nb: \ud800", 1, None, "this is not a character that text may hold"),
    ],
)  # fmt: skip
def test_broken(text: str, line: int, column: int | None, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        build(text)
    assert (caught.value.message, caught.value.line, caught.value.column) == (message, line, column)


def test_nesting_up_to_the_limit() -> None:
    assert build("[" * DEEPEST + "]" * DEEPEST) is not NOTHING


@pytest.mark.parametrize("merge", ["", "<<: "])
def test_alias_bombs_are_refused(merge: str) -> None:
    """Ten lines that stand for ten thousand million values."""
    lines = ["a0: &a0 {x: 1, y: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}"]
    for step in range(1, 10):
        inside = ", ".join(f"k{one}: {{{merge}*a{step - 1}}}" if merge else f"*a{step - 1}" for one in range(10))
        lines.append(f"a{step}: &a{step} " + (f"{{{inside}}}" if merge else f"[{inside}]"))
    with pytest.raises(MalformedError, match="the aliases stand for more than 1,000,000 values"):
        build("\n".join(lines))


def test_many_ordinary_aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &a [1, 2]\nb: [" + "*a, " * 100 + "]"
    assert build(text)["b"] == [[1, 2]] * 100
    monkeypatch.setattr(yaml_tree, "MOST_EXPANDED", 299)
    with pytest.raises(MalformedError):
        build(text)


def test_places() -> None:
    text = "a: &x\n  - b: 1\n  - c\nd: *x\ne:\n  <<: {f: 1}\n  g: 2\nyes: 3\n? h\n: {i: &k j, *k : 4}\n"
    line, column, entries = places(text)
    assert (line, column) == (0, 0)
    assert entries is not None
    flat = dict(_flat(entries))
    assert flat == {
        "/a": (0, 0), "/a/0": (1, 4), "/a/0/b": (1, 4), "/a/1": (2, 4),
        "/d": (3, 0), "/d/0": (1, 4), "/d/0/b": (1, 4), "/d/1": (2, 4),
        "/e": (4, 0), "/e/f": (5, 7), "/e/g": (6, 2),
        "/true": (7, 0), "/h": (8, 2), "/h/i": (9, 3), "/h/j": (9, 12),
    }  # fmt: skip


def _flat(entries: dict[str, Any], above: str = "") -> Any:
    for name, (line, column, inside) in entries.items():
        yield f"{above}/{name}", (line, column)
        yield from _flat(inside or {}, f"{above}/{name}")
