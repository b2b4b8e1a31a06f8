"""How control over a name is proved to an ACME authority: one module per kind of challenge (RFC 8555, 8; RFC 8737).

A solver puts everything that a set of proofs needs in place at once and takes it away afterwards, whatever happened in
between. It does not know ACME: what the authority wants to see is already in the `Proof`.
"""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ringfence.certificates.configuration import Challenge
from ringfence.certificates.issuers import Unavailable


@dataclass(frozen=True, slots=True)
class Proof:
    """What one authorization asks for."""

    name: str
    """The DNS name or address, without `*.`."""
    token: str
    key_authorization: str
    """The token and the account key's thumbprint, joined by a dot."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of the key authorization."""
        return hashlib.sha256(self.key_authorization.encode()).digest()

    @property
    def record(self) -> tuple[str, str]:
        """dns-01: the name of the TXT record (no dot at its end) and its value."""
        return f"_acme-challenge.{self.name}", base64.urlsafe_b64encode(self.digest).rstrip(b"=").decode()


def listening(address: str, port: int, kind: str) -> socket.socket:
    """A listening socket; an empty address is every one, IPv6 and IPv4. `Unavailable` says who could not listen."""
    try:
        if not address and socket.has_dualstack_ipv6():
            return socket.create_server((address, port), family=socket.AF_INET6, dualstack_ipv6=True)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return socket.create_server((address, port), family=family)
    except OSError as failure:
        where = f"{address or '*'}:{port}"
        raise Unavailable(f"cannot listen on {where} for {kind}: {failure.strerror or failure}") from failure


class Solver(Protocol):
    """Meets challenges of one kind."""

    def present(self, proofs: Sequence[Proof]) -> AbstractContextManager[None]:
        """Keeps all proofs in place until the block ends. Raises `issuers.Unavailable` where it cannot."""


def solver(challenge: Challenge) -> Solver:
    """The solver that a posture file describes. Only what it needs is imported."""
    if challenge.kind == "http-01":
        from ringfence.certificates.challenges.http_01 import Listener, Webroot

        return Webroot(challenge.webroot) if challenge.webroot else Listener(*challenge.listen)
    if challenge.kind == "tls-alpn-01":
        from ringfence.certificates.challenges.tls_alpn_01 import AlpnListener

        return AlpnListener(*challenge.listen)
    from ringfence.certificates.challenges.dns_01 import solver_of

    return solver_of(challenge)
