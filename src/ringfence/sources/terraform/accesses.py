"""What stands inside a value: `value.name`, `value[key]`, and what a `for` goes through."""

from __future__ import annotations

from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError, describe, number, text
from ringfence.sources.terraform.values import Reference, SetOf, vague


def attribute(value: Any, name: str) -> Any:
    """`value.name`."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        raise EvaluationError(f"there is no attribute {name!r}")
    if (unknown := vague(value)) is not None:
        return unknown
    if hasattr(value, "member"):
        return value.member(name)
    raise EvaluationError(f"{describe(value)} has no attributes")


def standing(value: Any) -> Any:
    """The value, if it may stand in a list: a namespace may not."""
    if value is None or isinstance(value, (str, bool, int, float, list, dict, Unknown, Reference)):
        return value
    if hasattr(value, "members"):
        return value
    raise EvaluationError("this is a namespace, not a value")


def element(value: Any, key: Any) -> Any:
    """`value[key]`."""
    if isinstance(value, dict):
        if (unknown := vague(key)) is not None:
            return unknown
        return attribute(value, str(text(key)))
    if (unknown := vague(value)) is not None:
        return unknown
    if isinstance(value, list):
        if isinstance(value, SetOf):
            return Unknown("a set has no places")
        place = number(key)
        if isinstance(place, Unknown):
            return place
        if isinstance(place, int) and 0 <= place < len(value):
            return value[place]
        raise EvaluationError(f"the list has no element {place}")
    if hasattr(value, "member") and isinstance(key, str):
        return value.member(key)
    raise EvaluationError(f"{describe(value)} has no elements")


def pairs(value: Any) -> list[tuple[Any, Any]]:
    """Keys and values in Terraform's order: of a map by key, of a list by place, of a set each with itself."""
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)]
    if isinstance(value, list):
        return [(one, one) for one in value] if isinstance(value, SetOf) else list(enumerate(value))
    raise EvaluationError(f"{describe(value)} cannot be gone through")
