"""A real ACME server: Pebble, with ARI and profiles, and the DNS and challenge server that it validates against.

Pebble makes new roots at each start; nobody outside trusts them. The challenge server answers Pebble's DNS questions
as its management interface was told (`POST {challenges}/set-txt`, `/add-a` ...).
"""

from __future__ import annotations

import json
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.servers.processes import free_port, listens, running, tool


@dataclass(frozen=True, slots=True)
class Pebble:
    """A running Pebble. URLs are without a slash at the end, but for `directory`, which is whole."""

    directory: str
    management: str
    challenges: str
    """The challenge server's management interface (plain HTTP)."""
    listener_certificate: Path
    """What clients must trust to talk to `directory` and `management` (PEM)."""
    http_port: int
    """Where HTTP-01 challenges are looked for."""
    tls_port: int
    """Where TLS-ALPN-01 challenges are looked for."""
    dns: str
    """`address:port` of the challenge server's DNS."""

    def root(self) -> bytes:
        """The root certificate that issued certificates chain to (PEM)."""
        context = ssl.create_default_context(cafile=str(self.listener_certificate))
        with urllib.request.urlopen(f"{self.management}/roots/0", context=context, timeout=30) as answer:
            content: bytes = answer.read()
            return content

    def tell(self, command: str, **arguments: object) -> None:
        """Sends a command to the challenge server: `tell("set-txt", host="_acme-challenge.a.", value="x")`."""
        body = json.dumps(arguments).encode()
        with urllib.request.urlopen(f"{self.challenges}/{command}", data=body, timeout=30) as answer:
            answer.read()

    def hurry(self, certificate: x509.Certificate) -> None:
        """Has the authority's window for a certificate lie in the past, with a page that says why."""
        window = {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}
        answer = json.dumps({"suggestedWindow": window, "explanationURL": "https://ca.example/incident"})
        pem = certificate.public_bytes(Encoding.PEM).decode()
        body = json.dumps({"Certificate": pem, "ARIResponse": answer}).encode()
        context = ssl.create_default_context(cafile=str(self.listener_certificate))
        with urllib.request.urlopen(f"{self.management}/set-renewal-info/", body, 30, context=context) as answered:
            answered.read()


@contextmanager
def pebble(
    folder: Path,
    *,
    reject_nonces: int = 5,
    always_valid: bool = False,
    answers: bool = True,
    bindings: Mapping[str, str] | None = None,
    reuse_validations: int = 50,
    dns_server: str = "",
) -> Iterator[Pebble]:
    """Runs Pebble and its challenge server until the block ends.

    `reject_nonces` is the percentage of good nonces that it refuses, which a client must answer with another try;
    `always_valid` takes every challenge for met. Without `answers` nobody listens on `http_port` and `tls_port`, so
    that a client can do it itself; the DNS says 127.0.0.1 for every name in any case. With `bindings` (key identifier
    to base64url key) accounts must be bound to one of them. `reuse_validations` is the percentage of orders that
    need no new proof of a name that the account has proved before. `dns_server` (`address:port`) is asked instead of
    the challenge server.
    """
    listen, management, http, tls, dns, challenges = (free_port() for _ in range(6))
    certificate, key = folder / "listener.pem", folder / "listener.key"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    make: list[str | Path] = ["openssl", "req", "-x509", *curve, *subject, "-keyout", key, "-out", certificate]
    subprocess.run(make, check=True, capture_output=True, timeout=60)
    settings = {
        "listenAddress": f"127.0.0.1:{listen}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(certificate),
        "privateKey": str(key),
        "httpPort": http,
        "tlsPort": tls,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": bool(bindings),
        "externalAccountMACKeys": dict(bindings or {}),
        "retryAfter": {"authz": 1, "order": 1},
        "keyAlgorithm": "ecdsa",
        "profiles": {
            "default": {"description": "90 days", "validityPeriod": 90 * 86_400},
            "shortlived": {"description": "6 days", "validityPeriod": 6 * 86_400},
        },
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    server = Pebble(
        directory=f"https://localhost:{listen}/dir",
        management=f"https://localhost:{management}",
        challenges=f"http://127.0.0.1:{challenges}",
        listener_certificate=certificate,
        http_port=http,
        tls_port=tls,
        dns=f"127.0.0.1:{dns}",
    )
    challenge_server: list[str | Path] = [tool("pebble", "pebble-challtestsrv"), "-doh", "", "-https01", ""]
    challenge_server += ["-dnsserver", server.dns, "-management", f"127.0.0.1:{challenges}", "-defaultIPv6", ""]
    listeners = (f"127.0.0.1:{http}", f"127.0.0.1:{tls}") if answers else ("", "")
    challenge_server += ["-http01", listeners[0], "-tlsalpn01", listeners[1]]
    acme: list[str | Path] = [tool("pebble", "pebble"), "-strict", "-config", folder / "pebble.json"]
    acme += ["-dnsserver", dns_server or server.dns]
    environment = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": str(reject_nonces)}
    environment["PEBBLE_AUTHZREUSE"] = str(reuse_validations)
    if always_valid:
        environment["PEBBLE_VA_ALWAYS_VALID"] = "1"
    with (
        running(challenge_server, folder, lambda: listens(challenges)),
        running(acme, folder, lambda: listens(listen) and listens(management), environment),
    ):
        yield server
