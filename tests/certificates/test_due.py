"""When an entry is due."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ringfence.certificates.due import cert_manager_due, due
from ringfence.certificates.inventory import Entry, Renewal, Source
from tests.certificates.records import DAY, START, certificate

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("lifetime", "left", "rule"),
    [
        (90 * DAY, 30 * DAY, "two thirds"),
        (45 * DAY, 15 * DAY, "two thirds"),
        (200 * DAY, 200 * DAY / 3, "two thirds"),
        (10 * DAY, 10 * DAY / 3, "two thirds"),
        (10 * DAY - HOUR, (10 * DAY - HOUR) / 2, "half"),
        (6 * DAY, 3 * DAY, "half"),
        (160 * HOUR, 80 * HOUR, "half"),
        (HOUR, HOUR / 2, "half"),
    ],
)
def test_the_usual_rule(lifetime: timedelta, left: timedelta, rule: str) -> None:
    one = certificate(lifetime)
    found = due(Entry("x", Source.FILE, (one,)))
    assert found is not None
    assert abs(one.not_after - found.due - left) < timedelta(seconds=1)
    assert rule in found.because
    assert found.by == ""


def test_a_renewer_has_the_word() -> None:
    renewal = Renewal("cert-manager", START, "status.renewalTime")
    assert due(Entry("x", Source.FILE, (certificate(90 * DAY),), renewal=renewal)) is renewal


def test_nothing_is_due_where_nothing_is() -> None:
    assert due(Entry("x", Source.CERT_MANAGER)) is None
    assert due(Entry("x", Source.TRUST_BUNDLE, (certificate(90 * DAY),))) is None


@pytest.mark.parametrize(
    ("renew_before", "percentage", "left", "rule"),
    [
        (None, None, 30 * DAY, "a third"),
        (15 * DAY, None, 15 * DAY, "spec.renewBefore"),
        (15 * DAY, 50, 15 * DAY, "spec.renewBefore"),
        (None, 25, 22.5 * DAY, "spec.renewBeforePercentage"),
        (90 * DAY, None, 30 * DAY, "a third"),
        (91 * DAY, None, 30 * DAY, "a third"),
        (timedelta(), None, 30 * DAY, "a third"),
        (None, 0, 30 * DAY, "a third"),
        (None, 100, 30 * DAY, "a third"),
    ],
)
def test_cert_managers_rule(renew_before: timedelta | None, percentage: int | None, left: timedelta, rule: str) -> None:
    end: datetime = START + 90 * DAY
    moment, because = cert_manager_due(START, end, renew_before, percentage)
    assert end - moment == left
    assert rule in because
