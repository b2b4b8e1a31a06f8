"""What sources find of certificates: encoded, with their place, and not yet understood.

Private keys never get here: of each there is the SHA-256 of its public half (SubjectPublicKeyInfo, lower-case
hexadecimal), which suffices to tell whose it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ringfence.model.spans import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Encoded:
    """One certificate or revocation list as DER."""

    der: bytes
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """What one file holds, in its order."""

    name: str
    certificates: tuple[Encoded, ...] = ()
    crls: tuple[Encoded, ...] = ()
    keys: tuple[str, ...] = ()
    pkcs12: bool = False
    ordered: bool = True
    """PKCS#7 holds a set, whose order says nothing."""


@dataclass(frozen=True, slots=True)
class Served:
    """What an endpoint showed in a TLS handshake: its chain, the leaf first, or why there was none."""

    endpoint: str
    """`host:port`."""
    server_name: str
    """What was asked for (SNI), else the host."""
    starttls: str = ""
    certificates: tuple[Encoded, ...] = ()
    protocol: str = ""
    """`TLSv1.3`, ..."""
    complete: bool = True
    """Whether this Python could see the whole chain, not the leaf alone."""
    problem: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class DeclaredCertificate:
    """A certificate that infrastructure as code asks a cloud for, as far as the files say."""

    address: str
    names: tuple[str, ...] = ()
    issuer: str = ""
    """Who signs, in the cloud's words; empty where the files bring the certificate themselves."""
    certificates: tuple[Encoded, ...] = ()
    """What the files bring, the leaf first."""
    renewed_by: str = ""
    """Who renews it without a person; empty: nobody."""
    manual: str = ""
    """What a person has to do for each renewal; empty: nothing that is known."""
    used_by: tuple[str, ...] = ()
    """Addresses of listeners and the like that serve it."""
    unknown: tuple[str, ...] = ()
    """What the files leave open."""
    span: Span = field(default=NOWHERE, compare=False)
