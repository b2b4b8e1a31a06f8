"""The posture file's `certificates` section, from plain data to values.

Whatever is wrong is a diagnostic with its place, and the certificate or issuer that it belongs to is left out: it is
never issued in another way than its author meant. Contradictions that would only be seen at an authority are found
here: an issuer that nobody describes, a wildcard that HTTP-01 cannot prove, a renewal that would never end.

Paths are relative to the posture file's folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509

from ringfence.certificates import keys
from ringfence.certificates import reading_parts as parts
from ringfence.certificates.configuration import (
    AcmeIssuer,
    AnyIssuer,
    AwsIssuer,
    Challenge,
    Configuration,
    PrivateIssuer,
    Profile,
    Wanted,
)
from ringfence.certificates.fields import Fields
from ringfence.certificates.issuers.signing import constraints_refuse, subtrees
from ringfence.model.diagnostics import Diagnostic, InputError, error
from ringfence.model.spans import Span

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Names of certificates and issuers; they become names of folders."""
DAY = timedelta(days=1)


def read(section: Any, span: Span, folder: Path) -> tuple[Configuration, list[Diagnostic]]:
    """The section's values and what is wrong with it. `folder` is what relative paths are relative to."""
    diagnostics: list[Diagnostic] = []
    fields = Fields.of(section, span, diagnostics)
    defaults = Configuration()
    issuers = {}
    for name, below in fields.entries("issuers"):
        before = len(diagnostics)
        issuer = _issuer(name, below, folder)
        if len(diagnostics) == before:
            issuers[name] = issuer
    described = set(fields.content.get("issuers") or ()) if isinstance(fields.content.get("issuers"), dict) else set()
    for issuer in issuers.values():
        if issuer.staging and issuer.staging not in described:
            Fields({}, issuer.span, diagnostics).complain("staging", f"there is no issuer {issuer.staging!r}")
    challenge_fields = fields.mapping("challenge")
    challenge = parts.challenge(challenge_fields, folder) if challenge_fields else None
    wanted = {}
    for name, below in fields.entries("issue"):
        before = len(diagnostics)
        one = _wanted(name, below, folder, issuers, described, challenge)
        if len(diagnostics) == before and all(issuer in issuers for issuer in (*one.issuers, one.spare) if issuer):
            wanted[name] = one
    verifiers = fields.mapping("verifiers")
    configuration = Configuration(
        state=folder / fields.text("state", str(defaults.state)),
        encryption=parts.secret(fields, "encryption", folder),
        check_interval=fields.duration("check_interval", defaults.check_interval),
        domains=fields.texts("registered_domains"),
        check_caa=fields.flag("check_caa", defaults.check_caa),
        resolver=parts.resolver(fields),
        verifiers={name: folder / verifiers.text(name) for name in verifiers.content} if verifiers else {},
        issuers=issuers,
        wanted=wanted,
    )
    fields.close()
    return configuration, diagnostics


def _issuer(name: str, fields: Fields, folder: Path) -> AnyIssuer:
    _check_name(name, fields)
    kind = fields.choice("kind", ("acme", "private-ca", "aws-private-ca"), "acme")
    staging = fields.text("staging")
    issuer: AnyIssuer
    if kind == "acme":
        binding = fields.mapping("eab")
        issuer = AcmeIssuer(
            name,
            fields.text("directory", required=True),
            fields.texts("contact"),
            fields.flag("terms_agreed"),
            fields.text("profile"),
            folder / fields.text("trust") if fields.has("trust") else None,
            binding.text("key_id", required=True) if binding else "",
            parts.secret(binding, "key", folder, required=True) if binding else None,
            tuple(parts.limit(row) for row in fields.mappings("limits")),
            staging,
            fields.texts("caa_identities"),
            fields.span,
        )
        fields.read.add("trust")
        if binding:
            binding.close()
        if issuer.directory and not issuer.directory.startswith("https://"):
            fields.complain("directory", "an ACME directory is an https:// URL")
    elif kind == "private-ca":
        issuer = PrivateIssuer(
            name, folder / fields.text("directory", required=True), _profile(fields), staging, fields.span
        )
    else:
        issuer = AwsIssuer(
            name,
            fields.text("arn", required=True),
            fields.text("region"),
            fields.text("template"),
            fields.text("signing_algorithm", AwsIssuer(name, "").signing_algorithm),
            fields.duration("lifetime", AwsIssuer(name, "").lifetime),
            staging,
            fields.span,
        )
    fields.close()
    return issuer


def _profile(fields: Fields) -> Profile:
    usual = Profile()
    constraints = fields.mapping("name_constraints")
    profile = Profile(
        fields.text("common_name", usual.common_name),
        fields.choice("key", keys.KINDS, usual.key),
        fields.duration("root_lifetime", usual.root),
        fields.duration("intermediate_lifetime", usual.intermediate),
        fields.duration("leaf_lifetime", usual.leaf),
        fields.duration("longest_leaf", usual.longest_leaf),
        constraints.texts("permitted") if constraints else (),
        constraints.texts("excluded") if constraints else (),
        fields.text("trust_domain"),
        fields.text("crl_url"),
    )
    if constraints:
        constraints.close()
        for name, limits in (("permitted", profile.permitted), ("excluded", profile.excluded)):
            try:
                subtrees(limits)
            except ValueError as failure:
                constraints.complain(name, str(failure))
    if profile.leaf > profile.longest_leaf:
        fields.complain("leaf_lifetime", "is longer than longest_leaf")
    if profile.longest_leaf > profile.intermediate / 3:
        remedy = "the intermediate is made anew with a third of its life left, and leaves must end before it"
        fields.complain("longest_leaf", "is over a third of intermediate_lifetime", remedy)
    if profile.intermediate > profile.root:
        fields.complain("intermediate_lifetime", "is longer than root_lifetime")
    return profile


def _wanted(
    name: str,
    fields: Fields,
    folder: Path,
    issuers: Mapping[str, AnyIssuer],
    described: set[str],
    usual: Challenge | None,
) -> Wanted:
    _check_name(name, fields)
    own = fields.mapping("challenge")
    deployment = fields.mapping("deploy")
    wanted = Wanted(
        name,
        fields.texts("names", required=True),
        fields.texts("issuers", required=True),
        fields.choice("key", keys.KINDS, "ecdsa-p256"),
        fields.flag("keep_key"),
        fields.duration("lifetime", DAY) if fields.has("lifetime") else None,
        fields.duration("renew_before", DAY) if fields.has("renew_before") else None,
        fields.text("profile"),
        parts.challenge(own, folder) if own else usual,
        parts.deployment(deployment, folder) if deployment else None,
        fields.text("spare"),
        fields.span,
    )
    for unread in ("lifetime", "renew_before"):
        fields.read.add(unread)
    fields.close()
    for issuer in wanted.issuers:
        if issuer not in described:
            fields.complain("issuers", f"there is no issuer {issuer!r}")
    if wanted.spare and wanted.spare not in described:
        fields.complain("spare", f"there is no issuer {wanted.spare!r}")
    if wanted.lifetime and wanted.renew_before and wanted.renew_before >= wanted.lifetime:
        fields.complain("renew_before", "is as long as the certificate lives: it would be renewed without end")
    _check_names(wanted, fields, issuers)
    return wanted


def _check_names(wanted: Wanted, fields: Fields, issuers: Mapping[str, AnyIssuer]) -> None:
    """Names that the issuers cannot certify, or that the challenge cannot prove."""
    try:
        names = x509.SubjectAlternativeName([keys.general_name(name) for name in wanted.names])
    except InputError as failure:
        fields.complain("names", failure.diagnostic.message)
        return
    except ValueError as failure:
        fields.complain("names", str(failure))
        return
    asked = [issuers[one] for one in dict.fromkeys((*wanted.issuers, wanted.spare)) if one in issuers]
    for issuer in asked:
        if isinstance(issuer, PrivateIssuer):
            refusal = constraints_refuse(issuer.profile, names)
            if refusal:
                fields.complain("names", f"{issuer.name} would refuse: {refusal}")
            if wanted.lifetime and wanted.lifetime > issuer.profile.longest_leaf:
                fields.complain("lifetime", f"is longer than {issuer.name}'s longest_leaf")
    if any(isinstance(issuer, AcmeIssuer) for issuer in asked):
        if wanted.challenge is None:
            fields.complain("challenge", "is missing: an ACME issuer wants a proof of control over the names")
        elif wanted.challenge.kind != "dns-01" and any(name.startswith("*.") for name in wanted.names):
            fields.complain("names", f"{wanted.challenge.kind} cannot prove a wildcard", "use dns-01")
        if any("://" in name for name in wanted.names):
            fields.complain("names", "an ACME issuer certifies no URIs", "take a private-ca issuer")


def _check_name(name: str, fields: Fields) -> None:
    if not NAME.fullmatch(name):
        message = f"{name!r} cannot be a name here: letters, digits, dots, dashes and underscores"
        fields.diagnostics.append(error(message, fields.span))
