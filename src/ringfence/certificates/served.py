"""Which certificate an endpoint really serves: the proof that a deployment arrived.

A TLS handshake is made without verification, because what is asked is what stands there, not whether it is good; only
the fingerprint of the leaf is compared. Nothing is sent after the handshake.

One sighting of the new certificate proves little: a server that reloads has old workers that still take connections
for a moment (nginx ends them a tenth of a second after it started the new ones), and behind a balancer stand others. So
it has to be seen several times in a row.
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
IN_A_ROW = 3
"""How many looks one after another have to see the new certificate."""


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
    """Looks until the endpoint steadily serves `expected` or the time for it is over; the last sighting."""
    name = verification.server_name or _server_name(expected)
    wanted = keys.fingerprint(expected)
    deadline = time.monotonic() + verification.within.total_seconds()
    seen = in_a_row = 0
    while True:
        sighting = look(verification, name)
        if sighting.fingerprint == wanted:
            seen, in_a_row = seen + 1, in_a_row + 1
            if in_a_row == IN_A_ROW:
                return sighting
        elif time.monotonic() < deadline:
            in_a_row = 0
        else:
            problem = sighting.problem or f"serves another certificate ({sighting.fingerprint[:16]}...)"
            before = f"; {seen} of the looks before saw the new one" if seen else ""
            return Sighting(sighting.endpoint, sighting.fingerprint, problem + before)
        sleep(PAUSE)


def _server_name(certificate: x509.Certificate) -> str:
    """The first DNS name that can stand in an SNI; a wildcard is asked for with a name below it."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ""
    found = extension.value.get_values_for_type(x509.DNSName)
    return found[0].replace("*", "ringfence", 1) if found else ""
