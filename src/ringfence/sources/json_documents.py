"""One JSON document: its value at the speed of C, and the places of its parts by going down to them alone.

The rules are those of the YAML reader where JSON leaves a choice: a key may stand once, a number without a fraction is
an integer, numbers must fit into a float. A dump of a cluster is one list of many thousand objects, so a place is found
by skipping over the siblings on the way, and the way to each container is remembered for a while.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from ringfence.sources.yaml_scalars import MalformedError, integral

DEEPEST = 200
"""Levels of nesting, as in YAML."""
SPACE = re.compile(r"[ \t\r\n]*")
LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape that may stand for half a character."""


class DuplicateKeyError(Exception):
    """An object has a key twice; where is for the YAML reader to find, which sees positions."""


def read(text: str) -> Any:
    """The value of a JSON text. MalformedError with line and column from 0; DuplicateKeyError."""
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as failure:
        raise MalformedError(f"this is not JSON: {failure.msg}", failure.lineno - 1, failure.colno - 1) from None
    except RecursionError:
        raise MalformedError(f"nested deeper than {DEEPEST} levels") from None
    if LONE_SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise MalformedError("an escape stands for half a character (a lone surrogate)") from None
    _limit_depth(value)
    return value


def position(text: str, pointer: str) -> tuple[int, int]:
    """Line and column from 0 of a JSON pointer, or of the nearest part above it that exists."""
    place = value = _skip(text, 0)
    for step in pointer.split("/")[1:]:
        found = _entries(text, value).get(step.replace("~1", "/").replace("~0", "~"))
        if found is None:
            break
        place, value = found
    return text.count("\n", 0, place), place - (text.rfind("\n", 0, place) + 1)


@lru_cache(maxsize=256)
def _entries(text: str, start: int) -> dict[str, tuple[int, int]]:
    """Where the entries of the container at an offset stand, each with its value: by key, or by index as text."""
    entries: dict[str, tuple[int, int]] = {}
    opening = text[start : start + 1]
    if opening not in ("{", "["):
        return entries
    at = _skip(text, start + 1)
    while text[at] not in "}]":
        place, name = at, str(len(entries))
        if opening == "{":
            name, at = _SKIPPER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        entries[name] = (place, at)
        at = _skip(text, _SKIPPER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _skip(text, at + 1)
    return entries


def _skip(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise DuplicateKeyError
    return entries


def _number(text: str) -> int | float:
    number = float(text)
    if abs(number) == float("inf"):
        raise MalformedError("a number is too large")
    return integral(number)


def _integer(text: str) -> int | float:
    if len(text) > 20:
        return _number(text)
    value = int(text)
    return value if -(2**63) <= value < 2**64 else _number(text)


def _constant(text: str) -> Any:
    raise MalformedError(f"{text} is not JSON")


def _limit_depth(value: Any) -> None:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(DEEPEST):
        level = [
            part
            for one in level
            for part in (one.values() if type(one) is dict else one)
            if type(part) is dict or type(part) is list
        ]
        if not level:
            return
    raise MalformedError(f"nested deeper than {DEEPEST} levels")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_number, parse_int=_integer, parse_constant=_constant
)
_SKIPPER = json.JSONDecoder()
