"""How ACME names things. The whole protocol is held against a real authority in tests/servers."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509

from ringfence.certificates import keys
from ringfence.certificates.issuers import Refused
from ringfence.certificates.issuers.acme import identifier, renewal_identifier
from ringfence.certificates.issuers.signing import Authority, Profile, sign_ca
from tests.certificates.authority import DAY, NOW


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("*.shop.example", {"type": "dns", "value": "*.shop.example"}),
        ("bücher.example", {"type": "dns", "value": "xn--bcher-kva.example"}),
        ("192.0.2.1", {"type": "ip", "value": "192.0.2.1"}),
        ("2001:DB8::1", {"type": "ip", "value": "2001:db8::1"}),
    ],
)
def test_identifiers(name: str, expected: dict[str, str]) -> None:
    assert identifier(name) == expected


class Named:
    """A certificate of which only the serial and the issuer's key identifier are asked for."""

    def __init__(self, key: bytes, serial: int) -> None:
        self.serial_number = serial
        value = x509.AuthorityKeyIdentifier(key, None, None)
        self.extensions = x509.Extensions([x509.Extension(x509.AuthorityKeyIdentifier.oid, False, value)])


@pytest.mark.parametrize(
    ("key", "serial", "expected"),
    [
        # The example of RFC 9773, section 4.1: its serial has the highest bit set, and so a zero byte before it.
        ("69885b6b87464041e1b37b847ba0ae2cde01c8d4", 0x87654321, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"),
        ("00", 0x7F, "AA.fw"),
        ("00", 0x80, "AA.AIA"),
        ("00", 0x0100, "AA.AQA"),
    ],
)
def test_renewal_identifiers(key: str, serial: int, expected: str) -> None:
    assert renewal_identifier(Named(bytes.fromhex(key), serial)) == expected  # type: ignore[arg-type]


def test_renewal_identifier_of_a_real_certificate() -> None:
    key = keys.generate("ecdsa-p256")
    root = sign_ca(Profile(), key, None, NOW)
    csr = x509.load_pem_x509_csr(keys.request(keys.generate("ecdsa-p256"), ["a.example"]))
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    signed = Authority(root, key, Profile()).sign(csr, names, DAY, NOW)
    issuer, serial = renewal_identifier(signed).split(".")
    assert int.from_bytes(base64.urlsafe_b64decode(serial + "=" * (-len(serial) % 4))) == signed.serial_number
    assert len(base64.urlsafe_b64decode(issuer + "=" * (-len(issuer) % 4))) == 20
    with pytest.raises(Refused, match="does not name its issuer's key"):
        renewal_identifier(root)
