"""Certificates for tests: authorities, leaves and revocation lists, right unless a test says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from zlib import crc32

from cryptography import x509 as library
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ringfence.certificates.inventory import Certificate
from ringfence.certificates.x509 import load

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""A moment at which everything made here is valid unless it says otherwise."""
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@lru_cache(maxsize=32)
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """A key by name, so that the same test makes the same again."""
    number = int.from_bytes(name.encode().ljust(8, b"!")[:8]) + 12345
    return ec.derive_private_key(number, ec.SECP256R1())


@dataclass(frozen=True)
class Made:
    """A certificate with its key."""

    certificate: library.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def record(self) -> Certificate:
        return load(self.der)

    @property
    def key_pem(self) -> bytes:
        plain = serialization.NoEncryption()
        pem: bytes = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        return pem


def usage(*bits: str) -> library.KeyUsage:
    """A key usage with those bits."""
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return library.KeyUsage(**{name: name in bits for name in names})


def name(common: str) -> library.Name:
    """A subject; empty for an empty text."""
    return library.Name([library.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


def general(text: str) -> library.GeneralName:
    """A general name by its looks."""
    if "://" in text:
        return library.UniformResourceIdentifier(text)
    if "@" in text:
        return library.RFC822Name(text)
    try:
        return library.IPAddress(ip_address(text))
    except ValueError:
        return library.DNSName(text)


def issue(
    subject: str,
    parent: Made | None,
    *,
    begin: datetime = START,
    end: datetime = START + 365 * DAY,
    signer: Any = None,
    own_key: Any = None,
    serial: int | None = None,
    extensions: Iterable[tuple[library.ExtensionType, bool]] = (),
    authority_key: bool = True,
    hash: Any = None,
) -> Made:
    """A certificate with exactly these extensions and the two key identifiers."""
    mine = own_key or key(subject)
    signing = signer or (parent.key if parent else mine)
    issuer = parent.certificate.subject if parent else name(subject)
    builder = (
        library.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer)
        .public_key(mine.public_key())
        .serial_number(serial or crc32(repr((subject, begin, end)).encode()) + 1)
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(library.SubjectKeyIdentifier.from_public_key(mine.public_key()), critical=False)
    )
    if parent is not None and authority_key:
        above = library.AuthorityKeyIdentifier.from_issuer_public_key(parent.key.public_key())
        builder = builder.add_extension(above, critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    # Signatures that are the same in every run keep the search of Hypothesis the same.
    steady = isinstance(signing, ec.EllipticCurvePrivateKey) or None
    return Made(builder.sign(signing, hash or hashes.SHA256(), ecdsa_deterministic=steady), mine)


def authority(
    subject: str = "root",
    parent: Made | None = None,
    *,
    path_length: int | None = None,
    bits: Sequence[str] = ("key_cert_sign", "crl_sign"),
    ca: bool = True,
    extra: Iterable[tuple[library.ExtensionType, bool]] = (),
    **changes: Any,
) -> Made:
    """An authority: a root without a parent."""
    basic = library.BasicConstraints(ca, path_length if ca else None)
    changes.setdefault("end", START + 3650 * DAY)
    return issue(subject, parent, extensions=[(basic, True), (usage(*bits), True), *extra], **changes)


def leaf(
    parent: Made | None,
    *names: str,
    subject: str = "",
    usages: Sequence[library.ObjectIdentifier] | None = (SERVER,),
    bits: Sequence[str] = ("digital_signature",),
    extra: Iterable[tuple[library.ExtensionType, bool]] = (),
    **changes: Any,
) -> Made:
    """A leaf for these names; its own issuer without a parent."""
    extensions: list[tuple[library.ExtensionType, bool]] = [(library.BasicConstraints(False, None), True)]
    if bits:
        extensions.append((usage(*bits), True))
    if names:
        alternative = library.SubjectAlternativeName([general(one) for one in names])
        extensions.append((alternative, not subject))
    if usages is not None:
        extensions.append((library.ExtendedKeyUsage(usages), False))
    changes.setdefault("end", START + 180 * DAY)
    changes.setdefault("own_key", key("leaf"))
    return issue(subject, parent, extensions=[*extensions, *extra], **changes)


def issuer_at(url: str) -> library.AuthorityInformationAccess:
    """The extension that says where the issuer's certificate is to be had, behind one about OCSP."""
    oids = library.oid.AuthorityInformationAccessOID
    ocsp = library.AccessDescription(oids.OCSP, general("http://ca.example/ocsp"))
    return library.AuthorityInformationAccess([ocsp, library.AccessDescription(oids.CA_ISSUERS, general(url))])


def revocation_list(
    issuer: Made,
    *serials: int,
    begin: datetime = NOON - DAY,
    end: datetime | None = NOON + 7 * DAY,
    number: int | None = 1,
    signer: Any = None,
    extra: Iterable[tuple[library.ExtensionType, bool]] = (),
) -> bytes:
    """A revocation list as PEM."""
    builder = library.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject).last_update(begin)
    builder = builder.next_update(end or begin + DAY)
    if number is not None:
        builder = builder.add_extension(library.CRLNumber(number), critical=False)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    for serial in serials:
        revoked = library.RevokedCertificateBuilder().serial_number(serial).revocation_date(begin).build()
        builder = builder.add_revoked_certificate(revoked)
    signed = builder.sign(signer or issuer.key, hashes.SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(serialization.Encoding.PEM)


def pem(*made: Made) -> bytes:
    """A chain file."""
    return b"".join(one.pem for one in made)
