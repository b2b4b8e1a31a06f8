"""Alert rules: pure functions in a chain, each of which names itself, since when it stands, and why.

Two families about time stand side by side, because one of them alone is wrong for most certificates:

  days-60, days-30, days-7, days-1     that many days are left. For what nothing is known to renew, for authorities, and
        for what lives longer than any public certificate ever may again. A threshold counts only where it is at most
        two thirds of the lifetime: a 45-day certificate never fires days-60, a 6-day one only days-1.
  slack-warn, slack-page, slack-critical     that part of the time between due and the end is gone (a quarter, half,
        four fifths). For what is renewed, and for what lives so short that no threshold in days counts.

Each rule is judged by itself: a certificate with five days left fires days-60, days-30 and days-7, each since its own
moment. `since` of a rule about time is exact; of a rule about what a certificate says it is the certificate's begin.
The rules about soundness are in `soundness`; both are in `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ringfence.certificates.due import due
from ringfence.certificates.inventory import Certificate, Effect, Entry

DAYS = (60, 30, 7, 1)
SLACK: Mapping[str, float] = {"slack-warn": 0.25, "slack-page": 0.5, "slack-critical": 0.8}
APPLIES_UP_TO = 2 / 3
"""The part of the lifetime up to which a threshold in days counts."""
LONG_LIVED = timedelta(days=398)
"""The longest that public certificates were issued for when that was last a matter of years (until March 2026)."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule that stands."""

    rule: str
    since: datetime
    because: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Policy:
    """What is configurable about the rules."""

    days: tuple[int, ...] = DAYS
    """Thresholds in days, in any order."""
    production: bool = False
    """Whether self-signed leaves are wrong here."""


@dataclass(frozen=True, slots=True)
class Revocations:
    """What one revocation list says, as far as the rules need it."""

    issuer: str
    next_update: datetime | None
    serials: Mapping[int, datetime]
    signers: frozenset[str]
    """Fingerprints of the known certificates whose key signed it."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything else that the rules may look at."""

    authorities: Mapping[str, tuple[Certificate, ...]] = field(default_factory=dict)
    """All CA certificates that were read, by subject."""
    stored: Mapping[str, tuple[Certificate, ...]] = field(default_factory=dict)
    """Leaves that are stored somewhere, by each of their names: what an endpoint should serve."""
    revocations: Mapping[str, tuple[Revocations, ...]] = field(default_factory=dict)
    """By issuer."""


@dataclass(frozen=True, slots=True)
class View:
    """What a rule sees."""

    entry: Entry
    now: datetime
    policy: Policy = Policy()
    around: Surroundings = Surroundings()


Rule = Callable[[View], Iterator[Alert]]


def stand(view: View, rules: Iterable[Rule]) -> tuple[Alert, ...]:
    """The alerts that stand, in the order of the rules."""
    return tuple(alert for rule in rules for alert in rule(view))


def expired(view: View) -> Iterator[Alert]:
    """The end is over; the chain counts as a whole."""
    end = view.entry.end
    if end is not None and view.now > end:
        yield Alert("expired", end, f"it expired {_ago(view.now - end)} ago", Effect.TIME)


def not_yet_valid(view: View) -> Iterator[Alert]:
    """The begin is still to come."""
    leaf = view.entry.leaf
    if leaf is not None and view.now < leaf.not_before:
        text = f"it is valid only from {leaf.not_before:%Y-%m-%d %H:%M:%S} UTC on"
        yield Alert("not-yet-valid", view.now, text, Effect.TIME)


def days_left(view: View) -> Iterator[Alert]:
    """Thresholds in days."""
    leaf, end = view.entry.leaf, view.entry.end
    if leaf is None or end is None:
        return
    if not counts_in_days(view.entry):
        return
    renewed = view.entry.renewal is not None
    left = f"{_ago(end - view.now)} are left; " if view.now <= end else ""
    why = "nothing is known to renew it" if not renewed else "an authority" if leaf.ca else "it is long-lived"
    for days in counting(view.policy.days, leaf.lifetime):
        since = _earlier(end, timedelta(days=days))
        if view.now >= since:
            yield Alert(f"days-{days}", since, f"{left}{why}", Effect.TIME)


def counting(days: Iterable[int], lifetime: timedelta) -> list[int]:
    """The thresholds that count for a lifetime, the largest first."""
    return sorted({one for one in days if timedelta(days=one) <= lifetime * APPLIES_UP_TO}, reverse=True)


def slack_used(view: View) -> Iterator[Alert]:
    """The part of the time between due and the end that is gone."""
    leaf, end, moment = view.entry.leaf, view.entry.end, due(view.entry)
    if leaf is None or end is None or moment is None:
        return
    if not counts_in_slack(view.entry, view.policy):
        return
    slack = end - moment.due
    if slack <= timedelta():
        return
    for rule, part in SLACK.items():
        since = moment.due + slack * part
        if view.now >= since:
            used = (view.now - moment.due) / slack
            text = f"{used:.0%} of the time between due and its end is gone"
            yield Alert(rule, since, text, Effect.TIME)


def counts_in_days(entry: Entry) -> bool:
    """Whether thresholds in days are for this entry."""
    leaf = entry.leaf
    return leaf is not None and (entry.renewal is None or leaf.ca or leaf.lifetime > LONG_LIVED)


def counts_in_slack(entry: Entry, policy: Policy) -> bool:
    """Whether the slack is for this entry."""
    leaf = entry.leaf
    return leaf is not None and (entry.renewal is not None or not counting(policy.days, leaf.lifetime))


TIME_RULES: tuple[Rule, ...] = (expired, not_yet_valid, days_left, slack_used)


def _earlier(moment: datetime, span: timedelta) -> datetime:
    """So long before a moment; the begin of the calendar where that lies before it."""
    return moment - span if moment - FIRST >= span else FIRST


FIRST = datetime.min.replace(tzinfo=UTC)


def _ago(span: timedelta) -> str:
    """A span as people say it."""
    if span >= timedelta(days=2):
        return f"{span.days} days"
    if span >= timedelta(hours=2):
        return f"{int(span / timedelta(hours=1))} hours"
    return f"{int(span / timedelta(minutes=1))} minutes"
