"""Terraform's functions on lists, maps and sets. Each knows what becomes of unknown arguments and elements.

A function that needs a value which is unknown answers with that unknown; one that only moves elements about keeps those
that are known. What Terraform orders by value (a set, the keys of a map) is ordered the same way here.

Source: Terraform's function pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from itertools import product
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError, entries, items, number, text, truth, whole
from ringfence.sources.terraform.values import Reference, SetOf, equal, ordered, unknown_in, vague

LONGEST = 100_000
"""Elements that a function may make."""


class Open(Exception):
    """An argument is not known; carries why."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.because)
        self.unknown = unknown


def _items(value: Any) -> list[Any]:
    found = items(value)
    if isinstance(found, Unknown):
        raise Open(found)
    return found


def _entries(value: Any) -> dict[str, Any]:
    found = entries(value)
    if isinstance(found, Unknown):
        raise Open(found)
    return found


def _whole(value: Any) -> int:
    found = whole(value)
    if isinstance(found, Unknown):
        raise Open(found)
    return found


def _same(left: Any, right: Any) -> bool:
    found = equal(left, right)
    if isinstance(found, Unknown):
        raise Open(found)
    return found


def _known(value: Any) -> Any:
    if (unknown := vague(value)) is not None:
        raise Open(unknown)
    return value


def _set(values: Iterable[Any]) -> SetOf:
    found = SetOf.of(values)
    if isinstance(found, Unknown):
        raise Open(found)
    return found


def _length(value: Any) -> int:
    _known(value)
    if not isinstance(value, (str, list, dict)):
        raise EvaluationError("only texts, lists and maps have a length")
    return len(value)


def _in_order(value: Any) -> list[Any]:
    found = _items(value)
    if not ordered(found):
        raise Open(Unknown("the order of a set of values that are known after the apply"))
    return list(found)


def _element(value: Any, place: Any) -> Any:
    found, at = _in_order(value), _whole(place)
    if not found:
        raise EvaluationError("an empty list has no element")
    if at < 0:
        raise Open(Unknown("a negative place means different things in different versions"))
    return found[at % len(found)]


def _slice(value: Any, start: Any, end: Any) -> list[Any]:
    low, high = _whole(start), _whole(end)
    unknown = vague(value)
    if unknown is not None:
        if not 0 <= low <= high <= LONGEST:
            raise EvaluationError("these are no bounds of a slice")
        return [unknown] * (high - low)
    found = _in_order(value)
    if not 0 <= low <= high <= len(found):
        raise EvaluationError("the slice reaches beyond the list")
    return found[low:high]


def _flatten(value: Any) -> list[Any]:
    out: list[Any] = []
    for one in _items(value):
        if isinstance(one, list):
            out += _flatten(one)
        elif isinstance(one, Unknown) or (isinstance(one, Reference) and not one.identity):
            raise Open(one if isinstance(one, Unknown) else one.unknown)
        else:
            out.append(one)
    return out


def _compact(value: Any) -> list[Any]:
    found = _items(value)
    for one in found:
        if isinstance(one, Unknown) or (isinstance(one, Reference) and not one.identity):
            raise Open(one if isinstance(one, Unknown) else one.unknown)
    return [one for one in found if one is not None and one != ""]


def _distinct(value: Any) -> list[Any]:
    out: list[Any] = []
    for one in _in_order(value):
        if not any(_same(one, other) for other in out):
            if isinstance(one, Unknown):
                raise Open(one)
            out.append(one)
    return out


def _merge(*maps: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for one in maps:
        if one is not None:
            out.update(_entries(one))
    return out


def _lookup(value: Any, key: Any, *default: Any) -> Any:
    found, name = _entries(value), text(_known(key))
    if name in found:
        return found[str(name)]
    if not default:
        raise EvaluationError(f"the map has no key {name!r}")
    return default[0]


def _keys(value: Any) -> list[str]:
    return sorted(_entries(value))


def _values(value: Any) -> list[Any]:
    found = _entries(value)
    return [found[key] for key in sorted(found)]


def _contains(value: Any, wanted: Any) -> bool:
    answers = [equal(one, wanted) for one in _items(value)]
    if True in answers:
        return True
    for one in answers:
        if isinstance(one, Unknown):
            raise Open(one)
    return False


def _coalesce(*values: Any) -> Any:
    for one in values:
        if one is None or one == "":
            continue
        if isinstance(one, Reference) and one.identity:
            return one
        return _known(one)
    raise EvaluationError("coalesce has no value that is neither null nor empty")


def _coalescelist(*lists: Any) -> list[Any]:
    for one in lists:
        if one is not None and (found := _items(one)):
            return found
    raise EvaluationError("coalescelist has no list that is not empty")


def _one(value: Any) -> Any:
    found = _items(value)
    if len(found) > 1:
        raise EvaluationError("one() takes a list of at most one element")
    return found[0] if found else None


def _range(*limits: Any) -> list[int]:
    numbers = [_whole(one) for one in limits]
    if len(numbers) == 3 and numbers[2] == 0:
        raise EvaluationError("range needs a step")
    step = [numbers[2]] if len(numbers) == 3 else []
    start, end = (0, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    found = range(start, end, *(step or [1 if start <= end else -1]))
    if len(found) > 1024:
        raise EvaluationError("range makes more than 1024 elements")
    return list(found)


def _zipmap(keys: Any, values: Any) -> dict[str, Any]:
    names, found = _in_order(keys), _in_order(values)
    if len(names) != len(found):
        raise EvaluationError("zipmap needs as many keys as values")
    return {str(text(_known(name))): value for name, value in zip(names, found, strict=True)}


def _index(value: Any, wanted: Any) -> int:
    for place, one in enumerate(_in_order(value)):
        if _same(one, wanted):
            return place
    raise EvaluationError("the list has no such element")


def _setproduct(*lists: Any) -> list[Any]:
    found = [_in_order(one) for one in lists]
    if reduce(lambda size, one: size * len(one), found, 1) > LONGEST:
        raise Open(Unknown("a product of this size is not evaluated"))
    return [list(one) for one in product(*found)]


def _sort(value: Any) -> list[Any]:
    return sorted(str(text(_known(one))) for one in _items(value))


def _sum(value: Any) -> Any:
    return sum(_known(number(_known(one))) for one in _items(value))


def _all(value: Any) -> bool:
    found = [truth(one) for one in _items(value)]
    if False in found:
        return False
    for one in found:
        _known(one)
    return True


def _any(value: Any) -> bool:
    return not _all([_negated(one) for one in _items(value)])


def _negated(value: Any) -> Any:
    found = truth(value)
    return found if isinstance(found, Unknown) else not found


def _chunks(value: Any, size: Any) -> list[Any]:
    found, count = _in_order(value), _whole(size)
    if count < 1:
        raise EvaluationError("a chunk has at least one element")
    return [found[at : at + count] for at in range(0, len(found), count)]


def _subtract(left: Any, right: Any) -> SetOf:
    return _set(one for one in _items(left) if not any(_same(one, other) for other in _items(right)))


def _intersect(*lists: Any) -> SetOf:
    first, *others = (_items(one) for one in lists)
    return _set(one for one in first if all(any(_same(one, two) for two in other) for other in others))


def _keep(value: Any, convert: Callable[[Any], Any]) -> Any:
    return None if value is None else convert(_known(value))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "alltrue": _all,
    "anytrue": _any,
    "chunklist": _chunks,
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "concat": lambda *lists: [one for part in lists for one in _in_order(part)],
    "contains": _contains,
    "distinct": _distinct,
    "element": _element,
    "flatten": _flatten,
    "index": _index,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "nonsensitive": lambda value: value,
    "one": _one,
    "range": _range,
    "reverse": lambda value: _in_order(value)[::-1],
    "sensitive": lambda value: value,
    "setintersection": _intersect,
    "setproduct": _setproduct,
    "setsubtract": _subtract,
    "setunion": lambda *lists: _set(one for part in lists for one in _items(part)),
    "slice": _slice,
    "sort": _sort,
    "sum": _sum,
    "tobool": lambda value: _keep(value, truth),
    "tolist": lambda value: _keep(value, _in_order),
    "tomap": lambda value: _keep(value, _entries),
    "tonumber": lambda value: _keep(value, number),
    "toset": lambda value: _keep(value, lambda known: _set(_items(known))),
    "values": _values,
    "zipmap": _zipmap,
}
"""By name. They raise `Open` where the answer is unknown, EvaluationError for what Terraform refuses."""

__all__ = ["FUNCTIONS", "Open", "unknown_in"]
