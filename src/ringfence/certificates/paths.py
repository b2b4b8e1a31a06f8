"""The path that a reader means, and everything that is wrong with it: the reasons behind a refusal.

A verifier stops at its first objection and tries other paths; a person wants to know what is wrong with the one that
was meant. So one path is followed from the leaf, always to the issuer that fits best (trusted before not, good
signature before bad, valid before not), and each of its certificates is held against RFC 5280, 6.1 and the web profile
in turn. The verdict is the verifier's (`validation`); these are its reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ringfence.certificates import constraints
from ringfence.certificates.inventory import ANY_USAGE, Certificate
from ringfence.certificates.x509 import complaints, parse, signed_by

if TYPE_CHECKING:
    from cryptography import x509 as library

LONGEST = 10
"""Certificates of a path, the leaf and the anchor included: eight authorities between, as the verifier has it."""
CURVES = frozenset({"EC secp256r1", "EC secp384r1", "EC secp521r1"})
UNDERSTOOD = frozenset(
    {
        "2.5.29.15",  # key usage
        "2.5.29.17",  # subject alternative name
        "2.5.29.19",  # basic constraints
        "2.5.29.30",  # name constraints
        "2.5.29.32",  # certificate policies
        "2.5.29.36",  # policy constraints
        "2.5.29.37",  # extended key usage
        "2.5.29.54",  # inhibit any policy
        "1.3.6.1.4.1.11129.2.4.2",  # embedded SCTs
    }
)
"""Critical extensions that a client understands."""


@dataclass(frozen=True, slots=True)
class Path:
    """The leaf first. `anchored`: its last certificate is trusted."""

    certificates: tuple[Certificate, ...]
    anchored: bool
    problem: str = ""
    """Why it goes no further, where it is not anchored."""


def follow(leaf: Certificate, others: Sequence[Certificate], trust: Sequence[Certificate], now: datetime) -> Path:
    """The path that fits best. It never returns to a certificate, and ends after `LONGEST`."""
    trusted = {one.fingerprint for one in trust}
    path = [leaf]
    if leaf.fingerprint in trusted:
        return Path((leaf,), True)
    while len(path) < LONGEST:
        last = path[-1]
        seen = {one.fingerprint for one in path}
        named = [one for one in (*trust, *others) if one.subject == last.issuer and one.fingerprint not in seen]
        if not named:
            return Path(tuple(path), False, _nobody(last))
        signers = [one for one in named if signed_by(last.der, one.der)]
        if not signers:
            return Path(tuple(path), False, f"the signature of {last.title} is not that of {named[0].title}")

        def fit(one: Certificate) -> tuple[bool, bool, bool]:
            return one.fingerprint not in trusted, not one.not_before <= now <= one.not_after, not one.ca

        best = min(signers, key=fit)
        path.append(best)
        if best.fingerprint in trusted:
            return Path(tuple(path), True)
    return Path(tuple(path), False, f"the path has more than {LONGEST} certificates")


def _nobody(last: Certificate) -> str:
    if last.self_issued:
        return f"{last.title} is self-signed and not trusted"
    where = f" (to be had at {last.issuer_urls[0]})" if last.issuer_urls else ""
    return f"the issuer of {last.title} is missing: {last.issuer or '(no name)'}{where}"


def objections(path: Path, now: datetime) -> Iterator[str]:
    """Everything that is wrong with a path, name and purpose aside; the leaf's own things first."""
    for at, one in enumerate(path.certificates):
        yield from _validity(one, now)
        yield from (f"{one.title}: {defect}" for defect in one.defects)
        last = at == len(path.certificates) - 1
        yield from _key(one, signature=not (last and path.anchored))
        parsed = parse(one.der)
        yield from _critical(one, parsed)
        if at:
            yield from _authority(one, at - 1, path.certificates)
        elif one.ca:
            yield f"{one.title} is an authority, not a leaf"
    if path.problem:
        yield path.problem
    if not any(one.defects for one in path.certificates):
        yield from constraints.violations([parse(one.der) for one in path.certificates])


def _validity(one: Certificate, now: datetime) -> Iterator[str]:
    if now > one.not_after:
        yield f"{one.title} expired {one.not_after:%Y-%m-%d %H:%M:%S} UTC"
    if now < one.not_before:
        yield f"{one.title} is valid only from {one.not_before:%Y-%m-%d %H:%M:%S} UTC on"


def _key(one: Certificate, *, signature: bool) -> Iterator[str]:
    """Keys and signature algorithms of the web profile (CA/Browser Forum, 6.1.5 and 7.1.3)."""
    if one.key_type == "RSA" and one.key_bits < 2048:
        yield f"{one.title} has an RSA key of {one.key_bits} bits; 2048 are the least"
    elif one.key_type.startswith("EC ") and one.key_type not in CURVES:
        yield f"{one.title} has a key on the curve {one.key_type[3:]}, which the web profile does not take"
    elif one.key_type == "DSA":
        yield f"{one.title} has a DSA key"
    if signature and one.signature_hash in ("md5", "sha1"):
        yield f"{one.title} is signed with {one.signature_hash.upper()}"


def _critical(one: Certificate, parsed: library.Certificate) -> Iterator[str]:
    try:
        found = list(parsed.extensions)
    except complaints():  # already among the defects
        return
    for extension in found:
        identifier = extension.oid.dotted_string
        if extension.critical and identifier not in UNDERSTOOD:
            yield f"{one.title} has a critical extension that clients do not know ({identifier})"


def _authority(one: Certificate, below: int, path: Sequence[Certificate]) -> Iterator[str]:
    """What makes an authority one (RFC 5280, 6.1.4). `below` counts the authorities between it and the leaf."""
    if not one.ca:
        yield f"{one.title} is no authority (basicConstraints)"
    if one.key_usage is not None and "key_cert_sign" not in one.key_usage:
        yield f"{one.title} may not sign certificates (no keyCertSign)"
    counted = sum(not between.self_issued for between in path[1 : below + 1])
    if one.path_length is not None and counted > one.path_length:
        yield f"{one.title} permits {one.path_length} authorities below it, and there are {counted}"


def good_for(path: Path, usage: str) -> Iterator[str]:
    """Whether every certificate below the anchor permits an extended key usage."""
    for one in path.certificates[: -1 if path.anchored and len(path.certificates) > 1 else None]:
        usages = one.extended_key_usage
        if usages is not None and usage not in usages and (ANY_USAGE not in usages or not one.ca):
            yield f"{one.title} is not good for {usage} (extendedKeyUsage: {', '.join(usages) or 'none'})"
