"""What Terraform's functions ask of their arguments. What is unknown ends the call: `Open` carries why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform import conversions
from ringfence.sources.terraform.values import SetOf, equal, ordered, vague

Value = TypeVar("Value")

LONGEST = 100_000
"""Elements that a function may make."""


class Open(Exception):
    """An argument is not known; carries why."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.because)
        self.unknown = unknown


def _decided(value: Value | Unknown) -> Value:
    if isinstance(value, Unknown):
        raise Open(value)
    return value


def known(value: Any) -> Any:
    """The value, whatever its parts are."""
    if (unknown := vague(value)) is not None:
        raise Open(unknown)
    return value


def text(value: Any) -> str:
    """As a text."""
    return str(conversions.text(known(value)))


def number(value: Any) -> int | float:
    """As a number."""
    return _decided(conversions.number(value))


def whole(value: Any) -> int:
    """As a whole number."""
    return _decided(conversions.whole(value))


def items(value: Any) -> list[Any]:
    """The elements of a list or set, in no order that counts."""
    return _decided(conversions.items(value))


def in_order(value: Any) -> list[Any]:
    """The elements of a list, or of a set whose order is known."""
    found = items(value)
    if not ordered(found):
        raise Open(Unknown("the order of a set of values that are known after the apply"))
    return list(found)


def entries(value: Any) -> dict[str, Any]:
    """The entries of a map."""
    return _decided(conversions.entries(value))


def as_set(values: Iterable[Any]) -> SetOf:
    """The set of some values."""
    return _decided(SetOf.of(values))


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal."""
    return _decided(equal(left, right))
