"""Records: what each event does, and that plain data brings them back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.certificates.issuers import Window
from ringfence.certificates.records import (
    Attempts,
    Origin,
    Record,
    Retired,
    Wish,
    from_json,
    moment,
    stamp,
    to_json,
)
from tests.certificates.authority import DAY, NOW

times = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))
names = st.text(max_size=5)
origins = st.builds(Origin, names, times, names, times, times)
attempts = st.builds(Attempts, st.integers(0, 9), st.none() | times, st.none() | times, names)
records = st.builds(
    Record,
    names,
    st.none() | origins,
    names,
    names,
    st.none() | st.builds(Wish, st.builds(Window, times, times, times, names), times, st.booleans()),
    st.dictionaries(names, attempts, max_size=2),
    attempts,
    st.lists(st.builds(Retired, names, names, names), max_size=2).map(tuple),
)


@given(records)
def test_plain_data_brings_it_back(record: Record) -> None:
    assert from_json(json.loads(json.dumps(to_json(record)))) == record


def test_nothing_is_an_empty_record() -> None:
    assert from_json(None) == Record()


@pytest.mark.parametrize("document", [{}, {"current": "x"}, {**to_json(Record()), "attempts": []}])
def test_what_is_no_record_is_refused(document: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        from_json(document)


def test_events() -> None:
    origin = Origin("first", NOW, "s", NOW, NOW + DAY)
    record = Record().obtained("a", origin).failed("first", "no", NOW).failed("first", "no", NOW)
    assert record.attempts["first"].failures == 2
    record = record.delivered("a").retire("superseded").retire("superseded")
    assert record.retired == (Retired("a", "first", "superseded"),)
    following = record.obtained("b", origin)
    assert (following.current, following.previous, following.deployed) == ("b", "a", "a")
    assert following.attempts == {}
    assert following.known == {"a", "b"}
    assert following.revoked("a").retired == ()
    assert following.undelivered("no", NOW).deployment == Attempts(1, NOW, None, "no")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-11-25T12:00:00Z", NOW), ("2026-11-25T13:00:00+01:00", NOW), ("2026-11-25T12:00:00+00:00", NOW)],
)
def test_moments(text: str, expected: datetime) -> None:
    assert moment(text) == expected
    assert stamp(moment(text) + timedelta(microseconds=5)) == "2026-11-25T12:00:00Z"


@pytest.mark.parametrize("text", ["2026-11-25T12:00:00", "soon", "2026-11-25", ""])
def test_no_moments(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|isoformat"):
        moment(text)
