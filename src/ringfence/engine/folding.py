"""How one chain decides all headers at once: `engine.decisions` as an algebra of header sets.

For one subject and one peer each rule matches, may match or does not. Folding the rules in order keeps four sets:

    here      headers for which this point of the chain may be reached
    allowed   headers for which an allow may be decided, so far
    denied    likewise a deny
    passed    headers for which the stage may be left by a pass

A rule adds what it may match of `here` to its action's set and takes what it must match out of `here`. Scopes of equal
priority all start from the same `here`; what goes on is what each of them may leave over. At the end, *may* is
`allowed` and *must* is `allowed` without `denied`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ringfence.engine.verdicts import Verdict
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Truth
from ringfence.model.headers import ALL_HEADERS, NO_HEADERS, HeaderSet
from ringfence.model.rules import Action, Peer


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule as one subject sees it. `certain` is false where subject or condition leave open whether it matches."""

    action: Action
    peers: tuple[Peer, ...]
    headers: Bounds[HeaderSet]
    certain: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The scopes of one priority: the entries of each, and whether the scope certainly governs the subject."""

    scopes: tuple[tuple[bool, tuple[Entry, ...]], ...]


@dataclass(frozen=True, slots=True)
class Tier:
    """A stage as one subject sees it; `certain` where a scope certainly governs it."""

    end: Action
    certain: bool
    groups: tuple[Group, ...]


def fold(tiers: tuple[Tier, ...], default: Action, matches: Callable[[Entry], Truth]) -> Verdict:
    """The verdict of a chain whose entries match the peer as `matches` says (its peers, not its headers)."""
    allowed = denied = NO_HEADERS
    here = ALL_HEADERS
    for tier in tiers:
        passed = NO_HEADERS
        for group in tier.groups:
            onward = here
            for governs, entries in group.scopes:
                left = here
                for entry in entries:
                    truth = matches(entry)
                    if truth is False:
                        continue
                    hit = left & entry.headers.may
                    if entry.action is Action.ALLOW:
                        allowed |= hit
                    elif entry.action is Action.DENY:
                        denied |= hit
                    else:
                        passed |= hit
                    if truth is True and entry.certain:
                        left -= entry.headers.must
                if governs:
                    onward &= left
            here = onward
        if tier.end is Action.ALLOW:
            allowed |= here
        elif tier.end is Action.DENY:
            denied |= here
        if tier.certain:  # otherwise nothing was taken out of `here`, and all of it may go on
            here = passed | here if tier.end is Action.PASS else passed
    if default is Action.ALLOW:
        allowed |= here
    else:
        denied |= here
    must = allowed - denied
    return Bounds(allowed, allowed) if must == allowed else Bounds(must, allowed)
