"""The local count of an authority's limits."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.certificates.configuration import AcmeIssuer, Limit
from ringfence.certificates.ledger import LETS_ENCRYPT, Event, Ledger, from_json, limits_of, registered_domain, to_json
from tests.certificates.authority import DAY, HOUR, NOW

NAMES = ("a.example", "b.example")


def ledger(*events: tuple[str, tuple[str, ...], timedelta]) -> Ledger:
    found = Ledger()
    for kind, names, ago in events:
        found = found.add(Event("le", kind, names, NOW - ago))
    return found


@pytest.mark.parametrize(
    ("limit", "found", "wait"),
    [
        (Limit("names", 2, 7 * DAY), ledger(("issued", NAMES, 3 * DAY), ("issued", NAMES[::-1], DAY)), 4 * DAY),
        (Limit("names", 2, 7 * DAY), ledger(("issued", NAMES, 3 * DAY), ("issued", NAMES[:1], DAY)), None),
        (Limit("names", 2, 7 * DAY), ledger(("issued", NAMES, 8 * DAY), ("issued", NAMES, DAY)), None),
        (Limit("orders", 1, HOUR), ledger(("order", ("z.other",), HOUR / 2)), HOUR / 2),
        (Limit("domain", 1, 7 * DAY), ledger(("issued", ("x.c.example",), DAY)), None),
        (Limit("domain", 1, 7 * DAY), ledger(("issued", ("x.a.example", "a.example"), DAY)), 6 * DAY),
        (Limit("failures", 1, HOUR), ledger(("failure", ("b.example",), HOUR / 4)), HOUR * 3 / 4),
        (Limit("failures", 1, HOUR), ledger(("failure", ("c.example",), HOUR / 4)), None),
    ],
)
def test_limits(limit: Limit, found: Ledger, wait: timedelta | None) -> None:
    domains = ("a.example", "b.example")
    blocked = found.blocked_until("le", [limit], NAMES, domains, NOW)
    assert blocked == (None if wait is None else (NOW + wait, limit))
    assert found.blocked_until("other", [limit], NAMES, domains, NOW) is None


@given(st.lists(st.integers(1, 200), max_size=12), st.integers(1, 4))
def test_waiting_as_long_as_it_says_is_enough(hours: list[int], count: int) -> None:
    limit = Limit("names", count, 7 * DAY)
    found = ledger(*(("issued", NAMES, ago * HOUR) for ago in sorted(hours, reverse=True)))
    blocked = found.blocked_until("le", [limit], NAMES, (), NOW)
    if blocked:
        assert blocked[0] > NOW
        assert found.blocked_until("le", [limit], NAMES, (), blocked[0]) is None
        assert found.blocked_until("le", [limit], NAMES, (), blocked[0] - timedelta(seconds=1)) is not None


def test_old_events_are_dropped_and_the_rest_comes_back() -> None:
    found = ledger(("issued", NAMES, 30 * DAY), ("order", NAMES, DAY))
    assert len(found.events) == 1
    assert from_json(json.loads(json.dumps(to_json(found)))) == found
    assert from_json(None) == Ledger()


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("a.b.example.org", "example.org"),
        ("*.example.org.", "example.org"),
        ("x.shop.co.uk", "shop.co.uk"),
        ("co.uk", "co.uk"),
        ("192.0.2.1", "192.0.2.1"),
        ("localhost", "localhost"),
    ],
)
def test_registered_domains(name: str, domain: str) -> None:
    assert registered_domain(name, ("shop.co.uk",)) == domain


def test_whose_limits_are_known() -> None:
    known = AcmeIssuer("le", "https://acme-v02.api.letsencrypt.org/directory")
    assert limits_of(known) == LETS_ENCRYPT
    assert limits_of(AcmeIssuer("x", "https://ca.example")) == ()
    own = (Limit("orders", 1, DAY),)
    assert limits_of(AcmeIssuer("le", known.directory, limits=own)) == own
