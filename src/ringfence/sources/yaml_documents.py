"""Texts to documents: YAML streams and JSON as plain data, each document with a lazy way back to line and column.

A line that begins with `---` always begins a document in YAML, even inside a quoted or block scalar, and `...` always
ends one. So a stream is split there first and each piece is parsed on its own: a broken document costs its neighbours
nothing. What a scalar means stands in `yaml_scalars`, what a document may hold in `yaml_tree`; a text that begins like
JSON is read as JSON (`json_documents`), and as YAML where it is none.

Documents are dict, list, str, int, float, bool and None. Parts that an alias repeats are the same object, so documents
are read, never changed. A document of nothing but comments is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import Position, Span
from ringfence.sources import json_documents
from ringfence.sources.json_documents import DuplicateKeyError
from ringfence.sources.yaml_scalars import MalformedError
from ringfence.sources.yaml_tree import NOTHING, Place, build, places

MARKER = re.compile(r"^(?:---|\.\.\.)(?=[ \t\r\n]|$)", re.MULTILINE)
DIRECTIVES = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n|%[^\n]*\n)*")
"""Lines that may stand before `---` and belong to the document after it."""
NOTHING_BUT_END = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*\.\.\.[ \t]*(?:#[^\n]*)?\r?\n?")
"""An end where nothing began: libyaml has no word for it, but it is no document."""
RENDER = "this looks like a Helm template: render it first (helm template) and read the result"


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file, or the reason why it is not one.

    `value` is None where `problem` is set. `span` is the whole document; `span.at(...)` finds its parts.
    `text` is the document as it is written.
    """

    value: Any
    span: Span
    problem: Diagnostic | None = None
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _Piece:
    """The text of one document and the number of the lines above it; finds positions in it."""

    text: str
    above: int
    is_json: bool

    def __call__(self, pointer: str) -> Position | None:
        line, column = json_documents.position(self.text, pointer) if self.is_json else _place(self.text, pointer)
        return self.above + line + 1, column + 1


def documents(text: str, file: str = "") -> Iterator[Document]:
    """The documents of a text in order, broken ones included, empty ones left out. Never raises."""
    for piece, above in _pieces(text):
        try:
            value, is_json = _parse(piece, file)
        except MalformedError as failure:
            yield Document(None, *_broken(failure, piece, above, file), piece)
            continue
        if value is not NOTHING and value is not None:
            yield Document(value, Span(file, locate=_Piece(piece, above, is_json)), None, piece)


def _parse(text: str, file: str) -> tuple[Any, bool]:
    if text.lstrip()[:1] not in ("{", "["):
        return build(text), False
    try:
        return json_documents.read(text), True
    except DuplicateKeyError:
        build(text)
        raise MalformedError("a key stands twice in one object") from None
    except MalformedError:
        if file.endswith(".json"):
            raise
        return build(text), False


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """The text of each document with the number of lines above it."""
    if "\r" in text and "\n" not in text:
        text = text.replace("\r", "\n")
    cuts = [0]
    for match in MARKER.finditer(text):
        if match.group() == "---":
            cut = match.start()
            if DIRECTIVES.fullmatch(text, cuts[-1], cut):
                continue  # directives and comments stay with the document that they introduce
        else:
            end = text.find("\n", match.end())
            cut = len(text) if end < 0 else end + 1
        if cut > cuts[-1]:
            cuts.append(cut)
    above = 0
    for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True):
        if not NOTHING_BUT_END.fullmatch(text, start, end):
            yield text[start:end], above
        above += text.count("\n", start, end)


def _broken(failure: MalformedError, text: str, above: int, file: str) -> tuple[Span, Diagnostic]:
    line = above + (failure.line or 0) + 1
    span = Span(file, "", line, None if failure.column is None else failure.column + 1)
    return span, error(failure.message, span, RENDER if "{{" in text else failure.remedy)


def _place(text: str, pointer: str) -> tuple[int, int]:
    line, column, entries = _places(text)
    for step in pointer.split("/")[1:]:
        found = (entries or {}).get(step.replace("~1", "/").replace("~0", "~"))
        if found is None:
            break
        line, column, entries = found
    return line, column


@lru_cache(maxsize=16)
def _places(text: str) -> Place:
    return places(text)
