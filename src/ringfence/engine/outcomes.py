"""What evaluating a flow says: the closed list of outcomes, and the hops that explain one.

| outcome | meaning |
|---|---|
| `allowed` | the request arrives and its reply comes back, whatever the unknowns turn out to be |
| `denied` | a chain on the way there or back refuses it, whatever the unknowns turn out to be |
| `conditional` | it depends on the application request, of which the question said too little |
| `intermittent` | it depends on which replica, zone, target or client port the flow happens to use |
| `unknown` | it depends on something that the configuration does not say |
| `no_route` | no link leads it to its destination, or its reply back |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ringfence.model.spans import NOWHERE, Span


class Outcome(StrEnum):
    """The closed list; only the first, second and last can be the end of one packet on one path."""

    ALLOWED = "allowed"
    DENIED = "denied"
    CONDITIONAL = "conditional"
    INTERMITTENT = "intermittent"
    UNKNOWN = "unknown"
    NO_ROUTE = "no_route"


class Doubt(StrEnum):
    """Why several outcomes are possible."""

    UNKNOWN = "unknown"
    CONDITION = "condition"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a path: a chain that decided (`action` allow or deny), or a link that was taken (`forward`).

    `stage` and `rule` are empty where no rule decided: a chain's default, a link. `layer` is empty for a link.
    `because` says in words what the names do not; `open` why it is not certain that this rule matches, empty where it
    is; `condition` what the rule demands of the application request, where that is left open. `instead` are the other
    decisions to the same effect that the chain may have made: the packet's course does not depend on which it was.
    """

    location: str
    action: str
    layer: str = ""
    direction: str = ""
    stage: str = ""
    rule: str = ""
    span: Span = NOWHERE
    because: str = ""
    open: str = ""
    condition: str = ""
    instead: tuple[Hop, ...] = ()

    @property
    def possible(self) -> tuple[Hop, ...]:
        """The hop, and those that may stand in its place."""
        return (self, *self.instead)


@dataclass(frozen=True, slots=True)
class Branch:
    """One possible course of a packet: how it ends, the hops there and the hops back."""

    outcome: Outcome
    forward: tuple[Hop, ...] = ()
    back: tuple[Hop, ...] = ()
    doubts: frozenset[Doubt] = frozenset()

    @property
    def deciding(self) -> Hop | None:
        """The hop to name: the last one; of a packet that arrives, the last that let it in by a rule with a place."""
        if self.outcome is Outcome.ALLOWED:
            judged = [hop for hop in self.forward if hop.layer]
            judged = [hop for hop in judged if hop.span != NOWHERE] or judged
        else:
            judged = [hop for hop in (*self.forward, *self.back) if hop.layer or hop.action == "no_route"]
        return judged[-1] if judged else None


@dataclass(frozen=True, slots=True)
class Trace:
    """All possible courses of one packet, at least one."""

    branches: tuple[Branch, ...]

    @property
    def outcomes(self) -> frozenset[Outcome]:
        """How the packet may end."""
        return frozenset(branch.outcome for branch in self.branches)

    @property
    def outcome(self) -> Outcome:
        """The outcome as a whole."""
        return combined(self.outcomes, (doubt for branch in self.branches for doubt in branch.doubts))

    def demands(self, *outcomes: Outcome) -> tuple[str, ...]:
        """What rules on the way there demand of the request, on courses that end so (on all if nothing is named)."""
        branches = (one for one in self.branches if not outcomes or one.outcome in outcomes)
        found = (one.condition for branch in branches for hop in branch.forward for one in hop.possible)
        return tuple(dict.fromkeys(condition for condition in found if condition))

    @property
    def decisive(self) -> Branch:
        """The branch to show: a refused one where one is possible, else the first."""
        refused = (branch for branch in self.branches if branch.outcome is not Outcome.ALLOWED)
        return next(refused, self.branches[0])


def combined(outcomes: frozenset[Outcome], doubts: Iterable[Doubt]) -> Outcome:
    """Several possible outcomes as one: what nobody knows weighs more than a condition, and that more than chance."""
    if len(outcomes) == 1:
        return next(iter(outcomes))
    if Outcome.ALLOWED not in outcomes:
        return Outcome.DENIED if Outcome.DENIED in outcomes else Outcome.NO_ROUTE
    found = set(doubts)
    if Doubt.UNKNOWN in found or not found:
        return Outcome.UNKNOWN
    return Outcome.CONDITIONAL if Doubt.CONDITION in found else Outcome.INTERMITTENT
