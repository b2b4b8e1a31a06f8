"""What the private authority signs: judged by the library's own verifier and by openssl."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from ringfence.certificates import keys
from ringfence.certificates.configuration import Profile
from ringfence.certificates.issuers import Refused
from ringfence.certificates.issuers.signing import Authority, constraints_refuse, sign_ca
from tests.certificates.authority import DAY, NOW


def authority(profile: Profile) -> tuple[x509.Certificate, Authority]:
    root_key, key = keys.generate(profile.key), keys.generate(profile.key)
    root = sign_ca(profile, root_key, None, NOW)
    return root, Authority(sign_ca(profile, key, (root, root_key), NOW), key, profile)


def names(*found: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([keys.general_name(name) for name in found])


def leaf(made: Authority, *found: str, kind: str = "ecdsa-p256", lifetime: timedelta = DAY) -> x509.Certificate:
    csr = x509.load_pem_x509_csr(keys.request(keys.generate(kind), found))
    return made.sign(csr, names(*found), lifetime, NOW)


@pytest.mark.parametrize("ca_kind", ["ecdsa-p256", "ecdsa-p384", "rsa-2048"])
@pytest.mark.parametrize("kind", ["ecdsa-p256", "rsa-2048", "ecdsa-p384"])
def test_a_strict_verifier_takes_it(ca_kind: str, kind: str) -> None:
    root, made = authority(Profile(key=ca_kind, permitted=("shop.example",)))
    signed = leaf(made, "www.shop.example", kind=kind)
    policy = PolicyBuilder().store(Store([root]))
    verifier = policy.time(NOW + DAY / 2)
    assert verifier.build_server_verifier(x509.DNSName("www.shop.example")).verify(signed, [made.certificate])
    client = verifier.build_client_verifier().verify(signed, [made.certificate])
    assert client.subjects is not None
    with pytest.raises(VerificationError):
        policy.time(NOW + 2 * DAY).build_server_verifier(x509.DNSName("www.shop.example")).verify(
            signed, [made.certificate]
        )


def test_openssl_takes_a_spiffe_identity_and_its_constraints(tmp_path: Path) -> None:
    profile = Profile(permitted=("spiffe://prod.example",), excluded=("10.9.0.0/16",), trust_domain="prod.example")
    root, made = authority(profile)
    for name, certificate in (
        ("root", root),
        ("ca", made.certificate),
        ("leaf", leaf(made, "spiffe://prod.example/a")),
    ):
        (tmp_path / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    at = str(int((NOW + DAY / 2).timestamp()))
    command = ["openssl", "verify", "-x509_strict", "-attime", at, "-CAfile", "root.pem", "-untrusted", "ca.pem"]
    done = subprocess.run([*command, "leaf.pem"], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.stdout == "leaf.pem: OK\n", done.stderr


@pytest.mark.parametrize(
    ("profile", "asked", "refusal"),
    [
        (Profile(), ("anything.example", "*.x", "192.0.2.1", "https://x"), ""),
        (Profile(permitted=("example",)), ("a.example", "example", "*.example"), ""),
        (Profile(permitted=("example",)), ("badexample",), "do not permit"),
        (Profile(permitted=("example",)), ("192.0.2.1",), ""),
        (Profile(permitted=("192.0.2.0/24",)), ("192.0.2.1", "a.example"), ""),
        (Profile(permitted=("192.0.2.0/24",)), ("198.51.100.1",), "do not permit"),
        (Profile(permitted=("192.0.2.0/24",)), ("2001:db8::1",), "do not permit"),
        (Profile(excluded=("secret.example",)), ("a.example",), ""),
        (Profile(excluded=("secret.example",)), ("a.SECRET.example",), "exclude "),
        (Profile(excluded=("secret.example",)), ("*.example",), "exclude "),
        (Profile(trust_domain="prod"), ("spiffe://prod/a",), ""),
        (Profile(trust_domain="prod"), ("spiffe://test/a",), "outside the trust domain"),
        (Profile(permitted=("spiffe://prod",)), ("spiffe://prod.evil/a",), "do not permit"),
        (Profile(), ("spiffe://prod/a", "spiffe://prod/b"), "exactly one URI"),
        (Profile(), ("spiffe://prod/a", "https://x"), "exactly one URI"),
    ],
)
def test_constraints(profile: Profile, asked: tuple[str, ...], refusal: str) -> None:
    found = constraints_refuse(profile, names(*asked))
    assert refusal in found
    assert bool(found) == bool(refusal)


def test_times() -> None:
    profile = Profile(intermediate=20 * DAY, longest_leaf=30 * DAY)
    _, made = authority(profile)
    signed = leaf(made, "a.example", lifetime=25 * DAY)
    assert signed.not_valid_after_utc == made.certificate.not_valid_after_utc, "no leaf outlives its issuer"
    assert signed.not_valid_before_utc == NOW - timedelta(minutes=1)
    with pytest.raises(Refused, match="a leaf may live 30 days"):
        leaf(made, "a.example", lifetime=31 * DAY)
    csr = x509.load_pem_x509_csr(keys.request(keys.generate("ecdsa-p256"), ["a.example"]))
    with pytest.raises(Refused, match="has ended"):
        made.sign(csr, names("a.example"), DAY, NOW + 21 * DAY)


def test_serials_and_the_list() -> None:
    root, made = authority(Profile(crl_url="http://ca.example/crl"))
    signed = [leaf(made, "a.example") for _ in range(20)]
    assert len({one.serial_number for one in signed}) == 20
    assert all(1 << 64 < one.serial_number < 1 << 159 for one in signed)
    content = made.sign_crl([(signed[0].serial_number, NOW, "keyCompromise"), (5, NOW, "unspecified")], NOW)
    crl = x509.load_pem_x509_crl(content)
    assert crl.is_signature_valid(made.certificate.public_key())  # type: ignore[arg-type]
    row = crl.get_revoked_certificate_by_serial_number(signed[0].serial_number)
    assert row is not None
    assert row.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.key_compromise
    assert crl.next_update_utc == NOW + 7 * DAY
    point = signed[0].extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert "http://ca.example/crl" in str(point[0].full_name)
    assert root.subject != made.certificate.subject
