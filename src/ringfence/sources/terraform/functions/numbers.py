"""Terraform's functions on numbers.

Source: Terraform's function pages.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.functions.arguments import items, number, whole


def _range(*limits: Any) -> list[int]:
    numbers = [whole(one) for one in limits]
    if len(numbers) == 3 and numbers[2] == 0:
        raise EvaluationError("range needs a step")
    step = [numbers[2]] if len(numbers) == 3 else []
    start, end = (0, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    found = range(start, end, *(step or [1 if start <= end else -1]))
    if len(found) > 1024:
        raise EvaluationError("range makes more than 1024 elements")
    return list(found)


def _sum(value: Any) -> Any:
    return sum(number(one) for one in items(value))


def _power(base: Any, exponent: Any) -> Any:
    low, high = number(base), number(exponent)
    if not 0 <= high <= 256 or abs(low) > 1 << 32:
        return Unknown("this power is not evaluated")
    return low**high


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": lambda value: abs(number(value)),
    "ceil": lambda value: math.ceil(number(value)),
    "floor": lambda value: math.floor(number(value)),
    "max": lambda *values: max(map(number, values)),
    "min": lambda *values: min(map(number, values)),
    "pow": _power,
    "range": _range,
    "sum": _sum,
}
