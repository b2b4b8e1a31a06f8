"""cert-manager's objects (`cert-manager.io`, `acme.cert-manager.io`): what they say of a certificate and its way.

Names are cert-manager's own. Texts are empty and times None where a field is absent; `created` is None in manifests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ringfence.model.spans import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Condition:
    """One of an object's conditions. `status` is `True`, `False` or `Unknown`."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Object:
    """What all of them have."""

    kind: str
    namespace: str
    name: str
    uid: str = ""
    owners: tuple[tuple[str, str], ...] = ()
    """Kind and name of what owns it."""
    annotations: tuple[tuple[str, str], ...] = ()
    created: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def condition(self, type: str) -> Condition | None:
        """The condition of a type."""
        return next((one for one in self.conditions if one.type == type), None)

    def annotation(self, name: str) -> str:
        """An annotation; empty where it is absent."""
        return dict(self.annotations).get(name, "")


@dataclass(frozen=True, slots=True)
class IssuerRef:
    """Who is to sign. Groups other than cert-manager's are external issuers."""

    name: str
    kind: str = "Issuer"
    group: str = "cert-manager.io"


@dataclass(frozen=True, slots=True)
class ManagedCertificate:
    """A Certificate: spec and status."""

    object: Object
    secret: str
    issuer: IssuerRef
    names: tuple[str, ...] = ()
    """dnsNames, ipAddresses, uris, emailAddresses; the common name where nothing else is there."""
    duration: timedelta | None = None
    renew_before: timedelta | None = None
    renew_before_percentage: int | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    renewal_time: datetime | None = None
    failed_attempts: int = 0
    last_failure: datetime | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Solver:
    """One of an ACME issuer's solvers. Empty selectors select everything."""

    kind: str
    """`http01` or `dns01`."""
    dns_names: tuple[str, ...] = ()
    dns_zones: tuple[str, ...] = ()
    labelled: bool = False
    """Whether it is for Certificates with certain labels only."""


@dataclass(frozen=True, slots=True)
class CertIssuer:
    """An Issuer or ClusterIssuer."""

    object: Object
    type: str
    """`acme`, `ca`, `selfSigned`, `vault`, `venafi`; empty where it is none of them."""
    server: str = ""
    solvers: tuple[Solver, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A CertificateRequest."""

    object: Object
    issuer: IssuerRef
    failure: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An ACME Order. `state` is RFC 8555's, or `errored`, `expired`; empty before it is known."""

    object: Object
    state: str = ""
    reason: str = ""
    failure: datetime | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """An ACME Challenge."""

    object: Object
    type: str
    dns_name: str
    state: str = ""
    reason: str = ""
    presented: bool = False
    processing: bool = False


@dataclass(frozen=True, slots=True)
class TlsSecret:
    """The public part of a Secret: its certificates as DER, by key (`tls.crt`, `ca.crt`)."""

    object: Object
    type: str
    certificates: tuple[tuple[str, tuple[bytes, ...]], ...] = ()

    def under(self, key: str) -> tuple[bytes, ...]:
        """The certificates under a key."""
        return dict(self.certificates).get(key, ())


@dataclass(frozen=True, slots=True)
class CertManagerObjects:
    """All of one input, each in the order of reading."""

    certificates: tuple[ManagedCertificate, ...] = ()
    issuers: tuple[CertIssuer, ...] = ()
    requests: tuple[Request, ...] = ()
    orders: tuple[Order, ...] = ()
    challenges: tuple[Challenge, ...] = ()
    secrets: tuple[TlsSecret, ...] = ()
