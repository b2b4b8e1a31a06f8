"""What all AWS objects share: a value that may be unknown, a place, tags, and whether the object exists at all.

Names follow the describe calls of EC2, ELBv2, RDS, EKS, Auto Scaling and Lambda, in the house's spelling. An id is the
vendor's own where it is known (describe calls, state) and the Terraform address where it comes with the apply.

Three things are kept apart: a value, `None` (known to be absent), and `Unknown` (it is decided elsewhere, or later).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.model.spans import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that nobody knows yet, and why. Unknowns compare equal as records; they need not be the same value."""

    because: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class PartlyKnown(Unknown):
    """A mapping with these entries, which may have others: what is a `default_tags` or `merge` of something unknown."""

    known: Mapping[str, Any] = field(default_factory=dict, compare=False)


Id = str | Unknown
MaybeId = str | None | Unknown
CHOSEN_LATER = "chosen later"
"""An address that is sure to be there and that AWS chooses: a text in place of its own."""
Ids = tuple[Id, ...] | Unknown
"""Ids, some of which may be unknown; `Unknown` as a whole where not even their number is known."""
Number = int | None | Unknown
Flag = bool | Unknown
Blocks = tuple[str | Unknown, ...] | Unknown
"""CIDR blocks; the text of each is a valid block."""
Tags = Mapping[str, str | Unknown] | Unknown


def listed(tags: Tags) -> Mapping[str, str | Unknown]:
    """The tags that are there, whatever others may be."""
    if isinstance(tags, Unknown):
        return tags.known if isinstance(tags, PartlyKnown) else {}
    return tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Anything with an id. `address` is its Terraform address, empty where there is none.

    `exists` None means that it exists; `Unknown` says why it may not.
    """

    id: str
    address: str = ""
    tags: Tags = field(default_factory=dict, hash=False)
    exists: Unknown | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)
