"""What checks are made of: their identity, what they look at, and what they find.

A check is one module of this package with a `CHECK` and a pure function `run(view)`. Its docstring is its
documentation, with four headings: What it does, Why it is bad, Example, Instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ringfence.engine.connectivity import Connectivity
from ringfence.engine.witness import Witness, Witnesses
from ringfence.model.spans import NOWHERE, Span
from ringfence.topology.kubernetes import Topology


class Severity(IntEnum):
    """How bad it is; a run fails on findings at or above its threshold."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Check:
    """A check's identity. Ids are never reused; `since` is the version that brought it."""

    id: str
    name: str
    title: str
    severity: Severity
    since: str
    remediation: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what, where, and the packet that shows it (None where the cause is the whole story).

    `because` are the reasons, one sentence each, with the places that they speak of.
    """

    check: Check
    severity: Severity
    message: str
    span: Span = NOWHERE
    because: tuple[tuple[str, Span], ...] = ()
    witness: Witness | None = None


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """All that a check may look at. One view is one run: what several checks ask is worked out once for it."""

    topology: Topology
    connectivity: Connectivity
    witnesses: Witnesses
