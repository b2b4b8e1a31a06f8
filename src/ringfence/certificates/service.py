"""`certs run`: passes for ever, and what they tell.

The clock, the sleep and the end are given, so that tests move through years. The lock is held for each pass and not in
between, so that a person can issue by hand while the service runs. A pass that cannot be made (the lock, a broken state
file) is reported and tried again; it never ends the service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ringfence.certificates.records import stamp
from ringfence.certificates.runner import Outcome, Runner, State
from ringfence.model.diagnostics import RingfenceError

SHORTEST = timedelta(seconds=1)
LOCK_PATIENCE = 60.0
"""Seconds to wait for another process that is at work."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass: when it began, what came of it, or why it could not be made."""

    at: datetime
    outcomes: tuple[Outcome, ...]
    problem: str = ""


def serve(
    runner: Runner,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    report: Callable[[Pass], None],
    goes_on: Callable[[], bool] = lambda: True,
) -> None:
    """Makes passes while `goes_on` and reports each: when something is due, and at every check interval."""
    while goes_on():
        now = clock()
        try:
            with runner.store.lock(LOCK_PATIENCE):
                done = Pass(now, tuple(runner.run(now)))
        except RingfenceError as failure:
            done = Pass(now, (), str(failure))
        report(done)
        if goes_on():
            latest = now + runner.configuration.check_interval
            following = min([latest, *(outcome.next for outcome in done.outcomes)])
            sleep(max(following - clock(), SHORTEST).total_seconds())


def lines(done: Pass) -> Iterable[str]:
    """What a person wants to read of a pass: one line per certificate that was worked on or needs somebody."""
    if done.problem:
        yield f"{stamp(done.at)} no pass was made: {done.problem}"
    for one in done.outcomes:
        if one.state is not State.OK or len(one.because) > 1:
            left = f", {_span(one.record.origin.not_after - done.at)} left" if one.record.origin else ""
            again = f"; next look {stamp(one.next)}" if not one.good else ""
            yield f"{stamp(done.at)} {one.name}: {one.state}{left}: {'; '.join(one.because)}{again}"


def document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The outcomes as the JSON that `certs issue`, `renew`, `run` and `replace` write."""
    return {"schema": "ringfence.certificate-run/1", "certificates": [_row(one) for one in outcomes]}


def metrics(done: Pass) -> str:
    """The outcomes in Prometheus' text format, for the textfile collector."""
    rows = ["# HELP ringfence_pass_timestamp_seconds When certificates were last looked after."]
    rows += ["# TYPE ringfence_pass_timestamp_seconds gauge"]
    rows.append(f"ringfence_pass_timestamp_seconds {done.at.timestamp():.0f}")
    tables: list[tuple[str, str, Callable[[Outcome], list[tuple[str, float]]]]] = [
        ("renewal_not_after_timestamp_seconds", "When the current certificate ends.", _not_after),
        ("renewal_due_timestamp_seconds", "When it is to be renewed.", _due),
        ("renewal_failures", "Failures of an issuer since it last delivered.", _failures),
        ("deployment_failures", "Deployments taken back since the last good one.", _undelivered),
        ("renewal_state", "1 for the state that the certificate is in.", _states),
    ]
    for name, text, values in tables:
        rows += [f"# HELP ringfence_{name} {text}", f"# TYPE ringfence_{name} gauge"]
        for one in done.outcomes:
            label = f'certificate="{one.name}"'
            rows += [f"ringfence_{name}{{{label}{more}}} {value:.0f}" for more, value in values(one)]
    return "\n".join(rows) + "\n"


def _not_after(one: Outcome) -> list[tuple[str, float]]:
    origin = one.record.origin
    return [(f',issuer="{origin.issuer}"', origin.not_after.timestamp())] if origin else []


def _due(one: Outcome) -> list[tuple[str, float]]:
    return [("", one.due.timestamp())] if one.due else []


def _failures(one: Outcome) -> list[tuple[str, float]]:
    return [(f',issuer="{issuer}"', attempts.failures) for issuer, attempts in sorted(one.record.attempts.items())]


def _undelivered(one: Outcome) -> list[tuple[str, float]]:
    return [("", one.record.deployment.failures)]


def _states(one: Outcome) -> list[tuple[str, float]]:
    return [(f',state="{state}"', one.state is state) for state in State]


def _row(one: Outcome) -> dict[str, Any]:
    record, origin = one.record, one.record.origin
    return {
        "name": one.name,
        "state": str(one.state),
        "because": list(one.because),
        "issuer": origin.issuer if origin else None,
        "not_before": stamp(origin.not_before) if origin else None,
        "not_after": stamp(origin.not_after) if origin else None,
        "due": stamp(one.due) if one.due else None,
        "next": stamp(one.next),
        "current": record.current or None,
        "deployed": record.deployed or None,
        "failures": {issuer: attempts.failures for issuer, attempts in record.attempts.items()},
    }


def _span(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    if hours < 0:
        return "nothing"
    return f"{hours // 24} d" if hours >= 72 else f"{hours} h"
