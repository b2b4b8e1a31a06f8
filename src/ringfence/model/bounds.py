"""What is known of a value that may be unknown: a lower and an upper bound, and why they differ.

Configurations hold unknowns: a value that exists only after an apply, a variable without a value, a pod whose node is
not chosen yet. For a set-valued quantity the unknown is bracketed: `must` holds in every possible world, `may` in some.
Invariant: must <= may. A known value is the pair of itself; `because` then stays empty.

A deny is proved on `may`, an allow on `must`, so widening `may` or shrinking `must` can lose a proof but never
invents one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar


class Set(Protocol):
    """The set interface that all of the model's sets share."""

    def __and__(self, other: Any, /) -> Self: ...
    def __or__(self, other: Any, /) -> Self: ...
    def __sub__(self, other: Any, /) -> Self: ...
    def __le__(self, other: Any, /) -> bool: ...
    def __bool__(self) -> bool: ...


T = TypeVar("T", bound=Set)


@dataclass(frozen=True, slots=True)
class Bounds(Generic[T]):
    """`must` <= the true value <= `may`; `because` says why they differ (empty where they do not)."""

    must: T
    may: T
    because: str = ""

    def __post_init__(self) -> None:
        if self.must is not self.may and not self.must <= self.may:
            raise ValueError(f"must is not within may: {self.must} / {self.may}")

    @classmethod
    def exactly(cls, value: T) -> Self:
        """A known value."""
        return cls(value, value)

    @property
    def known(self) -> bool:
        """Whether the value is known exactly."""
        return self.must is self.may or self.must == self.may

    # What is known on both sides stays one value: half the work, and equal halves stay the same object.
    def __and__(self, other: Bounds[T]) -> Bounds[T]:
        if self.must is self.may and other.must is other.may:
            return self.exactly(self.may & other.may)
        return _bracketed(self.must & other.must, self.may & other.may, self.because or other.because)

    def __or__(self, other: Bounds[T]) -> Bounds[T]:
        if self.must is self.may and other.must is other.may:
            return self.exactly(self.may | other.may)
        return _bracketed(self.must | other.must, self.may | other.may, self.because or other.because)

    def __sub__(self, other: Bounds[T]) -> Bounds[T]:
        return _bracketed(self.must - other.may, self.may - other.must, self.because or other.because)


def _bracketed(must: T, may: T, because: str) -> Bounds[T]:
    """The reason goes where the unknown does not show in the result."""
    return Bounds(must, may, because if because and must != may else "")
