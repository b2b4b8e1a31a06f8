"""DER to `Certificate`, and whether one certificate signed another; on `cryptography`, imported when first used.

The library reads a certificate's frame at once and the rest on demand, and complains about each part by itself. So do
we: a broken frame is an error, and whatever else cannot be read is a defect of a record that stays usable. Two things
are read here without the library: the serial number, because the library warns about those that RFC 5280 forbids,
and the SubjectPublicKeyInfo, which names a key that the library may not know.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from ringfence.certificates.inventory import Certificate
from ringfence.model.diagnostics import Diagnostic, InputError, error, warning
from ringfence.model.spans import NOWHERE, Span

if TYPE_CHECKING:
    from cryptography import x509 as library

LARGEST = 256 * 1024
"""Bytes of one certificate. Public ones have 2 KiB; the largest ever logged, with 2,000 names, about 60."""
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
CA_ISSUERS = "1.3.6.1.5.5.7.48.2"
"""The access method of RFC 5280, 4.2.2.1, behind which the issuer's certificate is."""
LONGEST_SERIAL = 20
"""Octets, RFC 5280 4.1.2.2."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Value = TypeVar("Value")


def load(der: bytes, span: Span = NOWHERE) -> Certificate:
    """The record of one DER certificate. Raises `InputError` where it is none; never anything else."""
    found, problem = read(der, span)
    if found is None:
        raise InputError(problem or error("this is no certificate", span))
    return found


def read(der: bytes, span: Span = NOWHERE) -> tuple[Certificate | None, Diagnostic | None]:
    """The record, or None and why not (an error). A record with defects comes with a warning that names them."""
    if len(der) > LARGEST:
        return None, error(f"this certificate has {len(der)} bytes; no more than {LARGEST} are read", span)
    try:
        serial, key = _serial_and_key(der)
        with warnings.catch_warnings(action="ignore"):  # what is forbidden and can be read is a defect of the record
            record = _record(parse(der), der, serial, key, span)
    except complaints() as failure:
        return None, error(f"this is no certificate: {_reason(failure)}", span)
    if record.defects:
        return record, warning(f"malformed certificate: {'; '.join(record.defects)}", span)
    return record, None


def parse(der: bytes) -> library.Certificate:
    """The library's object, without its warnings. Raises one of `complaints`."""
    from cryptography import x509 as library

    with warnings.catch_warnings(action="ignore"):
        return library.load_der_x509_certificate(der)


def complaints() -> tuple[type[Exception], ...]:
    """What the library raises for content that it cannot read, and for a signature that is not right."""
    from cryptography import x509 as library
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    unreadable = (library.DuplicateExtension, library.UnsupportedGeneralNameType, library.InvalidVersion)
    return (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature, *unreadable)


def issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether the issuer's name and key stand behind the certificate's signature."""
    return certificate.issuer == issuer.subject and signed_by(certificate.der, issuer.der)


@lru_cache(maxsize=4096)
def signed_by(der: bytes, issuer: bytes) -> bool:
    """Whether the issuer's key verifies the certificate's signature and the names agree. False where that cannot be."""
    try:
        parse(der).verify_directly_issued_by(parse(issuer))
    except complaints():
        return False
    return True


def _record(found: library.Certificate, der: bytes, serial: int, key: bytes, span: Span) -> Certificate:
    defects: list[str] = []

    def attempt(what: str, make: Callable[[], Value], default: Value) -> Value:
        """The value, or the default and a defect."""
        try:
            return make()
        except complaints() as failure:
            defects.append(f"{what} cannot be read ({_reason(failure)})")
            return default

    nothing: dict[str, Any] = {}
    details = attempt("an extension", lambda: _extensions(found), nothing)
    root = bool(details.get("ca")) and found.issuer == found.subject
    if serial < 0 or (serial == 0 and not root):  # public roots with serial number 0 are in every client's store
        defects.append("the serial number is not positive (RFC 5280, 4.1.2.2)")
    if serial.bit_length() > 8 * LONGEST_SERIAL:
        defects.append(f"the serial number is longer than {LONGEST_SERIAL} octets (RFC 5280, 4.1.2.2)")
    not_before = attempt("the begin of validity", lambda: found.not_valid_before_utc, EPOCH)
    not_after = attempt("the end of validity", lambda: found.not_valid_after_utc, EPOCH)
    if not_after < not_before:
        defects.append("it ends before it begins")
    kind, bits = attempt("the public key", lambda: _key(key), ("", 0))
    record = Certificate(
        fingerprint=hashlib.sha256(der).hexdigest(),
        serial=serial,
        subject=attempt("the subject", lambda: _name(found, "subject"), ""),
        issuer=attempt("the issuer", lambda: _name(found, "issuer"), ""),
        not_before=not_before,
        not_after=not_after,
        key_id=hashlib.sha256(key).hexdigest(),
        key_type=kind,
        key_bits=bits,
        signature_hash=_hash(found),
        **details,
        der=der,
        span=span,
    )
    defects += [f"the name {name!r} holds a control character" for name in record.names if not name.isprintable()]
    if not defects:
        return record
    import dataclasses

    return dataclasses.replace(record, defects=tuple(defects))


def _extensions(found: library.Certificate) -> dict[str, Any]:
    """The fields of `Certificate` that extensions give."""
    from cryptography import x509 as library

    details: dict[str, Any] = {}
    for extension in found.extensions:
        value = extension.value
        if isinstance(value, library.SubjectAlternativeName):
            details["dns_names"] = tuple(value.get_values_for_type(library.DNSName))
            details["addresses"] = tuple(str(one) for one in value.get_values_for_type(library.IPAddress))
            details["uris"] = tuple(value.get_values_for_type(library.UniformResourceIdentifier))
            details["emails"] = tuple(value.get_values_for_type(library.RFC822Name))
        elif isinstance(value, library.BasicConstraints):
            details["ca"], details["path_length"] = value.ca, value.path_length
        elif isinstance(value, library.KeyUsage):
            details["key_usage"] = frozenset(one for one in USAGES if getattr(value, one))
        elif isinstance(value, library.ExtendedKeyUsage):
            details["extended_key_usage"] = tuple(_usage(one.dotted_string) for one in value)
        elif isinstance(value, library.SubjectKeyIdentifier):
            details["subject_key_id"] = value.digest.hex()
        elif isinstance(value, library.AuthorityKeyIdentifier):
            details["authority_key_id"] = (value.key_identifier or b"").hex()
        elif isinstance(value, library.PrecertificateSignedCertificateTimestamps):
            details["scts"] = len(list(value))
        elif isinstance(value, library.CertificatePolicies):
            details["policies"] = tuple(one.policy_identifier.dotted_string for one in value)
        elif isinstance(value, library.AuthorityInformationAccess):
            details["issuer_urls"] = tuple(
                one.access_location.value
                for one in value
                if one.access_method.dotted_string == CA_ISSUERS
                and isinstance(one.access_location, library.UniformResourceIdentifier)
            )
        elif isinstance(value, library.CRLDistributionPoints):
            details["crl_urls"] = tuple(str(name.value) for point in value for name in point.full_name or ())
    return details


KNOWN_USAGES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}


def _usage(identifier: str) -> str:
    return KNOWN_USAGES.get(identifier, identifier)


@lru_cache(maxsize=4096)
def _key(info: bytes) -> tuple[str, int]:
    """Type and size of a key. The library reads the same keys again and again where authorities repeat."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key = load_der_public_key(info)
    name = type(key).__name__.removesuffix("PublicKey").lstrip("_")
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}", key.curve.key_size
    return name, getattr(key, "key_size", 256)


def _name(found: library.Certificate, field: str) -> str:
    return str(getattr(found, field).rfc4514_string())


def _hash(found: library.Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        algorithm = found.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    return algorithm.name if algorithm else ""


def _serial_and_key(der: bytes) -> tuple[int, bytes]:
    """Serial number and SubjectPublicKeyInfo of a certificate (RFC 5280, 4.1), or ValueError."""
    _, outer, outer_end = _content(der, 0, 0x30)
    _, body, body_end = _content(der, outer, 0x30)
    if body_end > outer_end:
        raise ValueError("an element is longer than what it stands in")
    parts = list(_elements(der, body, body_end))
    first = 1 if parts and parts[0][0] == 0xA0 else 0
    if len(parts) < first + 6 or parts[first][0] != 0x02 or parts[first + 5][0] != 0x30:
        raise ValueError("its parts are not those of a certificate")
    _, begin, end, _ = parts[first]
    _, _, after, start = parts[first + 5]
    return int.from_bytes(der[begin:end], signed=True), der[start:after]


def _elements(der: bytes, begin: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, begin and end of the content, and begin of the whole, of each element in a stretch."""
    while begin < end:
        tag, start, stop = _content(der, begin, None)
        if stop > end:
            raise ValueError("an element is longer than what it stands in")
        yield tag, start, stop, begin
        begin = stop


def _content(der: bytes, at: int, expected: int | None) -> tuple[int, int, int]:
    """Tag, begin and end of the content of the element there (X.690, 8.1; lengths of up to four octets)."""
    if len(der) < at + 2:
        raise ValueError("it ends too early")
    tag, length, start = der[at], der[at + 1], at + 2
    if expected is not None and tag != expected:
        raise ValueError("it is no DER sequence")
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 4 or len(der) < start + octets:
            raise ValueError("a length is not DER")
        length = int.from_bytes(der[start : start + octets])
        start += octets
    if start + length > len(der):
        raise ValueError("it ends too early")
    return tag, start, start + length


def _reason(failure: Exception) -> str:
    """What the library says, as one short line."""
    text = " ".join(str(failure).split()) or type(failure).__name__
    return text if len(text) <= 160 else f"{text[:157]}..."
