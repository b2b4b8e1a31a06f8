"""`--at`: RFC 3339 and nothing that leaves open when it is."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.cli.moment import MomentType, at_option


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-25T12:00:00Z", datetime(2026, 11, 25, 12, tzinfo=UTC)),
        ("2026-11-25t12:00:00z", datetime(2026, 11, 25, 12, tzinfo=UTC)),
        ("2026-11-25T12:00:00+02:00", datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ("2026-11-25T12:00:00.5Z", datetime(2026, 11, 25, 12, 0, 0, 500000, tzinfo=UTC)),
        ("2026-11-25", datetime(2026, 11, 25, tzinfo=UTC)),
    ],
)
def test_times(text: str, expected: datetime) -> None:
    assert MomentType().convert(text, None, None) == expected


@pytest.mark.parametrize("text", ["", "now", "2026-11-25T12:00:00", "2026-13-01", "0001-01-01T00:00:00+10:00"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(click.BadParameter):
        MomentType().convert(text, None, None)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_usage_error(text: str) -> None:
    try:
        assert MomentType().convert(text, None, None).tzinfo is UTC
    except click.BadParameter:
        assert True


def test_the_clock_stands_in() -> None:
    @click.command()
    @at_option
    def command(at: datetime) -> None:
        assert abs((datetime.now(UTC) - at).total_seconds()) < 60

    command.main([], standalone_mode=False)
