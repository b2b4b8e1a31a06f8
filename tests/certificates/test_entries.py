"""Files become entries: chains, bundles, keys beside them, endpoints."""

from __future__ import annotations

import pytest

from ringfence.certificates.entries import from_endpoint, from_files
from ringfence.certificates.inventory import Source
from ringfence.resources.certificates import CertificateFile, Encoded, Served
from tests.certificates.making import DAY, START, Made, authority, key, leaf

ROOT = authority("root")
MIDDLE = authority("middle", ROOT)
A, B = leaf(MIDDLE, "a.example"), leaf(MIDDLE, "b.example", own_key=key("b"))


def file(name: str, *made: Made, keys: tuple[str, ...] = ()) -> CertificateFile:
    return CertificateFile(name, tuple(Encoded(one.der) for one in made), keys=keys)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ((A,), [("x", Source.FILE, 1)]),
        ((A, MIDDLE), [("x", Source.FILE, 2)]),
        ((A, MIDDLE, ROOT), [("x", Source.FILE, 3)]),
        ((ROOT,), [("x", Source.FILE, 1)]),
        ((ROOT, MIDDLE), [("x", Source.TRUST_BUNDLE, 1), ("x#2", Source.TRUST_BUNDLE, 1)]),
        ((A, MIDDLE, B, MIDDLE), [("x", Source.FILE, 2), ("x#2", Source.FILE, 2)]),
        ((A, B), [("x", Source.FILE, 1), ("x#2", Source.FILE, 1)]),
        ((ROOT, A, B), [("x", Source.FILE, 1), ("x#2", Source.FILE, 1), ("x#3", Source.FILE, 1)]),
        ((ROOT, MIDDLE, A), [("x", Source.FILE, 3)]),
        ((), []),
    ],
)
def test_grouping(made: tuple[Made, ...], expected: list[tuple[str, Source, int]]) -> None:
    entries, problems = from_files([file("x", *made)])
    assert [(one.id, one.source, len(one.chain)) for one in entries] == expected
    assert problems == []


def test_a_leaf_that_does_not_come_first_is_an_alert() -> None:
    entries, _ = from_files([file("x", MIDDLE, A)])
    assert entries[0].leaf == A.record
    assert [one.rule for one in entries[0].troubles] == ["chain-order"]
    assert from_files([file("x", A, MIDDLE)])[0][0].troubles == ()
    a_set = CertificateFile("x", (Encoded(MIDDLE.der), Encoded(A.der)), ordered=False)
    assert from_files([a_set])[0][0].troubles == ()


@pytest.mark.parametrize(
    ("certificate", "beside", "found"),
    [
        ("t/x.crt", "t/x.key", True),
        ("t/x.pem", "t/x-key.pem", True),
        ("live/a/fullchain.pem", "live/a/privkey.pem", True),
        ("live/a/cert.pem", "live/b/privkey.pem", False),
        ("tls.crt", "tls.key", True),
        ("x.crt", "y.key", False),
        ("other.pem", "privkey.pem", False),
    ],
)
def test_keys_are_found_beside(certificate: str, beside: str, found: bool) -> None:
    entries, _ = from_files([file(certificate, A), CertificateFile(beside, keys=("k",))])
    assert entries[0].key_id == ("k" if found else "")


def test_of_several_keys_in_a_file_the_fitting_one_counts() -> None:
    keys = (B.record.key_id, A.record.key_id)
    entries, _ = from_files([file("x", A, B, keys=keys)])
    assert [one.key_id for one in entries] == [A.record.key_id, B.record.key_id]
    assert from_files([file("x", A, keys=("no",))])[0][0].key_id == "no"


def test_what_cannot_be_read_is_a_diagnostic_and_the_rest_is_read() -> None:
    broken = CertificateFile("x", (Encoded(b"\x30\x00"), Encoded(A.der)))
    entries, problems = from_files([broken])
    assert [one.leaf for one in entries] == [A.record]
    assert len(problems) == 1


def test_endpoints() -> None:
    one, _ = from_endpoint(Served("h:443", "h", "", (Encoded(A.der), Encoded(MIDDLE.der)), "TLSv1.3"))
    assert (one.id, one.source, one.wanted, len(one.chain)) == ("h:443", Source.ENDPOINT, ("h",), 2)
    assert one.notes == ("served over TLSv1.3",)
    mail, _ = from_endpoint(Served("h:25", "h", "smtp", problem="no answer in time"))
    assert mail.id == "smtp://h:25"
    assert [(t.rule, t.because) for t in mail.troubles] == [("unreachable", "no answer in time")]
    alone, _ = from_endpoint(Served("h:443", "h", "", (Encoded(A.der),), complete=False))
    assert alone.cut_off
    assert "leaf alone" in alone.notes[0]
    assert one.end == START + 180 * DAY
