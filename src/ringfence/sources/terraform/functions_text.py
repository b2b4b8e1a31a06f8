"""Terraform's functions on texts, numbers and CIDR blocks. Their arguments are known, all the way down.

What is not done here exactly as Terraform does it answers `Unknown`: formats with unusual verbs, expressions that RE2
and Python's `re` may read differently.

Source: Terraform's function pages; `cidrsubnet` and its kin as their own pages describe them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError, decimal, items, number, text, whole

VERB = re.compile(r"%(%|(0?)(\d{0,3})([sdv]))|(%)")
FOREIGN = re.compile(r"\\[pPzQECXZA]|\[\[:|\(\?[^:Pi]|\(\?P[^<]|[*+?}]\+")
"""What the two dialects of regular expressions read differently."""
LONGEST = 10_000
"""Characters of a text that a regular expression is let loose on."""


def _text(value: Any) -> str:
    found = text(value)
    assert isinstance(found, str)
    return found


def _whole(value: Any) -> int:
    found = whole(value)
    assert isinstance(found, int)
    return found


def _number(value: Any) -> int | float:
    found = number(value)
    assert not isinstance(found, Unknown)
    return found


def _items(value: Any) -> list[Any]:
    found = items(value)
    assert not isinstance(found, Unknown)
    return found


def format_text(spec: Any, *values: Any) -> str | Unknown:
    """`format`, with the verbs %s, %d, %v, %% and zero-padded widths."""
    waiting = list(values)
    unusual = False

    def one(found: re.Match[str]) -> str:
        nonlocal unusual
        if found[5] or (found[2] and found[4] != "d"):
            unusual = True
            return ""
        if found[1] == "%":
            return "%"
        if not waiting:
            raise EvaluationError("format has too few values")
        value = waiting.pop(0)
        shown = str(_whole(value)) if found[4] == "d" else _shown(value)
        if shown is None:
            unusual = True
            return ""
        width = int(found[3] or 0)
        return shown.zfill(width) if found[2] else shown.rjust(width)

    out = VERB.sub(one, _text(spec))
    if unusual:
        return Unknown("this format is not evaluated")
    if waiting:
        raise EvaluationError("format has too many values")
    return out


def _shown(value: Any) -> str | None:
    return _text(value) if isinstance(value, (str, bool, int, float)) else None


def _formatlist(spec: Any, *values: Any) -> list[Any] | Unknown:
    lengths = {len(one) for one in values if isinstance(one, list)}
    if len(lengths) > 1:
        raise EvaluationError("formatlist has lists of different lengths")
    count = lengths.pop() if lengths else 1
    return [format_text(spec, *(one[n] if isinstance(one, list) else one for one in values)) for n in range(count)]


def _expression(pattern: str, value: str) -> re.Pattern[str] | Unknown:
    if FOREIGN.search(pattern) or len(value) > LONGEST or "\n" in value:
        return Unknown("this regular expression is not evaluated")
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return Unknown("this regular expression is not evaluated")


def _captured(found: re.Match[str]) -> Any:
    if found.re.groupindex:
        return found.groupdict()
    return list(found.groups()) if found.re.groups else found[0]


def _regex(pattern: Any, value: Any) -> Any:
    expression = _expression(_text(pattern), _text(value))
    if isinstance(expression, Unknown):
        return expression
    found = expression.search(_text(value))
    if found is None:
        raise EvaluationError("the regular expression does not match")
    return _captured(found)


def _regexall(pattern: Any, value: Any) -> Any:
    expression = _expression(_text(pattern), _text(value))
    if isinstance(expression, Unknown):
        return expression
    return [_captured(found) for found in expression.finditer(_text(value))]


def _replace(value: Any, old: Any, new: Any) -> Any:
    old, new = _text(old), _text(new)
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        expression = _expression(old[1:-1], _text(value))
        if isinstance(expression, Unknown) or "$" in new:
            return Unknown("this regular expression is not evaluated")
        return expression.sub(lambda _: new, _text(value))
    return _text(value).replace(old, new)


def _substr(value: Any, start: Any, length: Any) -> str:
    known, begin, count = _text(value), _whole(start), _whole(length)
    begin = begin + len(known) if begin < 0 else begin
    return known[max(begin, 0) :] if count < 0 else known[max(begin, 0) : max(begin, 0) + count]


def _block(value: Any) -> IPv4Network | IPv6Network:
    try:
        if "/" in (known := _text(value)):
            return ip_network(known, strict=False)
    except ValueError:
        pass
    raise EvaluationError(f"{value!r} is no CIDR block")


def _cidrsubnet(prefix: Any, bits: Any, place: Any) -> str:
    block, more, which = _block(prefix), _whole(bits), _whole(place)
    length = block.prefixlen + more
    if more < 0 or length > block.max_prefixlen or not 0 <= which < 1 << more:
        raise EvaluationError(f"{prefix} has no subnet number {which} with {more} more bits")
    base = int(block.network_address) + (which << (block.max_prefixlen - length))
    return f"{type(block.network_address)(base)}/{length}"


def _cidrsubnets(prefix: Any, *bits: Any) -> list[str]:
    block = _block(prefix)
    at, end = int(block.network_address), int(block.broadcast_address) + 1
    out = []
    for one in bits:
        length = block.prefixlen + _whole(one)
        if not block.prefixlen < length <= block.max_prefixlen:
            raise EvaluationError(f"{prefix} cannot be cut to /{length}")
        size = 1 << (block.max_prefixlen - length)
        at = -(-at // size) * size
        if at + size > end:
            raise EvaluationError(f"{prefix} is too small")
        out.append(f"{type(block.network_address)(at)}/{length}")
        at += size
    return out


def _cidrhost(prefix: Any, place: Any) -> str:
    block, which = _block(prefix), _whole(place)
    if not -block.num_addresses <= which < block.num_addresses:
        raise EvaluationError(f"{prefix} has no host number {which}")
    return str(block[which])


def _cidrcontains(outer: Any, inner: Any) -> bool:
    block = _block(outer)
    try:
        ends = _block(inner) if "/" in _text(inner) else ip_network(ip_address(_text(inner)))
    except ValueError:
        raise EvaluationError(f"{inner!r} is no address") from None
    return all(one in block for one in (ends.network_address, ends.broadcast_address))


def _jsondecode(value: Any) -> Any:
    try:
        return json.loads(_text(value))
    except (ValueError, RecursionError):
        raise EvaluationError("this is no JSON") from None


def _netmask(prefix: Any) -> str:
    return str(_block(prefix).netmask)


def _power(base: Any, exponent: Any) -> Any:
    low, high = _number(base), _number(exponent)
    if not 0 <= high <= 256 or abs(low) > 1 << 32:
        return Unknown("this power is not evaluated")
    return low**high


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": lambda value: abs(_number(value)),
    "basename": lambda value: _text(value).rstrip("/").rpartition("/")[2],
    "ceil": lambda value: math.ceil(_number(value)),
    "cidrcontains": _cidrcontains,
    "cidrhost": _cidrhost,
    "cidrnetmask": _netmask,
    "cidrsubnet": _cidrsubnet,
    "cidrsubnets": _cidrsubnets,
    "endswith": lambda value, end: _text(value).endswith(_text(end)),
    "floor": lambda value: math.floor(_number(value)),
    "format": format_text,
    "formatlist": _formatlist,
    "join": lambda by, *lists: _text(by).join(_text(one) for part in lists for one in _items(part)),
    "jsondecode": _jsondecode,
    "lower": lambda value: _text(value).lower(),
    "max": lambda *values: max(map(_number, values)),
    "min": lambda *values: min(map(_number, values)),
    "pow": _power,
    "regex": _regex,
    "regexall": _regexall,
    "replace": _replace,
    "split": lambda by, value: _text(value).split(_text(by)) if _text(by) else list(_text(value)),
    "startswith": lambda value, start: _text(value).startswith(_text(start)),
    "strcontains": lambda value, part: _text(part) in _text(value),
    "substr": _substr,
    "tostring": lambda value: None if value is None else _text(value),
    "trim": lambda value, letters: _text(value).strip(_text(letters)) if _text(letters) else _text(value),
    "trimprefix": lambda value, start: _text(value).removeprefix(_text(start)),
    "trimspace": lambda value: _text(value).strip(),
    "trimsuffix": lambda value, end: _text(value).removesuffix(_text(end)),
    "upper": lambda value: _text(value).upper(),
}
"""By name. EvaluationError, TypeError (wrong number of arguments) and ValueError are the caller's to handle."""

__all__ = ["FUNCTIONS", "decimal", "format_text"]
