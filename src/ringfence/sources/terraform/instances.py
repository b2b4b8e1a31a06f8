"""The instances that `count` and `for_each` make of a block, and what names them.

Where their number is unknown there is one instance that may exist, whose key (and so `count.index`, `each.key`,
`each.value`) is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ringfence.model.diagnostics import Diagnostic, error, warning
from ringfence.model.spans import Span
from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError, describe, whole
from ringfence.sources.terraform.evaluation import evaluate
from ringfence.sources.terraform.scopes import Inner, Scope
from ringfence.sources.terraform.syntax import Block, Setting
from ringfence.sources.terraform.values import SetOf, vague

MOST_INSTANCES = 10_000


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a block: its key as an address has it, what it binds, the key as the language has it."""

    suffix: str
    scope: Scope
    key: Any = None
    exists: Unknown | None = None


class Home(Scope, Protocol):
    """The module in which a block stands."""

    def value(self, make: Callable[[], Any], span: Span) -> Any:
        """What `make` gives; an unknown and a diagnostic where Terraform would refuse it."""

    def note(self, diagnostic: Diagnostic) -> None:
        """Keeps a diagnostic, once."""


def instances(block: Block, home: Home) -> list[Instance]:
    """The instances of a resource or module block."""
    count, each = block.body.setting("count"), block.body.setting("for_each")
    if count is not None:
        number = home.value(lambda: whole(evaluate(count.value, home)), count.span)
        if isinstance(number, Unknown):
            home.note(_doubtful(block, count, number))
            return [Instance("[?]", Inner(home, {"count": {"index": number}}), number, exists=number)]
        if not 0 <= number <= MOST_INSTANCES:
            home.note(error(f"a count of {number} is not evaluated", count.span))
            return []
        return [Instance(f"[{n}]", Inner(home, {"count": {"index": n}}), n) for n in range(number)]
    if each is None:
        return [Instance("", home)]
    found = home.value(lambda: _keys(evaluate(each.value, home)), each.span)
    if isinstance(found, Unknown):
        home.note(_doubtful(block, each, found))
        return [Instance("[?]", Inner(home, {"each": {"key": found, "value": found}}), found, exists=found)]
    return [
        Instance(f"[{_quoted(key)}]", Inner(home, {"each": {"key": key, "value": value}}), key)
        for key, value in found.items()
    ]


def together(block: Block, found: Sequence[Instance], values: Sequence[Any]) -> Any:
    """What the block's name stands for: a list with count, a map with for_each, else the one value."""
    if found and found[0].exists is not None:
        return found[0].exists
    if block.body.setting("count") is not None:
        return list(values)
    if block.body.setting("for_each") is not None:
        return {one.key: value for one, value in zip(found, values, strict=True)}
    return values[0]


def _doubtful(block: Block, setting: Setting, unknown: Unknown) -> Diagnostic:
    name = ".".join(block.labels)
    return warning(f"how many {name} there are is not known: {unknown.because}", setting.span)


def _keys(value: Any) -> dict[str, Any] | Unknown:
    """What a for_each goes over, by key."""
    if (unknown := vague(value)) is not None:
        return unknown
    if isinstance(value, dict):
        return {key: value[key] for key in sorted(value)}
    if isinstance(value, SetOf):
        for one in value:
            if (unknown := vague(one)) is not None:
                return unknown
            if not isinstance(one, str):
                raise EvaluationError("a for_each goes over a map or a set of texts")
        return {one: one for one in value}
    raise EvaluationError(f"a for_each goes over a map or a set of texts, not {describe(value)}")


def _quoted(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
