"""How an entry stands: its state, when it is due, and every alert, put together from the rules.

The state is one word of a closed list, the worst that holds: a certificate that has expired is `expired`, whatever
else is wrong; then `not_yet_valid`; `invalid` (clients refuse it); `not_ready` (its controller cannot issue it, or
there is none yet); `due`; else `ok`. Alerts may stand in any state: `due` alone is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ringfence.certificates.alerts import Alert, Policy, Revocations, Rule, Surroundings, View, stand
from ringfence.certificates.due import due
from ringfence.certificates.inventory import Certificate, Effect, Entry, Renewal, Source
from ringfence.certificates.soundness import RULES, remarks

NOT_FOR_SERVERS = frozenset({Source.ENDPOINT, Source.TRUST_BUNDLE})
"""What is no store of what endpoints should serve."""


class State(StrEnum):
    """One word for an entry."""

    OK = "ok"
    DUE = "due"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NOT_READY = "not_ready"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Status:
    """An entry judged at one moment."""

    entry: Entry
    state: State
    due: Renewal | None
    alerts: tuple[Alert, ...]
    because: tuple[str, ...]
    """Why the state is what it is, and why each alert stands."""


def judge(
    entry: Entry,
    now: datetime,
    policy: Policy = Policy(),  # noqa: B008 - frozen
    around: Surroundings = Surroundings(),  # noqa: B008 - frozen
    rules: Iterable[Rule] = RULES,
) -> Status:
    """The status of one entry."""
    view = View(entry, now, policy, around)
    alerts = stand(view, rules)
    moment = due(entry)
    state = _state(entry, alerts, moment, now)
    because = [*(alert.because for alert in alerts), *remarks(view)]
    if moment is not None:
        verb = "due since" if now >= moment.due else "due"
        by = f", by {moment.by}" if moment.by else ""
        because.append(f"{verb} {moment.due:%Y-%m-%d %H:%M} UTC: {moment.because}{by}")
    return Status(entry, state, moment, alerts, tuple(dict.fromkeys([*because, *entry.notes])))


def surroundings(
    entries: Sequence[Entry], revocations: Iterable[Revocations] = (), issuers: Iterable[Certificate] = ()
) -> Surroundings:
    """What the rules may look at beside an entry: all entries, and authorities that are known besides.

    Stored for a name is also what issued itself and is an authority: `openssl req -x509` makes servers' ones like that.
    """
    authorities: defaultdict[str, dict[str, Certificate]] = defaultdict(dict)
    stored: defaultdict[str, dict[str, Certificate]] = defaultdict(dict)
    for one in (*issuers, *(one for entry in entries for one in entry.chain)):
        if one.ca:
            authorities[one.subject][one.fingerprint] = one
    for entry in entries:
        leaf = entry.leaf
        if leaf is not None and entry.source not in NOT_FOR_SERVERS and (leaf.self_issued or not leaf.ca):
            for name in leaf.names:
                stored[name][leaf.fingerprint] = leaf
    lists: defaultdict[str, list[Revocations]] = defaultdict(list)
    for listed in revocations:
        lists[listed.issuer].append(listed)
    return Surroundings(
        {subject: tuple(found.values()) for subject, found in authorities.items()},
        {name: tuple(found.values()) for name, found in stored.items()},
        {issuer: tuple(found) for issuer, found in lists.items()},
    )


def _state(entry: Entry, alerts: Sequence[Alert], moment: Renewal | None, now: datetime) -> State:
    rules = {alert.rule for alert in alerts}
    effects = {alert.effect for alert in alerts}
    if "expired" in rules:
        return State.EXPIRED
    if "not-yet-valid" in rules:
        return State.NOT_YET_VALID
    if Effect.BROKEN in effects:
        return State.INVALID
    if Effect.NOT_READY in effects or entry.ready is False or (entry.leaf is None and not entry.ready):
        return State.NOT_READY
    return State.DUE if moment is not None and now >= moment.due else State.OK
