"""What functions ask of arguments: known ones are converted, unknown ones end the call, wrong ones are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.functions import arguments
from ringfence.sources.terraform.functions.arguments import Open
from ringfence.sources.terraform.values import Reference, SetOf

ID = Reference("aws_vpc.main", "id")
OTHER = Reference("aws_vpc.other", "id")
WHY = Unknown("why")


@pytest.mark.parametrize(
    ("ask", "value", "expected"),
    [
        (arguments.known, [WHY], [WHY]),
        (arguments.text, 1.5, "1.5"),
        (arguments.text, True, "true"),
        (arguments.number, "3", 3),
        (arguments.whole, 3, 3),
        (arguments.items, SetOf([ID, OTHER]), [ID, OTHER]),
        (arguments.in_order, [ID, OTHER], [ID, OTHER]),
        (arguments.entries, {"a": WHY}, {"a": WHY}),
        (arguments.as_set, [2, 1, 2], [1, 2]),
    ],
)
def test_known(ask: Callable[[Any], Any], value: Any, expected: Any) -> None:
    assert ask(value) == expected


@pytest.mark.parametrize(
    "ask", [getattr(arguments, name) for name in ("known", "text", "number", "whole", "items", "in_order", "entries")]
)
@pytest.mark.parametrize("value", [WHY, ID])
def test_unknown(ask: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(Open) as found:
        ask(value)
    assert found.value.unknown == (WHY if value is WHY else ID.unknown)


@pytest.mark.parametrize(
    ("ask", "value"),
    [
        (arguments.in_order, SetOf([ID, OTHER])),
        (arguments.as_set, [WHY]),
    ],
)
def test_unknown_by_what_is_inside(ask: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(Open):
        ask(value)


@pytest.mark.parametrize(
    ("ask", "value"),
    [
        (arguments.text, []),
        (arguments.number, "x"),
        (arguments.whole, 1.5),
        (arguments.items, 1),
        (arguments.entries, [1]),
    ],
)
def test_refused(ask: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(EvaluationError):
        ask(value)


def test_same() -> None:
    assert arguments.same(ID, ID)
    assert not arguments.same(ID, OTHER)
    with pytest.raises(Open):
        arguments.same(ID, "vpc-1")
