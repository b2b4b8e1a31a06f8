"""How certificates stand, as JSON (schema `ringfence.certificates/1`), as a table, and as one screen for each.

Times are RFC 3339 in UTC. In the table the worst stands first; the reason shown is the first one. `explained` shows the
whole chain of causes of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ringfence.certificates.status import State, Status
from ringfence.report.style import Style

SCHEMA = "ringfence.certificates/1"
WORST_FIRST = (State.EXPIRED, State.NOT_YET_VALID, State.INVALID, State.NOT_READY, State.DUE, State.OK)
LONGEST = 48
"""Characters of an id in the table."""


def document(statuses: Iterable[Status]) -> dict[str, Any]:
    """The JSON document; one object for each certificate, in the order in which they were read."""
    return {"schema": SCHEMA, "certificates": [_certificate(one) for one in statuses]}


def _certificate(status: Status) -> dict[str, Any]:
    entry, leaf = status.entry, status.entry.leaf
    return {
        "id": entry.id,
        "source": str(entry.source),
        "names": list(leaf.names if leaf else entry.wanted),
        "issuer": leaf.issuer if leaf else entry.issuer,
        "not_before": moment(leaf.not_before) if leaf else None,
        "not_after": moment(leaf.not_after) if leaf else None,
        "due": moment(status.due.due) if status.due else None,
        "state": str(status.state),
        "alerts": [{"rule": alert.rule, "since": moment(alert.since)} for alert in status.alerts],
        "because": list(status.because),
    }


def moment(time: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time.year >= 1000 else f"{time.year:04}{time:-%m-%dT%H:%M:%SZ}"


def text(statuses: Sequence[Status], now: datetime, style: Style) -> str:
    """A table, the worst first, and a line of summary."""
    ordered = sorted(statuses, key=lambda one: (WORST_FIRST.index(one.state), not one.alerts, _end(one), one.entry.id))
    rows = [_row(one, now) for one in ordered]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines = []
    for status, row in zip(ordered, rows, strict=True):
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        mark = _mark(status, style)
        alerts = ", ".join(_shown(status))
        lines.append("  ".join([mark(cells[0]), cells[1], cells[2], style.bold(alerts)]).rstrip())
        if status.alerts or status.state is not State.OK:
            lines += [f"    {one}" for one in status.because[:3]]
    return "\n".join([*lines, *([""] if lines else []), summary(statuses, style)]) + "\n"


def explained(statuses: Sequence[Status], now: datetime, style: Style) -> str:
    """One screen for each certificate: what it is, how it stands, the whole chain of causes, what will happen next."""
    return "\n".join(_screen(one, now, style) for one in statuses)


def _screen(status: Status, now: datetime, style: Style) -> str:
    entry, leaf = status.entry, status.entry.leaf
    rows = [
        ("state", _mark(status, style)(str(status.state))),
        ("source", f"{entry.source}  {entry.span if entry.span.file else ''}".strip()),
    ]
    rows.append(("names", ", ".join(leaf.names if leaf else entry.wanted) or "none"))
    if leaf is not None:
        rows.append(("valid", f"{moment(leaf.not_before)} to {moment(leaf.not_after)} ({_left(leaf.not_after, now)})"))
        if leaf.key_type:  # else it is known by its dates alone
            rows += [("serial", f"{leaf.serial:x}"), ("key", f"{leaf.key_type} {leaf.key_bits}")]
        rows += [("issuer" if at == 0 else "", f"{one.issuer}") for at, one in enumerate(entry.chain)]
    elif entry.issuer:
        rows.append(("issuer", entry.issuer))
    if status.due is not None:
        by = status.due.by or "nobody that is known"
        rows.append(("due", f"{moment(status.due.due)} ({status.due.because}), renewed by {by}"))
    rows += [
        ("alert" if at == 0 else "", f"{one.rule} since {moment(one.since)}") for at, one in enumerate(status.alerts)
    ]
    rows += [("because" if at == 0 else "", one) for at, one in enumerate(status.because)]
    return "\n".join([style.bold(entry.id), *(f"  {name:<8} {value}" for name, value in rows)]) + "\n"


def summary(statuses: Sequence[Status], style: Style) -> str:
    """How many there are of each state, and how many have an alert."""
    counts = [f"{n} {state}" for state in WORST_FIRST if (n := sum(one.state is state for one in statuses))]
    alerted = sum(bool(one.alerts) for one in statuses)
    line = f"{len(statuses)} certificate{'' if len(statuses) == 1 else 's'}: {', '.join(counts) or 'none'}"
    return style.bad(f"{line}; {alerted} with an alert") if alerted else style.good(f"{line}; no alert")


def _row(status: Status, now: datetime) -> tuple[str, str, str]:
    name = status.entry.id
    shown = name if len(name) <= LONGEST else f"...{name[3 - LONGEST :]}"
    leaf = status.entry.leaf
    return str(status.state), shown, _left(leaf.not_after, now) if leaf else "no certificate"


def _shown(status: Status) -> list[str]:
    """The rules, of each family about time only the most urgent."""
    kept: dict[str, str] = {}
    for alert in status.alerts:
        family = alert.rule.partition("-")[0] if alert.rule.startswith(("days-", "slack-")) else alert.rule
        kept[family] = alert.rule
    return list(kept.values())


def _left(end: datetime, now: datetime) -> str:
    left = end - now
    if left.total_seconds() < 0:
        return f"expired {end:%Y-%m-%d}"
    return f"{left.days} days left" if left.days >= 2 else f"{left.total_seconds() / 3600:.0f} hours left"


def _end(status: Status) -> datetime:
    return status.entry.end or datetime.max.replace(tzinfo=EPOCH.tzinfo)


def _mark(status: Status, style: Style) -> Any:
    if status.state in (State.EXPIRED, State.INVALID, State.NOT_READY):
        return style.bad
    return style.warn if status.alerts or status.state is not State.OK else style.good


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
