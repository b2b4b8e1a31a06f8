"""Why one flow is allowed or denied: the outcome over everything that is open, and the packet that shows it.

The question names two sets of endpoints, a header and perhaps a request. Each pair of endpoints and each region of
addresses is one possible course of events; the reference evaluator traces one packet for each. Where all agree, that is
the outcome. Where they differ, the outcome says why: unknowns, conditions, or chance (`engine.outcomes`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from ringfence.engine.outcomes import Doubt, Outcome, combined
from ringfence.engine.reach import Reachability
from ringfence.engine.transport import Transport, together, transports
from ringfence.engine.witness import Field, Witness, Witnesses
from ringfence.model.headers import ALL_TCP, HeaderSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import NO_IDENTITY

WITHHELD = "its own proxy may send nothing of it, as it knows no such destination"
UNDECIDED = "whether the client sends mutual TLS is not known"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The outcome; the witness that shows it best; where it is mixed, also one that arrives and one that fails.

    `because` says in words what is not known, where that is why the outcome is open. `transport` is how its TCP
    travels, or why it does not; `identities` are what both sides' mutual TLS proves. `notes` are what the reader needs
    to know to believe it.
    """

    outcome: Outcome
    witness: Witness
    arriving: Witness | None = None
    failing: Witness | None = None
    because: tuple[str, ...] = ()
    transport: Transport = Transport.PLAINTEXT
    identities: tuple[str, str] = (NO_IDENTITY, NO_IDENTITY)
    notes: tuple[str, ...] = ()


Part = tuple[Field, HeaderSet]
"""Where to look for packets, and which headers they have."""


def explain(witnesses: Witnesses, parts: Sequence[Part], sure: bool = True) -> Explanation | None:
    """The outcome over all parts of a question: each is a possible course of events.

    `sure` is false where nobody knows which of the endpoints is meant. None where no packet fits the question: no
    addresses of one family, no headers.
    """
    answer = _outcome(witnesses, parts, sure)
    if answer is None:
        return None
    if answer.outcome is Outcome.ALLOWED and _withheld(witnesses.reach, parts):
        answer = replace(answer, outcome=Outcome.UNKNOWN, because=(WITHHELD,))
    fields = [field for field, _ in parts]
    identities = _common(fields, lambda one: one.sources), _common(fields, lambda one: one.targets)
    return replace(answer, transport=transport(witnesses.reach, parts), identities=identities)


def _withheld(reach: Reachability, parts: Sequence[Part]) -> bool:
    """Whether some client's own proxy may send nothing of what is asked."""
    return any(
        reach.withheld(client, server) & wanted
        for field, wanted in parts
        for client, server in product(field.sources, field.targets)
    )


def transport(reach: Reachability, parts: Sequence[Part]) -> Transport:
    """How TCP of these parts travels as a whole: what passes counts; where nothing does, what the server would take."""
    passing: set[Transport] = set()
    stopped: set[Transport] = set()
    for field, wanted in parts:
        for client, server in product(field.sources, field.targets):
            sent, taken = reach.sent(client, server) & wanted, reach.taken(client, server)
            for one in reach.between(client, server, field.source_addresses, field.target_addresses):
                passing |= {kind for kind, _ in transports(one.headers.may & wanted, sent, client.ephemeral).parts()}
            agreed = {kind for kind, _ in transports(taken & wanted, sent, client.ephemeral).parts()}
            stopped |= agreed or ({Transport.REFUSED} if sent & ALL_TCP else set())
    return together(passing or stopped)


def _common(fields: Sequence[Field], side: Callable[[Field], tuple[Endpoint, ...]]) -> str:
    """The one identity that all endpoints of one side have; none where they differ."""
    found = {endpoint.identity for field in fields for endpoint in side(field)}
    return found.pop() if len(found) == 1 else NO_IDENTITY


def _outcome(witnesses: Witnesses, parts: Sequence[Part], sure: bool) -> Explanation | None:
    found: list[Witness] = []
    left_open = False
    for field, wanted in parts:
        for witness, is_open in witnesses.each(field, wanted):
            found.append(witness)
            left_open = left_open or is_open
    if not found:
        return None
    outcomes = frozenset(outcome for one in found for outcome in one.trace.outcomes)
    arriving = next((one for one in found if Outcome.ALLOWED in one.trace.outcomes), None)
    failing = next((one for one in found if one.trace.outcomes != {Outcome.ALLOWED}), None)
    because = tuple(dict.fromkeys(_unknowns(found)))
    if len(outcomes) == 1:
        # The engine may leave open what no traced packet shows; then its answer stands.
        outcome = Outcome.UNKNOWN if left_open else next(iter(outcomes))
        return Explanation(outcome, found[0], because=because if left_open else ())
    if Outcome.ALLOWED not in outcomes:
        return Explanation(combined(outcomes, ()), found[0])
    mixed = (one.trace for one in found if len(one.trace.outcomes) > 1)
    doubts = {doubt for trace in mixed for branch in trace.branches for doubt in branch.doubts}
    if len({one.trace.outcomes for one in found}) > 1:
        addresses = _unknown_addresses(found, [field for field, _ in parts])
        undecided = {"tcp", "mtls"} <= {one.packet.header.plane for one in found}
        doubts.add(Doubt.UNKNOWN if addresses or undecided or not sure else Doubt.CHOICE)
        because = (*because, *(f"the address of {name} is not known" for name in addresses))
        because = (*because, *((UNDECIDED,) if undecided else ()))
    if arriving is not None:
        arriving = replace(arriving, passes=True)
    return Explanation(combined(outcomes, doubts), failing or found[0], arriving, failing, because)


def _unknowns(found: list[Witness]) -> Iterator[str]:
    """What rules that may match depend on."""
    for one in found:
        for branch in one.trace.branches:
            hops = (one for hop in branch.forward + branch.back for one in hop.possible)
            yield from (hop.open for hop in hops if hop.open)


def _unknown_addresses(found: list[Witness], fields: list[Field]) -> list[str]:
    """The endpoints whose unknown address decides: packets that differ in nothing else end differently."""
    known = {endpoint.id: endpoint for field in fields for endpoint in field.sources + field.targets}
    endings: dict[tuple[object, ...], set[frozenset[Outcome]]] = {}
    for one in found:
        packet = one.packet
        regions = (
            packet.source_address if known[packet.source].every else None,
            packet.destination_address if known[packet.destination].every else None,
        )
        key = (packet.source, packet.destination, packet.header, *regions)
        endings.setdefault(key, set()).add(one.trace.outcomes)
    names: dict[str, None] = {}
    for source, target, *_ in (key for key, ends in endings.items() if len(ends) > 1):
        for endpoint in (known[str(source)], known[str(target)]):
            if not endpoint.every and endpoint.addresses.count() > 1:
                names[endpoint.title] = None
    return list(names)
