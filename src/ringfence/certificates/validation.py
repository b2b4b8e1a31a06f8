"""Would a client accept this chain? Path building and validation as a strict modern client does them.

The verdict is that of `cryptography`'s verifier (RFC 5280 with the web profile of the CA/Browser Forum). Around it:

  name       without one, a server's certificate is held against its own first name, so that everything but the name
             is judged; one whose only names are SPIFFE IDs is judged as a workload's.
  workloads  X509-SVID (SPIFFE): one URI, a whole SPIFFE ID; digitalSignature and no signing; an asked-for ID has to be
             equal, an asked-for trust domain has to be that of the ID.
  constraints that the verifier cannot do (`constraints`): directory names it ignores refuse; where it gives up on a
             constraint as unsupported, the path itself decides (`paths`), every rule of it.
  revocation where lists are given, each certificate below the anchor needs one that speaks for it (`revocation`).
  malformed  serial numbers that RFC 5280 forbids, and what cannot be read, refuse.

Every refusal has its reasons: those of the path that was meant, else the verifier's own words.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from ringfence.certificates import constraints, paths, revocation
from ringfence.certificates.inventory import CLIENT_AUTH, SERVER_AUTH, Certificate
from ringfence.certificates.names import covered, is_address
from ringfence.certificates.paths import Path
from ringfence.certificates.revocation import RevocationList
from ringfence.certificates.x509 import parse

SPIFFE = "spiffe://"
SPIFFE_ID = re.compile(r"spiffe://[a-z0-9._-]{1,255}(/[A-Za-z0-9._-]+)+")
"""A whole SPIFFE ID with a path. `.` and `..` as segments are forbidden too."""
LARGEST_CHAIN = 100
"""Certificates that a client takes from a peer."""
UNSUPPORTED = "unsupported"
"""What the verifier says of constraints that it does not do."""


class Purpose(StrEnum):
    """What the chain is shown for."""

    SERVER = "server"
    CLIENT = "client"
    WORKLOAD = "workload"


@dataclass(frozen=True, slots=True)
class Question:
    """A chain (the leaf first) and what it is held against."""

    chain: tuple[Certificate, ...]
    trust: tuple[Certificate, ...]
    now: datetime
    name: str = ""
    """A DNS name, an address or a SPIFFE ID; empty leaves the name out."""
    lists: tuple[RevocationList, ...] | None = None
    """None: revocation is not looked at."""
    purpose: Purpose | None = None
    """None: what the name, or else the leaf, says."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is accepted, for what, and why or why not."""

    accepted: bool
    purpose: Purpose
    because: tuple[str, ...]


def check(question: Question) -> Verdict:
    """The verdict. Never raises for what a certificate holds."""
    with warnings.catch_warnings(action="ignore"):  # the library warns about what it reads all the same
        return _check(question)


def _check(question: Question) -> Verdict:
    leaf = question.chain[0]
    purpose = question.purpose or _purpose(question)
    try:
        question = replace(question, name=_ascii(question.name))
    except ValueError as failure:
        return Verdict(False, purpose, (str(failure),))
    if len(question.chain) > LARGEST_CHAIN:
        text = f"the chain has {len(question.chain)} certificates; no client takes more than {LARGEST_CHAIN}"
        return Verdict(False, purpose, (text,))
    meant = paths.follow(leaf, question.chain[1:], question.trust, question.now)
    reasons = [*paths.objections(meant, question.now), *_purposes(meant, purpose), *_names(question, purpose)]
    found, words = _verify(question, purpose)
    if found is None and UNSUPPORTED in words and meant.anchored and not reasons:
        found = meant.certificates
    if found is None:
        reasons += _revoked(meant, question)
        return Verdict(False, purpose, tuple(dict.fromkeys(reasons)) or (words,))
    path = Path(tuple(found), True)
    refusals = [*_beyond(path, question, purpose), *_revoked(path, question)]
    if refusals:
        return Verdict(False, purpose, tuple(dict.fromkeys(refusals)))
    return Verdict(True, purpose, tuple(_accepted(path, question)))


def _purpose(question: Question) -> Purpose:
    leaf = question.chain[0]
    only_spiffe = any(uri.startswith(SPIFFE) for uri in leaf.uris) and not leaf.dns_names and not leaf.addresses
    if question.name.startswith(SPIFFE) or (not question.name and only_spiffe):
        return Purpose.WORKLOAD
    return Purpose.SERVER


def _verify(question: Question, purpose: Purpose) -> tuple[tuple[Certificate, ...] | None, str]:
    """The verifier's path, or None and its words."""
    from cryptography.x509 import verification

    records = {one.fingerprint: one for one in (*question.trust, *question.chain)}
    by_der = {one.der: one for one in records.values()}
    try:
        anchors = [parse(one.der) for one in question.trust]
        if not anchors:
            return None, "nothing is trusted: the roots given hold no certificate"
        builder = verification.PolicyBuilder().store(verification.Store(anchors)).time(question.now)
        leaf, others = parse(question.chain[0].der), [parse(one.der) for one in question.chain[1:]]
        if purpose is Purpose.SERVER:
            subject = _subject(question)
            if subject is None:
                return None, "the leaf has no name that a server could be called by"
            found: Any = builder.build_server_verifier(subject).verify(leaf, others)
        else:
            found = builder.build_client_verifier().verify(leaf, others).chain
    except verification.VerificationError as failure:
        return None, _words(failure)
    except (ValueError, TypeError) as failure:
        return None, f"it cannot be verified: {_words(failure)}"
    from cryptography.hazmat.primitives.serialization import Encoding

    return tuple(by_der[one.public_bytes(Encoding.DER)] for one in found), ""


def _subject(question: Question) -> Any:
    """The name that the verifier is asked about: the one given, else the first of the leaf's own that is a host's."""
    from cryptography import x509 as library
    from cryptography.x509.verification import PolicyBuilder, Store

    leaf = question.chain[0]
    if question.name:
        return (
            library.IPAddress(ip_address(question.name))
            if is_address(question.name)
            else library.DNSName(question.name)
        )
    trying = PolicyBuilder().store(Store([parse(question.trust[0].der)]))
    own = [library.DNSName(name.replace("*", "ringfence", 1)) for name in leaf.dns_names if name.isascii()]
    own += [library.IPAddress(ip_address(one)) for one in leaf.addresses if is_address(one)]  # type: ignore[misc]
    for name in own:
        with suppress(ValueError):
            trying.build_server_verifier(name)
            return name
    return None


def _ascii(name: str) -> str:
    """A name in the form that certificates hold: A-labels, and no dot at its end."""
    if name.isascii():
        return name if "://" in name else name.rstrip(".")
    try:
        return name.encode("idna").decode()
    except UnicodeError as failure:
        raise ValueError(f"{name!r} is no host name") from failure


EXTENSIONS = {
    "2.5.29.14": "subjectKeyIdentifier",
    "2.5.29.15": "keyUsage",
    "2.5.29.17": "subjectAltName",
    "2.5.29.19": "basicConstraints",
    "2.5.29.30": "nameConstraints",
    "2.5.29.35": "authorityKeyIdentifier",
    "2.5.29.37": "extendedKeyUsage",
    "1.3.6.1.5.5.7.1.1": "authorityInfoAccess",
}
"""What people call the extensions that the verifier names by their identifiers."""


def _words(failure: Exception) -> str:
    """What the verifier says, without its own frame."""
    text = " ".join(str(failure).split()).removeprefix("validation failed: ").removeprefix("candidates exhausted: ")
    text = re.sub(r"\(encountered processing <Certificate\(subject=<Name\((.*?)\)>, \.\.\.\)>\)", r"(\1)", text)
    text = re.sub(r"invalid extension: ([0-9.]+): ", lambda found: f"{EXTENSIONS.get(found[1], found[1])}: ", text)
    return text.removesuffix(" ()")


def _purposes(path: Path, purpose: Purpose) -> Iterator[str]:
    if purpose is Purpose.SERVER:
        yield from paths.good_for(path, SERVER_AUTH)
    elif purpose is Purpose.CLIENT:
        yield from paths.good_for(path, CLIENT_AUTH)
    else:
        yield from paths.good_for(path, CLIENT_AUTH)
        yield from paths.good_for(path, SERVER_AUTH)


def _names(question: Question, purpose: Purpose) -> Iterator[str]:
    leaf = question.chain[0]
    if purpose is Purpose.WORKLOAD:
        yield from _workload(leaf, question.name)
    elif not leaf.names:
        yield f"{leaf.title} has no subject alternative name"
    elif question.name and not covered(leaf, question.name):
        shown = ", ".join(leaf.names[:5]) + (", ..." if len(leaf.names) > 5 else "")
        yield f"it is not good for the name {question.name}: it names {shown}"


def _workload(leaf: Certificate, name: str) -> Iterator[str]:
    """X509-SVID, sections 2 to 4."""
    if len(leaf.uris) != 1:
        yield f"a workload's certificate has one URI; this has {len(leaf.uris)}"
        return
    identity = leaf.uris[0]
    segments = identity.removeprefix(SPIFFE).split("/")[1:]
    if not SPIFFE_ID.fullmatch(identity) or any(one in (".", "..") for one in segments):
        yield f"{identity} is no SPIFFE ID of a workload"
        return
    if leaf.key_usage is None or "digital_signature" not in leaf.key_usage:
        yield f"{identity} may not sign (no digitalSignature)"
    if {"key_cert_sign", "crl_sign"} & (leaf.key_usage or frozenset()):
        yield f"{identity} is a workload and may sign certificates or revocation lists"
    domain = name.removeprefix(SPIFFE).rstrip("/")
    if name and "/" not in domain:
        if identity.removeprefix(SPIFFE).partition("/")[0] != domain:
            yield f"{identity} is not of the trust domain {domain}"
    elif name and name.startswith(SPIFFE) and identity != name:
        yield f"it is {identity}, not {name}"


def _beyond(path: Path, question: Question, purpose: Purpose) -> Iterator[str]:
    """What is refused although the verifier takes it."""
    leaf = path.certificates[0]
    for one in path.certificates[:-1]:
        yield from (f"{one.title}: {defect}" for defect in one.defects)
    if leaf.key_type == "RSA" and leaf.key_bits < 2048:
        yield f"{leaf.title} has an RSA key of {leaf.key_bits} bits; 2048 are the least"
    if leaf.key_type == "DSA" or (leaf.key_type.startswith("EC ") and leaf.key_type not in paths.CURVES):
        yield f"{leaf.title} has a {leaf.key_type} key, which the web profile does not take"
    yield from constraints.violations([parse(one.der) for one in path.certificates], verified=True)
    if purpose is Purpose.WORKLOAD:
        yield from _purposes(path, purpose)
        yield from _names(question, purpose)
    elif question.name and not covered(leaf, question.name):
        yield from _names(question, purpose)


def _revoked(path: Path, question: Question) -> Iterator[str]:
    """What lists say, and where none speaks; nothing where none were given."""
    if question.lists is None:
        return
    for one, issuer in zip(path.certificates, path.certificates[1:], strict=False):
        about = [listed for listed in question.lists if listed.issuer == one.issuer]
        speaking = [listed for listed in about if not revocation.objections(listed, one, issuer, question.now)]
        named = [listed for listed in about if one.serial in listed.serials and revocation.signed_by(listed, issuer)]
        if named:
            yield f"{one.title} was revoked {named[0].serials[one.serial]:%Y-%m-%d %H:%M} UTC"
        elif not about:
            yield f"no revocation list speaks for {one.title}: none is of {one.issuer}"
        elif not speaking:
            for listed in about:
                why = revocation.objections(listed, one, issuer, question.now)
                yield f"the revocation list of {one.issuer} says nothing about {one.title}: {'; '.join(why)}"


def _accepted(path: Path, question: Question) -> Iterator[str]:
    yield "path: " + " <- ".join(one.title if at == 0 else one.subject for at, one in enumerate(path.certificates))
    end = min(one.not_after for one in path.certificates)
    yield f"valid until {end:%Y-%m-%d %H:%M:%S} UTC"
    if question.name:
        yield f"good for {question.name}"
    if question.lists is not None:
        yield "no revocation list names any of it"
