"""Revocation lists (RFC 5280, 5; the CA/Browser Forum's 7.2): what a list says, and whether it may be believed.

A list speaks for a certificate when its issuer's key signed it, it is complete in itself (no delta, not indirect, not
for some reasons only), its scope takes in the certificate, and now lies between its two dates. A strict client that was
given lists takes a certificate only where such a list says that it is not revoked; so every reason why a list does not
count has a sentence here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ringfence.certificates.alerts import Revocations
from ringfence.certificates.inventory import Certificate
from ringfence.certificates.x509 import complaints, parse
from ringfence.model.diagnostics import Diagnostic, error
from ringfence.resources.certificates import Encoded

if TYPE_CHECKING:
    from cryptography import x509 as library

CRL_NUMBER, AUTHORITY_KEY, DELTA, SCOPE = "2.5.29.20", "2.5.29.35", "2.5.29.27", "2.5.29.28"
KNOWN_CRITICAL = frozenset({AUTHORITY_KEY, DELTA, SCOPE})
"""Critical extensions that are understood; the number must not be critical (5.2.3)."""


@dataclass(frozen=True, slots=True)
class RevocationList:
    """One list. `faults` are reasons not to believe it at all, whoever asks about what."""

    issuer: str
    this_update: datetime
    next_update: datetime | None
    serials: Mapping[int, datetime]
    authority_key_id: str = ""
    scope: tuple[str, ...] = ()
    """URIs of its issuing distribution point; empty: it speaks for all."""
    only_users: bool = False
    only_authorities: bool = False
    faults: tuple[str, ...] = ()
    encoded: Encoded = field(default=Encoded(b""), compare=False, repr=False)


def load_all(encoded: Iterable[Encoded]) -> tuple[list[RevocationList], list[Diagnostic]]:
    """The lists that can be read, and what is wrong with the others."""
    found: list[RevocationList] = []
    problems: list[Diagnostic] = []
    for one in encoded:
        loaded = load(one)
        (found if isinstance(loaded, RevocationList) else problems).append(loaded)  # type: ignore[arg-type]
    return found, problems


def load(encoded: Encoded) -> RevocationList | Diagnostic:
    """One list, or why it is none."""
    from cryptography import x509 as library

    try:
        with warnings.catch_warnings(action="ignore"):
            return _record(library.load_der_x509_crl(encoded.der), encoded)
    except complaints() as failure:
        text = " ".join(str(failure).split())[:160]
        return error(f"this is no revocation list: {text or type(failure).__name__}", encoded.span)


def _record(found: library.CertificateRevocationList, encoded: Encoded) -> RevocationList:
    faults: list[str] = []
    details: dict[str, Any] = {}
    numbered = False
    for extension in found.extensions:
        identifier, value = extension.oid.dotted_string, extension.value
        if identifier == CRL_NUMBER:
            numbered = True
            if extension.critical:
                faults.append("its number is marked critical (RFC 5280, 5.2.3)")
        elif identifier == AUTHORITY_KEY:
            details["authority_key_id"] = (getattr(value, "key_identifier", None) or b"").hex()
        elif identifier == DELTA:
            faults.append("it is a delta, which says nothing without its base")
        elif identifier == SCOPE:
            faults += _scope(value, details)
        elif extension.critical and identifier not in KNOWN_CRITICAL:
            faults.append(f"it has a critical extension that nobody knows ({identifier})")
    if not numbered:
        faults.append("it has no number (RFC 5280, 5.2.3)")
    if found.next_update_utc is None:
        faults.append("it does not say when the next one comes (RFC 5280, 5.1.2.5)")
    serials: dict[int, datetime] = {}
    for one in found:
        if one.serial_number in serials:
            faults.append(f"it names serial {one.serial_number:x} twice")
        serials[one.serial_number] = one.revocation_date_utc
    return RevocationList(
        found.issuer.rfc4514_string(),
        found.last_update_utc,
        found.next_update_utc,
        serials,
        faults=tuple(dict.fromkeys(faults)),
        encoded=encoded,
        **details,
    )


def _scope(value: Any, details: dict[str, Any]) -> list[str]:
    """Reads an issuing distribution point (5.2.5); what in it makes the list useless."""
    from cryptography import x509 as library

    faults = []
    if value.indirect_crl:
        faults.append("it is indirect")
    if value.only_some_reasons:
        faults.append("it covers some reasons only")
    if value.only_contains_attribute_certs:
        faults.append("it is for attribute certificates only")
    if value.relative_name is not None:
        faults.append("its distribution point has a relative name")
    names = value.full_name or []
    if any(not isinstance(name, library.UniformResourceIdentifier) for name in names):
        faults.append("its distribution point has a name that is no URI")
    details["scope"] = tuple(str(name.value) for name in names)
    details["only_users"], details["only_authorities"] = value.only_contains_user_certs, value.only_contains_ca_certs
    return faults


def signed_by(listed: RevocationList, issuer: Certificate) -> bool:
    """Whether the issuer's key signed the list, and the names agree."""
    from cryptography import x509 as library

    if listed.issuer != issuer.subject:
        return False
    try:
        key: Any = parse(issuer.der).public_key()
        return library.load_der_x509_crl(listed.encoded.der).is_signature_valid(key)
    except complaints():
        return False


def objections(listed: RevocationList, certificate: Certificate, issuer: Certificate, now: datetime) -> list[str]:
    """Why a list says nothing about a certificate of that issuer (RFC 5280, 6.3.3); empty where it does."""
    found = list(listed.faults)
    if issuer.key_usage is not None and "crl_sign" not in issuer.key_usage:
        found.append(f"{issuer.title} may not sign revocation lists (no cRLSign)")
    if not signed_by(listed, issuer):
        found.append("its signature is not its issuer's")
    if now < listed.this_update:
        found.append(f"it begins only {listed.this_update:%Y-%m-%d %H:%M} UTC")
    if listed.next_update is not None and now > listed.next_update:
        found.append(f"it should have been replaced {listed.next_update:%Y-%m-%d %H:%M} UTC")
    if listed.only_users and certificate.ca:
        found.append("it is for end entities only")
    if listed.only_authorities and not certificate.ca:
        found.append("it is for authorities only")
    if listed.scope and not set(listed.scope) & set(certificate.crl_urls):
        found.append("the certificate does not name its distribution point")
    return found


def summaries(lists: Iterable[RevocationList], authorities: Mapping[str, tuple[Certificate, ...]]) -> list[Revocations]:
    """What the alert rules need of the lists: whose key signed each of them."""
    return [
        Revocations(
            one.issuer,
            one.next_update,
            one.serials,
            frozenset(ca.fingerprint for ca in authorities.get(one.issuer, ()) if signed_by(one, ca)),
            str(one.encoded.span),
        )
        for one in lists
    ]
