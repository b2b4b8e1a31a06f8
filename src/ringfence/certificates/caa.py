"""Which authority may issue for a name: CAA records, judged as an authority does (RFC 8659, RFC 8657).

The records of the closest name above count, alone (`caa_lookup` finds them). Then:

- A critical property that the authority does not know forbids everything.
- `issuewild` decides about wildcards where there is one, else `issue`; about other names `issue` alone. Where none of
  the kind that decides is there, everybody may issue.
- One record that permits is enough. It permits where its domain is one of the authority's, and its parameters hold:
  `accounturi` is our account, `validationmethods` holds our challenge. What cannot be read permits nobody.

What is not known - which domains are the authority's, what our account will be called - leaves the answer open. So does
that in which authorities differ: Let's Encrypt takes flag 1 for the critical one and capitals for another name, and is
content with the last of two equal parameters and with the first readable method.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

CRITICAL, TAKEN_FOR_CRITICAL = 128, 1
KNOWN = frozenset({"issue", "issuewild", "iodef"})
"""Properties that every authority knows."""
KNOWN_TO_SOME = frozenset({"contactemail", "contactphone", "issuemail", "issuevmc"})
LABEL = r"[A-Za-z0-9](?:-*[A-Za-z0-9])*"
DOMAIN = re.compile(rf"(?:{LABEL}(?:\.{LABEL})*)?")
PARAMETER = re.compile(rf"[ \t]*({LABEL})[ \t]*=[ \t]*([!-:<-~]*)[ \t]*")
BINDING = ("accounturi", "validationmethods")
METHOD = re.compile(r"[A-Za-z0-9-]+")


class Permission(IntEnum):
    """Whether an authority may issue, as far as it is known. The best of several records counts."""

    FORBIDDEN = 0
    OPEN = 1
    PERMITTED = 2


@dataclass(frozen=True, slots=True)
class Property:
    """One CAA record."""

    flags: int
    tag: str
    value: str


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who would issue, to whom, and by which proof."""

    domains: tuple[str, ...]
    """How records name the authority; empty where that is not known."""
    account: str | None
    """The account's URI; None where it is not registered yet."""
    method: str
    """The kind of challenge; empty where none is configured."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the records say about one name."""

    permission: Permission
    because: str = ""
    remedy: str = ""


PERMITTED = Finding(Permission.PERMITTED)


def judge(owner: str, records: Sequence[Property], wildcard: bool, applicant: Applicant) -> Finding:
    """Whether the applicant gets a certificate for a name whose records stand at `owner`."""
    doubts = []
    for one in records:
        tag = one.tag.lower()
        if tag in KNOWN or not one.flags & (CRITICAL | TAKEN_FOR_CRITICAL):
            continue
        because = f"the CAA records of {owner} hold {tag!r} as critical, which not every authority knows"
        if one.flags & CRITICAL and tag not in KNOWN_TO_SOME:
            because = f"the CAA records of {owner} hold {tag!r} as critical: an authority that does not know it refuses"
            return Finding(Permission.FORBIDDEN, because, f"set the flags of {owner}'s {tag} record to 0")
        doubts.append(Finding(Permission.OPEN, because, f"set the flags of {owner}'s {tag} record to 0"))
    kinds = {one.tag.lower() for one in records}
    deciding = "issuewild" if wildcard and "issuewild" in kinds else "issue"
    found = [_record(owner, one, applicant) for one in records if one.tag.lower() == deciding]
    best = max(found, key=lambda one: one.permission, default=PERMITTED)
    if best.permission is Permission.FORBIDDEN:
        return _refused(owner, deciding, found, applicant)
    return doubts[0] if doubts and best.permission is Permission.PERMITTED else best


def _record(owner: str, record: Property, applicant: Applicant) -> Finding:
    """What one issue or issuewild record permits; a refusal without a remedy speaks of somebody else."""
    written = f'{record.tag.lower()} "{record.value}"'
    parsed = parse(record.value)
    if parsed is None:
        return Finding(Permission.FORBIDDEN, f"{written} cannot be read and permits nobody")
    domain, parameters = parsed
    if not domain:
        return Finding(Permission.FORBIDDEN, f"{written} permits nobody")
    given = dict(parameters)
    if applicant.domains and domain.lower() not in {one.lower() for one in applicant.domains}:
        return Finding(Permission.FORBIDDEN, f"{written} permits another authority")
    methods = given.get("validationmethods")
    allowed = methods.split(",") if methods is not None else [applicant.method]
    if applicant.method and applicant.method not in allowed:
        remedy = f"add {applicant.method} to its validationmethods, or prove the name by one of them"
        return Finding(Permission.FORBIDDEN, f"{written} does not permit the challenge {applicant.method}", remedy)
    account = given.get("accounturi")
    if account is not None and applicant.account is not None and account != applicant.account:
        remedy = f'add a record {record.tag.lower()} "{domain}; accounturi={applicant.account}"'
        return Finding(Permission.FORBIDDEN, f"{written} permits another account than {applicant.account}", remedy)
    if not applicant.domains:
        because = f"CAA of {owner}: {written} may permit another authority: the issuer's directory does not name itself"
        return Finding(Permission.OPEN, because, "say as `caa_identities` of the issuer how CAA records name it")
    if account is not None and applicant.account is None:
        because = f"CAA of {owner}: {written} permits one account, and ours is not registered yet"
        return Finding(Permission.OPEN, because, "compare it with the account's URI once it is registered")
    twice = sum(name in BINDING for name, _ in parameters) > sum(name in given for name in BINDING)
    if domain not in applicant.domains or twice or (methods is not None and not all(map(METHOD.fullmatch, allowed))):
        because = f"CAA of {owner}: about {written} authorities differ"
        return Finding(Permission.OPEN, because, f"write {applicant.domains[0]}, and each parameter once")
    return PERMITTED


def _refused(owner: str, tag: str, found: Sequence[Finding], applicant: Applicant) -> Finding:
    """All records refuse: each says why, and what to change is said of the one that means us."""
    said = "; ".join(dict.fromkeys(one.because for one in found))
    if not applicant.domains:
        remedy = f"{owner} needs a record that permits the authority"
    else:
        remedy = f'add to {owner} the record CAA 0 {tag} "{applicant.domains[0]}"'
    remedy = next((one.remedy for one in found if one.remedy), remedy)
    return Finding(Permission.FORBIDDEN, f"CAA of {owner}: {said}", remedy)


def parse(value: str) -> tuple[str, list[tuple[str, str]]] | None:
    """The domain of an issue or issuewild value (empty: nobody's) and its parameters; None where it is malformed.

    RFC 8659, 4.2: a semicolon behind the last parameter is malformed.
    """
    head, separator, rest = value.partition(";")
    domain = head.strip(" \t")
    if not DOMAIN.fullmatch(domain):
        return None
    if not separator or not rest.strip(" \t"):
        return domain, []
    found = [PARAMETER.fullmatch(part) for part in rest.split(";")]
    if not all(found):
        return None
    return domain, [(one[1], one[2]) for one in found if one]
