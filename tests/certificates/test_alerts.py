"""The rules about time: the clock is walked through the life of certificates of all lengths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.certificates.alerts import LONG_LIVED, TIME_RULES, Policy, View, counting, stand
from ringfence.certificates.due import due
from ringfence.certificates.inventory import Entry
from tests.certificates.records import DAY, START, authority, certificate, entry, renewed

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


def rules(one: Entry, now: datetime, policy: Policy = Policy()) -> list[str]:  # noqa: B008
    return [alert.rule for alert in stand(View(one, now, policy), TIME_RULES)]


@pytest.mark.parametrize(
    ("lifetime", "thresholds"),
    [
        (398 * DAY, [60, 30, 7, 1]),
        (200 * DAY, [60, 30, 7, 1]),
        (90 * DAY, [60, 30, 7, 1]),
        (90 * DAY - SECOND, [30, 7, 1]),
        (89 * DAY, [30, 7, 1]),
        (47 * DAY, [30, 7, 1]),
        (45 * DAY, [30, 7, 1]),
        (44 * DAY, [7, 1]),
        (10.5 * DAY, [7, 1]),
        (10 * DAY, [1]),
        (6 * DAY, [1]),
        (1.5 * DAY, [1]),
        (DAY, []),
        (HOUR, []),
    ],
)
def test_a_threshold_counts_up_to_two_thirds_of_the_lifetime(lifetime: timedelta, thresholds: list[int]) -> None:
    assert counting((60, 30, 7, 1), lifetime) == thresholds


@pytest.mark.parametrize("lifetime", [398 * DAY, 200 * DAY, 90 * DAY, 47 * DAY, 45 * DAY, 6 * DAY])
def test_walking_the_clock_each_threshold_fires_on_its_second(lifetime: timedelta) -> None:
    one = entry(certificate(lifetime))
    end = START + lifetime
    expected = counting((60, 30, 7, 1), lifetime)
    for days in expected:
        since = end - days * DAY
        assert f"days-{days}" not in rules(one, since - SECOND)
        assert f"days-{days}" in rules(one, since)
        alert = next(a for a in stand(View(one, since + HOUR), TIME_RULES) if a.rule == f"days-{days}")
        assert alert.since == since
    seen: list[str] = []
    moment = START
    while moment <= end:
        seen += [rule for rule in rules(one, moment) if rule not in seen]
        moment += 6 * HOUR
    assert seen == [f"days-{days}" for days in expected]


@pytest.mark.parametrize("lifetime", [200 * DAY, 90 * DAY, 47 * DAY, 45 * DAY, 6 * DAY, HOUR])
def test_walking_the_clock_slack_fires_for_what_is_renewed(lifetime: timedelta) -> None:
    plain = entry(certificate(lifetime))
    moment = due(plain)
    assert moment is not None
    one = entry(certificate(lifetime), renewal=renewed(moment.due))
    slack = START + lifetime - moment.due
    for rule, part in [("slack-warn", 0.25), ("slack-page", 0.5), ("slack-critical", 0.8)]:
        since = moment.due + slack * part
        assert rule not in rules(one, since - SECOND)
        assert rule in rules(one, since + SECOND)
    assert rules(one, moment.due) == []
    assert rules(one, START + lifetime) == ["slack-warn", "slack-page", "slack-critical"]
    assert not any(rule.startswith("days") for rule in rules(one, START + lifetime))


def test_slack_for_what_lives_too_short_for_days() -> None:
    one = entry(certificate(HOUR))
    assert rules(one, START + 30 * MINUTE) == []
    assert rules(one, START + 38 * MINUTE) == ["slack-warn"]
    assert rules(one, START + 55 * MINUTE) == ["slack-warn", "slack-page", "slack-critical"]


def test_a_healthy_six_day_certificate_is_silent() -> None:
    one = entry(certificate(6 * DAY))
    assert all(rules(one, START + hours * HOUR) == [] for hours in range(5 * 24))


def test_authorities_and_the_long_lived_have_days_as_well() -> None:
    far = renewed(START + 850 * DAY)
    late = START + 899.5 * DAY
    for one in (entry(authority(900 * DAY), renewal=far), entry(certificate(900 * DAY), renewal=far)):
        assert {"days-60", "days-1", "slack-critical"} <= set(rules(one, late))
    one = entry(certificate(LONG_LIVED), renewal=renewed(START + 300 * DAY))
    assert not any(rule.startswith("days") for rule in rules(one, START + 397 * DAY))


def test_the_ends() -> None:
    one = entry(certificate(90 * DAY))
    end = START + 90 * DAY
    assert rules(one, START - SECOND) == ["not-yet-valid"]
    assert rules(one, START) == []
    assert "expired" not in rules(one, end)
    assert "expired" in rules(one, end + SECOND)


def test_a_chain_ends_with_its_first_certificate() -> None:
    one = entry(certificate(90 * DAY), authority(40 * DAY))
    assert "days-7" in rules(one, START + 35 * DAY)
    assert "expired" in rules(one, START + 41 * DAY)
    root = authority(40 * DAY, subject="CN=root", issuer="CN=root")
    assert rules(entry(certificate(90 * DAY), root), START + 20 * DAY) == []


def test_thresholds_are_configurable() -> None:
    one = entry(certificate(90 * DAY))
    assert rules(one, START + 80 * DAY, Policy(days=(14, 3, 14))) == ["days-14"]
    assert rules(one, START + 89 * DAY, Policy(days=(3, 14))) == ["days-14", "days-3"]


def test_the_ends_of_the_calendar() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    ancient = entry(certificate(not_before=first, not_after=first + 3 * DAY))
    assert rules(ancient, first) == []
    assert rules(ancient, last)[0] == "expired"
    eternal = entry(certificate(not_before=first, not_after=last))
    assert rules(eternal, last) == ["days-60", "days-30", "days-7", "days-1"]
    old = entry(certificate(not_before=first, not_after=first + 30 * DAY), authority(DAY, not_after=first + DAY))
    assert stand(View(old, last), TIME_RULES)[1].since == first


def test_nothing_fires_where_nothing_is() -> None:
    assert rules(entry(), START) == []


@given(
    st.integers(60, 1000 * 86400),
    st.integers(-86400, 1100 * 86400),
    st.booleans(),
)
def test_once_it_stands_it_stands_and_since_is_never_later_than_now(lifetime: int, at: int, is_renewed: bool) -> None:
    length = timedelta(seconds=lifetime)
    renewal = renewed(START + length * 0.6) if is_renewed else None
    one = entry(certificate(length), renewal=renewal)
    now = START + timedelta(seconds=at)
    alerts = stand(View(one, now), TIME_RULES)
    assert all(alert.since <= now for alert in alerts)
    later = set(rules(one, now + HOUR))
    assert {alert.rule for alert in alerts} - {"not-yet-valid"} <= later
    for alert in alerts:
        if alert.rule != "not-yet-valid":
            assert alert.rule in rules(one, alert.since + SECOND)
            assert alert.rule not in rules(one, alert.since - SECOND)
