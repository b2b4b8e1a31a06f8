"""Keys, requests and pairs."""

from __future__ import annotations

import pytest
from cryptography import x509

from ringfence.certificates import keys
from ringfence.model.diagnostics import InputError, SourceError


@pytest.mark.parametrize("kind", [kind for kind in keys.KINDS if kind != "rsa-4096"])
def test_every_kind(kind: str) -> None:
    key = keys.generate(kind)
    assert keys.kind_of(key) == keys.kind_of(key.public_key()) == kind
    csr = x509.load_pem_x509_csr(keys.request(key, ["a.example", "*.b.example", "192.0.2.1", "spiffe://x/y"]))
    assert csr.is_signature_valid
    assert keys.names_of(csr.extensions) == ("*.b.example", "192.0.2.1", "a.example", "spiffe://x/y")
    again = keys.from_pem(keys.to_pem(key))
    assert keys.public_der(again.public_key()) == keys.public_der(key.public_key())


def test_encrypted_at_rest() -> None:
    key = keys.generate("ecdsa-p256")
    content = keys.to_pem(key, b"passphrase")
    assert b"ENCRYPTED" in content
    assert keys.public_der(keys.from_pem(content, b"passphrase").public_key()) == keys.public_der(key.public_key())
    for wrong in (None, b"other"):
        with pytest.raises(SourceError) as failure:
            keys.from_pem(content, wrong)
        assert "BEGIN" not in str(failure.value)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\0"])
def test_what_is_no_key(content: bytes) -> None:
    with pytest.raises(SourceError, match="no private key"):
        keys.from_pem(content)


def test_kinds_that_are_not_used() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    assert keys.kind_of(ec.generate_private_key(ec.SECP521R1())) == ""
    assert keys.kind_of("x") == ""


def test_international_names() -> None:
    assert keys.general_name("bücher.example") == x509.DNSName("xn--bcher-kva.example")
    with pytest.raises(InputError):
        keys.general_name("ü" * 80)


@pytest.mark.parametrize("content", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_chain(content: bytes) -> None:
    with pytest.raises(SourceError, match="no readable certificate"):
        keys.chain(content)
