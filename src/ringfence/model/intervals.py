"""Sets of integers as disjoint intervals: the ground that ports, protocol numbers and addresses stand on.

Canonical form: a tuple of inclusive `(low, high)` pairs, ascending, neither overlapping nor adjacent. Equal sets are
therefore equal tuples, and hash alike. All operations are linear merges; none enumerates members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Pair = tuple[int, int]


def canonical(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """The canonical form of any collection of inclusive pairs; pairs with low > high are empty."""
    merged: list[Pair] = []
    for low, high in sorted(pair for pair in pairs if pair[0] <= pair[1]):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def intersection(left: tuple[Pair, ...], right: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """What both canonical tuples hold."""
    if not left or not right:
        return ()
    out: list[Pair] = []
    i = j = 0
    while i < len(left) and j < len(right):
        low = max(left[i][0], right[j][0])
        high = min(left[i][1], right[j][1])
        if low <= high:
            out.append((low, high))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(out)


def difference(left: tuple[Pair, ...], right: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """What the left canonical tuple holds and the right one does not."""
    if not left or not right:
        return left
    out: list[Pair] = []
    j = 0
    for low, high in left:
        while j < len(right) and right[j][1] < low:
            j += 1
        k = j
        while k < len(right) and right[k][0] <= high:
            if right[k][0] > low:
                out.append((low, right[k][0] - 1))
            low = right[k][1] + 1
            k += 1
        if low <= high:
            out.append((low, high))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class IntervalSet:
    """A set of non-negative integers. `pairs` must be canonical; `IntervalSet.of` makes it so."""

    pairs: tuple[Pair, ...] = ()

    @classmethod
    def of(cls, *members: int | Pair) -> IntervalSet:
        """From single members and inclusive pairs, in any order."""
        return cls(canonical((m, m) if isinstance(m, int) else m for m in members))

    def __and__(self, other: IntervalSet) -> IntervalSet:
        if self is other:
            return self
        return IntervalSet(intersection(self.pairs, other.pairs))

    def __or__(self, other: IntervalSet) -> IntervalSet:
        if not other.pairs or self is other:
            return self
        if not self.pairs:
            return other
        return IntervalSet(canonical(self.pairs + other.pairs))

    def __sub__(self, other: IntervalSet) -> IntervalSet:
        return IntervalSet(difference(self.pairs, other.pairs))

    def __le__(self, other: IntervalSet) -> bool:
        return not difference(self.pairs, other.pairs)

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def __contains__(self, member: int) -> bool:
        return any(low <= member <= high for low, high in self.pairs)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)

    def __len__(self) -> int:
        """How many integers the set holds."""
        return sum(high - low + 1 for low, high in self.pairs)

    def first(self) -> int:
        """The smallest member; ValueError when empty."""
        if not self.pairs:
            raise ValueError("the empty set has no first member")
        return self.pairs[0][0]

    def __str__(self) -> str:
        """`80,9000-9100`; empty for the empty set."""
        return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in self.pairs)


NOTHING = IntervalSet()
