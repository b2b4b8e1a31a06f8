"""Account keys: which of them can sign requests. Registering is held against a real authority in tests/servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.certificates import keys
from ringfence.certificates.configuration import AcmeIssuer
from ringfence.certificates.issuers import Unavailable
from ringfence.certificates.issuers.acme_session import Account, base64url
from ringfence.model.diagnostics import SourceError
from tests.certificates.authority import NOW

NOBODY = AcmeIssuer("ca", "https://127.0.0.1:1/dir", terms_agreed=True)


@pytest.mark.parametrize("kind", ["rsa-2048", "ecdsa-p256", "ecdsa-p384"])
def test_kinds_that_sign_get_as_far_as_the_authority(tmp_path: Path, kind: str) -> None:
    (tmp_path / "ca.key").write_bytes(keys.to_pem(keys.generate(kind)))
    with pytest.raises(Unavailable, match="does not answer"):
        Account(NOBODY, tmp_path).session(NOW)


@pytest.mark.parametrize("key", [keys.generate("ed25519"), ec.generate_private_key(ec.SECP256K1())])
def test_kinds_that_do_not_sign_are_said_before_anybody_is_asked(tmp_path: Path, key: keys.PrivateKey) -> None:
    (tmp_path / "ca.key").write_bytes(keys.to_pem(key))
    with pytest.raises(SourceError, match="neither RSA nor on a P curve") as caught:
        Account(NOBODY, tmp_path).session(NOW)
    assert caught.value.diagnostic.span.file == str(tmp_path / "ca.key")


def test_the_first_session_makes_the_key(tmp_path: Path) -> None:
    account = Account(NOBODY, tmp_path / "accounts", b"secret")
    for _ in range(2):
        with pytest.raises(Unavailable):
            account.session(NOW)
    content = (tmp_path / "accounts/ca.key").read_bytes()
    assert keys.kind_of(keys.from_pem(content, b"secret")) == "ecdsa-p256"
    assert (tmp_path / "accounts/ca.key").stat().st_mode & 0o777 == 0o600
    assert account.uri() is None
    assert "secret" not in repr(account)


def test_a_note_of_another_directory_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "ca.json").write_text('{"directory": "https://other.example/dir", "uri": "https://other.example/1"}')
    assert Account(NOBODY, tmp_path).uri() is None
    (tmp_path / "ca.json").write_text('{"directory": "https://127.0.0.1:1/dir", "uri": "https://127.0.0.1:1/1"}')
    assert Account(NOBODY, tmp_path).uri() == "https://127.0.0.1:1/1"


def test_base64url() -> None:
    assert base64url(b"\xfb\xff\xfe!") == "-__-IQ"
