"""A plan and the HCL that it was made from: each knows what the other does not.

A plan knows the values of variables and data sources, and which resources there are; it does not say which resource an
id that is yet to be made belongs to. HCL says that, and the line. `completed` takes the plan's objects and fills what
is unknown in a field with the HCL's value, where all of that is known. Nothing that the plan knows is changed.

The two must be of the same network: the HCL is to be read with the plan's own variables (`plan_json.inputs`), and where
the same objects and rules do not come out of both, nothing is filled. What a plan leaves open as a whole (the rules
inside a group that refers to another new group) is taken from the HCL as a whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from ringfence.resources.aws import AwsObjects, Resource, SecurityGroup, Unknown

R = TypeVar("R", bound=Resource)
WHOLE = frozenset(("rules", "entries", "routes"))
"""What a group, an ACL or a table holds, with nothing further where `unlisted` is None."""
KEPT = frozenset(("id", "address", "exists", "span"))
"""Fields that are not filled: who it is, whether it exists; the place is the HCL's where there is one."""


def completed(plan: AwsObjects, written: AwsObjects) -> AwsObjects:
    """The plan's objects with what is unknown in them filled from the HCL's; the plan as it is where they differ."""
    if not _same_network(plan, written):
        return plan
    changed: dict[str, Any] = {}
    for one in dataclasses.fields(plan):
        found = getattr(plan, one.name)
        by_id = {other.id: other for other in getattr(written, one.name) if isinstance(other, Resource)}
        changed[one.name] = tuple(_filled(each, by_id) if isinstance(each, Resource) else each for each in found)
    return AwsObjects(**changed)


def _same_network(plan: AwsObjects, written: AwsObjects) -> bool:
    """Whether both have the same objects, and the same rules in all groups that the plan does not leave open."""
    if _ids(plan) != _ids(written):
        return False
    mine, theirs = _rules(plan.security_groups), _rules(written.security_groups)
    left_open = {group.id for group in plan.security_groups if group.unlisted is not None}
    more = _rules(group for group in written.security_groups if group.id in left_open)
    return mine <= theirs and theirs - mine <= more


def _ids(objects: AwsObjects) -> set[tuple[str, str]]:
    return {
        (field.name, one.id)
        for field in dataclasses.fields(objects)
        for one in getattr(objects, field.name)
        if isinstance(one, Resource)
    }


def _rules(groups: Iterable[SecurityGroup]) -> set[str]:
    return {rule.id for group in groups for rule in group.rules}


def _filled(one: R, by_id: dict[str, Any]) -> R:
    other = by_id.get(one.id)
    if other is None or other.exists is not None:
        return one
    changed: dict[str, Any] = {"span": other.span}
    left_open = getattr(one, "unlisted", None) is not None and other.unlisted is None
    for field in dataclasses.fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        whole = left_open and field.name in WHOLE
        if field.name not in KEPT and (whole or (_unknown(mine) and not _unknown(theirs))):
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
