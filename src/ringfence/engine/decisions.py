"""How one chain decides one packet: the plain reading of the rule language, rule by rule.

The answer is every decision that is possible: a rule that may match both decides and lets the next one decide. This is
the reference; `engine.folding` answers the same for all headers at once and is held to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from ringfence.engine.outcomes import Doubt, Hop
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Request, Truth, conjunction, disjunction
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Chain, Peer, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, AnyOf, Not, Selector, Unsure
from ringfence.model.spans import NOWHERE

NOTHING_APPLIES = "nothing of it applies here"
"""Why a chain's default decides."""


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a packet as a rule sees it: origin, address (a place on the address line), proven identity."""

    origin: Endpoint | None
    address: int
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One possible decision of a chain, allow or deny, and who made it."""

    action: Action
    hop: Hop


@dataclass(frozen=True, slots=True)
class Decisions:
    """All possible decisions of a chain on one packet, and why there are several."""

    possible: tuple[Decision, ...]
    doubts: frozenset[Doubt]

    def hop(self, action: Action) -> Hop | None:
        """The first decision to this effect, with the others that may stand in its place; None where there is none."""
        found = [one.hop for one in self.possible if one.action is action]
        return replace(found[0], instead=tuple(found[1:])) if found else None


Step = tuple[Action, Scope, Rule | None, str, str]
"""Who decides; no rule where the stage's end does; why it is open whether the rule matches, and what it demands of a
request that is not known; both empty where they are not."""


def decide(
    chain: Chain, location: str, subject: Endpoint | None, peer: Side, header: Header, request: Request | None
) -> Decisions:
    """Everything that the chain may decide about this packet."""
    possible: list[Decision] = []
    doubts: set[Doubt] = set()
    for stage in chain.stages:
        steps, onward = _stage(stage, subject, peer, header, request, doubts)
        for action, scope, rule, why, condition in steps:
            hop = _hop(chain, location, action, stage.name, scope, rule)
            hop = replace(hop, open=why, condition=condition)
            if action is Action.PASS:
                onward = True
            else:
                possible.append(Decision(action, hop))
        if not onward:
            break
    else:
        hop = Hop(location, chain.default, chain.layer, chain.direction, because=NOTHING_APPLIES)
        possible.append(Decision(chain.default, hop))
    if len({one.action for one in possible}) < 2:
        return Decisions(tuple(possible), frozenset())
    return Decisions(tuple(possible), frozenset(doubts or {Doubt.UNKNOWN}))


def _stage(
    stage: Stage,
    subject: Endpoint | None,
    peer: Side,
    header: Header,
    request: Request | None,
    doubts: set[Doubt],
) -> tuple[list[Step], bool]:
    """The steps that may end this stage, and whether the next stage may be reached without one that passes."""
    governing = [(scope, scope.subjects.matches(subject)) for scope in stage.scopes]
    governing = sorted(((s, t) for s, t in governing if t is not False), key=lambda pair: pair[0].priority)
    if not governing:
        return [], True
    steps: list[Step] = []
    for _, equals in groupby(governing, key=lambda pair: pair[0].priority):
        falls = True
        for scope, governs in equals:
            scope_falls = True
            for rule in scope.rules:
                truth, doubt = _matches(rule, subject, peer, header, request)
                if truth is False:
                    continue
                condition = "" if truth or doubt is Doubt.UNKNOWN else str(rule.condition)
                why = "" if truth else f"whether {condition}" if condition else reason(rule, peer)
                steps.append((rule.action, scope, rule, why, condition))
                if truth is True:
                    scope_falls = False
                    break
                doubts.add(doubt)
            if governs is None:
                doubts.add(Doubt.UNKNOWN)
                scope_falls = True
            falls = falls and scope_falls
        if not falls:
            return steps, False
    certain = any(governs is True for _, governs in governing)
    deciding = [scope for scope, governs in governing if governs is True or not certain]
    steps.append((stage.end, replace(deciding[0], name=_names(deciding)), None, "", ""))
    return steps, not certain


def _matches(
    rule: Rule, subject: Endpoint | None, peer: Side, header: Header, request: Request | None
) -> tuple[Truth, Doubt]:
    """Whether the rule matches, and what is in doubt where that is open."""
    network = conjunction(
        (
            rule.subjects.matches(subject),
            disjunction(_peer_matches(one, peer) for one in rule.peers),
            True if header in rule.headers.must else (None if header in rule.headers.may else False),
        )
    )
    truth = conjunction((network, rule.condition.evaluate(request)))
    return truth, Doubt.CONDITION if network is True else Doubt.UNKNOWN


def _peer_matches(peer: Peer, side: Side) -> Truth:
    return conjunction(_peer_parts(peer, side))


def _peer_parts(peer: Peer, side: Side) -> Iterator[Truth]:
    yield peer.selector.matches(side.origin)
    yield True if peer.addresses is None else within(peer.addresses, side.address)
    yield peer.identity_matches(side.identity)


def reason(rule: Rule, peer: Side) -> str:
    """Why nobody knows whether a rule matches, as far as the configuration says."""
    told = [found for one in rule.peers for found in _told(one.selector)]
    told += [one.addresses.because for one in rule.peers if one.addresses is not None and one.addresses.because]
    if rule.headers.because:
        told.append(rule.headers.because)
    if told:
        return told[0]
    who = peer.origin.title if peer.origin else "the peer"
    return f"not everything about {who} is known"


def _told(selector: Selector) -> Iterator[str]:
    """The reasons that a selector gives for itself."""
    match selector:
        case Unsure(because):
            yield because
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _told(part)
        case Not(part):
            yield from _told(part)


def within(addresses: Bounds[AddressSet], address: int) -> Truth:
    """Whether one address is in a set of which only bounds may be known."""
    return True if address in addresses.must else (None if address in addresses.may else False)


def _names(scopes: list[Scope]) -> str:
    """Those that together decided by silence."""
    more = f" and {len(scopes) - 3} more" if len(scopes) > 3 else ""
    return ", ".join(scope.name for scope in scopes[:3]) + more


def _hop(chain: Chain, location: str, action: Action, stage: str, scope: Scope, rule: Rule | None) -> Hop:
    name = scope.name if rule is None else f"{scope.name} {rule.name}".strip()
    because = f"no rule of {scope.name} matches" if rule is None else ""
    span = scope.span if rule is None or rule.span == NOWHERE else rule.span
    return Hop(location, action, chain.layer, chain.direction, stage, name, span, because)
