"""A local count of what an authority's rate limits count, so that a limit is met here and not there.

Public authorities refuse for hours or days once a limit is passed; a client that keeps count asks a little later
instead. The count is politeness, not truth: other clients may share the limit, and the authority's own answer
(Retry-After) always wins. A renewal that an authority asked for (ARI, with `replaces`) is exempt from the limits.

The registered domain of a name is its last two labels, unless the posture file says that a longer one is registered:
the public suffix list is not shipped. Too short a domain counts too much, never too little.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ringfence.certificates.configuration import AcmeIssuer, Limit
from ringfence.certificates.records import moment, stamp

LETS_ENCRYPT = (
    Limit("domain", 50, timedelta(days=7)),
    Limit("names", 5, timedelta(days=7)),
    Limit("orders", 300, timedelta(hours=3)),
    Limit("failures", 5, timedelta(hours=1)),
)
"""Let's Encrypt's limits as its documentation gave them in August 2026."""

KEPT = timedelta(days=7)
"""How long events are remembered: the longest window of the limits above."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that counts: an order, an issued certificate, or a failed validation."""

    issuer: str
    kind: str
    """`order`, `issued` or `failure`."""
    names: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """The events of the last days, oldest first."""

    events: tuple[Event, ...] = ()

    def add(self, event: Event, longest: timedelta = KEPT) -> Ledger:
        """With one event more, and without those that no limit counts any longer."""
        kept = tuple(one for one in self.events if one.at > event.at - longest)
        return Ledger((*kept, event))

    def blocked_until(
        self, issuer: str, limits: Iterable[Limit], names: Sequence[str], domains: Sequence[str], now: datetime
    ) -> tuple[datetime, Limit] | None:
        """When all limits leave room for one more certificate, and the limit that waits longest; None is now."""
        mine = [event for event in self.events if event.issuer == issuer]
        worst: tuple[datetime, Limit] | None = None
        for limit in limits:
            for counted in _counted(limit, mine, names, domains):
                recent = sorted(event.at for event in counted if event.at > now - limit.window)
                if len(recent) >= limit.count:
                    free = recent[len(recent) - limit.count] + limit.window
                    worst = max(worst, (free, limit), key=lambda row: row[0]) if worst else (free, limit)
        return worst


def limits_of(issuer: AcmeIssuer) -> tuple[Limit, ...]:
    """The limits of the posture file, else those that are known of the authority."""
    if issuer.limits:
        return issuer.limits
    return LETS_ENCRYPT if "acme-v02.api.letsencrypt.org" in issuer.directory else ()


def registered_domain(name: str, domains: Sequence[str]) -> str:
    """The domain that the authority counts a name under; an address counts as itself."""
    name = name.lower().removeprefix("*.").rstrip(".")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    longer = [one for one in domains if name == one or name.endswith(f".{one}")]
    return max(longer, key=len) if longer else ".".join(name.split(".")[-2:])


def to_json(ledger: Ledger) -> dict[str, Any]:
    """The ledger as plain data."""
    rows = [
        {"issuer": one.issuer, "kind": one.kind, "names": list(one.names), "at": stamp(one.at)} for one in ledger.events
    ]
    return {"schema": "ringfence.issuer-ledger/1", "events": rows}


def from_json(document: Mapping[str, Any] | None) -> Ledger:
    """The ledger of plain data; empty for None. KeyError, TypeError or ValueError where it is none."""
    rows = document["events"] if document is not None else ()
    return Ledger(tuple(Event(row["issuer"], row["kind"], tuple(row["names"]), moment(row["at"])) for row in rows))


def _counted(limit: Limit, events: list[Event], names: Sequence[str], domains: Sequence[str]) -> list[list[Event]]:
    """The events that share a limit with the names: one list per key that the limit counts by."""
    issued = [event for event in events if event.kind == "issued"]
    if limit.kind == "orders":
        return [[event for event in events if event.kind == "order"]]
    if limit.kind == "names":
        return [[event for event in issued if set(event.names) == set(names)]]
    if limit.kind == "failures":
        failures = [event for event in events if event.kind == "failure"]
        return [[event for event in failures if name in event.names] for name in names]
    return [
        [event for event in issued if domain in {registered_domain(name, domains) for name in event.names}]
        for domain in {registered_domain(name, domains) for name in names}
    ]
