"""The JSON document as the issue fixes it, the table, and the screen of one certificate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from inline_snapshot import snapshot

from ringfence.certificates.inventory import Source, Trouble
from ringfence.certificates.status import judge
from ringfence.report.certificate_status import document, explained, moment, text
from ringfence.report.style import Style
from tests.certificates.records import DAY, START, certificate, entry, renewed

NOW = START + 84 * DAY
OLD = judge(entry(certificate(90 * DAY), id="tls/old.pem"), NOW)
GOOD = judge(entry(certificate(200 * DAY), id="tls/good.pem"), NOW)
WAITING = judge(
    entry(
        id="shop/web[Certificate]",
        source=Source.CERT_MANAGER,
        wanted=("a.example",),
        issuer="le[Issuer]",
        ready=False,
        troubles=(Trouble("not-ready", "not Ready: Pending", START),),
        notes=("shop/o[Order] is pending",),
    ),
    NOW,
)


def test_the_document() -> None:
    assert document([OLD, WAITING]) == snapshot(
        {
            "schema": "ringfence.certificates/1",
            "certificates": [
                {
                    "id": "tls/old.pem",
                    "source": "file",
                    "names": ["a.example"],
                    "issuer": "CN=issuer",
                    "not_before": "2026-01-01T00:00:00Z",
                    "not_after": "2026-04-01T00:00:00Z",
                    "due": "2026-03-02T00:00:00Z",
                    "state": "due",
                    "alerts": [
                        {"rule": "days-60", "since": "2026-01-31T00:00:00Z"},
                        {"rule": "days-30", "since": "2026-03-02T00:00:00Z"},
                        {"rule": "days-7", "since": "2026-03-25T00:00:00Z"},
                    ],
                    "because": [
                        "6 days are left; nothing is known to renew it",
                        "due since 2026-03-02 00:00 UTC: two thirds of its lifetime",
                    ],
                },
                {
                    "id": "shop/web[Certificate]",
                    "source": "cert-manager",
                    "names": ["a.example"],
                    "issuer": "le[Issuer]",
                    "not_before": None,
                    "not_after": None,
                    "due": None,
                    "state": "not_ready",
                    "alerts": [{"rule": "not-ready", "since": "2026-01-01T00:00:00Z"}],
                    "because": ["not Ready: Pending", "shop/o[Order] is pending"],
                },
            ],
        }
    )


def test_the_table() -> None:
    assert text([GOOD, WAITING, OLD], NOW, Style()) == snapshot("""\
not_ready  shop/web[Certificate]  no certificate  not-ready
    not Ready: Pending
    shop/o[Order] is pending
due        tls/old.pem            6 days left     days-7
    6 days are left; nothing is known to renew it
    due since 2026-03-02 00:00 UTC: two thirds of its lifetime
ok         tls/good.pem           116 days left

3 certificates: 1 not_ready, 1 due, 1 ok; 2 with an alert
""")
    assert "\x1b[" in text([OLD], NOW, Style(colour=True))
    assert text([], NOW, Style()) == "0 certificates: none; no alert\n"


def test_a_screen() -> None:
    one = judge(entry(certificate(90 * DAY), renewal=renewed(START + 60 * DAY)), START)
    assert explained([one, WAITING], START, Style()) == snapshot("""\
x
  state    ok
  source   file
  names    a.example
  valid    2026-01-01T00:00:00Z to 2026-04-01T00:00:00Z (90 days left)
  serial   7
  key      EC secp256r1 256
  issuer   CN=issuer
  due      2026-03-02T00:00:00Z (a rule), renewed by somebody
  because  due 2026-03-02 00:00 UTC: a rule, by somebody

shop/web[Certificate]
  state    not_ready
  source   cert-manager
  names    a.example
  issuer   le[Issuer]
  alert    not-ready since 2026-01-01T00:00:00Z
  because  not Ready: Pending
           shop/o[Order] is pending
""")


def test_a_long_id_is_cut_in_front() -> None:
    one = judge(entry(certificate(), id="x" * 100 + "/tail.pem"), START)
    assert "...xxx" in text([one], START, Style())
    assert "/tail.pem" in text([one], START, Style())


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 999, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "9999-12-31T23:59:59Z"),
    ],
)
def test_moments(time: datetime, expected: str) -> None:
    assert moment(time) == expected
