"""Objects by their namespace: what a check asks of each namespace, and not of each pair of objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from ringfence.resources.kubernetes import ObjectMeta


class Named(Protocol):
    """Any object of Kubernetes."""

    @property
    def metadata(self) -> ObjectMeta:
        """Its name and namespace."""


T = TypeVar("T", bound=Named)


def by_namespace(objects: Iterable[T]) -> dict[str, list[T]]:
    """The objects of each namespace, in their order."""
    found: dict[str, list[T]] = {}
    for one in objects:
        found.setdefault(one.metadata.namespace, []).append(one)
    return found
