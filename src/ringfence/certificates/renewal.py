"""When to renew, and whom to ask. Pure rules: `now` is a parameter, and a decision says why.

With T the lifetime of a certificate (notAfter - notBefore):

  due       the moment drawn from the authority's own window (ARI, RFC 9773) if it offers one; else `renew_before`
            before the end if the posture file says so; else at 2/3 of T, at 1/2 where T is under 10 days. A fixed 1% of
            T per certificate spreads those that were issued together; certificates of an own authority under 10 days,
            which come in thousands, are spread over 1/2 +- 10%.
  latest    no rule and no authority's wish puts it off past max(T/20, 5 check intervals) before the end.
  earliest  nothing is issued again within max(1 h, T/10) of the last success (T/3 where that is shorter, for leaves of
            an hour), unless what is asked for, or the authority's wish, has changed. A window that lies in the past
            from the start would otherwise have a certificate renewed at every look.
  retries   1, 10, 100 minutes after a failure, then every min(24 h, T/20); never later than a quarter of what is left,
            so that the last hours see many tries. A Retry-After always wins.
  fallback  the first issuer alone until half of the slack (from due to the end) is gone, or while nothing valid is
            there; then all of them, in order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ringfence.certificates.issuers import Window
from ringfence.certificates.records import Attempts, Origin, Record, Wish

SHORT_LIVED = timedelta(days=10)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=100))
FALLBACK_AT = 0.5
"""The part of the slack that belongs to the first issuer alone."""
SPECIFICATION_TRIES = 3
"""Failures of the first issuer after which a changed specification goes to the others, whatever the slack."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a decision needs to know of a certificate's configuration."""

    name: str
    specification: str
    issuers: tuple[str, ...]
    """In order of preference; at least one."""
    own_authority: bool = False
    """Whether the first issuer is ours, and so has no limits to respect."""
    renew_before: timedelta | None = None
    check_interval: timedelta = HOUR
    """How often somebody looks."""


class Action(StrEnum):
    """What is to be done about a certificate."""

    KEEP = "keep"
    OBTAIN = "obtain"
    WAIT = "wait"
    """It is due, and nobody may be asked yet."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now, why, whom to ask in order, and when to look again."""

    action: Action
    because: str
    next: datetime
    issuers: tuple[str, ...] = ()
    due: datetime | None = None
    """None where there is no certificate yet."""
    waiting: tuple[str, ...] = field(default=())
    """Issuers that would be asked but for their backoff or their Retry-After."""


def decide(terms: Terms, record: Record, now: datetime, *, force: bool = False, impatient: bool = False) -> Decision:
    """What to do about a certificate now. `force` renews what is not due; `impatient` skips our own pauses between
    tries, because a person asks (and never what the authority said).
    """
    origin = record.origin
    if origin is None or not record.current:
        return _ask(terms, record, now, "there is no certificate yet", None, impatient)
    moment, rule = due(terms, origin, record.wish)
    if force:
        return _ask(terms, record, now, "it was asked for", moment, impatient)
    if origin.not_after <= now:
        return _ask(terms, record, now, "it has expired", moment, impatient)
    if origin.specification != terms.specification:
        return _ask(terms, record, now, "the posture file asks for something else now", moment, impatient)
    if now >= moment:
        return _ask(terms, record, now, rule, moment, impatient)
    look = min(moment, record.wish.window.ask_again) if record.wish else moment
    return Decision(
        Action.KEEP, f"due {moment:%Y-%m-%d %H:%M}: {rule}", max(look, now + timedelta(minutes=1)), due=moment
    )


def due(terms: Terms, origin: Origin, wish: Wish | None) -> tuple[datetime, str]:
    """When a certificate is due, and the rule that says so."""
    lifetime = origin.not_after - origin.not_before
    margin = safety(terms, lifetime)
    latest = origin.not_after - margin
    earliest = origin.at + min(max(HOUR, lifetime / 10), lifetime / 3)
    if wish is not None:
        moment = wish.chosen if wish.moved else max(wish.chosen, earliest)
        rule = "the authority's renewal window"
    elif terms.renew_before is not None and terms.renew_before < lifetime:
        moment, rule = max(origin.not_after - terms.renew_before, earliest), "renew_before of the posture file"
    elif lifetime < SHORT_LIVED:
        spread = lifetime * 0.1 * (2 * share(terms.name) - 1) if terms.own_authority else -_jitter(terms, lifetime)
        moment, rule = max(origin.not_before + lifetime / 2 + spread, earliest), "half of its lifetime"
    else:
        moment = max(origin.not_before + lifetime * 2 / 3 - _jitter(terms, lifetime), earliest)
        rule = "two thirds of its lifetime"
    return (moment, rule) if moment <= latest else (latest, "too little time is left to wait longer")


def safety(terms: Terms, lifetime: timedelta) -> timedelta:
    """What must be left of a certificate at the latest, whatever an authority wishes; at most half of its lifetime."""
    return min(max(lifetime / 20, 5 * terms.check_interval), lifetime / 2)


def slack_used(terms: Terms, record: Record, now: datetime) -> float:
    """The part of the time between due and the end that is gone: 0 when due, 1 at the end and without certificate."""
    if record.origin is None:
        return 1.0
    begin, end = due(terms, record.origin, record.wish)[0], record.origin.not_after
    return min(max((now - begin) / (end - begin), 0.0), 1.0) if end > begin else 1.0


def draw(name: str, window: Window, kept: Wish | None) -> Wish:
    """A moment within the authority's window: the one kept as long as it lies in there, else a new one.

    It depends on the name and the window alone, so two machines draw alike and a crash draws the same again.
    """
    if kept is not None and window.start <= kept.chosen <= window.end:
        return Wish(window, kept.chosen, kept.moved)
    chosen = window.start + (window.end - window.start) * share(f"{name} {window.start} {window.end}")
    return Wish(window, chosen, moved=kept is not None)


def next_try(attempts: Attempts, origin: Origin | None, now: datetime, *, impatient: bool = False) -> datetime:
    """When an issuer may be asked again; a time in the past means now. The impatient respect a Retry-After alone."""
    if attempts.last is None or impatient:
        return attempts.not_before or now
    cap = DAY
    if origin is not None and origin.not_after > now:
        cap = min(DAY, (origin.not_after - origin.not_before) / 20, max((origin.not_after - now) / 4, RETRIES[0]))
    pause = RETRIES[attempts.failures - 1] if 0 < attempts.failures <= len(RETRIES) else cap
    if origin is None or origin.not_after <= now:
        pause = min(pause, RETRIES[-1])
    usual = attempts.last + min(pause, cap)
    return max(usual, attempts.not_before) if attempts.not_before else usual


def share(text: str) -> float:
    """A number in [0, 1) that belongs to the text for ever: what jitter is made from."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


def _ask(
    terms: Terms, record: Record, now: datetime, because: str, moment: datetime | None, impatient: bool
) -> Decision:
    origin = record.origin
    valid = origin is not None and origin.not_after > now
    first = record.attempts.get(terms.issuers[0], Attempts())
    changed = origin is not None and origin.specification != terms.specification
    everybody = not valid or slack_used(terms, record, now) >= FALLBACK_AT
    everybody = everybody or (changed and first.failures >= SPECIFICATION_TRIES)
    candidates: Sequence[str] = terms.issuers if everybody else terms.issuers[:1]
    attempts = {issuer: record.attempts.get(issuer, Attempts()) for issuer in candidates}
    times = {issuer: next_try(one, origin, now, impatient=impatient) for issuer, one in attempts.items()}
    ready = tuple(issuer for issuer in candidates if times[issuer] <= now)
    waiting = tuple(issuer for issuer in candidates if times[issuer] > now)
    look = min(times[issuer] for issuer in waiting) if waiting else now + RETRIES[0]
    if valid and not everybody and origin is not None:
        begin = due(terms, origin, record.wish)[0]
        half = begin + (origin.not_after - begin) * FALLBACK_AT
        look = min(look, max(half, now + timedelta(seconds=1)))
    if ready:
        return Decision(Action.OBTAIN, because, look, ready, moment, waiting)
    reasons = "; ".join(f"{issuer}: {record.attempts[issuer].reason}" for issuer in waiting)
    return Decision(Action.WAIT, f"{because}, and nobody may be asked yet ({reasons})", look, (), moment, waiting)


def _jitter(terms: Terms, lifetime: timedelta) -> timedelta:
    return lifetime * 0.01 * share(terms.name)
