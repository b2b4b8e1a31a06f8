"""Declared certificates as entries."""

from __future__ import annotations

from ringfence.certificates.declared import entries
from ringfence.certificates.inventory import Source
from ringfence.certificates.status import State, judge
from ringfence.resources.certificates import DeclaredCertificate, Encoded
from tests.certificates.making import DAY, START, authority, leaf

LEAF = leaf(authority("root"), "a.example", end=START + 90 * DAY)


def test_what_the_cloud_renews_is_well_and_has_no_dates() -> None:
    (one,), problems = entries([DeclaredCertificate("a.x", ("a.example",), "Amazon", renewed_by="ACM", unknown=("n",))])
    assert problems == []
    status = judge(one, START)
    assert (one.id, one.source, status.state, status.alerts) == ("a.x", Source.TERRAFORM, State.OK, ())
    unused = "nothing in the code serves it, and ACM renews only what is in use"
    assert status.because == ("ACM renews it", unused, "the code does not say when it ends", "unknown: n")


def test_who_serves_it_is_named() -> None:
    (one,), _ = entries([DeclaredCertificate("a.x", renewed_by="ACM", used_by=("l.y", "l.z"))])
    assert one.notes[1] == "served by l.y, l.z"


def test_what_needs_a_person_is_an_alert() -> None:
    (one,), _ = entries([DeclaredCertificate("a.x", ("a.example",), "Amazon", manual="mail")])
    status = judge(one, START)
    assert [(alert.rule, alert.because) for alert in status.alerts] == [("manual-renewal", "mail")]
    assert status.state is State.NOT_READY


def test_what_the_code_brings_is_judged_like_a_file() -> None:
    declared = DeclaredCertificate("a.x", certificates=(Encoded(LEAF.der), Encoded(b"0")), manual="imported")
    (one,), problems = entries([declared])
    assert len(problems) == 1
    assert [alert.rule for alert in judge(one, START + 88 * DAY).alerts] == [
        "days-60",
        "days-30",
        "days-7",
        "manual-renewal",
    ]
