"""Reading what a mesh's control plane was told: values by path, and what is wrong with those that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ringfence.resources.kubernetes import LabelSelector, LabelSelectorRequirement, SelectorOperator

T = TypeVar("T")


class Reading:
    """Values by path; `wrong` notes those that are there and cannot be read, as `path: what is wrong`."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.wrong: list[str] = []

    def value(self, path: str, convert: Callable[[Any], T], default: T) -> T:
        """What stands at a path with dots; the default where nothing does, or nothing that can be read."""
        found: Any = self.root
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None:
            return default
        try:
            return convert(found)
        except ValueError as failure:
            self.wrong.append(f"{path}: {failure}")
            return default


def text(value: Any) -> str:
    """A text. Raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def label_selector(value: Any) -> LabelSelector | None:
    """A selector of labels; None where it is none."""
    if not isinstance(value, Mapping) or not value.keys() <= {"matchLabels", "matchExpressions"}:
        return None
    labels, expressions = value.get("matchLabels") or {}, value.get("matchExpressions") or []
    try:
        pairs = tuple(sorted((text(key), text(one)) for key, one in labels.items()))
        return LabelSelector(pairs, tuple(map(_requirement, expressions)))
    except (AttributeError, TypeError, ValueError):
        return None


def _requirement(value: Any) -> LabelSelectorRequirement:
    """Raises ValueError or TypeError for anything else."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is no mapping")
    values = tuple(sorted(map(text, value.get("values") or ())))
    return LabelSelectorRequirement(text(value.get("key")), SelectorOperator(text(value.get("operator"))), values)
