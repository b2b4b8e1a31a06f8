"""What would have an authority refuse a certificate, seen before it is asked: the CAA records of its names.

An order that CAA forbids fails after its validation, and counts against the authority's rate limits. So it is looked
at from here first. That is a look from one place: `resolver` names a DNS server that sees what the authority will see,
and `check_caa: false` leaves it to the authority alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ringfence.certificates import keys
from ringfence.certificates.caa import Applicant, Finding, Permission, judge
from ringfence.certificates.configuration import AcmeIssuer, Configuration, Wanted
from ringfence.certificates.issuers import Issuer, IssuerError
from ringfence.certificates.names import is_address


def findings(configuration: Configuration, wanted: Wanted, issuer: Issuer, now: datetime) -> list[Finding]:
    """What CAA has against these names from this issuer, or leaves open; each once. IssuerError where it is silent."""
    named = issuer.caa(now) if configuration.check_caa else None
    if named is None:
        return []
    method = wanted.challenge.kind if wanted.challenge else ""
    return list(dict.fromkeys(_findings(configuration, wanted, Applicant(named.domains, named.account, method))))


def against(configuration: Configuration, wanted: Wanted, now: datetime) -> tuple[list[str], list[str]]:
    """What keeps any of its ACME issuers from issuing, and what is not known about it, as sentences for a person."""
    from ringfence.certificates.issuers import factory

    described = {name: configuration.issuers[name] for name in (*wanted.issuers, wanted.spare) if name}
    acme = {name: one for name, one in described.items() if isinstance(one, AcmeIssuer)}
    forbidden: list[str] = []
    unknown: list[str] = []
    for name, issuer in factory.build(replace(configuration, issuers=acme)).items():
        try:
            found = findings(configuration, wanted, issuer, now)
        except IssuerError as failure:
            unknown.append(f"{name}: how CAA records name it cannot be had: {failure.diagnostic.message}")
            continue
        for one in found:
            sentences = forbidden if one.permission is Permission.FORBIDDEN else unknown
            sentences.append(f"{name}: {one.because}; to change: {one.remedy}")
    return forbidden, unknown


def _findings(configuration: Configuration, wanted: Wanted, applicant: Applicant) -> Iterable[Finding]:
    from ringfence.certificates.caa_lookup import LookupFailed, Resolver, relevant

    ask = Resolver(configuration.resolver)
    for name in wanted.names:
        if is_address(name) or "://" in name:
            continue  # CAA speaks of domains alone.
        ascii_name = str(keys.general_name(name).value).lower()
        wildcard = ascii_name.startswith("*.")
        try:
            owner, records = relevant(ascii_name.removeprefix("*."), ask)
        except LookupFailed as failure:
            yield Finding(Permission.OPEN, failure.diagnostic.message, "name a DNS server as `resolver` that answers")
            continue
        found = judge(owner, records, wildcard, applicant)
        if found.permission is not Permission.PERMITTED:
            yield found
