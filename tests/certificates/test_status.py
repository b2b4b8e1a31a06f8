"""The state is the worst that holds; surroundings are made from all entries."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ringfence.certificates.inventory import Effect, Entry, Source, Trouble
from ringfence.certificates.status import State, judge, surroundings
from tests.certificates.records import DAY, START, authority, certificate, entry, renewed

BROKEN = Trouble("chain-order", "x", effect=Effect.BROKEN)
WAITING = Trouble("not-ready", "y")


@pytest.mark.parametrize(
    ("one", "after", "expected"),
    [
        (entry(certificate(90 * DAY)), 10 * DAY, State.OK),
        (entry(certificate(90 * DAY)), 60 * DAY, State.DUE),
        (entry(certificate(90 * DAY)), 60 * DAY - timedelta(seconds=1), State.OK),
        (entry(certificate(90 * DAY), renewal=renewed(START + 5 * DAY)), 6 * DAY, State.DUE),
        (entry(certificate(90 * DAY)), -DAY, State.NOT_YET_VALID),
        (entry(certificate(90 * DAY)), 91 * DAY, State.EXPIRED),
        (entry(certificate(90 * DAY), troubles=(WAITING,)), DAY, State.NOT_READY),
        (entry(certificate(90 * DAY), ready=False), DAY, State.NOT_READY),
        (entry(certificate(90 * DAY), troubles=(BROKEN, WAITING)), DAY, State.INVALID),
        (entry(certificate(90 * DAY), troubles=(BROKEN, WAITING)), 91 * DAY, State.EXPIRED),
        (entry(certificate(90 * DAY), troubles=(WAITING,)), 70 * DAY, State.NOT_READY),
        (entry(), DAY, State.NOT_READY),
    ],
)
def test_the_worst_holds(one: Entry, after: timedelta, expected: State) -> None:
    assert judge(one, START + after).state is expected


def test_because_says_when_it_is_due_and_tells_the_story_once() -> None:
    one = entry(certificate(90 * DAY), renewal=renewed(START + 60 * DAY), notes=("told", "told"))
    assert judge(one, START).because == ("due 2026-03-02 00:00 UTC: a rule, by somebody", "told")
    assert judge(one, START + 61 * DAY).because[0].startswith("due since 2026-03-02")


def test_surroundings() -> None:
    leaf = certificate(dns_names=("a.example", "b.example"))
    served = certificate(fingerprint="s", dns_names=("a.example",))
    around = surroundings([entry(leaf, authority()), entry(authority()), entry(served, source=Source.ENDPOINT)])
    assert {subject: len(found) for subject, found in around.authorities.items()} == {"CN=issuer": 1}
    assert around.stored == {"a.example": (leaf,), "b.example": (leaf,)}


@pytest.mark.parametrize(
    ("issuer", "source", "expected"),
    [
        ("CN=own", Source.FILE, True),
        ("CN=own", Source.SECRET, True),
        ("CN=own", Source.ENDPOINT, False),
        ("CN=own", Source.TRUST_BUNDLE, False),
        # An intermediate issues for servers and is served by none.
        ("CN=root", Source.FILE, False),
    ],
)
def test_a_server_may_have_stored_an_authority_that_issued_itself(issuer: str, source: Source, expected: bool) -> None:
    own = authority(subject="CN=own", issuer=issuer, dns_names=("a.example",))
    assert surroundings([entry(own, source=source)]).stored == ({"a.example": (own,)} if expected else {})
