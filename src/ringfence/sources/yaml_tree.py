"""One YAML document from libyaml's events: its value, and the places of its parts.

The two are separate passes over the same events. Values carry no positions, because most are never asked for theirs;
whoever has something to say about a part has the document scanned again.

Aliases share the value that they name. What a reader of the value would have to walk through is counted all the same,
so that a few lines cannot stand for millions of nodes (an "alias bomb"). Merge keys (`<<`) fill in what a mapping does
not say itself. Where a mapping contradicts a merge that stands *below* it, YAML and kubectl disagree about who wins,
so the document is refused.

The place of a mapping's entry is its key, the place of a list's entry its first character. What comes from an alias or
a merge is where it was written.
"""

from __future__ import annotations

from typing import Any, Final

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from ringfence.sources.yaml_scalars import STANDARD, MalformedError, key, plain, shown_tag, tagged

DEEPEST = 200
"""Levels of nesting; Kubernetes' own kinds stay below 30."""
MOST_EXPANDED = 1_000_000
"""Nodes that the aliases of one document may stand for, all together."""

NOTHING: Final = object()
"""The value of a text that holds no document."""

Place = tuple[int, int, "dict[str, Place] | None"]
"""Line and column from 0, and the places of the entries by key or index."""

_OPEN: Final = (None, -1)
"""Stands for an anchor whose node has not ended yet."""


def build(text: str) -> Any:
    """The value of the one document in the text, or NOTHING. MalformedError says what is broken and where."""
    try:
        return _Builder(text).document()
    except yaml.YAMLError as failure:
        raise _malformed(failure, text) from None
    except UnicodeEncodeError as failure:
        line = text.count("\n", 0, failure.start)
        raise MalformedError("this is not a character that text may hold", line) from None


def places(text: str) -> Place:
    """The place of the document's root, and through it those of all its parts; the text must have been built once."""
    return _Placer(text).document()


class _Builder:
    """Makes the value. One object serves one text."""

    def __init__(self, text: str) -> None:
        self.event: Any = CParser(text).get_event
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0
        self.expanded = 0

    def document(self) -> Any:
        self.event()
        if type(self.event()) is StreamEndEvent:
            return NOTHING
        value = self.node(self.event(), 0)
        self.event()
        after = self.event()
        if type(after) is not StreamEndEvent:
            raise MalformedError("a second document begins without ---", *_mark(after))
        return value

    def node(self, event: Any, depth: int) -> Any:
        kind = type(event)
        self.nodes += 1
        if kind is ScalarEvent:
            value = self.scalar(event)
            if event.anchor:
                self.anchors[event.anchor] = (value, 1)
            return value
        if kind is AliasEvent:
            return self.alias(event)
        if depth >= DEEPEST:
            raise MalformedError(f"nested deeper than {DEEPEST} levels", *_mark(event))
        if event.tag and event.tag not in ("!", STANDARD + ("map" if kind is MappingStartEvent else "seq")):
            remedy = "manifests hold plain data without tags"
            raise MalformedError(f"the tag {shown_tag(event.tag)} is not known", *_mark(event), remedy)
        before = self.nodes
        if event.anchor:
            self.anchors[event.anchor] = _OPEN
        collection = self.mapping(depth + 1) if kind is MappingStartEvent else self.sequence(depth + 1)
        if event.anchor:
            self.anchors[event.anchor] = (collection, self.nodes - before + 1)
        return collection

    def scalar(self, event: Any) -> Any:
        if event.tag is None:
            if not event.implicit[0]:
                return event.value
            try:
                return plain(event.value)
            except MalformedError as failure:
                raise MalformedError(failure.message, *_mark(event), failure.remedy) from None
        try:
            return tagged(event.tag, event.value)
        except MalformedError as failure:
            raise MalformedError(failure.message, *_mark(event), failure.remedy) from None

    def alias(self, event: Any) -> Any:
        if event.anchor not in self.anchors:
            raise MalformedError(f"the anchor &{event.anchor} does not exist", *_mark(event))
        value, size = self.anchors[event.anchor]
        if size < 0:
            raise MalformedError(f"the anchor &{event.anchor} contains itself", *_mark(event))
        self.nodes += size
        self.expanded += size
        if self.expanded > MOST_EXPANDED:
            raise MalformedError(f"the aliases stand for more than {MOST_EXPANDED:,} values", *_mark(event))
        return value

    def sequence(self, depth: int) -> list[Any]:
        items = []
        event, node = self.event, self.node
        while type(next_ := event()) is not SequenceEndEvent:
            items.append(node(next_, depth))
        return items

    def mapping(self, depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        inherited: dict[str, Any] | None = None
        event, node = self.event, self.node
        while type(start := event()) is not MappingEndEvent:
            if _is_merge(start):
                if inherited is not None:
                    raise MalformedError("the key '<<' stands here twice", *_mark(start), "merge a list: <<: [*a, *b]")
                inherited = self.merge(start, node(event(), depth), entries)
                continue
            name = self.key(start)
            if name in entries:
                raise MalformedError(f"the key {name!r} stands here twice", *_mark(start), "keep one of the two")
            entries[name] = node(event(), depth)
        return {**inherited, **entries} if inherited else entries

    def key(self, event: Any) -> str:
        if type(event) is ScalarEvent:
            value = self.node(event, DEEPEST)
        elif type(event) is AliasEvent:
            value = self.alias(event)
        else:
            value = ()
        if isinstance(value, str):
            return value
        try:
            return key(value)
        except MalformedError as failure:
            raise MalformedError(failure.message, *_mark(event), failure.remedy) from None

    def merge(self, start: Any, value: Any, written: dict[str, Any]) -> dict[str, Any]:
        sources = value if isinstance(value, list) else [value]
        inherited: dict[str, Any] = {}
        for source in reversed(sources):
            if not isinstance(source, dict):
                raise MalformedError("'<<' merges mappings only", *_mark(start))
            inherited.update(source)
        for name in inherited.keys() & written.keys():
            if inherited[name] != written[name]:
                message = f"the merge contradicts the key {name!r} above it"
                raise MalformedError(message, *_mark(start), "put '<<' first: then the mapping's own keys win")
        return inherited


class _Placer:
    """Finds the places. One object serves one text."""

    def __init__(self, text: str) -> None:
        self.event: Any = CParser(text).get_event
        self.anchors: dict[str, tuple[dict[str, Place] | None, str]] = {}

    def document(self) -> Place:
        self.event()
        if type(self.event()) is StreamEndEvent:
            return 0, 0, None
        first = self.event()
        return first.start_mark.line, first.start_mark.column, self.entries(first)

    def entries(self, event: Any) -> dict[str, Place] | None:
        """The places inside a node, whose own first event is given."""
        kind: Any = type(event)
        if kind is AliasEvent:
            return self.anchors[event.anchor][0]
        found: dict[str, Place] | None = None
        if kind is SequenceStartEvent:
            found = {}
            while type(item := self.event()) is not SequenceEndEvent:
                found[str(len(found))] = (item.start_mark.line, item.start_mark.column, self.entries(item))
        elif kind is MappingStartEvent:
            found = {}
            inherited: dict[str, Place] = {}
            while type(start := self.event()) is not MappingEndEvent:
                if _is_merge(start):
                    inherited = self.merged(self.event())
                    continue
                name = self.key(start)
                found[name] = (start.start_mark.line, start.start_mark.column, self.entries(self.event()))
            found = {**inherited, **found}
        if event.anchor:
            text = event.value if kind is ScalarEvent else ""
            self.anchors[event.anchor] = (found, text)
        return found

    def key(self, event: Any) -> str:
        if isinstance(event, AliasEvent):
            return self.anchors[str(event.anchor)][1]
        if event.anchor:
            self.anchors[event.anchor] = (None, event.value)
        if event.tag is None and event.implicit[0]:
            return key(plain(event.value))
        text: str = event.value
        return text

    def merged(self, event: Any) -> dict[str, Place]:
        inside = self.entries(event) or {}
        if not isinstance(event, SequenceStartEvent):
            return inside
        merged: dict[str, Place] = {}
        for _, _, source in reversed(inside.values()):
            merged.update(source or {})
        return merged


def _is_merge(event: Any) -> bool:
    return (
        type(event) is ScalarEvent
        and event.value == "<<"
        and (event.tag == STANDARD + "merge" or (event.tag is None and event.implicit[0]))
    )


def _mark(event: Any) -> tuple[int, int]:
    return event.start_mark.line, event.start_mark.column


def _malformed(failure: yaml.YAMLError, text: str) -> MalformedError:
    """Libyaml's complaint in our terms."""
    mark, problem = getattr(failure, "problem_mark", None), getattr(failure, "problem", None)
    if mark is not None:
        context = getattr(failure, "context", None)
        message = f"{context}: {problem}" if context else problem
        return MalformedError(f"this is not YAML: {message}", mark.line, mark.column)
    position, reason = getattr(failure, "position", None), getattr(failure, "reason", None)
    if isinstance(position, int):
        line = text.encode("utf-8", "replace").count(b"\n", 0, position)
        return MalformedError(f"this is not YAML: {reason}", line)
    return MalformedError(f"this is not YAML: {failure}")
