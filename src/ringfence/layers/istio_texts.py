"""How Istio compares texts: what becomes of `a`, `a*`, `*a` and `*` in each kind of field.

    text      exact, prefix, suffix; `*` is any text but the empty. Of two stars the first decides, the other is plain
    header    the same, but `*` asks whether the header is there, empty or not
    host      like a header, letters' case aside, port included
    path      like a text, or a template: `{*}` is one segment, `{**}` any number of them, the empty one included. What
              istiod takes for a template and Envoy does not is never known: the proxy keeps what it had before

A condition on several values is a disjunction. Sources: istio `pilot/pkg/security/authz/matcher`, Envoy
`source/extensions/path/uri_template_lib`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ringfence.model.conditions import NOT_EMPTY, AnyHolds, Atom, Condition, Operator

TEMPLATES = ("{*}", "{**}")
SEGMENT = r"[a-zA-Z0-9\-._~%!$&'()*+,;:@=]+"
SEGMENTS = r"[a-zA-Z0-9\-._~%!$&'()*+,;:@=/]*"

Compared = Callable[[str, str], Condition]
"""A condition on a subject and one value."""


def text(subject: str, value: str) -> Atom:
    """A text of a path, a claim, a server name or metadata."""
    return Atom(subject, Operator.PATTERN, NOT_EMPTY) if value == "*" else _affix(subject, value)


def header(subject: str, value: str) -> Atom:
    """The value of a header or a method."""
    return Atom(subject, Operator.PRESENT) if value == "*" else _affix(subject, value)


def host(subject: str, value: str) -> Atom:
    """A host, as `:authority` has it."""
    if value == "*":
        return Atom(subject, Operator.PRESENT)
    if value.startswith("*"):
        expression = f"(?s:.*){re.escape(value[1:])}"
    else:
        expression = f"{re.escape(value[:-1])}(?s:.*)" if value.endswith("*") else re.escape(value)
    return Atom(subject, Operator.PATTERN, f"(?i:{expression})")


def path(subject: str, value: str) -> Atom:
    """A path without its query."""
    if not any(one in value for one in TEMPLATES):
        return text(subject, value)
    if not value.startswith("/") or "//" in value:
        return Atom(f"template {value}", Operator.PRESENT)
    return Atom(subject, Operator.PATTERN, template(value))


def template(value: str) -> str:
    """The regular expression of a path template."""
    known = {"{*}": SEGMENT, "{**}": SEGMENTS}
    return "/".join(known.get(one, re.escape(one)) for one in value.split("/"))


def any_of(compared: Compared, subject: str, values: Iterable[str]) -> Condition:
    """One of the values."""
    parts = tuple(compared(subject, value) for value in values)
    return parts[0] if len(parts) == 1 else AnyHolds(parts)


def _affix(subject: str, value: str) -> Atom:
    if value.startswith("*"):
        return Atom(subject, Operator.SUFFIX, value[1:])
    if value.endswith("*"):
        return Atom(subject, Operator.PREFIX, value[:-1])
    return Atom(subject, Operator.EXACT, value)
