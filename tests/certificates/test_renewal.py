"""When to renew and whom to ask: the rules one by one, then ten years of renewals with issuers that fail."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.certificates.issuers import Window
from ringfence.certificates.records import Attempts, Origin, Record, Wish
from ringfence.certificates.renewal import Action, Terms, decide, draw, due, next_try, safety, share, slack_used
from tests.certificates.authority import DAY, HOUR, NOW

TERMS = Terms("web", "spec", ("first", "second"))
MINUTE = timedelta(minutes=1)


def origin(lifetime: timedelta, at: datetime = NOW, specification: str = "spec") -> Origin:
    return Origin("first", at, specification, at, at + lifetime)


def record(lifetime: timedelta, **changes: object) -> Record:
    return Record(**{"current": "one", "origin": origin(lifetime), **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lifetime", "early", "late"),
    [
        (90 * DAY, 59.1, 60.0),
        (45 * DAY, 29.5, 30.0),
        (200 * DAY, 131.3, 133.4),
        (10 * DAY, 6.5, 6.7),
        (6 * DAY, 2.94, 3.0),
        (160 * HOUR, 3.26, 3.34),
        (HOUR, 0.495 / 24, 0.5 / 24),
    ],
)
def test_due_by_lifetime(lifetime: timedelta, early: float, late: float) -> None:
    moment, _ = due(Terms("web", "spec", ("first",), check_interval=MINUTE), origin(lifetime), None)
    assert early * DAY <= moment - NOW <= late * DAY


@given(st.text(max_size=8))
def test_workload_certificates_are_spread(name: str) -> None:
    moment, _ = due(Terms(name, "spec", ("own",), own_authority=True), origin(6 * DAY), None)
    assert 2.4 * DAY <= moment - NOW <= 3.6 * DAY
    assert 0 <= share(name) < 1


def test_renew_before() -> None:
    terms = Terms("web", "spec", ("first",), renew_before=20 * DAY)
    assert due(terms, origin(90 * DAY), None)[0] == NOW + 70 * DAY
    usual = due(Terms("web", "spec", ("first",)), origin(15 * DAY), None)
    assert due(terms, origin(15 * DAY), None) == usual, "as long as the lifetime: it would never end"
    assert due(Terms("web", "spec", ("first",), renew_before=89 * DAY), origin(90 * DAY), None)[0] == NOW + 9 * DAY


def test_the_authoritys_window_goes_first_but_never_past_safety() -> None:
    window = Window(NOW + 30 * DAY, NOW + 31 * DAY, NOW + HOUR)
    wish = draw("web", window, None)
    assert window.start <= wish.chosen <= window.end
    assert due(TERMS, origin(90 * DAY), wish)[0] == wish.chosen
    late = draw("web", Window(NOW + 100 * DAY, NOW + 101 * DAY, NOW), None)
    assert due(TERMS, origin(90 * DAY), late) == (NOW + 85.5 * DAY, "too little time is left to wait longer")


def test_a_window_in_the_past_is_no_endless_loop() -> None:
    past = Window(NOW - 9 * DAY, NOW - 8 * DAY, NOW)
    first = draw("web", past, None)
    assert due(TERMS, origin(90 * DAY), first)[0] == NOW + 9 * DAY
    assert due(TERMS, origin(90 * DAY), draw("web", past, first))[0] == NOW + 9 * DAY
    kept = draw("web", Window(NOW + 50 * DAY, NOW + 51 * DAY, NOW), None)
    assert due(TERMS, origin(90 * DAY), draw("web", past, kept))[0] < NOW, "it moved: something happened"


def test_a_drawn_moment_is_kept_while_the_window_holds_it() -> None:
    kept = draw("web", Window(NOW, NOW + 10 * DAY, NOW), None)
    wider = Window(NOW - DAY, NOW + 20 * DAY, NOW + HOUR)
    assert draw("web", wider, kept) == Wish(wider, kept.chosen)
    moved = Window(NOW + 50 * DAY, NOW + 51 * DAY, NOW)
    assert moved.start <= draw("web", moved, kept).chosen <= moved.end


@pytest.mark.parametrize(
    ("lifetime", "expected"), [(90 * DAY, 4.5 * DAY), (6 * DAY, 7.2 * HOUR), (2 * DAY, 5 * HOUR), (HOUR, HOUR / 2)]
)
def test_safety(lifetime: timedelta, expected: timedelta) -> None:
    assert safety(TERMS, lifetime) == expected


@pytest.mark.parametrize(
    ("failures", "left", "pause"),
    [
        (1, 80 * DAY, MINUTE),
        (2, 80 * DAY, 10 * MINUTE),
        (3, 80 * DAY, 100 * MINUTE),
        (4, 80 * DAY, DAY),
        (9, 2 * DAY, 12 * HOUR),
        (9, HOUR, 15 * MINUTE),
        (9, 2 * MINUTE, MINUTE),
        (9, -DAY, 100 * MINUTE),
    ],
)
def test_retries(failures: int, left: timedelta, pause: timedelta) -> None:
    attempts = Attempts(failures, NOW)
    ends = origin(90 * DAY, NOW + left - 90 * DAY)
    assert next_try(attempts, ends, NOW) == NOW + pause


def test_retry_after_always_wins() -> None:
    attempts = Attempts(1, NOW, NOW + 3 * DAY, "busy")
    assert next_try(attempts, origin(90 * DAY), NOW) == NOW + 3 * DAY
    assert next_try(attempts, origin(90 * DAY), NOW, impatient=True) == NOW + 3 * DAY
    assert next_try(Attempts(3, NOW), origin(90 * DAY), NOW, impatient=True) == NOW


@pytest.mark.parametrize(
    ("days", "action", "issuers", "because"),
    [
        (0, Action.KEEP, (), "due 2027-01-2"),
        (59, Action.KEEP, (), "two thirds of its lifetime"),
        (60, Action.OBTAIN, ("first",), "two thirds of its lifetime"),
        (74, Action.OBTAIN, ("first",), "two thirds of its lifetime"),
        (75, Action.OBTAIN, ("first", "second"), "two thirds of its lifetime"),
        (90, Action.OBTAIN, ("first", "second"), "it has expired"),
    ],
)
def test_decisions(days: int, action: Action, issuers: tuple[str, ...], because: str) -> None:
    found = decide(TERMS, record(90 * DAY), NOW + days * DAY)
    assert (found.action, found.issuers) == (action, issuers)
    assert because in found.because


def test_nothing_yet_goes_to_everybody() -> None:
    assert decide(TERMS, Record(), NOW).issuers == ("first", "second")
    assert slack_used(TERMS, Record(), NOW) == 1


def test_a_change_goes_to_the_others_after_three_failures() -> None:
    changed = record(90 * DAY, origin=origin(90 * DAY, specification="old"))
    assert decide(TERMS, changed, NOW).issuers == ("first",)
    failed = record(
        90 * DAY, origin=origin(90 * DAY, specification="old"), attempts={"first": Attempts(3, NOW, None, "no")}
    )
    assert decide(TERMS, failed, NOW + MINUTE).issuers == ("second",)


def test_waiting_says_for_whom() -> None:
    waiting = record(90 * DAY, attempts={"first": Attempts(1, NOW + 60 * DAY, None, "no route")})
    found = decide(TERMS, waiting, NOW + 60 * DAY)
    assert (found.action, found.waiting) == (Action.WAIT, ("first",))
    assert "first: no route" in found.because
    assert found.next == NOW + 60 * DAY + MINUTE


class Years:
    """Ten years of one certificate by the rules alone; issuers are up or down as drawn, wake-ups come late."""

    def __init__(self, lifetime: timedelta, seed: int, *, saviour: str | None) -> None:
        self.lifetime, self.saviour = lifetime, saviour
        self.random = random.Random(seed)
        self.record = Record()
        self.outages = {name: self._outages() for name in TERMS.issuers}
        self.expired = timedelta(0)
        self.issued: list[str] = []

    def _outages(self) -> list[tuple[datetime, datetime]]:
        found, at = [], NOW
        while at < NOW + 3700 * DAY:
            begin = at + self.lifetime * self.random.uniform(0.1, 3)
            at = begin + self.lifetime * self.random.uniform(0.01, 1.5)
            found.append((begin, at))
        return found

    def up(self, issuer: str, now: datetime) -> bool:
        """By its outages; the saviour answers in the last three check intervals of what is served, come what may."""
        ends = self.record.origin.not_after if self.record.origin else now
        if issuer == self.saviour and ends - now <= 3 * HOUR:
            return True
        return not any(begin <= now < end for begin, end in self.outages[issuer])

    def run(self) -> None:
        now = NOW
        while now < NOW + 3652 * DAY:
            if self.record.origin and self.record.origin.not_after <= now:
                self.expired += now - self.record.origin.not_after
            found = decide(TERMS, self.record, now)
            for issuer in found.issuers:
                if self.up(issuer, now):
                    made = Origin(issuer, now, "spec", now, now + self.lifetime)
                    self.record = self.record.obtained(f"{len(self.issued)}", made)
                    self.issued.append(issuer)
                    break
                retry_after = now + HOUR * self.random.random() if self.random.random() < 0.3 else None
                self.record = self.record.failed(issuer, "down", now, retry_after)
            following = decide(TERMS, self.record, now).next
            now = max(following, now + timedelta(seconds=1)) + TERMS.check_interval * self.random.random()


@pytest.mark.parametrize("days", [6, 45, 47, 90, 200])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("saviour", ["first", "second"])
def test_ten_years_without_an_expired_certificate(days: int, seed: int, saviour: str) -> None:
    years = Years(days * DAY, seed, saviour=saviour)
    years.run()
    assert years.expired == timedelta(0)
    assert set(years.issued) == {"first", "second"}, "outages were long enough that the fallback was needed"
    assert 3652 / days < len(years.issued) < 3652 / days * 2.3, "and nothing was issued more often than it had to be"


def test_the_simulation_can_fail() -> None:
    years = Years(6 * DAY, 1, saviour=None)
    years.run()
    assert years.expired > timedelta(0)
