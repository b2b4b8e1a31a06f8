"""The functions of Terraform's language: each knows what becomes of unknown arguments and elements.

arguments     what the functions ask of their arguments
collections   lists and maps
sets          what compares elements
numbers
texts
addresses     CIDR blocks
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.functions import addresses, collections, numbers, sets, texts, types
from ringfence.sources.terraform.functions.arguments import Open
from ringfence.sources.terraform.values import unknown_in

SPARING: dict[str, Callable[..., Any]] = {
    name: function for room in (collections, sets, numbers, types) for name, function in room.FUNCTIONS.items()
}
"""They look at no more of their arguments than they need."""
WHOLE: dict[str, Callable[..., Any]] = {**texts.FUNCTIONS, **addresses.FUNCTIONS}
"""They are unknown where anything in their arguments is."""


def call(name: str, arguments: list[Any]) -> Any:
    """The value of a call. EvaluationError for what Terraform refuses; a function that is not known here is unknown."""
    plain = name.removeprefix("core::")
    if plain in WHOLE and (unknown := unknown_in(arguments)) is not None:
        return unknown
    function = SPARING.get(plain) or WHOLE.get(plain)
    if function is None:
        return Unknown(f"the function {name} is not evaluated")
    try:
        return function(*arguments)
    except Open as found:
        return found.unknown
    except (TypeError, ValueError, OverflowError, IndexError) as fault:
        raise EvaluationError(f"{name}: {fault}") from None
