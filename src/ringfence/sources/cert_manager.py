"""cert-manager's objects, TLS Secrets and trust bundles, from what the manifest reader keeps as plain data.

The reader has checked metadata and placed the documents; here the kinds of `cert-manager.io` get their types. A field
of the wrong type is a diagnostic with its place and reads as absent; a Certificate without a secret name, or without an
issuer, is refused, as its CRD does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.cert_manager import (
    CertIssuer,
    CertManagerObjects,
    Challenge,
    Condition,
    IssuerRef,
    ManagedCertificate,
    Object,
    Order,
    Request,
    Solver,
    TlsSecret,
)
from ringfence.resources.certificates import CertificateFile, Encoded
from ringfence.resources.kubernetes import RawObject
from ringfence.resources.kubernetes.objects import ConfigMap
from ringfence.sources.kubernetes.parts import Part
from ringfence.sources.pem import CERTIFICATES, blocks

GROUPS = ("cert-manager.io", "acme.cert-manager.io")
ISSUER_TYPES = ("acme", "ca", "selfSigned", "vault", "venafi")
NAMES = ("dnsNames", "ipAddresses", "uris", "emailAddresses")
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|us|µs|ns|h|m|s)")
LONGEST = timedelta(days=36500)

Read = TypeVar("Read")


def read(objects: Iterable[RawObject]) -> tuple[CertManagerObjects, list[Diagnostic]]:
    """Everything of these kinds, and what is wrong with it."""
    found: dict[str, list[Any]] = {kind: [] for kind in ("Certificate", "Issuer", *PLAIN, "Secret")}
    diagnostics: list[Diagnostic] = []
    for raw in objects:
        reader = _reader(raw)
        if reader is None:
            continue
        part = Part.root(raw.document, raw.span)
        value = reader(part, _object(raw, part))
        diagnostics += part.problems.all
        if value is not None:
            found["Issuer" if raw.kind == "ClusterIssuer" else raw.kind].append(value)
    return (
        CertManagerObjects(
            tuple(found["Certificate"]),
            tuple(found["Issuer"]),
            tuple(found["CertificateRequest"]),
            tuple(found["Order"]),
            tuple(found["Challenge"]),
            tuple(found["Secret"]),
        ),
        diagnostics,
    )


def bundles(config_maps: Iterable[ConfigMap]) -> tuple[list[CertificateFile], list[Diagnostic]]:
    """The trust bundles in ConfigMaps, named `namespace/name[ConfigMap]/key`; the same one in many namespaces once."""
    found: list[CertificateFile] = []
    diagnostics: list[Diagnostic] = []
    seen: set[tuple[bytes, ...]] = set()
    for one in config_maps:
        for key, text in one.data.items():
            if "-----BEGIN CERTIFICATE-----" not in text:
                continue
            read_blocks, problems = blocks(text.encode(), str(one.span.file))
            diagnostics += problems
            ders = tuple(block.der for block in read_blocks if block.label in CERTIFICATES)
            if ders and ders not in seen:
                seen.add(ders)
                name = f"{one.metadata.namespace}/{one.metadata.name}[ConfigMap]/{key}"
                found.append(CertificateFile(name, tuple(Encoded(der, one.span) for der in ders)))
    return found, diagnostics


def _reader(raw: RawObject) -> Callable[[Part, Object], Any] | None:
    if raw.kind == "Secret" and not raw.group:
        return _secret
    if raw.group not in GROUPS:
        return None
    if raw.kind in ("Issuer", "ClusterIssuer"):
        return _issuer
    return _certificate if raw.kind == "Certificate" else PLAIN.get(raw.kind)


def _object(raw: RawObject, part: Part) -> Object:
    metadata = part["metadata"]
    return Object(
        raw.kind,
        "" if raw.kind == "ClusterIssuer" else raw.metadata.namespace,
        raw.metadata.name,
        metadata["uid"].text(),
        tuple((one["kind"].text(), one["name"].text()) for one in metadata["ownerReferences"].items()),
        tuple((name, value.text()) for name, value in metadata["annotations"].parts()),
        _time(metadata["creationTimestamp"]),
        tuple(
            Condition(
                one["type"].text(),
                one["status"].text(),
                one["reason"].text(),
                one["message"].text(),
                _time(one["lastTransitionTime"]),
            )
            for one in part["status"]["conditions"].items()
        ),
        raw.span,
    )


def _certificate(part: Part, object: Object) -> ManagedCertificate | None:
    spec, status = part["spec"], part["status"]
    secret = spec["secretName"].text()
    if not secret:
        spec["secretName"].refuse("is required: where the certificate is kept")
    issuer = _issuer_ref(spec["issuerRef"])
    if issuer is None or not secret:
        return None
    names = [
        one.text() for field in ("dnsNames", "ipAddresses", "uris", "emailAddresses") for one in spec[field].items()
    ]
    common = spec["commonName"].text()
    percentage = spec["renewBeforePercentage"]
    revision = status["revision"]
    return ManagedCertificate(
        object,
        secret,
        issuer,
        tuple(name for name in names if name) or ((common,) if common else ()),
        _duration(spec["duration"]),
        _duration(spec["renewBefore"]),
        percentage.integer() if percentage.present else None,
        _time(status["notBefore"]),
        _time(status["notAfter"]),
        _time(status["renewalTime"]),
        status["failedIssuanceAttempts"].integer(),
        _time(status["lastFailureTime"]),
        revision.integer() if revision.present else None,
    )


def _issuer_ref(part: Part) -> IssuerRef | None:
    name = part["name"].text()
    if not name:
        part["name"].refuse("is required: who is to sign")
        return None
    return IssuerRef(name, part["kind"].text() or "Issuer", part["group"].text() or "cert-manager.io")


def _issuer(part: Part, object: Object) -> CertIssuer:
    spec = part["spec"]
    kind = next((one for one in ISSUER_TYPES if spec[one].value is not None), "")
    acme = spec["acme"]
    return CertIssuer(object, kind, acme["server"].text(), tuple(_solver(one) for one in acme["solvers"].items()))


def _solver(part: Part) -> Solver:
    selector = part["selector"]
    return Solver(
        "dns01" if part["dns01"].value is not None else "http01" if part["http01"].value is not None else "",
        tuple(one.text() for one in selector["dnsNames"].items()),
        tuple(one.text() for one in selector["dnsZones"].items()),
        bool(selector["matchLabels"].entries()),
    )


def _request(part: Part, object: Object) -> Request | None:
    issuer = _issuer_ref(part["spec"]["issuerRef"])
    return None if issuer is None else Request(object, issuer, _time(part["status"]["failureTime"]))


def _order(part: Part, object: Object) -> Order:
    status = part["status"]
    return Order(object, status["state"].text(), status["reason"].text(), _time(status["failureTime"]))


def _challenge(part: Part, object: Object) -> Challenge:
    spec, status = part["spec"], part["status"]
    return Challenge(
        object,
        spec["type"].text(),
        spec["dnsName"].text(),
        status["state"].text(),
        status["reason"].text(),
        status["presented"].value is True,
        status["processing"].value is True,
    )


def _secret(part: Part, object: Object) -> TlsSecret | None:
    found = []
    for key, value in part["data"].parts():
        try:
            content = base64.b64decode("".join(value.text().split()), validate=True)
        except (binascii.Error, ValueError):
            continue  # the manifest reader has complained already
        ders = tuple(block.der for block in blocks(content)[0] if block.label in CERTIFICATES)
        if ders:
            found.append((key, ders))
    kind = part["type"].text()
    return TlsSecret(object, kind, tuple(found)) if found or kind == "kubernetes.io/tls" else None


PLAIN: dict[str, Callable[[Part, Object], Any]] = {
    "CertificateRequest": _request,
    "Order": _order,
    "Challenge": _challenge,
}
"""Readers of the kinds that have nothing special about them."""


def _time(part: Part) -> datetime | None:
    """An RFC 3339 time."""
    text = part.text()
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        if text:
            part.warn(f"{text!r} is no RFC 3339 time")
        return None


def _duration(part: Part) -> timedelta | None:
    """A duration as Go writes them: `2160h`, `1h30m`."""
    text = part.text()
    if not text:
        return None
    pieces = DURATION.findall(text)
    if "".join(number + unit for number, unit in pieces) != text:
        part.refuse(f"{text!r} is no duration", "write hours, minutes, seconds: 2160h")
        return None
    seconds = sum(float(number) * UNITS[unit] for number, unit in pieces)
    return min(timedelta(seconds=min(seconds, LONGEST.total_seconds())), LONGEST)
