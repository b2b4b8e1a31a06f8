"""The values that Terraform's language computes with, and what is known of them.

    None, bool, int, float, str, list, dict    as in JSON; a set is a `SetOf`
    Unknown                                    a value that the files do not decide; `PartlyKnown` is a mapping that may
                                               have more entries than those that it lists
    Reference                                  an attribute that AWS decides at the apply, known by whose it is: the
                                               way by which one resource points at another

An unknown inside a list or mapping leaves the rest of it known. A reference to `id` or another name of identity is
never null, and two such references are equal exactly where they name the same attribute of the same resource.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ringfence.resources.aws import PartlyKnown, Unknown

IDENTITIES = frozenset(
    (
        "id",
        "arn",
        "default_security_group_id",
        "default_network_acl_id",
        "default_route_table_id",
        "main_route_table_id",
        "primary_network_interface_id",
        "cluster_security_group_id",
    )
)
"""Attributes that AWS always gives, each to one resource alone."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute of a resource instance, by the instance's address."""

    address: str
    attribute: str

    @property
    def identity(self) -> bool:
        """Whether it is never null and no other resource's."""
        return self.attribute in IDENTITIES

    @property
    def unknown(self) -> Unknown:
        """What is known where the reference is of no use."""
        return Unknown(f"{self.address}.{self.attribute} is known after the apply")


class SetOf(list[Any]):
    """A set: without order or doubles, kept sorted."""

    @classmethod
    def of(cls, items: Iterable[Any]) -> SetOf | Unknown:
        """The set of some values; unknown where two of them may be the same."""
        found: list[Any] = []
        for item in items:
            same = [equal(item, one) for one in found]
            unknown = next((one for one in same if isinstance(one, Unknown)), None)
            if unknown is not None or (unknown_in(item) is not None and not isinstance(item, Reference)):
                return unknown or unknown_in(item) or Unknown()
            if True not in same:
                found.append(item)
        return cls(sorted(found, key=_order))


def _order(value: Any) -> tuple[int, float, str]:
    """Numbers by size, texts by letters; the rest has no order that matters."""
    if isinstance(value, (int, float)):
        return 0, value, ""
    return (1, 0, value) if isinstance(value, str) else (2, 0, str(value))


def ordered(values: list[Any]) -> bool:
    """Whether the order of these elements is known: it is not in a set of what is known after the apply only."""
    known = all(isinstance(one, (str, int, float)) for one in values)
    return known or len(values) < 2 or not isinstance(values, SetOf)


def unknown_in(value: Any) -> Unknown | None:
    """An unknown anywhere in a value; None where all of it is known. A reference counts as unknown."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Reference):
        return value.unknown
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for part in parts if (found := unknown_in(part)) is not None), None)


def vague(value: Any) -> Unknown | None:
    """Why the value itself (not its parts) is unknown; None where it is known."""
    if isinstance(value, Unknown):
        return value
    return value.unknown if isinstance(value, Reference) else None


def overlaid(*maps: Any) -> dict[str, Any] | Unknown:
    """Mappings one over the other; an unknown one may overrule every entry below it that it is not known to have."""
    found: dict[str, Any] = {}
    open_: Unknown | None = None
    for one in maps:
        why = vague(one)
        if why is not None:
            open_ = open_ or why
            found = dict(one.known) if isinstance(one, PartlyKnown) else {}
        else:
            found = {**found, **one}
    return found if open_ is None else PartlyKnown(open_.because, found)


def equal(left: Any, right: Any) -> bool | Unknown:
    """Terraform's `==`: of the same type and value."""
    if isinstance(left, Reference) or isinstance(right, Reference):
        return _equal_reference(left, right)
    for one in (left, right):
        if isinstance(one, Unknown):
            return one
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and _every(zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and _every((left[key], right[key]) for key in left)
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def _every(pairs: Iterable[tuple[Any, Any]]) -> bool | Unknown:
    answer: bool | Unknown = True
    for left, right in pairs:
        same = equal(left, right)
        if same is False:
            return False
        if isinstance(same, Unknown):
            answer = same
    return answer


def _equal_reference(left: Any, right: Any) -> bool | Unknown:
    if left == right:
        return True
    mine, other = (left, right) if isinstance(left, Reference) else (right, left)
    if mine.identity and (other is None or (isinstance(other, Reference) and other.identity)):
        return False
    return mine.unknown
