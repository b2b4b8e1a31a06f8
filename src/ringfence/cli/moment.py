"""The moment that a command takes for now: `--at TIME` in place of the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class MomentType(click.ParamType[datetime]):
    """An RFC 3339 time with its offset: `2026-11-25T12:00:00Z`. A date alone is its begin in UTC."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Reads one value; a time without an offset is refused, because nobody knows when it is."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value).strip().upper())
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no RFC 3339 time; write 2026-11-25T12:00:00Z", param, ctx)
        if moment.tzinfo is None:
            if len(str(value).strip()) > len("2026-11-25"):
                self.fail(f"{value!r} has no offset; write it with a Z at its end for UTC", param, ctx)
            moment = moment.replace(tzinfo=UTC)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            self.fail(f"{value!r} is out of range", param, ctx)


def at_option(function: Command) -> Command:
    """Adds `--at TIME`, which arrives as `at`: an aware time in UTC, the clock's where it is not given."""
    return click.option(
        "--at", type=MomentType(), default=None, callback=lambda *a: a[2] or _now(), help="Instead of now (RFC 3339)."
    )(function)


def _now() -> datetime:
    return datetime.now(UTC)
