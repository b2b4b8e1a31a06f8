"""Certificates that Terraform code declares: ACM, IAM server certificates, Azure Key Vault, Google Certificate Manager.

Code says which names a certificate is for and who renews it; it seldom brings the certificate. So what is found here
mostly has no dates, and the interesting fact is another: nobody renews an imported certificate (ACM, IAM, a
self-managed one of Google), and one that is validated by e-mail, or whose Key Vault policy only writes mails, needs
a person each time. ACM renews what it validates by DNS while its records stand; Google what it manages; Key Vault what
has the action AutoRenew and an issuer.

Values that the files do not decide (a variable, `file(...)`, an attribute known after the apply) are named as unknown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.aws import Unknown
from ringfence.resources.certificates import DeclaredCertificate, Encoded
from ringfence.sources.files import gather
from ringfence.sources.pem import CERTIFICATES, blocks
from ringfence.sources.terraform.folders import ENDINGS, Folders
from ringfence.sources.terraform.modules import Module, Root
from ringfence.sources.terraform.records import Arguments, ResourceRecord
from ringfence.sources.terraform.resources import records
from ringfence.sources.terraform.values import Reference


def read(paths: Iterable[str | os.PathLike[str]]) -> tuple[list[DeclaredCertificate], list[Diagnostic]]:
    """The certificates of all roots under the paths, in the order of the files. Never raises for what they say."""
    files, diagnostics = gather(paths, endings=ENDINGS)
    folders = Folders(files, ())
    found: list[DeclaredCertificate] = []
    roots = folders.roots()
    for folder in roots:
        root = Root(folders, folder)
        module = Module(root, folder, prefix=f"{folder}//" if len(roots) > 1 else "")
        users = _users(module)
        for kind, make in KINDS.items():
            made = [make(record) for record in records(module, kind) if record.type == kind]
            found += [replace(one, used_by=tuple(users.get(one.address, ()))) for one in made]
        diagnostics += root.diagnostics
    return found, [*diagnostics, *folders.diagnostics]


def _users(module: Module) -> dict[str, list[str]]:
    """Who serves a certificate, by the certificate's address; a validation stands for what it validates."""
    validated: dict[str, str] = {}
    for record in records(module, VALIDATION):
        for reference in _references(record.arguments):
            validated.setdefault(record.address, reference.address)
    found: dict[str, list[str]] = {}
    for kind in SERVING:
        for record in records(module, kind):
            for reference in _references(record.arguments):
                address = validated.get(reference.address, reference.address)
                if record.address not in found.setdefault(address, []):
                    found[address].append(record.address)
    return found


def _references(value: Any) -> Iterator[Reference]:
    """Every reference to another resource in a body."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Arguments):
        for part in (*value.values.values(), *value.blocks.values()):
            yield from _references(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _references(part)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _references(part)


def _acm(record: ResourceRecord) -> DeclaredCertificate:
    seen = _Values(record.arguments)
    if "certificate_body" in record.arguments.names() or "private_key" in record.arguments.names():
        return _imported(record, seen, ("certificate_body", "certificate_chain"))
    names = [seen.text("domain_name"), *seen.texts("subject_alternative_names")]
    if seen.text("certificate_authority_arn") or "certificate_authority_arn" in record.arguments.names():
        return _declared(record, seen, names, "AWS Private CA", renewed_by="ACM")
    if seen.text("validation_method").upper() == "EMAIL":
        manual = "ACM writes a mail for each renewal, and somebody has to follow its link"
        return _declared(record, seen, names, "Amazon", manual=manual)
    return _declared(record, seen, names, "Amazon", renewed_by="ACM")


def _iam(record: ResourceRecord) -> DeclaredCertificate:
    return _imported(record, _Values(record.arguments), ("certificate_body", "certificate_chain"))


def _google(record: ResourceRecord) -> DeclaredCertificate:
    own, _ = record.arguments.nested("self_managed")
    if own:
        return _imported(record, _Values(own[0]), ("pem_certificate",))
    managed, _ = record.arguments.nested("managed")
    seen = _Values(managed[0] if managed else Arguments())
    return _declared(record, seen, seen.texts("domains"), "Google", renewed_by="Certificate Manager")


def _azure(record: ResourceRecord) -> DeclaredCertificate:
    policy = _first(record.arguments, "certificate_policy")
    properties = _first(policy, "x509_certificate_properties")
    seen = _Values(_first(properties, "subject_alternative_names"))
    names = [*seen.texts("dns_names"), *seen.texts("emails")]
    issuer = _Values(_first(policy, "issuer_parameters"), seen.unknown).text("name")
    actions = [
        _Values(_first(one, "action"), seen.unknown).text("action_type") for one in policy.nested("lifetime_action")[0]
    ]
    if "certificate" in record.arguments.names() or issuer == "Unknown":
        return _declared(record, seen, names, "", manual="it is imported: somebody has to bring the next one")
    if "AutoRenew" in actions:
        return _declared(record, seen, names, issuer, renewed_by="Key Vault")
    manual = "Key Vault writes a mail, and somebody has to renew it" if actions else "its policy has no lifetime action"
    return _declared(record, seen, names, issuer, manual=manual)


KINDS: dict[str, Callable[[ResourceRecord], DeclaredCertificate]] = {
    "aws_acm_certificate": _acm,
    "aws_iam_server_certificate": _iam,
    "google_certificate_manager_certificate": _google,
    "azurerm_key_vault_certificate": _azure,
}
VALIDATION = "aws_acm_certificate_validation"
SERVING = (
    "aws_lb_listener",
    "aws_alb_listener",
    "aws_cloudfront_distribution",
    "aws_api_gateway_domain_name",
    "aws_apigatewayv2_domain_name",
)
"""Prefixes of the types that serve a certificate of ACM (`aws_lb_listener_certificate` among them)."""


class _Values:
    """The values of one block; what is unknown among them is noted."""

    def __init__(self, arguments: Arguments, unknown: list[str] | None = None) -> None:
        self.arguments = arguments
        self.unknown: list[str] = [] if unknown is None else unknown

    def text(self, name: str) -> str:
        """A text; empty where it is absent or unknown."""
        return self._known(name, self.arguments.get(name))

    def texts(self, name: str) -> list[str]:
        """A list of texts, without those that are unknown."""
        value = self.arguments.get(name)
        parts = value if isinstance(value, list) else [] if value is None else [value]
        return [text for text in (self._known(name, one) for one in parts) if text]

    def _known(self, name: str, value: Any) -> str:
        if isinstance(value, str):
            return value
        if value is not None:
            why = value.because if isinstance(value, Unknown) else "it is known after the apply"
            self.unknown.append(f"{name}: {why}")
        return ""


def _first(arguments: Arguments, kind: str) -> Arguments:
    found, _ = arguments.nested(kind)
    return found[0] if found else Arguments()


def _imported(record: ResourceRecord, seen: _Values, names: tuple[str, ...]) -> DeclaredCertificate:
    """A certificate that the code brings along, where it stands there as text."""
    ders = tuple(
        Encoded(block.der, record.span)
        for name in names
        for block in blocks(seen.text(name).encode())[0]
        if block.label in CERTIFICATES
    )
    manual = "it is imported: somebody has to bring the next one"
    return DeclaredCertificate(
        record.address, certificates=ders, manual=manual, unknown=tuple(seen.unknown), span=record.span
    )


def _declared(
    record: ResourceRecord,
    seen: _Values,
    names: Iterable[str],
    issuer: str,
    *,
    renewed_by: str = "",
    manual: str = "",
) -> DeclaredCertificate:
    return DeclaredCertificate(
        record.address,
        tuple(dict.fromkeys(name for name in names if name)),
        issuer,
        renewed_by=renewed_by,
        manual=manual,
        unknown=tuple(dict.fromkeys(seen.unknown)),
        span=record.span,
    )
