"""The state folder: modes, encryption, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.certificates import files, keys
from ringfence.certificates.store import Store
from ringfence.model.diagnostics import SourceError
from tests.certificates.authority import NOW, runner, web


def secrets(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file() and b"PRIVATE KEY" in one.read_bytes()]


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    assert runner(tmp_path, web(tmp_path)).run(NOW)[0].good
    found = secrets(tmp_path)
    assert len(found) >= 4, "root, intermediate, the state's, and the server's"
    assert {one.stat().st_mode & 0o777 for one in found} == {0o600}
    assert {one.parent.stat().st_mode & 0o077 for one in secrets(tmp_path / "state")} == {0}


def test_keys_are_encrypted_where_there_is_a_passphrase(tmp_path: Path) -> None:
    store = Store(tmp_path, b"passphrase")
    store.prepare("web", "first", keys.generate("ecdsa-p256"), ("a.example",), "spec")
    assert all(b"ENCRYPTED" in one.read_bytes() for one in secrets(tmp_path))
    assert "passphrase" not in repr(store)


def test_a_certificate_for_another_key_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "other")
    assert runner(tmp_path, web(tmp_path)).run(NOW)[0].good
    store.prepare("web", "first", keys.generate("ecdsa-p256"), ("a.example",), "spec")
    with pytest.raises(SourceError, match="another key"):
        store.complete("web", "first", (tmp_path / "tls/web/fullchain.pem").read_bytes(), NOW)


def test_a_pair_that_was_mixed_up_is_refused(tmp_path: Path) -> None:
    made = runner(tmp_path, web(tmp_path))
    current = made.run(NOW)[0].record.current
    place = tmp_path / "state/certificates/web/issued" / current / "key.pem"
    files.write(place, keys.to_pem(keys.generate("ecdsa-p256")))
    with pytest.raises(SourceError, match="do not fit together"):
        made.store.pair("web", current)


@pytest.mark.parametrize("content", ["{}", "[]", '{"current": 1}', "{", "5"])
def test_a_broken_record_is_said_and_nothing_is_issued(tmp_path: Path, content: str) -> None:
    made = runner(tmp_path, web(tmp_path))
    place = tmp_path / "state/certificates/web/record.json"
    place.parent.mkdir(parents=True)
    place.write_text(content)
    outcome = made.run(NOW)[0]
    assert not outcome.good
    assert "record.json" in outcome.because[0]
    assert not (tmp_path / "ca-first").exists()


def test_an_attempt_for_something_else_is_dropped(tmp_path: Path) -> None:
    made = runner(tmp_path, web(tmp_path))
    made.store.prepare("web", "first", keys.generate("ecdsa-p256"), ("old.example",), "old")
    assert made.run(NOW)[0].good
    leaf = keys.chain((tmp_path / "tls/web/cert.pem").read_bytes())[0]
    assert "old.example" not in keys.names_of(leaf.extensions)


def test_the_journal_of_an_attempt(tmp_path: Path) -> None:
    attempt = Store(tmp_path).prepare("web", "first", keys.generate("ecdsa-p256"), ("a.example",), "spec")
    attempt.put("order", "https://x")
    again = Store(tmp_path).attempt("web", "first")
    assert again is not None
    assert (again.get("order"), again.get("nothing")) == ("https://x", None)
    again.put("order", None)
    assert attempt.get("order") is None
    assert again.csr.startswith(b"-----BEGIN CERTIFICATE REQUEST")
    Store(tmp_path).abandon("web", "first")
    assert Store(tmp_path).attempt("web", "first") is None
