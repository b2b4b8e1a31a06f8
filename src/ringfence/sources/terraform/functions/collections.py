"""Terraform's functions on lists and maps.

A function that needs a value which is unknown is open; one that only moves elements about keeps those that are known.
What Terraform orders by value (a set, the keys of a map) is ordered the same way here.

Source: Terraform's function pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.functions.arguments import LONGEST, Open, entries, in_order, items, known, text, whole
from ringfence.sources.terraform.values import Reference, overlaid, vague


def _length(value: Any) -> int:
    known(value)
    if not isinstance(value, (str, list, dict)):
        raise EvaluationError("only texts, lists and maps have a length")
    return len(value)


def _element(value: Any, place: Any) -> Any:
    found, at = in_order(value), whole(place)
    if not found:
        raise EvaluationError("an empty list has no element")
    if at < 0:
        raise Open(Unknown("a negative place means different things in different versions"))
    return found[at % len(found)]


def _slice(value: Any, start: Any, end: Any) -> list[Any]:
    low, high = whole(start), whole(end)
    unknown = vague(value)
    if unknown is not None:
        if not 0 <= low <= high <= LONGEST:
            raise EvaluationError("these are no bounds of a slice")
        return [unknown] * (high - low)
    found = in_order(value)
    if not 0 <= low <= high <= len(found):
        raise EvaluationError("the slice reaches beyond the list")
    return found[low:high]


def _flatten(value: Any) -> list[Any]:
    out: list[Any] = []
    for one in items(value):
        if isinstance(one, list):
            out += _flatten(one)
        elif isinstance(one, Unknown) or (isinstance(one, Reference) and not one.identity):
            raise Open(one if isinstance(one, Unknown) else one.unknown)
        else:
            out.append(one)
    return out


def _compact(value: Any) -> list[Any]:
    found = items(value)
    for one in found:
        if isinstance(one, Unknown) or (isinstance(one, Reference) and not one.identity):
            raise Open(one if isinstance(one, Unknown) else one.unknown)
    return [one for one in found if one is not None and one != ""]


def _merge(*maps: Any) -> dict[str, Any] | Unknown:
    return overlaid(*(one if vague(one) is not None else entries(one) for one in maps if one is not None))


def _lookup(value: Any, key: Any, *default: Any) -> Any:
    found, name = entries(value), text(known(key))
    if name in found:
        return found[str(name)]
    if not default:
        raise EvaluationError(f"the map has no key {name!r}")
    return default[0]


def _keys(value: Any) -> list[str]:
    return sorted(entries(value))


def _values(value: Any) -> list[Any]:
    found = entries(value)
    return [found[key] for key in sorted(found)]


def _coalesce(*values: Any) -> Any:
    for one in values:
        if one is None or one == "":
            continue
        if isinstance(one, Reference) and one.identity:
            return one
        return known(one)
    raise EvaluationError("coalesce has no value that is neither null nor empty")


def _coalescelist(*lists: Any) -> list[Any]:
    for one in lists:
        if one is not None and (found := items(one)):
            return found
    raise EvaluationError("coalescelist has no list that is not empty")


def _one(value: Any) -> Any:
    found = items(value)
    if len(found) > 1:
        raise EvaluationError("one() takes a list of at most one element")
    return found[0] if found else None


def _zipmap(keys: Any, values: Any) -> dict[str, Any]:
    names, found = in_order(keys), in_order(values)
    if len(names) != len(found):
        raise EvaluationError("zipmap needs as many keys as values")
    return {text(name): value for name, value in zip(names, found, strict=True)}


def _chunks(value: Any, size: Any) -> list[Any]:
    found, count = in_order(value), whole(size)
    if count < 1:
        raise EvaluationError("a chunk has at least one element")
    return [found[at : at + count] for at in range(0, len(found), count)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "chunklist": _chunks,
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "concat": lambda *lists: [one for part in lists for one in in_order(part)],
    "element": _element,
    "flatten": _flatten,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "nonsensitive": lambda value: value,
    "one": _one,
    "reverse": lambda value: in_order(value)[::-1],
    "sensitive": lambda value: value,
    "slice": _slice,
    "values": _values,
    "zipmap": _zipmap,
}
