"""Where names are looked up: a module, a `for` or a splat inside it, or nowhere at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ringfence.sources.terraform.conversions import EvaluationError


class Scope(Protocol):
    """Where names are looked up."""

    def lookup(self, name: str) -> Any:
        """A value or `Members`. EvaluationError where nothing has that name."""


class Members:
    """Something that has named members, made on demand, and is no value itself: `var`, `local`, a resource type.

    `members` marks that an instance may stand in a list.
    """

    def __init__(self, find: Callable[[str], Any]) -> None:
        self.member = find
        self.members = True


class Inner:
    """A scope with further names: what a `for` or a splat binds, `count` and `each`."""

    def __init__(self, outer: Scope, names: Mapping[str, Any]) -> None:
        self._outer = outer
        self._names = names

    def lookup(self, name: str) -> Any:
        """The bound value, else the outer scope's."""
        return self._names[name] if name in self._names else self._outer.lookup(name)


class _Nothing:
    def lookup(self, name: str) -> Any:
        raise EvaluationError(f"{name!r}: a constant is needed here")


NOTHING: Scope = _Nothing()
"""The scope of constants."""
