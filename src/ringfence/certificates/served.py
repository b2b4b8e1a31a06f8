"""Which certificate an endpoint really serves: the proof that a deployment arrived.

A TLS handshake is made without verification, because what is asked is what stands there, not whether it is good; only
the fingerprint of the leaf is compared. Nothing is sent after the handshake.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509

from ringfence.certificates import keys
from ringfence.certificates.configuration import Verification

PAUSE = 0.2
"""Seconds between two looks at an endpoint."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What an endpoint showed: the fingerprint of its leaf, or why there was none."""

    endpoint: str
    fingerprint: str = ""
    problem: str = ""


def look(verification: Verification, server_name: str, seconds: float = 5) -> Sighting:
    """One handshake with the endpoint, with `server_name` as SNI (no SNI for an address)."""
    endpoint = f"{verification.host}:{verification.port}"
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((verification.host, verification.port), seconds) as connection,
            context.wrap_socket(connection, server_hostname=server_name or None) as stream,
        ):
            content = stream.getpeercert(binary_form=True) or b""
    except (OSError, ValueError) as failure:
        return Sighting(endpoint, problem=str(failure) or type(failure).__name__)
    try:
        return Sighting(endpoint, keys.fingerprint(x509.load_der_x509_certificate(content)))
    except ValueError as failure:
        return Sighting(endpoint, problem=f"shows a certificate that cannot be read: {failure}")


def wait_for(
    expected: x509.Certificate, verification: Verification, sleep: Callable[[float], None] = time.sleep
) -> Sighting:
    """Looks until the endpoint serves `expected` or the time for it is over; the last sighting."""
    name = verification.server_name or _server_name(expected)
    wanted = keys.fingerprint(expected)
    deadline = time.monotonic() + verification.within.total_seconds()
    while True:
        sighting = look(verification, name)
        if sighting.fingerprint == wanted:
            return sighting
        if time.monotonic() >= deadline:
            problem = sighting.problem or f"serves another certificate ({sighting.fingerprint[:16]}...)"
            return Sighting(sighting.endpoint, sighting.fingerprint, problem)
        sleep(PAUSE)


def _server_name(certificate: x509.Certificate) -> str:
    """The first DNS name that can stand in an SNI; a wildcard is asked for with a name below it."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ""
    found = extension.value.get_values_for_type(x509.DNSName)
    return found[0].replace("*", "ringfence", 1) if found else ""
