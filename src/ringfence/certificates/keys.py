"""Private keys, certificate requests and pairs: made, encrypted at rest, and held against each other.

A key's kind is one of a short list; each is what the CA/Browser Forum's requirements allow, or what a private mesh
uses. Keys are PKCS #8 PEM; with a passphrase they are encrypted (PBES2, as `cryptography` chooses it). No function here
prints or logs, and errors never carry key material.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from ringfence.model.diagnostics import InputError, SourceError, error
from ringfence.model.spans import NOWHERE, Span

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

CURVES: Final[Mapping[str, type[ec.EllipticCurve]]] = {"ecdsa-p256": ec.SECP256R1, "ecdsa-p384": ec.SECP384R1}
RSA_BITS: Final[Mapping[str, int]] = {"rsa-2048": 2048, "rsa-3072": 3072, "rsa-4096": 4096}
KINDS: Final = (*CURVES, *RSA_BITS, "ed25519")
"""The kinds of key that a posture file may name."""


def generate(kind: str) -> PrivateKey:
    """A new key of one of `KINDS`."""
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind]())
    if kind in RSA_BITS:
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS[kind])
    return ed25519.Ed25519PrivateKey.generate()


def kind_of(key: object) -> str:
    """Which of `KINDS` a private or public key is; empty where it is none of them."""
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        return next((kind for kind, curve in CURVES.items() if isinstance(key.curve, curve)), "")
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return next((kind for kind, bits in RSA_BITS.items() if bits == key.key_size), "")
    return "ed25519" if isinstance(key, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey) else ""


def digest(key: PrivateKey) -> SHA256 | SHA384 | None:
    """The hash that a signature by this key uses; None where the algorithm has its own."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    return SHA384() if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size > 256 else SHA256()


def to_pem(key: PrivateKey, passphrase: bytes | None = None) -> bytes:
    """PKCS #8 PEM; encrypted where there is a passphrase."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def from_pem(content: bytes, passphrase: bytes | None = None, span: Span = NOWHERE) -> PrivateKey:
    """The key of a PEM file, encrypted or not. Raises SourceError, which never quotes the content."""
    secret = passphrase if b"ENCRYPTED" in content else None
    try:
        key = serialization.load_pem_private_key(content, secret)
    except TypeError:
        message = "this private key is encrypted and no passphrase is configured"
        raise SourceError(error(message, span, "set certificates.encryption in the posture file")) from None
    except Exception:
        message = "this is no private key in PEM, or the passphrase is another"
        raise SourceError(error(message, span)) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise SourceError(error(f"a {type(key).__name__} cannot be used here", span))
    return key


def general_name(name: str) -> x509.GeneralName:
    """A subject alternative name as it is written: a DNS name, an address, or a URI (it holds `://`).

    International names become their A-label. Raises InputError for what is none of the three.
    """
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name if name.isascii() else name.encode("idna").decode("ascii"))
    except (ValueError, UnicodeError) as failure:
        raise InputError(error(f"{name!r} is neither a DNS name nor an address nor a URI: {failure}")) from None


def request(key: PrivateKey, names: Sequence[str]) -> bytes:
    """A certificate request (PKCS #10, PEM) for these names. The subject is empty: names stand in the extension."""
    extension = x509.SubjectAlternativeName([general_name(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    signed = builder.add_extension(extension, critical=True).sign(key, digest(key))
    return signed.public_bytes(serialization.Encoding.PEM)


def names_of(extensions: x509.Extensions) -> tuple[str, ...]:
    """The subject alternative names of a certificate or request as they are written, sorted."""
    try:
        found = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(sorted(str(name.value) for name in found))


def chain(content: bytes, span: Span = NOWHERE) -> list[x509.Certificate]:
    """The certificates of a PEM file in their order; at least one. Raises SourceError."""
    try:
        found = x509.load_pem_x509_certificates(content)
    except ValueError as failure:
        raise SourceError(error(f"holds no readable certificate: {failure}", span)) from None
    return found


def matches(key: PrivateKey, certificate: x509.Certificate) -> bool:
    """Whether the certificate was made for the key."""
    return public_der(key.public_key()) == public_der(certificate.public_key())


def public_der(key: object) -> bytes:
    """A public key as SubjectPublicKeyInfo, for comparison."""
    return key.public_bytes(  # type: ignore[attr-defined,no-any-return]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 over the DER of the certificate, in lower-case hexadecimal."""
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()
