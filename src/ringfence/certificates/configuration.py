"""What is to be issued, by whom and to where: the values of the posture file's `certificates` section.

`reading` makes them from the file; here is what they mean. Secrets never stand in the file: it names a file or an
environment variable that holds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ringfence.model.spans import NOWHERE, Span

DAY = timedelta(days=1)
DEFAULT_STATE = Path(".ringfence/certificates")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is to be had: a file, or an environment variable. Exactly one is set."""

    file: Path | None = None
    variable: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate limit of an authority: how many events of a kind, counted per key, within a window."""

    kind: str
    """`orders` (per account), `names` (per exact set of names), `domain` (per registered domain), `failures` (failed
    validations per name)."""
    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class AcmeIssuer:
    """An authority that speaks ACME (RFC 8555)."""

    name: str
    directory: str
    contact: tuple[str, ...] = ()
    terms_agreed: bool = False
    profile: str = ""
    trust: Path | None = None
    """Roots that the authority's own HTTPS is verified with (PEM); None takes the system's."""
    eab_key_id: str = ""
    eab_key: Secret | None = None
    limits: tuple[Limit, ...] = ()
    staging: str = ""
    """The issuer that a rehearsal asks instead."""
    caa_identities: tuple[str, ...] = ()
    """How CAA records name it; empty takes what its directory says."""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """What an authority of our own is like. Empty constraints permit everything."""

    common_name: str = "Ringfence private CA"
    key: str = "ecdsa-p256"
    root: timedelta = 3650 * DAY
    intermediate: timedelta = 365 * DAY
    leaf: timedelta = DAY
    """The lifetime of a leaf for which none is asked."""
    longest_leaf: timedelta = 7 * DAY
    permitted: tuple[str, ...] = ()
    """DNS names (with what is below them), address blocks, and `spiffe://` trust domains."""
    excluded: tuple[str, ...] = ()
    trust_domain: str = ""
    crl_url: str = ""
    """Where leaves say that the list is to be had; empty leaves it out."""


@dataclass(frozen=True, slots=True)
class PrivateIssuer:
    """An authority of our own, in a folder."""

    name: str
    directory: Path
    profile: Profile = field(default_factory=Profile)
    staging: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class AwsIssuer:
    """An AWS Private CA."""

    name: str
    arn: str
    region: str = ""
    """Empty: from the ARN."""
    template: str = ""
    """The ARN of a certificate template; empty takes the authority's default for end entities."""
    signing_algorithm: str = "SHA256WITHECDSA"
    lifetime: timedelta = timedelta(days=7)
    staging: str = ""
    span: Span = field(default=NOWHERE, compare=False)


AnyIssuer = AcmeIssuer | PrivateIssuer | AwsIssuer


@dataclass(frozen=True, slots=True)
class Challenge:
    """How control over the names is proved. Which fields count depends on `kind` and `provider`."""

    kind: str = "http-01"
    """`http-01`, `dns-01` or `tls-alpn-01`."""
    listen: tuple[str, int] = ("", 0)
    """http-01 and tls-alpn-01: the address and port of the own listener."""
    webroot: Path | None = None
    """http-01: the folder that a web server serves as `/`; instead of an own listener."""
    provider: str = ""
    """dns-01: `rfc2136`, `route53` or `hook`."""
    server: tuple[str, int] = ("", 53)
    """rfc2136: where updates go."""
    zone: str = ""
    """rfc2136: the zone; route53: the hosted zone's id. Empty: found from the name."""
    key_name: str = ""
    key_algorithm: str = "hmac-sha256"
    key: Secret | None = None
    """rfc2136: the TSIG key (base64)."""
    hook: tuple[str, ...] = ()
    """hook: a program and its arguments; it is called with `present` or `remove`, the record's name and its value."""
    settle: timedelta = timedelta(seconds=0)
    """How long to wait after a record is set, where nobody can be asked whether it is there."""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Verification:
    """Where the new certificate must be seen before it counts as deployed."""

    host: str
    port: int
    server_name: str = ""
    """SNI; empty takes the first name of the certificate."""
    within: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where a certificate is put, and what must happen then."""

    directory: Path
    """A symbolic link that is moved from one generation to the next; its name must be free at first."""
    key_mode: int = 0o600
    certificate_mode: int = 0o644
    directory_mode: int = 0o755
    reload: tuple[str, ...] = ()
    reload_within: timedelta = timedelta(seconds=60)
    verify: tuple[Verification, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A certificate that shall exist."""

    name: str
    names: tuple[str, ...]
    """DNS names, addresses, URIs; the first is what it is called by."""
    issuers: tuple[str, ...]
    """In order of preference; at least one."""
    key: str = "ecdsa-p256"
    keep_key: bool = False
    """Whether a renewal keeps the private key; otherwise each has a new one."""
    lifetime: timedelta | None = None
    renew_before: timedelta | None = None
    profile: str = ""
    challenge: Challenge | None = None
    deploy: Deployment | None = None
    spare: str = ""
    """An issuer from which a second certificate is held ready."""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole section."""

    state: Path = DEFAULT_STATE
    encryption: Secret | None = None
    """The passphrase under which private keys are kept in the state folder."""
    check_interval: timedelta = timedelta(hours=1)
    domains: tuple[str, ...] = ()
    """Registered domains of more than two labels (`shop.co.uk`), for the ledger of rate limits."""
    check_caa: bool = True
    """Whether CAA records are looked at before an authority is asked."""
    resolver: tuple[str, int] | None = None
    """The DNS server that is asked for them (address, port); None takes the system's."""
    verifiers: Mapping[str, Path] = field(default_factory=dict)
    """Who verifies with the private authority's root, and the bundle that each really uses (PEM)."""
    issuers: Mapping[str, AnyIssuer] = field(default_factory=dict)
    wanted: Mapping[str, Wanted] = field(default_factory=dict)
