"""Certificates in files and folders: PEM, DER, PKCS#7 and PKCS#12, revocation lists, and the public half of keys.

What a file is follows from its content; endings only say which files of a folder are looked at. A PKCS#12 archive is
opened with the password given, else without one and with the empty one, as both are common. A private key is read to
learn whose it is, and forgotten; an encrypted one is left alone, because that is how it should lie there.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import Span
from ringfence.resources.certificates import CertificateFile, Encoded
from ringfence.sources import certbot
from ringfence.sources.files import Observer, find, read_bytes
from ringfence.sources.pem import CERTIFICATES, CRLS, Block, blocks

ENDINGS = (".pem", ".crt", ".cer", ".cert", ".der", ".p12", ".pfx", ".p7b", ".p7c", ".crl", ".key")
PKCS7 = ("PKCS7", "CMS")
TERRAFORM = (".tf", ".tf.json", ".tfvars", ".tfvars.json")
MANIFESTS = (".yaml", ".yml", ".json")
LARGEST = 512 * 1024**2
"""Bytes of one file: a bundle of 100,000 certificates has about 200 MB."""
SMALLEST_BINARY = 2


@dataclass(frozen=True, slots=True)
class Sorted:
    """The files that paths stand for, by what reads them."""

    certificates: list[str]
    manifests: list[str]
    terraform: list[str]


def sort_paths(paths: Iterable[str | os.PathLike[str]]) -> tuple[Sorted, list[Diagnostic]]:
    """All files that the paths stand for, each with one reader; what is of no known kind may hold certificates."""
    searched = [os.fspath(path) for path in paths]
    names, diagnostics = find(searched, ENDINGS + MANIFESTS + TERRAFORM)
    kept, live = certbot.leave_out_the_past(names, searched)
    current, problems = find(live, ENDINGS)
    found = Sorted([], [], [])
    for name in dict.fromkeys(kept + current):
        if name.endswith(TERRAFORM):
            found.terraform.append(name)
        elif name.endswith(MANIFESTS) or name == "-":
            found.manifests.append(name)
        else:
            found.certificates.append(name)
    return found, diagnostics + problems


def read(
    names: Iterable[str], password: str | None = None, progress: Observer | None = None
) -> tuple[list[CertificateFile], list[Diagnostic]]:
    """Reads files. What cannot be read is a diagnostic, and the rest is read all the same."""
    found: list[CertificateFile] = []
    diagnostics: list[Diagnostic] = []
    listed = list(names)
    for done, name in enumerate(listed):
        if progress:
            progress(done, len(listed))
        content = read_bytes(name, LARGEST)
        if isinstance(content, Diagnostic):
            diagnostics.append(content)
            continue
        file, problems = parse(content, name, password)
        found.append(file)
        diagnostics += problems
    return found, diagnostics


def parse(content: bytes, name: str, password: str | None = None) -> tuple[CertificateFile, list[Diagnostic]]:
    """What one file holds."""
    with warnings.catch_warnings(action="ignore"):  # the library warns about what it reads all the same
        return _parse(content, name, password)


def _parse(content: bytes, name: str, password: str | None) -> tuple[CertificateFile, list[Diagnostic]]:
    if b"-----BEGIN " in content:
        return _pem(content, name)
    if len(content) >= SMALLEST_BINARY and content[0] == 0x30:
        return _binary(content, name, password)
    what = "this file is empty" if not content.strip() else "this is neither PEM nor DER nor PKCS#12"
    return CertificateFile(name), [error(what, Span(name))]


def _pem(content: bytes, name: str) -> tuple[CertificateFile, list[Diagnostic]]:
    found, diagnostics = blocks(content, name)
    certificates: list[Encoded] = []
    crls: list[Encoded] = []
    keys: list[str] = []
    for block in found:
        span = Span(name, "", block.line)
        if block.label in CERTIFICATES:
            certificates.append(Encoded(_first(block.der), span))
        elif block.label in CRLS:
            crls.append(Encoded(block.der, span))
        elif block.label in PKCS7:
            certificates += [Encoded(der, span) for der in _pkcs7(block.der)]
        elif block.label.endswith("PRIVATE KEY") and not block.label.startswith("OPENSSH"):
            key = _key(block, span)
            if isinstance(key, Diagnostic):
                diagnostics.append(key)
            elif key:
                keys.append(key)
    if not found and not diagnostics:
        diagnostics.append(error("this file holds no PEM block", Span(name)))
    ordered = not any(block.label in PKCS7 for block in found)
    return CertificateFile(name, tuple(certificates), tuple(crls), tuple(keys), ordered=ordered), diagnostics


def _first(der: bytes) -> bytes:
    """The first element: OpenSSL's TRUSTED CERTIFICATE has what it trusts it for behind it."""
    if len(der) > 4 and der[1] == 0x82:
        end = 4 + int.from_bytes(der[2:4])
        if end < len(der) and der[end : end + 1] == b"\x30":
            return der[:end]
    return der


def _binary(content: bytes, name: str, password: str | None) -> tuple[CertificateFile, list[Diagnostic]]:
    """DER of one of five kinds, told apart by trying: certificate, list, archive, PKCS#7, key."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    span = Span(name)
    if _looks_like_pkcs12(content):
        return _pkcs12(content, name, password)
    with suppress(ValueError):
        x509.load_der_x509_crl(content)
        return CertificateFile(name, crls=(Encoded(content, span),)), []
    bundled = _pkcs7(content)
    if bundled:
        return CertificateFile(name, tuple(Encoded(der, span) for der in bundled), ordered=False), []
    with suppress(ValueError, TypeError):
        return CertificateFile(name, keys=(_public(load_der_private_key(content, None)),)), []
    return CertificateFile(name, (Encoded(content, span),)), []


def _looks_like_pkcs12(content: bytes) -> bool:
    """A sequence that begins with version 3 (RFC 7292, 4)."""
    header = 2 + (content[1] & 0x7F if content[1] & 0x80 else 0)
    return content[header : header + 3] == b"\x02\x01\x03"


def _pkcs12(content: bytes, name: str, password: str | None) -> tuple[CertificateFile, list[Diagnostic]]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

    span = Span(name)
    for attempt in [password.encode()] if password is not None else [None, b""]:
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):
            archive = load_pkcs12(content, attempt)
            held = [one for one in (archive.cert, *archive.additional_certs) if one is not None]
            ders = tuple(Encoded(one.certificate.public_bytes(Encoding.DER), span) for one in held)
            keys = () if archive.key is None else (_public(archive.key),)
            return CertificateFile(name, ders, keys=keys, pkcs12=True), []
    remedy = "" if password is not None else "give its password with --pkcs12-password-file"
    return CertificateFile(name, pkcs12=True), [error("this PKCS#12 archive cannot be opened", span, remedy)]


def _pkcs7(content: bytes) -> list[bytes]:
    """The certificates of a PKCS#7 bundle; none where it is no such thing."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    if not content.startswith(b"\x30") or b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" not in content[:32]:
        return []
    with suppress(ValueError, UnsupportedAlgorithm):
        return [one.public_bytes(Encoding.DER) for one in pkcs7.load_der_pkcs7_certificates(content)]
    return []


def _key(block: Block, span: Span) -> str | Diagnostic:
    """Whose a private key is; empty where it is encrypted."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if "ENCRYPTED" in block.label or b"ENCRYPTED" in block.armoured[:200]:
        return ""
    try:
        return _public(load_pem_private_key(block.armoured, None, unsafe_skip_rsa_key_validation=True))
    except TypeError:  # encrypted after all
        return ""
    except (ValueError, UnsupportedAlgorithm):
        return error("this private key cannot be read", span)


def _public(key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    info: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(info).hexdigest()
