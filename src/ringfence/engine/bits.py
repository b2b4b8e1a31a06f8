"""Sets of endpoint numbers: a Python integer as bit set, kept in a window.

`Bits(base, value)` holds `base + i` for each bit `i` that is set in `value`. Endpoints are numbered by namespace, so
most sets are small windows far out: the window keeps them as small as they are. Canonical form: `base` is a multiple of
`WORD`, the lowest word of `value` is not empty, and the empty set is `Bits(0, 0)`; equal sets are equal values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

WORD = 64
_LOW = (1 << WORD) - 1


class Bits:
    """An immutable set of non-negative integers with `& | - <=`, cheap where its members are close together."""

    __slots__ = ("base", "value")

    def __init__(self, base: int = 0, value: int = 0) -> None:
        if not value:
            base = 0
        elif not value & _LOW:
            words = ((value & -value).bit_length() - 1) // WORD
            value >>= words * WORD
            base += words * WORD
        self.base = base
        self.value = value

    @classmethod
    def of(cls, members: Iterable[int]) -> Bits:
        """From members in any order."""
        found = list(members)
        if not found:
            return EMPTY
        base = min(found) // WORD * WORD
        buffer = bytearray((max(found) - base) // 8 + 1)
        for member in found:
            buffer[(member - base) >> 3] |= 1 << (member & 7)
        return cls(base, int.from_bytes(buffer, "little"))

    @classmethod
    def span(cls, start: int, stop: int) -> Bits:
        """The members start to stop - 1."""
        base = start // WORD * WORD
        return cls(base, ((1 << (stop - start)) - 1) << (start - base)) if stop > start else EMPTY

    def __and__(self, other: Bits) -> Bits:
        if self.base >= other.base:
            return Bits(self.base, self.value & (other.value >> (self.base - other.base)))
        return Bits(other.base, other.value & (self.value >> (other.base - self.base)))

    def __or__(self, other: Bits) -> Bits:
        if not self.value:
            return other
        if not other.value:
            return self
        if self.base <= other.base:
            return Bits(self.base, self.value | (other.value << (other.base - self.base)))
        return Bits(other.base, other.value | (self.value << (self.base - other.base)))

    def __sub__(self, other: Bits) -> Bits:
        common = self & other
        return Bits(self.base, self.value ^ (common.value << (common.base - self.base))) if common.value else self

    def __le__(self, other: Bits) -> bool:
        return (self & other) == self

    def __contains__(self, member: int) -> bool:
        return member >= self.base and bool(self.value >> (member - self.base) & 1)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bits) and self.base == other.base and self.value == other.value

    def __hash__(self) -> int:
        return hash((self.base, self.value))

    def __len__(self) -> int:
        return self.value.bit_count()

    def __iter__(self) -> Iterator[int]:
        base, value = self.base, self.value
        while value:
            word = value & _LOW
            while word:
                low = word & -word
                yield base + low.bit_length() - 1
                word ^= low
            value >>= WORD
            base += WORD

    def first(self) -> int:
        """The smallest member; ValueError when empty."""
        if not self.value:
            raise ValueError("the empty set has no first member")
        return self.base + (self.value & -self.value).bit_length() - 1

    def __repr__(self) -> str:
        return f"Bits({sorted(self)})"


EMPTY = Bits()
