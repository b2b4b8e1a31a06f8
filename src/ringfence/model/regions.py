"""Sets of points (x, y) on two axes of 16 bits: what a header set is made of, plane by plane.

A region is kept in one canonical form: maximal vertical slabs with the same y-set. So equal sets are equal values, and
regions hash, compare and intern by value. What x and y mean is the plane's affair (`model.headers`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from ringfence.model.intervals import NOTHING, IntervalSet, canonical

Slab = tuple[int, int, IntervalSet]
"""First and last x, and the y that go with each x between."""

AXIS = IntervalSet.of((0, 65535))
"""All that x or y can be; a plane may use less of it."""


@dataclass(frozen=True, slots=True)
class Region:
    """A set of points (x, y). `slabs` are disjoint, ascending in x, their y-sets not empty; no two neighbours merge."""

    slabs: tuple[Slab, ...] = ()

    @classmethod
    def of(cls, x: IntervalSet, y: IntervalSet) -> Region:
        """The product of two sets."""
        return cls(tuple((low, high, y) for low, high in x.pairs)) if y else cls()

    def _merge(self, other: Region, combine: Callable[[IntervalSet, IntervalSet], IntervalSet]) -> Region:
        cuts = sorted({edge for low, high, _ in self.slabs + other.slabs for edge in (low, high + 1)})
        out: list[Slab] = []
        i = j = 0
        for start, end in pairwise(cuts):
            while i < len(self.slabs) and self.slabs[i][1] < start:
                i += 1
            while j < len(other.slabs) and other.slabs[j][1] < start:
                j += 1
            mine = self.slabs[i][2] if i < len(self.slabs) and self.slabs[i][0] <= start else NOTHING
            theirs = other.slabs[j][2] if j < len(other.slabs) and other.slabs[j][0] <= start else NOTHING
            y = combine(mine, theirs)
            if not y:
                continue
            if out and out[-1][1] == start - 1 and out[-1][2] == y:
                out[-1] = (out[-1][0], end - 1, y)
            else:
                out.append((start, end - 1, y))
        return Region(tuple(out))

    def __and__(self, other: Region) -> Region:
        if self is other:
            return self
        return self._merge(other, lambda a, b: a & b) if self.slabs and other.slabs else EMPTY_REGION

    def __or__(self, other: Region) -> Region:
        if self is other or not other.slabs:
            return self
        return self._merge(other, lambda a, b: a | b) if self.slabs else other

    def __sub__(self, other: Region) -> Region:
        return self._merge(other, lambda a, b: a - b) if self.slabs and other.slabs else self

    def __le__(self, other: Region) -> bool:
        return self == other or not (self - other)

    def __bool__(self) -> bool:
        return bool(self.slabs)

    def __contains__(self, point: tuple[int, int]) -> bool:
        return any(low <= point[0] <= high and point[1] in y for low, high, y in self.slabs)

    def transposed(self) -> Region:
        """The points with x and y swapped."""
        out = EMPTY_REGION
        for low, high, y in self.slabs:
            out = out | Region.of(y, IntervalSet(((low, high),)))
        return out

    def some(self, within: IntervalSet = AXIS) -> IntervalSet:
        """The y that go with at least one x of `within`."""
        ys = (y for low, high, y in self.slabs if IntervalSet(((low, high),)) & within)
        return IntervalSet(canonical(pair for y in ys for pair in y.pairs))

    def every(self, within: IntervalSet = AXIS) -> IntervalSet:
        """The y that go with each x of `within`; all of them where `within` is empty."""
        return AXIS - (Region.of(within, AXIS) - self).some(within)

    def xs(self) -> IntervalSet:
        """The x that go with at least one y."""
        return IntervalSet(canonical((low, high) for low, high, _ in self.slabs))


EMPTY_REGION = Region()
