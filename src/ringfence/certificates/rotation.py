"""The change of a root, in five steps, each allowed only with its proof. Pure: what was seen comes in.

    publish   the new root is made and stands in the bundle beside the old one
    confirm   every verifier was seen to trust the new root, and still trusts the old one
    sign      the authority signs under the new root
    drain     no leaf under the old root is valid any more
    remove    the old root leaves the bundle

Outages come from steps taken early: a leaf under a root that some verifier does not have yet, or a root taken away
while leaves under it are still in use. So a step is refused while its proof does not hold *now*; a proof that once held
is asked for again where a later step depends on it. What could not be read proves nothing. Each step leaves its
evidence behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ringfence.certificates.records import moment, stamp

STEPS = ("publish", "confirm", "sign", "drain", "remove")
SHOWN = 3
"""How many leaves an objection names."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """That a step was taken: when, and what was seen then, in words."""

    step: str
    at: datetime
    seen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rotation:
    """A change of root. The roots are named by their SHA-256 fingerprints."""

    old: str
    new: str
    taken: tuple[Evidence, ...] = ()

    @property
    def next(self) -> str | None:
        """The step that comes now; None when all are taken."""
        return STEPS[len(self.taken)] if len(self.taken) < len(STEPS) else None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A valid certificate under the old root."""

    name: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen just now."""

    verifiers: Mapping[str, frozenset[str] | None]
    """The fingerprints that each verifier trusts; None where that could not be read."""
    old_leaves: tuple[Leaf, ...]
    bundle: frozenset[str]
    """What the authority publishes."""
    unread: tuple[str, ...] = ()
    """What should have been looked at and could not be."""


def objections(rotation: Rotation, seen: Observation) -> tuple[str, ...]:
    """Why the next step is not allowed; empty where it is."""
    step = rotation.next
    if step is None:
        return ("the rotation is complete",)
    found: list[str] = []
    if step == "publish":
        return ()
    if step in ("confirm", "sign", "remove"):
        found += _verifiers(rotation, seen, old_too=step != "remove")
    if step in ("drain", "remove"):
        found += [f"{what}: so it is not known whether a leaf of the old root is left" for what in seen.unread]
        found += _leaves(seen)
    if step == "sign" and not {rotation.old, rotation.new} <= seen.bundle:
        found.append("the published bundle does not hold both roots")
    return tuple(found)


def take(rotation: Rotation, seen: Observation, now: datetime) -> Rotation:
    """The rotation with the next step taken. ValueError where it is not allowed."""
    step = rotation.next
    against = objections(rotation, seen)
    if step is None or against:
        raise ValueError("; ".join(against))
    return replace(rotation, taken=(*rotation.taken, Evidence(step, now, _facts(rotation, seen, step))))


def to_json(rotation: Rotation) -> dict[str, Any]:
    """The rotation as plain data."""
    rows = [{"step": one.step, "at": stamp(one.at), "seen": list(one.seen)} for one in rotation.taken]
    return {"schema": "ringfence.root-rotation/1", "old": rotation.old, "new": rotation.new, "taken": rows}


def from_json(document: Mapping[str, Any]) -> Rotation:
    """The rotation of plain data. KeyError, TypeError or ValueError where it is none, or its steps are out of order."""
    rows = tuple(Evidence(row["step"], moment(row["at"]), tuple(row["seen"])) for row in document["taken"])
    if tuple(one.step for one in rows) != STEPS[: len(rows)]:
        raise ValueError("the steps are out of order")
    return Rotation(str(document["old"]), str(document["new"]), rows)


def _verifiers(rotation: Rotation, seen: Observation, *, old_too: bool) -> list[str]:
    if not seen.verifiers:
        return ["no verifier is named: nobody is known to have the new root"]
    found = []
    for name, trusted in sorted(seen.verifiers.items()):
        if trusted is None:
            found.append(f"what {name} trusts cannot be read")
        elif rotation.new not in trusted:
            found.append(f"{name} does not trust the new root")
        elif old_too and rotation.old not in trusted:
            found.append(f"{name} does not trust the old root any more, and leaves under it are in use")
    return found


def _leaves(seen: Observation) -> list[str]:
    left = sorted(seen.old_leaves, key=lambda leaf: leaf.not_after, reverse=True)
    if not left:
        return []
    names = ", ".join(f"{leaf.name} until {stamp(leaf.not_after)}" for leaf in left[:SHOWN])
    more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
    return [f"{len(left)} valid leaves of the old root are left: {names}{more}"]


def _facts(rotation: Rotation, seen: Observation, step: str) -> tuple[str, ...]:
    roots = f"old {rotation.old[:16]}, new {rotation.new[:16]}"
    if step == "publish":
        return (roots, "the bundle holds both")
    if step == "drain":
        return (roots, "no valid leaf of the old root is left")
    who = tuple(
        f"{name} trusts {', '.join(sorted(one[:16] for one in trusted or ()))}"
        for name, trusted in sorted(seen.verifiers.items())
    )
    return (roots, *who)
