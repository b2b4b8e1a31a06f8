"""Sets of IPv4 and IPv6 addresses.

Both families share one integer line, so that one interval algebra serves them: an IPv4 address is its 32-bit value, an
IPv6 address its 128-bit value shifted up by `V6`. The gap between the families keeps 255.255.255.255 and :: from being
neighbours, so an interval never spans both. `0.0.0.0/0` therefore holds no IPv6 address, as in every vendor's rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
    summarize_address_range,
)

from ringfence.model.intervals import Pair, canonical, difference, intersection

V6 = 1 << 33
"""Where IPv6 begins on the line; above every IPv4 value and not adjacent to one."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def number(address: Address | str) -> int:
    """The place of an address on the line. ValueError where the text is no address."""
    value = ip_address(address) if isinstance(address, str) else address
    return int(value) + (V6 if value.version == 6 else 0)


def address(number: int) -> Address:
    """The address at a place on the line."""
    return IPv6Address(number - V6) if number >= V6 else IPv4Address(number)


@dataclass(frozen=True, slots=True)
class AddressSet:
    """A set of addresses of either family. `pairs` must be canonical; use `AddressSet.of` or `AddressSet.between`."""

    pairs: tuple[Pair, ...] = ()

    @classmethod
    def of(cls, *items: str | Address | Network) -> AddressSet:
        """From addresses, CIDR blocks and `a-b` ranges. Host bits in a block are masked. ValueError for other text."""
        return cls(canonical(_pair(item) for item in items))

    @classmethod
    def between(cls, low: int, high: int) -> AddressSet:
        """The addresses at the places low to high, both included."""
        return cls(canonical([(low, high)]))

    @classmethod
    def union(cls, sets: Iterable[AddressSet]) -> AddressSet:
        """The union of many sets in one merge."""
        return cls(canonical(pair for one in sets for pair in one.pairs))

    def __and__(self, other: AddressSet) -> AddressSet:
        if self is other:
            return self
        return AddressSet(intersection(self.pairs, other.pairs))

    def __or__(self, other: AddressSet) -> AddressSet:
        if not other.pairs or self is other:
            return self
        return AddressSet(canonical(self.pairs + other.pairs)) if self.pairs else other

    def __sub__(self, other: AddressSet) -> AddressSet:
        return AddressSet(difference(self.pairs, other.pairs))

    def __le__(self, other: AddressSet) -> bool:
        return not difference(self.pairs, other.pairs)

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def __contains__(self, item: int | str | Address) -> bool:
        place = item if isinstance(item, int) else number(item)
        return any(low <= place <= high for low, high in self.pairs)

    def count(self) -> int:
        """How many addresses the set holds. (No `len`: Python's ends at 2**63, below any common IPv6 block.)"""
        return sum(high - low + 1 for low, high in self.pairs)

    def first(self) -> int:
        """The place of the lowest address; ValueError when empty."""
        if not self.pairs:
            raise ValueError("the empty set has no first address")
        return self.pairs[0][0]

    def networks(self) -> list[Network]:
        """The fewest CIDR blocks that make up the set, ascending."""
        blocks: list[Network] = []
        for low, high in self.pairs:
            first, last = address(low), address(high)
            if (isinstance(first, IPv4Address) and isinstance(last, IPv4Address)) or (
                isinstance(first, IPv6Address) and isinstance(last, IPv6Address)
            ):
                blocks.extend(summarize_address_range(first, last))
        return blocks

    def ranges(self) -> list[str]:
        """How people read it, one text an interval: a CIDR block or single address where it is one, else `a-b`."""
        return [_text(low, high) for low, high in self.pairs]

    def __str__(self) -> str:
        return ",".join(self.ranges())


def _pair(item: str | Address | Network) -> Pair:
    if isinstance(item, str):
        text = item.strip()
        if "-" in text:
            low, _, high = text.partition("-")
            first, last = number(low.strip()), number(high.strip())
            if first > last or (first < V6) != (last < V6):
                raise ValueError(f"{text!r} is not a range of addresses of one family")
            return first, last
        item = ip_network(text, strict=False) if "/" in text else ip_address(text)
    if isinstance(item, (IPv4Address, IPv6Address)):
        place = number(item)
        return place, place
    return number(item.network_address), number(item.broadcast_address)


def _text(low: int, high: int) -> str:
    first, last = address(low), address(high)
    if low == high:
        return str(first)
    size = high - low + 1
    base = low - V6 if low >= V6 else low
    if size & (size - 1) == 0 and base % size == 0:
        return f"{first}/{first.max_prefixlen - size.bit_length() + 1}"
    return f"{first}-{last}"


ALL_IPV4 = AddressSet.of("0.0.0.0/0")
ALL_IPV6 = AddressSet.of("::/0")
EVERYWHERE = ALL_IPV4 | ALL_IPV6
NO_ADDRESS = AddressSet()
