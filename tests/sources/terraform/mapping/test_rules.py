"""Protocols and port ranges as rules and entries write them."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.model.spans import NOWHERE
from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.mapping.rules import ports, protocol
from ringfence.sources.terraform.records import Arguments


@pytest.mark.parametrize(("value", "expected"), [("All", "-1"), (-1, "-1"), (6, "tcp"), ("UDP", "udp"), ("255", "255")])
def test_protocols(value: Any, expected: str) -> None:
    assert protocol(Reading([]), value, NOWHERE) == expected


@pytest.mark.parametrize("value", [None, Unknown("later"), "256", "smtp", True, []])
def test_no_protocols(value: Any) -> None:
    assert isinstance(protocol(Reading([]), value, NOWHERE), Unknown)


def test_ports() -> None:
    reading = Reading([])
    assert ports(reading, Arguments({"protocol": "tcp", "from_port": "1", "to_port": 2})) == (1, 2)
    assert ports(reading, Arguments({"ip_protocol": "-1", "from_port": 1, "to_port": 2})) == (None, None)
    assert ports(reading, Arguments({"protocol": "icmp", "from_port": 8, "to_port": -1})) == (8, -1)
    assert reading.diagnostics == []
    low, high = ports(reading, Arguments({"protocol": "tcp", "from_port": 1}))
    assert isinstance(low, Unknown)
    assert isinstance(high, Unknown)
    assert len(reading.diagnostics) == 1
    unknown = ports(reading, Arguments({"protocol": "udp", "from_port": Unknown("x"), "to_port": 2}))
    assert (isinstance(unknown[0], Unknown), unknown[1]) == (True, 2)
