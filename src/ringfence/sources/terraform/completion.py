"""A plan and the HCL that it was made from: each knows what the other does not.

A plan knows the values of variables and data sources, and which resources there are; it does not say which resource an
id that is yet to be made belongs to. HCL says that, and the line. `completed` takes the plan's objects and fills what
is unknown in a field with the HCL's value, where all of that is known. Nothing that the plan knows is changed.

The two must be of the same network: the HCL is to be read with the plan's own variables (`plan_json.inputs`), and where
the same objects and rules do not come out of both, nothing is filled.
"""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any, TypeVar

from ringfence.resources.aws import AwsObjects, Resource, Unknown

R = TypeVar("R", bound=Resource)
KEPT = frozenset(("id", "address", "exists", "span"))
"""Fields that are not filled: who it is, whether it exists; the place is the HCL's where there is one."""


def completed(plan: AwsObjects, written: AwsObjects) -> AwsObjects:
    """The plan's objects with what is unknown in them filled from the HCL's; the plan as it is where they differ."""
    if _names(plan) != _names(written):
        return plan
    changed: dict[str, Any] = {}
    for one in dataclasses.fields(plan):
        found = getattr(plan, one.name)
        by_id = {other.id: other for other in getattr(written, one.name) if isinstance(other, Resource)}
        changed[one.name] = tuple(_filled(each, by_id) if isinstance(each, Resource) else each for each in found)
    return AwsObjects(**changed)


def _names(objects: AwsObjects) -> set[tuple[str, str]]:
    """The ids of all objects and of all groups' rules."""
    found = {
        (field.name, one.id)
        for field in dataclasses.fields(objects)
        for one in getattr(objects, field.name)
        if isinstance(one, Resource)
    }
    return found | {("rules", rule.id) for group in objects.security_groups for rule in group.rules}


def _filled(one: R, by_id: dict[str, Any]) -> R:
    other = by_id.get(one.id)
    if other is None or other.exists is not None:
        return one
    changed: dict[str, Any] = {"span": other.span}
    for field in dataclasses.fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if field.name not in KEPT and _unknown(mine) and not _unknown(theirs):
            changed[field.name] = theirs
    return replace(one, **changed)


def _unknown(value: Any) -> bool:
    """Whether there is an unknown anywhere in a value."""
    if isinstance(value, Unknown):
        return True
    if dataclasses.is_dataclass(value):
        return any(_unknown(getattr(value, one.name)) for one in dataclasses.fields(value) if one.compare)
    if isinstance(value, dict):
        return any(map(_unknown, value.values()))
    return isinstance(value, tuple) and any(map(_unknown, value))
