"""Records for tests of rules: no key is made, nothing is signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ringfence.certificates.inventory import Certificate, Entry, Renewal, Source

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def certificate(lifetime: timedelta = 90 * DAY, **changes: Any) -> Certificate:
    """A leaf for `a.example` that begins at START."""
    plain = Certificate(
        fingerprint="f" * 64,
        serial=7,
        subject="CN=a",
        issuer="CN=issuer",
        not_before=START,
        not_after=START + lifetime,
        key_type="EC secp256r1",
        key_bits=256,
        signature_hash="sha256",
        dns_names=("a.example",),
        extended_key_usage=("serverAuth",),
    )
    return replace(plain, **changes)


def authority(lifetime: timedelta = 900 * DAY, **changes: Any) -> Certificate:
    """The issuer of `certificate`."""
    values: dict[str, Any] = {
        "fingerprint": "a" * 64,
        "subject": "CN=issuer",
        "issuer": "CN=root",
        "ca": True,
        "dns_names": (),
        "extended_key_usage": None,
        "key_usage": frozenset({"key_cert_sign", "crl_sign"}),
    }
    return certificate(lifetime, **(values | changes))


def entry(*chain: Certificate, source: Source = Source.FILE, **changes: Any) -> Entry:
    """An entry of that chain."""
    return replace(Entry("x", source, chain), **changes)


def renewed(due: datetime) -> Renewal:
    """Somebody renews it then."""
    return Renewal("somebody", due, "a rule")
