"""A Terraform resource instance as its readers hand it on: type, address, and arguments with what is unknown in them.

HCL and plan JSON meet here; whatever turns them into AWS objects sees nothing else. A nested block may come as blocks
or as a list of mappings (plans, JSON syntax, attributes as blocks); `nested` reads both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.aws import Unknown


@dataclass(frozen=True, slots=True)
class Arguments:
    """The body of a resource or nested block, evaluated.

    `values` by name; an absent one is null. `blocks` by kind. `open` says for a kind why there may be further blocks.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    blocks: Mapping[str, tuple[Arguments, ...]] = field(default_factory=dict)
    open: Mapping[str, Unknown] = field(default_factory=dict)
    span: Span = NOWHERE

    def get(self, name: str) -> Any:
        """The argument's value; None where it is absent or null."""
        return self.values.get(name)

    def nested(self, name: str) -> tuple[list[Arguments], Unknown | None]:
        """The nested blocks of a kind, and why there may be more of them."""
        found = list(self.blocks.get(name, ()))
        value = self.values.get(name)
        if isinstance(value, Mapping):
            value = [value]
        if isinstance(value, list):
            for one in value:
                if not isinstance(one, Mapping):
                    return found, one if isinstance(one, Unknown) else Unknown(f"{name} has an entry that is no block")
                found.append(Arguments(one, span=self.span))
            value = None
        unknown = value if value is None or isinstance(value, Unknown) else Unknown(f"{name} is no list of blocks")
        return found, unknown or self.open.get(name)

    def names(self) -> set[str]:
        """All that is set in it."""
        return {*self.values, *self.blocks, *self.open}


@dataclass(frozen=True, slots=True)
class ResourceRecord:
    """One instance of a managed resource. `exists` as for AWS objects; `id` is known where a state says it.

    `written` says that the arguments are those that a person wrote. A plan's and a state's hold what AWS has as well:
    the rules of a group from wherever they are. `fading` says why what stands inside may not stay.
    """

    type: str
    address: str
    arguments: Arguments
    exists: Unknown | None = None
    id: str | None = None
    written: bool = True
    fading: Unknown | None = None
    span: Span = NOWHERE
