"""Where a part that stands beside its parent goes, and what is said of it."""

from __future__ import annotations

from ringfence.model.spans import Span
from ringfence.resources.aws import AclAction, AclEntry, NetworkAcl, Unknown
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.mapping.parts import Kind, Parents
from ringfence.sources.terraform.mapping.rules import CONFLICT

ACLS = Kind("ACL", "entry", "entries", lambda id, why: NetworkAcl(id=id, vpc=why, unlisted=why))
ENTRY = AclEntry(
    number=1, egress=True, protocol="-1", action=AclAction.ALLOW, cidr="0.0.0.0/0", span=Span("main.tf", line=7)
)
WHICH = Unknown("it is looked up")


def acl(id: str) -> NetworkAcl:
    return NetworkAcl(id=id, vpc="vpc", unlisted=Unknown("after the apply"))


def test_beside() -> None:
    reading, acls = Reading([]), Parents(ACLS)
    acls.hold(acl("a"), True)
    acls.place(reading, "a", ENTRY)
    assert acls.found["a"].entries == (ENTRY,)
    assert acls.found["a"].unlisted is not None
    assert reading.diagnostics == []


def test_inside_and_beside_of_one_side_take_each_other_away() -> None:
    reading, acls = Reading([]), Parents(ACLS)
    acls.hold(acl("a"), True, "egress")
    acls.place(reading, "a", ENTRY, "ingress")
    assert reading.diagnostics == []
    acls.place(reading, "a", ENTRY, "egress")
    assert [one.exists for one in acls.found["a"].entries] == [None, CONFLICT]
    (said,) = map(str, reading.diagnostics)
    assert said.startswith("main.tf:7: warning: a has entries inside its block and this one beside it")


def test_a_plan_leaves_open_what_is_empty() -> None:
    reading, acls = Reading([]), Parents(ACLS)
    acls.hold(acl("a"), False, "egress")
    acls.place(reading, "a", ENTRY, "egress")
    assert acls.found["a"].entries == (ENTRY,)
    assert acls.found["a"].unlisted is None
    assert reading.diagnostics == []


def test_an_unknown_parent_may_be_any() -> None:
    reading, acls = Reading([]), Parents(ACLS)
    acls.hold(acl("a"), True)
    acls.hold(acl("b"), False)
    acls.place(reading, WHICH, ENTRY)
    assert [one.entries[0].exists for one in acls.found.values()] == [WHICH, WHICH]
    assert all(one.unlisted for one in acls.found.values())
    (said,) = map(str, reading.diagnostics)
    assert "which ACL this entry belongs to is not known: it is looked up" in said


def test_a_parent_elsewhere_is_known_by_its_part() -> None:
    reading, acls = Reading([]), Parents(ACLS)
    acls.place(reading, "acl-1", ENTRY)
    found = acls.found["acl-1"]
    assert found.entries == (ENTRY,)
    assert found.unlisted == Unknown("acl-1 is not in the files, nor are its other entries")
