"""Terraform's operators on values. `&&` and `||`, which may not look at their right side, are where expressions are.

Source: Terraform's "Arithmetic and Logical Operators" page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError, number, truth
from ringfence.sources.terraform.values import equal

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def negate(operator: str, value: Any) -> Any:
    """`!value` or `-value`."""
    if operator == "!":
        known = truth(value)
        return known if isinstance(known, Unknown) else not known
    amount = number(value)
    return amount if isinstance(amount, Unknown) else -amount


def compute(operator: str, left: Any, right: Any) -> Any:
    """Two values compared or reckoned with. EvaluationError for a division by zero, and for what is no number."""
    if operator in ("==", "!="):
        same = equal(left, right)
        return same if isinstance(same, Unknown) else same == (operator == "==")
    a, b = number(left), number(right)
    for one in (a, b):
        if isinstance(one, Unknown):
            return one
    if operator in ARITHMETIC:
        value = ARITHMETIC[operator](a, b)
        return int(value) if isinstance(value, float) and value.is_integer() else value
    return _division(operator, a, b)


def _division(operator: str, a: Any, b: Any) -> Any:
    if b == 0:
        raise EvaluationError("a division by zero")
    if operator == "%":
        return abs(a) % abs(b) * (1 if a >= 0 else -1)
    value = a / b
    return a // b if isinstance(a, int) and isinstance(b, int) and a % b == 0 else value
