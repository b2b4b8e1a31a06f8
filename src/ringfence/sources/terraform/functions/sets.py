"""Terraform's functions that compare elements, and those on sets: unknown elements matter only where they decide.

Source: Terraform's function pages.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import product
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError, truth
from ringfence.sources.terraform.functions.arguments import LONGEST, Open, as_set, in_order, items, known, same, text
from ringfence.sources.terraform.operators import negate
from ringfence.sources.terraform.values import SetOf, equal


def _contains(value: Any, wanted: Any) -> bool:
    answers = [equal(one, wanted) for one in items(value)]
    if True in answers:
        return True
    for one in answers:
        if isinstance(one, Unknown):
            raise Open(one)
    return False


def _distinct(value: Any) -> list[Any]:
    out: list[Any] = []
    for one in in_order(value):
        if not any(same(one, other) for other in out):
            if isinstance(one, Unknown):
                raise Open(one)
            out.append(one)
    return out


def _index(value: Any, wanted: Any) -> int:
    for place, one in enumerate(in_order(value)):
        if same(one, wanted):
            return place
    raise EvaluationError("the list has no such element")


def _setproduct(*lists: Any) -> list[Any]:
    found = [in_order(one) for one in lists]
    if reduce(lambda size, one: size * len(one), found, 1) > LONGEST:
        raise Open(Unknown("a product of this size is not evaluated"))
    return [list(one) for one in product(*found)]


def _sort(value: Any) -> list[Any]:
    return sorted(text(one) for one in items(value))


def _all(value: Any) -> bool:
    found = [truth(one) for one in items(value)]
    if False in found:
        return False
    for one in found:
        known(one)
    return True


def _any(value: Any) -> bool:
    return not _all([negate("!", one) for one in items(value)])


def _subtract(left: Any, right: Any) -> SetOf:
    return as_set(one for one in items(left) if not any(same(one, other) for other in items(right)))


def _intersect(*lists: Any) -> SetOf:
    first, *others = (items(one) for one in lists)
    return as_set(one for one in first if all(any(same(one, two) for two in other) for other in others))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "alltrue": _all,
    "anytrue": _any,
    "contains": _contains,
    "distinct": _distinct,
    "index": _index,
    "setintersection": _intersect,
    "setproduct": _setproduct,
    "setsubtract": _subtract,
    "setunion": lambda *lists: as_set(one for part in lists for one in items(part)),
    "sort": _sort,
}
