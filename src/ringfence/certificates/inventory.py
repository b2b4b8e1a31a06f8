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
