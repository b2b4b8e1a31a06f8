"""What is known of one certificate between runs, and how each event changes it. Pure: `now` is a parameter.

A record never decides anything (`renewal` does); it holds what a decision needs and survives the process as plain
data. Times are in UTC and keep their seconds only, as certificates do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ringfence.certificates.issuers import Window


@dataclass(frozen=True, slots=True)
class Attempts:
    """How asking one issuer, or deploying, went since it last succeeded."""

    failures: int = 0
    last: datetime | None = None
    not_before: datetime | None = None
    """When it may be tried again at the earliest, as the other side said (Retry-After)."""
    reason: str = ""
    """What the last failure said; empty where there was none."""

    def failed(self, reason: str, now: datetime, not_before: datetime | None = None) -> Attempts:
        """One failure more."""
        return Attempts(self.failures + 1, now, not_before, reason)


@dataclass(frozen=True, slots=True)
class Wish:
    """The authority's renewal window (ARI), and the moment in it that was drawn."""

    window: Window
    chosen: datetime
    moved: bool = False
    """Whether the authority changed its mind since it was first asked about this certificate."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a kept pair came from."""

    issuer: str
    at: datetime
    specification: str
    """A digest of what was asked for; another one means that the posture file has changed since."""
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Retired:
    """A pair that is to be revoked once its successor is proved to be served."""

    identity: str
    issuer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """One certificate. Identities name kept pairs; empty means none."""

    current: str = ""
    origin: Origin | None = None
    previous: str = ""
    """Kept for the way back, until the next one follows."""
    deployed: str = ""
    """What was proved to be served (or copied, where there is no endpoint to ask)."""
    wish: Wish | None = None
    attempts: Mapping[str, Attempts] = field(default_factory=dict)
    """By issuer."""
    deployment: Attempts = Attempts()
    retired: tuple[Retired, ...] = ()

    @property
    def known(self) -> set[str]:
        """Every identity that the record mentions."""
        retired = {one.identity for one in self.retired}
        return {one for one in {self.current, self.previous, self.deployed} | retired if one}

    def obtained(self, identity: str, origin: Origin) -> Record:
        """A new pair is current. What was tried counts no more."""
        if identity == self.current:
            return self
        return replace(
            self, current=identity, origin=origin, previous=self.current, wish=None, attempts={}, deployment=Attempts()
        )

    def failed(self, issuer: str, reason: str, now: datetime, not_before: datetime | None = None) -> Record:
        """An issuer did not deliver."""
        attempts = {**self.attempts, issuer: self.attempts.get(issuer, Attempts()).failed(reason, now, not_before)}
        return replace(self, attempts=attempts)

    def delivered(self, identity: str) -> Record:
        """A pair is deployed and proved."""
        return replace(self, deployed=identity, deployment=Attempts())

    def undelivered(self, reason: str, now: datetime) -> Record:
        """A deployment failed and was taken back."""
        return replace(self, deployment=self.deployment.failed(reason, now))

    def wished(self, wish: Wish | None) -> Record:
        """The authority's window was asked for."""
        return replace(self, wish=wish)

    def retire(self, reason: str) -> Record:
        """The current pair is to be revoked after its successor is proved."""
        if not self.current or self.origin is None or any(one.identity == self.current for one in self.retired):
            return self
        return replace(self, retired=(*self.retired, Retired(self.current, self.origin.issuer, reason)))

    def revoked(self, identity: str) -> Record:
        """A retired pair was revoked."""
        return replace(self, retired=tuple(one for one in self.retired if one.identity != identity))


def to_json(record: Record) -> dict[str, Any]:
    """The record as plain data."""
    return {
        "schema": "ringfence.certificate-record/1",
        "current": record.current,
        "origin": origin_to_json(record.origin) if record.origin else None,
        "previous": record.previous,
        "deployed": record.deployed,
        "wish": _wish_to_json(record.wish) if record.wish else None,
        "attempts": {issuer: _attempts_to_json(one) for issuer, one in record.attempts.items()},
        "deployment": _attempts_to_json(record.deployment),
        "retired": [{"identity": one.identity, "issuer": one.issuer, "reason": one.reason} for one in record.retired],
    }


def from_json(document: Mapping[str, Any] | None) -> Record:
    """The record of plain data; empty for None. KeyError, TypeError or ValueError where it is none."""
    if document is None:
        return Record()
    wish = document["wish"]
    return Record(
        current=str(document["current"]),
        origin=origin_from_json(document["origin"]) if document["origin"] else None,
        previous=str(document["previous"]),
        deployed=str(document["deployed"]),
        wish=_wish_from_json(wish) if wish else None,
        attempts={str(issuer): _attempts_from_json(one) for issuer, one in document["attempts"].items()},
        deployment=_attempts_from_json(document["deployment"]),
        retired=tuple(Retired(one["identity"], one["issuer"], one["reason"]) for one in document["retired"]),
    )


def origin_to_json(origin: Origin) -> dict[str, Any]:
    """An origin as plain data."""
    return {
        "issuer": origin.issuer,
        "at": stamp(origin.at),
        "specification": origin.specification,
        "not_before": stamp(origin.not_before),
        "not_after": stamp(origin.not_after),
    }


def origin_from_json(document: Mapping[str, Any]) -> Origin:
    """An origin of plain data; KeyError, TypeError or ValueError where it is none."""
    return Origin(
        str(document["issuer"]),
        moment(document["at"]),
        str(document["specification"]),
        moment(document["not_before"]),
        moment(document["not_after"]),
    )


def stamp(time: datetime) -> str:
    """A time as RFC 3339 in UTC, whole seconds: `2026-11-25T13:00:00Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """The time that an RFC 3339 text names. ValueError where it names none, or leaves out the zone."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone: write it like 2026-11-25T13:00:00Z")
    return time.astimezone(UTC)


def _attempts_to_json(attempts: Attempts) -> dict[str, Any]:
    return {
        "failures": attempts.failures,
        "last": stamp(attempts.last) if attempts.last else None,
        "not_before": stamp(attempts.not_before) if attempts.not_before else None,
        "reason": attempts.reason,
    }


def _attempts_from_json(document: Mapping[str, Any]) -> Attempts:
    last, not_before = document["last"], document["not_before"]
    return Attempts(
        int(document["failures"]),
        moment(last) if last else None,
        moment(not_before) if not_before else None,
        str(document["reason"]),
    )


def _wish_to_json(wish: Wish) -> dict[str, Any]:
    window = wish.window
    return {
        "start": stamp(window.start),
        "end": stamp(window.end),
        "ask_again": stamp(window.ask_again),
        "explanation": window.explanation,
        "chosen": stamp(wish.chosen),
        "moved": wish.moved,
    }


def _wish_from_json(document: Mapping[str, Any]) -> Wish:
    start, end, again = (moment(document[key]) for key in ("start", "end", "ask_again"))
    return Wish(
        Window(start, end, again, str(document["explanation"])), moment(document["chosen"]), bool(document["moved"])
    )
