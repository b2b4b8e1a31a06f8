"""Expressions to values.

Names are resolved by a `Scope`; functions and operators have modules of their own. What the files do not decide is
`Unknown`, and an unknown spreads exactly as far as it matters: `false && unknown` is false, a list with an unknown
element has a known length. A conditional on an unknown is unknown unless both results are the same; an unknown result
counts as of the other's type.

Source: Terraform's "Expressions" pages, and the HCL native syntax specification for splats and templates.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.accesses import attribute, element, pairs, standing
from ringfence.sources.terraform.conversions import EvaluationError, describe, text, truth, unified
from ringfence.sources.terraform.functions import call
from ringfence.sources.terraform.operators import compute, negate
from ringfence.sources.terraform.scopes import Inner, Scope
from ringfence.sources.terraform.syntax import (
    Attribute,
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Literal,
    Name,
    Object,
    Opaque,
    Splat,
    Template,
    Tuple,
    Unary,
)
from ringfence.sources.terraform.values import SetOf, equal, ordered, vague


def evaluate(node: Expression, scope: Scope) -> Any:
    """The value of an expression. EvaluationError for what Terraform refuses."""
    match node:
        case Literal(value):
            return value
        case Opaque(because):
            return Unknown(because)
        case Name(name):
            return scope.lookup(name)
        case Attribute(of, name):
            return attribute(evaluate(of, scope), name)
        case Index(of, key):
            return element(evaluate(of, scope), evaluate(key, scope))
        case Template(parts):
            return _template([evaluate(part, scope) for part in parts])
        case Tuple(items):
            return [standing(evaluate(one, scope)) for one in items]
        case Object(items):
            return _object(node, scope)
        case Conditional(condition, yes, no):
            return _conditional(truth(evaluate(condition, scope)), yes, no, scope)
        case Unary(operator, operand):
            return negate(operator, evaluate(operand, scope))
        case Binary():
            return _binary(node, scope)
        case Splat(of, each):
            return _splat(evaluate(of, scope), each, scope)
        case For():
            return _for(node, scope)
        case Call():
            return _call(node, scope)
    raise AssertionError(node)


def _template(parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    for part in parts:
        if (unknown := vague(part)) is not None:
            return unknown
    return "".join(str(text(part)) for part in parts)


def _object(node: Object, scope: Scope) -> Any:
    out: dict[str, Any] = {}
    for key, value in node.items:
        name = evaluate(key, scope)
        if (unknown := vague(name)) is not None:
            return unknown
        out[str(text(name))] = standing(evaluate(value, scope))
    return out


def _conditional(condition: bool | Unknown, yes: Expression, no: Expression, scope: Scope) -> Any:
    if not isinstance(condition, Unknown):
        chosen, other = (yes, no) if condition else (no, yes)
        value = evaluate(chosen, scope)
        if isinstance(value, (str, bool, int, float)):
            try:
                return unified(value, evaluate(other, scope))[0]
            except EvaluationError:
                return value
        return value
    try:
        one, two = evaluate(yes, scope), evaluate(no, scope)
    except EvaluationError:
        return condition
    return one if equal(one, two) is True else condition


def _binary(node: Binary, scope: Scope) -> Any:
    left = evaluate(node.left, scope)
    if node.operator in ("&&", "||"):
        decisive = node.operator == "||"
        first = truth(left)
        if first is decisive:
            return decisive
        try:
            second = truth(evaluate(node.right, scope))
        except EvaluationError:
            if isinstance(first, Unknown):
                return first  # the left side may decide, and then the right one is not looked at
            raise
        if second is decisive:
            return decisive
        return first if isinstance(first, Unknown) else second
    return compute(node.operator, left, evaluate(node.right, scope))


def _splat(value: Any, each: Expression, scope: Scope) -> Any:
    if value is None:
        return []
    if (unknown := vague(value)) is not None:
        return unknown
    found = value if isinstance(value, list) else [value]
    out = [evaluate(each, Inner(scope, {"*": one})) for one in found]
    return out if ordered(found) else SetOf(out)


def _for(node: For, scope: Scope) -> Any:
    source = evaluate(node.of, scope)
    if (unknown := vague(source)) is not None:
        return unknown
    out: list[tuple[Any, Any]] = []
    for key, value in pairs(source):
        names = {node.value_name: value} if node.key_name is None else {node.key_name: key, node.value_name: value}
        inner = Inner(scope, names)
        if node.when is not None:
            wanted = truth(evaluate(node.when, inner))
            if isinstance(wanted, Unknown):
                return wanted
            if not wanted:
                continue
        name = None if node.key is None else evaluate(node.key, inner)
        if (unknown := vague(name)) is not None:
            return unknown
        out.append((name, standing(evaluate(node.value, inner))))
    if node.key is not None:
        return _keyed(out, node.group)
    values = [value for _, value in out]
    return values if ordered(source if isinstance(source, list) else values) else SetOf(values)


def _keyed(pairs: list[tuple[Any, Any]], group: bool) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        name = str(text(key))
        if group:
            out.setdefault(name, []).append(value)
        elif name in out:
            raise EvaluationError(f"two elements have the key {name!r}")
        else:
            out[name] = value
    return out


def _call(node: Call, scope: Scope) -> Any:
    if node.name in ("try", "can"):
        return _attempt(node, scope)
    arguments = [evaluate(one, scope) for one in node.arguments]
    if node.expand:
        last = arguments.pop()
        if (unknown := vague(last)) is not None:
            return unknown
        if not isinstance(last, list):
            raise EvaluationError(f"{describe(last)} cannot be spread over arguments")
        arguments += last
    return call(node.name, arguments)


def _attempt(node: Call, scope: Scope) -> Any:
    """The first argument that is no error; one that touches anything unknown might be one."""
    fault = EvaluationError("try has no argument that is no error")
    for one in node.arguments:
        try:
            value = evaluate(one, scope)
        except EvaluationError as found:
            fault = found
            continue
        for part in _traversals(one):
            try:
                touched = evaluate(part, scope)
            except EvaluationError:
                continue  # a name that a `for` binds; what it goes through is looked at
            if (unknown := _undecided(touched)) is not None:
                return unknown
        if isinstance(value, Unknown):
            return value
        return True if node.name == "can" else value
    if node.name == "can":
        return False
    raise fault


def _traversals(node: Any) -> Iterator[Expression]:
    """The references in an expression, each as far as it goes by plain names and places."""
    below = node
    while isinstance(below, Attribute) or (isinstance(below, Index) and isinstance(below.key, Literal)):
        below = below.of
    if isinstance(below, Name):
        yield node
    elif isinstance(node, tuple):
        for one in node:
            yield from _traversals(one)
    elif dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from _traversals(getattr(node, field.name))


def _undecided(value: Any) -> Unknown | None:
    """An unknown in a value. (A reference is what AWS decides, and no error.)"""
    if isinstance(value, Unknown):
        return value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for part in parts if (found := _undecided(part)) is not None), None)
