"""Parts that stand inside their parent's block or beside it: a group's rules, an ACL's entries, a table's routes.

    inside and beside at once   the provider removes, at each apply, what stands beside: those may be there or not
    of an unknown parent        every parent may have it
    of a parent elsewhere       the parent is known by this part alone
    in a plan                   the parent's own list is left open until the apply; where parts stand beside it is empty

Source: the warnings on the AWS provider's pages of these resources.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from ringfence.resources.aws import Id, NetworkAcl, RouteTable, SecurityGroup, Unknown
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.mapping.rules import CONFLICT

Parent = TypeVar("Parent", SecurityGroup, NetworkAcl, RouteTable)


@dataclass(frozen=True, slots=True)
class Kind(Generic[Parent]):
    """What messages call a parent and its part, the parent's field that holds them, a parent of which no file tells."""

    parent: str
    part: str
    parts: str
    elsewhere: Callable[[str, Unknown], Parent]


@dataclass(slots=True)
class Parents(Generic[Parent]):
    """The parents of one kind, by id. A `side` tells apart what stands inside a block by more than its parent."""

    kind: Kind[Parent]
    found: dict[str, Parent] = field(default_factory=dict)
    _inside: set[tuple[str, object]] = field(default_factory=set)
    _planned: set[str] = field(default_factory=set)

    def hold(self, parent: Parent, written: bool, *inside: object) -> None:
        """Keeps a parent, `written` in files or planned; `inside` are the sides on which parts stand in its block."""
        self.found[parent.id] = parent
        if written:
            self._inside |= {(parent.id, side) for side in inside}
        else:
            self._planned.add(parent.id)

    def known(self, id: str) -> Parent:
        """The parent of that id, made up where no file has it."""
        if id not in self.found:
            why = Unknown(f"{id} is not in the files, nor are its other {self.kind.parts}")
            self.found[id] = self.kind.elsewhere(id, why)
        return self.found[id]

    def place(self, reading: Reading, id: Id, part: Any, side: object = None) -> None:
        """Puts a part (a resource with `exists` and `span`) that stands beside its parent where it belongs."""
        kind: Kind[Any] = self.kind
        added = part
        if isinstance(id, Unknown):
            reading.warn(f"which {kind.parent} this {kind.part} belongs to is not known: {id.because}", part.span)
            added = replace(added, exists=id)
        elif (id, side) in self._inside:
            both = f"{id} has {kind.parts} inside its block and this one beside it"
            reading.warn(f"{both}: {CONFLICT.because}", part.span)
            added = replace(added, exists=CONFLICT)
        for one in tuple(self.found) if isinstance(id, Unknown) else (id,):
            parent: Any = self.known(one)
            changes: dict[str, Any] = {kind.parts: (*getattr(parent, kind.parts), added)}
            if one in self._planned and one == id:
                changes["unlisted"] = None
            self.found[one] = replace(parent, **changes)
