"""The five steps as rules: what each wants to see, and that nothing is taken early."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ringfence.certificates.rotation import (
    STEPS,
    Evidence,
    Leaf,
    Observation,
    Rotation,
    from_json,
    objections,
    take,
    to_json,
)
from tests.certificates.authority import DAY, NOW

BOTH = frozenset({"old", "new"})
GOOD = Observation({"web": BOTH, "mesh": BOTH}, (), BOTH)
LEAF = Leaf("web (the journal)", NOW + DAY)


def before(step: str) -> Rotation:
    return Rotation("old", "new", tuple(Evidence(one, NOW, ()) for one in STEPS[: STEPS.index(step)]))


@pytest.mark.parametrize(
    ("step", "changes", "objection"),
    [
        ("publish", {"verifiers": {}, "old_leaves": (LEAF,)}, ""),
        ("confirm", {"old_leaves": (LEAF,)}, ""),
        ("confirm", {"verifiers": {}}, "no verifier is named"),
        ("confirm", {"verifiers": {"web": BOTH, "mesh": frozenset({"old"})}}, "mesh does not trust the new root"),
        ("confirm", {"verifiers": {"web": frozenset({"new"})}}, "web does not trust the old root any more"),
        ("confirm", {"verifiers": {"web": None}}, "what web trusts cannot be read"),
        ("sign", {"old_leaves": (LEAF,)}, ""),
        ("sign", {"verifiers": {"web": frozenset({"old"})}}, "does not trust the new root"),
        ("sign", {"bundle": frozenset({"old"})}, "does not hold both"),
        ("drain", {}, ""),
        ("drain", {"verifiers": {}}, ""),
        (
            "drain",
            {"old_leaves": (LEAF,)},
            "1 valid leaves of the old root are left: web (the journal) until 2026",
        ),
        ("drain", {"old_leaves": (LEAF,) * 5}, "and 2 more"),
        ("drain", {"unread": ("x.pem: cannot be read",)}, "not known whether a leaf of the old root is left"),
        ("remove", {"verifiers": {"web": frozenset({"new"})}}, ""),
        ("remove", {"old_leaves": (LEAF,)}, "valid leaves of the old root are left"),
        ("remove", {"verifiers": {"web": frozenset({"old"})}}, "does not trust the new root"),
        ("remove", {"unread": ("x",)}, "not known"),
    ],
)
def test_objections(step: str, changes: dict[str, object], objection: str) -> None:
    seen = replace(GOOD, **changes)  # type: ignore[arg-type]
    found = objections(before(step), seen)
    assert objection in "; ".join(found)
    assert bool(found) == bool(objection)
    if found:
        with pytest.raises(ValueError, match=r"\w"):
            take(before(step), seen, NOW)
    else:
        assert take(before(step), seen, NOW).taken[-1].step == step


def test_all_steps_leave_their_evidence() -> None:
    rotation = Rotation("old", "new")
    for place, step in enumerate(STEPS):
        assert rotation.next == step
        rotation = take(rotation, GOOD, NOW + place * DAY)
    assert rotation.next is None
    assert objections(rotation, GOOD) == ("the rotation is complete",)
    assert "mesh trusts new, old" in rotation.taken[1].seen
    assert from_json(json.loads(json.dumps(to_json(rotation)))) == rotation


def test_steps_out_of_order_are_no_rotation() -> None:
    document = to_json(take(take(Rotation("old", "new"), GOOD, NOW), GOOD, NOW))
    document["taken"].reverse()
    with pytest.raises(ValueError, match="out of order"):
        from_json(document)
