"""Lists of ports as Linkerd's annotations write them: numbers and ranges, with commas (`25,587,3000-3010`)."""

from __future__ import annotations

from ringfence.model.intervals import IntervalSet


def port_set(text: str) -> IntervalSet:
    """The ports of a list; empty entries are none. ValueError where an entry is no port (1 to 65535) and no range."""
    return IntervalSet.of(*(_range(entry) for entry in text.split(",") if entry.strip()))


def _range(entry: str) -> tuple[int, int]:
    low, dash, high = (part.strip() for part in entry.partition("-"))
    first, last = _number(low), _number(high if dash else low)
    if first > last:
        raise ValueError(f"{entry.strip()!r} is a range whose end is below its begin")
    return first, last


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= 65535):
        raise ValueError(f"{text!r} is no port")
    return int(text)
