"""Terraform's conversions between types as functions: null stays null.

Source: Terraform's function pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringfence.sources.terraform.conversions import truth
from ringfence.sources.terraform.functions.arguments import as_set, entries, in_order, items, number, text


def _unless_null(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "tobool": _unless_null(truth),
    "tolist": _unless_null(in_order),
    "tomap": _unless_null(entries),
    "tonumber": _unless_null(number),
    "toset": _unless_null(lambda value: as_set(items(value))),
    "tostring": _unless_null(text),
}
