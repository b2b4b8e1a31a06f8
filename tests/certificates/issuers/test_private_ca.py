"""The private authority in its folder: made once, journalled, revoked from, made anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from ringfence.certificates import keys
from ringfence.certificates.configuration import Profile
from ringfence.certificates.issuers import Refused, Request
from ringfence.certificates.issuers.private_ca import PrivateCa, signed_by
from ringfence.certificates.store import Attempt
from ringfence.model.diagnostics import SourceError
from tests.certificates.authority import DAY, NOW


def request(*names: str) -> Request:
    return Request("web", names, keys.request(keys.generate("ecdsa-p256"), names))


def ca(folder: Path, **profile: object) -> PrivateCa:
    return PrivateCa("own", folder / "ca", Profile(**profile))  # type: ignore[arg-type]


def test_the_same_request_gets_the_same_leaf(tmp_path: Path) -> None:
    made, asked = ca(tmp_path), request("a.example")
    first = made.obtain(asked, Attempt(tmp_path), NOW)
    assert made.obtain(asked, Attempt(tmp_path), NOW + DAY) == first
    assert made.obtain(request("a.example"), Attempt(tmp_path), NOW) != first
    assert len(list(made.leaves())) == 2
    chain = keys.chain(first)
    assert signed_by(chain[0], chain[1])
    assert signed_by(chain[1], made.root())
    assert not signed_by(chain[0], made.root())
    assert made.bundle() == [made.root()]
    assert made.renewal_window(first, NOW) is None


def test_what_it_does_not_issue(tmp_path: Path) -> None:
    made = ca(tmp_path, permitted=("example",))
    with pytest.raises(Refused, match=r"own does not issue this: its name constraints do not permit a\.test"):
        made.obtain(request("a.test"), Attempt(tmp_path), NOW)
    assert not (tmp_path / "ca").exists()


def test_the_intermediate_is_made_anew_in_time(tmp_path: Path) -> None:
    made = ca(tmp_path, intermediate=90 * DAY)
    before = keys.chain(made.obtain(request("a.example"), Attempt(tmp_path), NOW))
    late = keys.chain(made.obtain(request("a.example"), Attempt(tmp_path), NOW + 61 * DAY))
    assert late[1] != before[1]
    assert signed_by(late[1], made.root())
    assert late[1].not_valid_after_utc > NOW + 150 * DAY


def test_revoked_ones_stand_in_the_list(tmp_path: Path) -> None:
    made = ca(tmp_path)
    content = made.obtain(request("a.example"), Attempt(tmp_path), NOW)
    for _ in range(2):
        made.revoke(content, "superseded", NOW)
    crl = x509.load_pem_x509_crl((tmp_path / "ca/crl.pem").read_bytes())
    assert [row.serial_number for row in crl] == [keys.chain(content)[0].serial_number]
    made.tend(NOW)
    made.tend(NOW + DAY)
    later = x509.load_pem_x509_crl((tmp_path / "ca/crl.pem").read_bytes())
    assert later.next_update_utc == NOW + 8 * DAY
    assert len(list(later)) == 1
    made.tend(NOW + 5 * DAY)
    assert list(x509.load_pem_x509_crl((tmp_path / "ca/crl.pem").read_bytes())) == [], "what has ended needs no list"


def test_ended_leaves_leave_the_journal(tmp_path: Path) -> None:
    made = ca(tmp_path)
    made.tend(NOW)
    assert not (tmp_path / "ca").exists()
    made.obtain(request("a.example"), Attempt(tmp_path), NOW)
    for days, left in ((1.5, 1), (2.4, 1), (2.6, 0)):
        made.tend(NOW + days * DAY)
        assert len(list(made.leaves())) == left, "once a day, and a day after their end"


def test_a_key_without_certificate_is_what_a_crash_leaves(tmp_path: Path) -> None:
    made = ca(tmp_path)
    made.ensure(NOW)
    key = (tmp_path / "ca/root.key").read_bytes()
    (tmp_path / "ca/root.pem").unlink()
    (tmp_path / "ca/bundle.pem").unlink()
    made.ensure(NOW)
    assert (tmp_path / "ca/root.key").read_bytes() == key
    assert made.bundle() == [made.root()]


def test_keys_at_rest(tmp_path: Path) -> None:
    made = PrivateCa("own", tmp_path / "ca", passphrase=b"passphrase")
    made.ensure(NOW)
    assert b"ENCRYPTED" in (tmp_path / "ca/root.key").read_bytes()
    with pytest.raises(SourceError, match="is encrypted and no passphrase"):
        PrivateCa("own", tmp_path / "ca").obtain(request("a.example"), Attempt(tmp_path), NOW)
    (tmp_path / "ca/root.key").unlink()
    assert made.obtain(request("a.example"), Attempt(tmp_path), NOW), "the root's key may be moved away"
