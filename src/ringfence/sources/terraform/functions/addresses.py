"""Terraform's functions on CIDR blocks.

Source: Terraform's function pages; `cidrsubnet` and its kin as their own pages describe them.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.functions.arguments import text, whole


def _block(value: Any) -> IPv4Network | IPv6Network:
    try:
        if "/" in (known := text(value)):
            return ip_network(known, strict=False)
    except ValueError:
        pass
    raise EvaluationError(f"{value!r} is no CIDR block")


def _cidrsubnet(prefix: Any, bits: Any, place: Any) -> str:
    block, more, which = _block(prefix), whole(bits), whole(place)
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
        length = block.prefixlen + whole(one)
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
    block, which = _block(prefix), whole(place)
    if not -block.num_addresses <= which < block.num_addresses:
        raise EvaluationError(f"{prefix} has no host number {which}")
    return str(block[which])


def _cidrcontains(outer: Any, inner: Any) -> bool:
    block = _block(outer)
    try:
        ends = _block(inner) if "/" in text(inner) else ip_network(ip_address(text(inner)))
    except ValueError:
        raise EvaluationError(f"{inner!r} is no address") from None
    return all(one in block for one in (ends.network_address, ends.broadcast_address))


def _netmask(prefix: Any) -> str:
    return str(_block(prefix).netmask)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "cidrcontains": _cidrcontains,
    "cidrhost": _cidrhost,
    "cidrnetmask": _netmask,
    "cidrsubnet": _cidrsubnet,
    "cidrsubnets": _cidrsubnets,
}
