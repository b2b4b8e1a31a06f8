"""DER to records: every field, defects that leave a record usable, and hostile bytes that end in a diagnostic."""

from __future__ import annotations

import time

import pytest
from cryptography import x509 as library
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import example, given
from hypothesis import strategies as st

from ringfence.certificates import x509
from ringfence.certificates.inventory import Certificate
from ringfence.model.diagnostics import InputError, Severity
from tests.certificates.making import DAY, START, authority, general, issue, key, leaf, name

ROOT = authority("root")
LEAF = leaf(ROOT, "a.example", "*.b.example", "192.0.2.1", "spiffe://td/x", "me@a.example", subject="a", serial=77)


def test_every_field_is_read() -> None:
    policies = library.CertificatePolicies(
        [library.PolicyInformation(library.ObjectIdentifier("2.23.140.1.2.1"), None)]
    )
    points = library.CRLDistributionPoints(
        [library.DistributionPoint([library.UniformResourceIdentifier("http://crl.example/1")], None, None, None)]
    )
    made = leaf(ROOT, "a.example", subject="a", serial=77, extra=[(policies, False), (points, False)])
    read = made.record
    assert (read.serial, read.subject, read.issuer) == (77, "CN=a", "CN=root")
    assert (read.not_before, read.not_after, read.lifetime) == (START, START + 180 * DAY, 180 * DAY)
    assert (read.key_type, read.key_bits, read.signature_hash) == ("EC secp256r1", 256, "sha256")
    assert read.authority_key_id == ROOT.record.subject_key_id != ""
    assert (read.ca, read.path_length, read.key_usage) == (False, None, frozenset({"digital_signature"}))
    assert read.extended_key_usage == ("serverAuth",)
    assert read.crl_urls == ("http://crl.example/1",)
    assert read.publicly_trusted
    assert read.scts == 0
    assert read.defects == ()
    assert len(read.fingerprint) == len(read.key_id) == 64


def test_names_are_sorted_by_their_form() -> None:
    read = LEAF.record
    assert read.dns_names == ("a.example", "*.b.example")
    assert read.addresses == ("192.0.2.1",)
    assert read.uris == ("spiffe://td/x",)
    assert read.emails == ("me@a.example",)
    assert read.title == "a.example"


def test_an_authority_says_so() -> None:
    read = authority("inter", ROOT, path_length=0).record
    assert (read.ca, read.path_length) == (True, 0)
    assert not read.self_issued
    assert ROOT.record.self_issued


@pytest.mark.parametrize(
    ("own", "kind", "bits"),
    [
        (rsa.generate_private_key(65537, 2048), "RSA", 2048),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519", 256),
    ],
    ids=["rsa", "ed25519"],
)
def test_keys_are_named(own: object, kind: str, bits: int) -> None:
    read = leaf(ROOT, "a.example", own_key=own).record
    assert (read.key_type, read.key_bits) == (kind, bits)


def test_a_key_has_one_id_in_all_its_certificates() -> None:
    assert leaf(ROOT, "a.example").record.key_id == leaf(ROOT, "b.example").record.key_id
    assert leaf(ROOT, "a.example", own_key=key("other")).record.key_id != LEAF.record.key_id


def with_serial(content: bytes) -> bytes:
    """The certificate with serial 77 with another one-octet serial."""
    assert LEAF.der.count(b"\x02\x01\x4d\x30") == 1
    return LEAF.der.replace(b"\x02\x01\x4d\x30", b"\x02\x01" + content + b"\x30")


@pytest.mark.parametrize(("serial", "value"), [(b"\x80", -128), (b"\xff", -1), (b"\x00", 0)])
def test_a_serial_that_is_not_positive_is_a_defect(serial: bytes, value: int) -> None:
    read, problem = x509.read(with_serial(serial))
    assert read is not None
    assert read.serial == value
    assert "not positive" in read.defects[0]
    assert problem is not None
    assert problem.severity is Severity.WARNING


def test_serial_zero_is_forgiven_in_a_root_alone() -> None:
    """Several roots in every client's store have it; RFC 5280, 4.1.2.2, asks to be prepared."""
    old, new = b"\x02\x01\x4d\x30", b"\x02\x01\x00\x30"
    root = authority("root", serial=77).der.replace(old, new)
    middle = authority("middle", ROOT, serial=77).der.replace(old, new)
    assert x509.read(root)[1] is None
    assert x509.read(middle)[1] is not None
    assert x509.read(root.replace(new, b"\x02\x01\xff\x30"))[1] is not None


def test_a_name_with_a_nul_is_a_defect() -> None:
    der = leaf(ROOT, "a.exampleX.evil", subject="a").der.replace(b"a.exampleX.evil", b"a.example\0.evil")
    read, problem = x509.read(der)
    assert read is not None
    assert read.dns_names == ("a.example\0.evil",)
    assert "control character" in read.defects[0]
    assert problem is not None


def test_an_extension_that_cannot_be_read_is_a_defect() -> None:
    broken = library.UnrecognizedExtension(library.ObjectIdentifier("2.5.29.37"), b"\x30\x05\x01")
    read, problem = x509.read(leaf(ROOT, "a.example", usages=None, extra=[(broken, False)]).der)
    assert read is not None
    assert "extension cannot be read" in read.defects[0]
    assert problem is not None


def test_a_lifetime_below_nothing_is_a_defect() -> None:
    begin, end = b"260101000000Z", b"270101000000Z"
    der = issue("a", ROOT).der
    assert begin in der
    assert end in der
    read, _ = x509.read(der.replace(begin, b"280101000000Z"))
    assert read is not None
    assert "ends before it begins" in read.defects[0]


@pytest.mark.parametrize(
    ("der", "said"),
    [
        (b"", "ends too early"),
        (b"\x30", "ends too early"),
        (b"\x31\x00", "no DER sequence"),
        (b"\x30\x80\x00\x00", "length is not DER"),
        (b"\x30\x85\x01\x00\x00\x00\x00", "length is not DER"),
        (b"\x30\x00", "this is no certificate"),
        (b"\x30\x02\x30\x00", "its parts are not those of a certificate"),
        (LEAF.der[:-1], "ends too early"),
        (LEAF.der + b"\0", "this is no certificate"),
        (b"\x30" * (x509.LARGEST + 1), "no more than"),
        (b"\x30\x80" * 100_000, "length is not DER"),
        (b"\x30\x83\x03\x00\x00" * 40_000, "certificate"),
    ],
)
def test_what_is_no_certificate_is_a_diagnostic(der: bytes, said: str) -> None:
    begun = time.process_time()
    read, problem = x509.read(der)
    assert read is None
    assert problem is not None
    assert said in problem.message
    assert time.process_time() - begun < 2
    with pytest.raises(InputError):
        x509.load(der)


def test_signatures_are_verified() -> None:
    other = authority("root", own_key=key("else"))
    assert x509.issued_by(LEAF.record, ROOT.record)
    assert not x509.issued_by(LEAF.record, other.record)
    assert not x509.issued_by(LEAF.record, LEAF.record)
    assert not x509.signed_by(LEAF.der, b"\x30\x00")


@given(st.binary(max_size=400))
@example(b"\x30\x03\x30\x01\x00")
def test_random_bytes_never_raise(der: bytes) -> None:
    read, problem = x509.read(der)
    assert read is not None or problem is not None


@given(st.data())
def test_mutated_certificates_never_raise(data: st.DataObject) -> None:
    der = bytearray(data.draw(st.sampled_from([LEAF.der, ROOT.der])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(der) - 1))
        what = data.draw(st.sampled_from(["set", "cut", "insert", "drop"]))
        if what == "set":
            der[at] = data.draw(st.integers(0, 255))
        elif what == "insert":
            der[at:at] = data.draw(st.binary(max_size=8))
        elif what == "drop":
            del der[at : at + data.draw(st.integers(1, 8))]
        else:
            del der[max(at, 1) :]
        if not der:
            return
    read, problem = x509.read(bytes(der))
    assert (read is None) <= (problem is not None)
    if isinstance(read, Certificate):
        assert x509.signed_by(bytes(der), ROOT.der) in (True, False)
        assert read.not_before.tzinfo is not None


def test_where_the_issuer_is_to_be_had() -> None:
    """Of what the extension may hold, the addresses of issuers alone."""
    oids = library.oid.AuthorityInformationAccessOID
    named = library.DirectoryName(name("somebody"))
    rows = [
        library.AccessDescription(oids.OCSP, general("http://ca.example/ocsp")),
        library.AccessDescription(oids.CA_ISSUERS, named),
        library.AccessDescription(oids.CA_ISSUERS, general("ldap://ca.example/cn")),
        library.AccessDescription(oids.CA_ISSUERS, general("http://ca.example/1")),
    ]
    one = leaf(None, "a.example", extra=[(library.AuthorityInformationAccess(rows), False)]).record
    assert one.issuer_urls == ("ldap://ca.example/cn", "http://ca.example/1")
    assert one.defects == ()
    assert leaf(None, "a.example").record.issuer_urls == ()
