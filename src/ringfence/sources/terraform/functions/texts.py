"""Terraform's functions on texts.

What is not done here exactly as Terraform does it is unknown: formats with unusual verbs, expressions that RE2 and
Python's `re` may read differently.

Source: Terraform's function pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.functions.arguments import items, text, whole

VERB = re.compile(r"%(%|(0?)(\d{0,3})([sdv]))|(%)")
FOREIGN = re.compile(r"\\[pPzQECXZA]|\[\[:|\(\?[^:Pi]|\(\?P[^<]|[*+?}]\+")
"""What the two dialects of regular expressions read differently."""
LONGEST = 10_000
"""Characters of a text that a regular expression is let loose on."""


def format_text(spec: Any, *values: Any) -> str | Unknown:
    """`format`, with the verbs %s, %d, %v, %% and zero-padded widths."""
    waiting = list(values)
    unusual = False

    def one(found: re.Match[str]) -> str:
        nonlocal unusual
        if found[5] or (found[2] and found[4] != "d"):
            unusual = True
            return ""
        if found[1] == "%":
            return "%"
        if not waiting:
            raise EvaluationError("format has too few values")
        value = waiting.pop(0)
        shown = str(whole(value)) if found[4] == "d" else _shown(value)
        if shown is None:
            unusual = True
            return ""
        width = int(found[3] or 0)
        return shown.zfill(width) if found[2] else shown.rjust(width)

    out = VERB.sub(one, text(spec))
    if unusual:
        return Unknown("this format is not evaluated")
    if waiting:
        raise EvaluationError("format has too many values")
    return out


def _shown(value: Any) -> str | None:
    return text(value) if isinstance(value, (str, bool, int, float)) else None


def _formatlist(spec: Any, *values: Any) -> list[Any] | Unknown:
    lengths = {len(one) for one in values if isinstance(one, list)}
    if len(lengths) > 1:
        raise EvaluationError("formatlist has lists of different lengths")
    count = lengths.pop() if lengths else 1
    return [format_text(spec, *(one[n] if isinstance(one, list) else one for one in values)) for n in range(count)]


def _expression(pattern: str, value: str) -> re.Pattern[str] | Unknown:
    if FOREIGN.search(pattern) or len(value) > LONGEST or "\n" in value:
        return Unknown("this regular expression is not evaluated")
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return Unknown("this regular expression is not evaluated")


def _captured(found: re.Match[str]) -> Any:
    if found.re.groupindex:
        return found.groupdict()
    return list(found.groups()) if found.re.groups else found[0]


def _regex(pattern: Any, value: Any) -> Any:
    expression = _expression(text(pattern), text(value))
    if isinstance(expression, Unknown):
        return expression
    found = expression.search(text(value))
    if found is None:
        raise EvaluationError("the regular expression does not match")
    return _captured(found)


def _regexall(pattern: Any, value: Any) -> Any:
    expression = _expression(text(pattern), text(value))
    if isinstance(expression, Unknown):
        return expression
    return [_captured(found) for found in expression.finditer(text(value))]


def _replace(value: Any, old: Any, new: Any) -> Any:
    old, new = text(old), text(new)
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        expression = _expression(old[1:-1], text(value))
        if isinstance(expression, Unknown) or "$" in new:
            return Unknown("this regular expression is not evaluated")
        return expression.sub(lambda _: new, text(value))
    return text(value).replace(old, new)


def _substr(value: Any, start: Any, length: Any) -> str:
    known, begin, count = text(value), whole(start), whole(length)
    begin = begin + len(known) if begin < 0 else begin
    return known[max(begin, 0) :] if count < 0 else known[max(begin, 0) : max(begin, 0) + count]


def _jsondecode(value: Any) -> Any:
    try:
        return json.loads(text(value))
    except (ValueError, RecursionError):
        raise EvaluationError("this is no JSON") from None


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "basename": lambda value: text(value).rstrip("/").rpartition("/")[2],
    "endswith": lambda value, end: text(value).endswith(text(end)),
    "format": format_text,
    "formatlist": _formatlist,
    "join": lambda by, *lists: text(by).join(text(one) for part in lists for one in items(part)),
    "jsondecode": _jsondecode,
    "lower": lambda value: text(value).lower(),
    "regex": _regex,
    "regexall": _regexall,
    "replace": _replace,
    "split": lambda by, value: text(value).split(text(by)) if text(by) else list(text(value)),
    "startswith": lambda value, start: text(value).startswith(text(start)),
    "strcontains": lambda value, part: text(part) in text(value),
    "substr": _substr,
    "trim": lambda value, letters: text(value).strip(text(letters)) if text(letters) else text(value),
    "trimprefix": lambda value, start: text(value).removeprefix(text(start)),
    "trimspace": lambda value: text(value).strip(),
    "trimsuffix": lambda value, end: text(value).removesuffix(text(end)),
    "upper": lambda value: text(value).upper(),
}
