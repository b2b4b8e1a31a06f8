"""Why one flow is allowed or denied: the outcome over everything that is open, and the packet that shows it.

The question names two sets of endpoints, a header and perhaps a request. Each pair of endpoints and each region of
addresses is one possible course of events; the reference evaluator traces one packet for each. Where all agree, that is
the outcome. Where they differ, the outcome says why: unknowns, conditions, or chance (`engine.outcomes`).
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.engine.outcomes import Doubt, Outcome, combined
from ringfence.engine.witness import Field, Witness, Witnesses
from ringfence.model.headers import HeaderSet


@dataclass(frozen=True, slots=True)
class Explanation:
    """The outcome; the witness that shows it best; where it is mixed, also one that arrives and one that fails."""

    outcome: Outcome
    witness: Witness
    arriving: Witness | None = None
    failing: Witness | None = None


def explain(witnesses: Witnesses, field: Field, wanted: HeaderSet) -> Explanation | None:
    """The outcome for these headers. None where no packet fits the question: no addresses of one family, no headers."""
    found = list(witnesses.each(field, wanted))
    if not found:
        return None
    outcomes = frozenset(outcome for one in found for outcome in one.trace.outcomes)
    arriving = next((one for one in found if Outcome.ALLOWED in one.trace.outcomes), None)
    failing = next((one for one in found if one.trace.outcomes != {Outcome.ALLOWED}), None)
    if len(outcomes) == 1:
        return Explanation(next(iter(outcomes)), found[0])
    if Outcome.ALLOWED not in outcomes:
        return Explanation(combined(outcomes, ()), found[0])
    doubts = {
        doubt
        for one in found
        for branch in one.trace.branches
        for doubt in branch.doubts
        if len(one.trace.outcomes) > 1
    }
    if len({one.trace.outcomes for one in found}) > 1:
        doubts.add(_difference(found, field))
    shown = failing or found[0]
    return Explanation(combined(outcomes, doubts), shown, arriving, failing)


def _difference(found: list[Witness], field: Field) -> Doubt:
    """Packets end differently: by chance (replicas, ports, regions), or because an address is one of several."""
    by_pair: dict[tuple[str, str, object], set[frozenset[Outcome]]] = {}
    for one in found:
        key = (one.packet.source, one.packet.destination, one.packet.header)
        by_pair.setdefault(key, set()).add(one.trace.outcomes)
    every = {endpoint.id for endpoint in (*field.sources, *field.targets) if endpoint.every}
    unknown = any(len(ends) > 1 and not {key[0], key[1]} & every for key, ends in by_pair.items())
    return Doubt.UNKNOWN if unknown else Doubt.CHOICE
