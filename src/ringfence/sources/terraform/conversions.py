"""Terraform's conversions between types: what operators and functions do by themselves, and a variable's `type`.

Source: Terraform's "Types and Values" and "Type Constraints" pages.
"""

from __future__ import annotations

from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.syntax import Call, Expression, Literal, Name, Object, Tuple, Unary
from ringfence.sources.terraform.values import Reference, SetOf


class EvaluationError(Exception):
    """What Terraform refuses when it evaluates; `try` and `can` catch it."""


def text(value: Any) -> str | Unknown | Reference:
    """As a string."""
    if isinstance(value, (str, Unknown, Reference)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return decimal(value)
    raise EvaluationError(f"{describe(value)} is no text")


def decimal(value: float) -> str:
    """A number as Terraform writes it."""
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return repr(value)


def number(value: Any) -> int | float | Unknown:
    """As a number."""
    if isinstance(value, Reference):
        return value.unknown
    if isinstance(value, bool):
        raise EvaluationError("true and false are no numbers")
    if isinstance(value, (int, float, Unknown)):
        return value
    if isinstance(value, str) and len(value) < 300:
        try:
            found = float(value)
        except ValueError:
            raise EvaluationError(f"{value!r} is no number") from None
        if found - found == 0 and "_" not in value:
            whole = value.lstrip("+-")
            return int(value) if whole.isdecimal() else int(found) if found.is_integer() else found
    raise EvaluationError(f"{describe(value)} is no number")


def whole(value: Any) -> int | Unknown:
    """As a whole number."""
    found = number(value)
    if isinstance(found, float):
        raise EvaluationError(f"{found} is no whole number")
    return found


def truth(value: Any) -> bool | Unknown:
    """As true or false."""
    if isinstance(value, Reference):
        return value.unknown
    if isinstance(value, (bool, Unknown)):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise EvaluationError(f"{describe(value)} is neither true nor false")


def items(value: Any) -> list[Any] | Unknown:
    """The elements of a list, tuple or set."""
    if isinstance(value, Reference):
        return value.unknown
    if isinstance(value, (list, Unknown)):
        return value
    raise EvaluationError(f"{describe(value)} is no list")


def entries(value: Any) -> dict[str, Any] | Unknown:
    """The entries of a map or object."""
    if isinstance(value, Reference):
        return value.unknown
    if isinstance(value, (dict, Unknown)):
        return value
    raise EvaluationError(f"{describe(value)} is no map")


def describe(value: Any) -> str:
    """What a value is, for a message."""
    if isinstance(value, str):
        return repr(value if len(value) < 60 else value[:57] + "...")
    if isinstance(value, (bool, int, float)):
        return str(value).lower()
    return "null" if value is None else "a list" if isinstance(value, list) else "a map"


def unified(left: Any, right: Any) -> tuple[Any, Any]:
    """The two results of a conditional, brought to one type where both are primitive."""
    primitive = (str, bool, int, float)
    if isinstance(left, primitive) and isinstance(right, primitive):
        kinds = {str if isinstance(one, str) else bool if isinstance(one, bool) else float for one in (left, right)}
        if len(kinds) > 1:
            return text(left), text(right)
    return left, right


def convert(value: Any, kind: Expression) -> Any:
    """A value as the type that a variable asks for. EvaluationError where it cannot be."""
    if value is None or isinstance(value, (Unknown, Reference)):
        return value
    if isinstance(kind, Name):
        return _simple(value, kind.name)
    if isinstance(kind, Call) and len(kind.arguments) == 1:
        inner = kind.arguments[0]
        match kind.name:
            case "list":
                return [convert(one, inner) for one in _elements(value)]
            case "set":
                return SetOf.of(convert(one, inner) for one in _elements(value))
            case "map":
                return {key: convert(one, inner) for key, one in _entries(value).items()}
            case "object" if isinstance(inner, Object):
                return _object(_entries(value), inner)
            case "tuple" if isinstance(inner, Tuple):
                found = _elements(value)
                if len(found) != len(inner.items):
                    raise EvaluationError(f"{len(inner.items)} elements are needed")
                return [convert(one, kind) for one, kind in zip(found, inner.items, strict=True)]
    raise EvaluationError("this type is not known")


def _simple(value: Any, kind: str) -> Any:
    match kind:
        case "string":
            return text(value)
        case "number":
            return number(value)
        case "bool":
            return truth(value)
        case "list":
            return _elements(value)
        case "map":
            return _entries(value)
        case "any":
            return value
    raise EvaluationError(f"there is no type {kind}")


def _object(found: dict[str, Any], shape: Object) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, kind in shape.items:
        name = str(key.value) if isinstance(key, Literal) else ""
        optional = isinstance(kind, Call) and kind.name == "optional"
        if not optional and name not in found:
            raise EvaluationError(f"the attribute {name!r} is missing")
        wanted, default = kind, None
        if isinstance(kind, Call) and optional and kind.arguments:
            wanted = kind.arguments[0]
            default = constant(kind.arguments[1]) if len(kind.arguments) > 1 else None
        value = found.get(name)
        out[name] = convert(default if value is None and optional else value, wanted)
    return out


def constant(value: Expression) -> Any:
    """The value of an expression without references; unknown where it is more than that."""
    if isinstance(value, Literal):
        return value.value
    if (
        isinstance(value, Unary)
        and isinstance(value.operand, Literal)
        and isinstance(value.operand.value, (int, float))
    ):
        return -value.operand.value
    if isinstance(value, Tuple):
        return [constant(one) for one in value.items]
    if isinstance(value, Object):
        return {str(constant(key)): constant(one) for key, one in value.items}
    return Unknown("a default that is computed")


def _elements(value: Any) -> list[Any]:
    found = items(value)
    assert not isinstance(found, Unknown)
    return list(found)


def _entries(value: Any) -> dict[str, Any]:
    found = entries(value)
    assert not isinstance(found, Unknown)
    return found
