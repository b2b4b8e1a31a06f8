"""The service: the clock moved through a year, what it tells, and that nothing ends it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from ringfence.certificates.service import Pass, document, lines, metrics, serve
from tests.certificates.authority import DAY, HOUR, NOW, fake, runner, web


class Clock:
    def __init__(self, end: datetime) -> None:
        self.now, self.end = NOW, end

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 1
        self.now += timedelta(seconds=seconds)

    def goes_on(self) -> bool:
        return self.now < self.end


def test_a_hundred_days(tmp_path: Path) -> None:
    first = fake(tmp_path, "first")
    made = runner(tmp_path, web(tmp_path, lifetime=45 * DAY), issuers={"first": first})
    clock, passes = Clock(NOW + 100 * DAY), list[Pass]()
    serve(made, clock, clock.sleep, passes.append, clock.goes_on)
    assert all(one.good for done in passes for one in done.outcomes)
    assert len(first.issued) == 4
    assert max(later.at - earlier.at for earlier, later in pairwise(passes)) <= HOUR


def test_a_lock_that_is_held_is_told_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    made = runner(tmp_path, web(tmp_path))
    clock, passes = Clock(NOW + 3 * HOUR), list[Pass]()
    serve(made, clock, clock.sleep, passes.append, clock.goes_on)
    assert len(passes) == 3
    assert all(done.problem for done in passes)
    assert "no pass was made" in next(iter(lines(passes[0])))


def test_what_it_tells(tmp_path: Path) -> None:
    first = fake(tmp_path, "first")
    made = runner(tmp_path, web(tmp_path), issuers={"first": first})
    issued = Pass(NOW, tuple(made.run(NOW)))
    assert "web: renewed, 6 d left: there is no certificate yet; first issued" in next(iter(lines(issued)))
    assert list(lines(Pass(NOW, tuple(made.run(NOW))))) == [], "what is in order is not worth a line"
    first.up = False
    late = Pass(NOW + 4 * DAY, tuple(made.run(NOW + 4 * DAY)))
    line = next(iter(lines(late)))
    assert "web: waiting, 48 h left" in line
    assert "first: out of order; next look 2026-11-29T12:01:00Z" in line
    shown = metrics(late)
    assert 'ringfence_renewal_failures{certificate="web",issuer="first"} 1' in shown
    assert 'ringfence_renewal_state{certificate="web",state="waiting"} 1' in shown
    assert 'ringfence_renewal_state{certificate="web",state="ok"} 0' in shown
    assert f"ringfence_pass_timestamp_seconds {late.at.timestamp():.0f}" in shown
    row = json.loads(json.dumps(document(late.outcomes)))["certificates"][0]
    assert (row["name"], row["state"], row["failures"]) == ("web", "waiting", {"first": 1})
    assert row["deployed"] == row["current"]
