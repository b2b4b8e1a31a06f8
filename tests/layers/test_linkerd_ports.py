"""Lists of ports as annotations write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.linkerd_ports import port_set
from ringfence.model.intervals import IntervalSet

PORT = st.integers(1, 65535)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", IntervalSet()),
        (" , ,", IntervalSet()),
        ("80", IntervalSet.of(80)),
        (" 80 , 443 ", IntervalSet.of(80, 443)),
        ("3000-3010,25", IntervalSet.of(25, (3000, 3010))),
        ("1-65535", IntervalSet.of((1, 65535))),
        ("80-80", IntervalSet.of(80)),
        ("080", IntervalSet.of(80)),
    ],
)
def test_lists(text: str, expected: IntervalSet) -> None:
    assert port_set(text) == expected


@pytest.mark.parametrize(
    "text", ["http", "0", "65536", "-1", "80-", "-", "90-80", "80;81", "1-2-3", "٣", "8 0", "9" * 5000]
)
def test_no_lists(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|range"):
        port_set(text)


@given(st.lists(st.tuples(PORT, PORT).map(sorted), max_size=5))
def test_what_is_written_is_read(ranges: list[list[int]]) -> None:
    written = ",".join(f"{low}-{high}" for low, high in ranges)
    assert port_set(written) == IntervalSet.of(*((low, high) for low, high in ranges))


@given(st.text(max_size=12))
def test_any_text_is_a_list_or_a_value_error(text: str) -> None:
    try:
        found = port_set(text)
    except ValueError:
        return
    assert found <= IntervalSet.of((1, 65535))
