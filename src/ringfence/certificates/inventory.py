"""What is known of a certificate: one frozen record, whatever it was read from.

`x509` makes records from DER; everything that judges certificates takes records and never the library's objects, so
the rules can be tested without a key or a file. Times are aware and in UTC; T, the lifetime, is
`not_after - not_before`, and both ends belong to it (RFC 5280, 4.1.2.5).

A certificate that can be read in part is still one that somebody serves: what is wrong with it stands in `defects`,
and it stays in the inventory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ringfence.model.spans import NOWHERE, Span

SERVER_AUTH, CLIENT_AUTH, ANY_USAGE = "serverAuth", "clientAuth", "anyExtendedKeyUsage"
"""Names of extended key usages (RFC 5280, 4.2.1.12); others stand by their object identifier."""
PUBLIC_POLICIES = ("2.23.140.1.2.", "2.23.140.1.1")
"""Policies for domain, organisation, individual and extended validation."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One X.509 certificate. Identifiers, fingerprints and key ids are lower-case hexadecimal; empty means absent."""

    fingerprint: str
    """SHA-256 of the DER."""
    serial: int
    subject: str
    """RFC 4514, as is `issuer`."""
    issuer: str
    not_before: datetime
    not_after: datetime
    key_id: str = ""
    """SHA-256 of the SubjectPublicKeyInfo: equal for the same key, in whatever certificate."""
    key_type: str = ""
    """`EC secp256r1`, `RSA`, `Ed25519`, ...; empty where the library does not know the key."""
    key_bits: int = 0
    signature_hash: str = ""
    """`sha256`, ...; empty where the algorithm has none of its own (Ed25519)."""
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    subject_key_id: str = ""
    authority_key_id: str = ""
    ca: bool = False
    """basicConstraints says so."""
    path_length: int | None = None
    key_usage: frozenset[str] | None = None
    """`digital_signature`, `key_cert_sign`, `crl_sign`, ...; None where the extension is absent."""
    extended_key_usage: tuple[str, ...] | None = None
    policies: tuple[str, ...] = ()
    scts: int = 0
    """Embedded timestamps of certificate transparency logs (RFC 6962)."""
    crl_urls: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()
    """Where its issuer's certificate is to be had (authority information access)."""
    defects: tuple[str, ...] = ()
    """What in it cannot be read or is forbidden by RFC 5280."""
    der: bytes = field(default=b"", compare=False, repr=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Every subject alternative name."""
        return (*self.dns_names, *self.addresses, *self.uris, *self.emails)

    @property
    def title(self) -> str:
        """What a person calls it: its first name, else its subject, else its serial number."""
        return next(iter(self.names), "") or self.subject or f"serial {self.serial:x}"

    @property
    def lifetime(self) -> timedelta:
        """T."""
        return self.not_after - self.not_before

    @property
    def self_issued(self) -> bool:
        """Subject and issuer are the same name. `x509.issued_by` proves more."""
        return self.subject == self.issuer

    @property
    def publicly_trusted(self) -> bool:
        """Whether it claims a policy that the CA/Browser Forum reserves for public authorities (2.23.140.1.2, .1.1)."""
        return any(policy.startswith(PUBLIC_POLICIES) for policy in self.policies)


class Source(StrEnum):
    """Where an entry was found."""

    FILE = "file"
    PKCS12 = "pkcs12"
    TRUST_BUNDLE = "trust-bundle"
    SECRET = "secret"
    CERT_MANAGER = "cert-manager"
    ENDPOINT = "endpoint"
    RINGFENCE = "ringfence"
    TERRAFORM = "terraform"


@dataclass(frozen=True, slots=True)
class Renewal:
    """Who renews an entry, when it does so, and by which rule."""

    by: str
    due: datetime
    because: str


class Effect(StrEnum):
    """What an alert means for the certificate's state."""

    TIME = "time"
    """Nothing is wrong with it but the time."""
    BROKEN = "broken"
    """Clients refuse it now: the state is `invalid`."""
    NOT_READY = "not_ready"
    """Whoever is to issue or renew it cannot."""
    DOUBTFUL = "doubtful"
    """It works and will be trouble."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the source itself shows to be wrong: an alert that needs no certificate to be read."""

    rule: str
    because: str
    since: datetime | None = None
    """None: nobody knows since when."""
    effect: Effect = Effect.NOT_READY


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to watch: a chain that somebody stores or serves, or a certificate that somebody wants to have."""

    id: str
    source: Source
    chain: tuple[Certificate, ...] = ()
    """The leaf first. Empty where there is none yet."""
    span: Span = field(default=NOWHERE, compare=False)
    key_id: str = ""
    """The public half of the private key that lies beside it; empty where none does, or it is encrypted."""
    wanted: tuple[str, ...] = ()
    """Names that it has to cover: those that were asked for, or the one that clients call the endpoint by."""
    renewal: Renewal | None = None
    """None: nothing is known to renew it."""
    issuer: str = ""
    """Who is to issue it, as the source names them; empty takes the certificate's own word."""
    ready: bool | None = None
    """What the controller says; None where there is none."""
    troubles: tuple[Trouble, ...] = ()
    cut_off: bool = False
    """Whether there may be more behind the leaf than could be seen."""
    notes: tuple[str, ...] = ()
    """The chain of causes and what will happen next, as sentences."""

    @property
    def leaf(self) -> Certificate | None:
        """The first of the chain."""
        return self.chain[0] if self.chain else None

    @property
    def end(self) -> datetime | None:
        """When the chain ends: with the first of its certificates, self-signed ones aside if others stand."""
        if not self.chain:
            return None
        return min(one.not_after for one in self.chain[:1] + tuple(c for c in self.chain[1:] if not c.self_issued))
