"""TLS-ALPN-01 (RFC 8737): a self-signed certificate with the proof in it, shown to whoever speaks `acme-tls/1`.

The listener stands on the address and port that the name's port 443 leads to. It chooses the certificate by SNI; for an
address that is its reverse DNS name (RFC 8738, 6). After the handshake the connection is closed, nothing is served.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import files, keys
from ringfence.certificates.challenges import Proof, listening

PROTOCOL = "acme-tls/1"
IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
PATIENCE = 10
"""Seconds that a client of the listener may take."""


@dataclass(frozen=True, slots=True)
class AlpnListener:
    """A TLS server for the time of the validation; an empty address listens everywhere."""

    address: str
    port: int

    @contextmanager
    def present(self, proofs: Sequence[Proof]) -> Iterator[None]:
        """Shows the proofs until the block ends."""
        contexts = {server_name(proof.name): _context(proof) for proof in proofs}
        listener = listening(self.address, self.port, "TLS-ALPN-01")
        listener.settimeout(0.1)
        ended = threading.Event()
        thread = threading.Thread(target=_serve, args=(listener, contexts, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            listener.close()


def server_name(name: str) -> str:
    """The SNI under which an authority asks for a name."""
    try:
        return ipaddress.ip_address(name).reverse_pointer
    except ValueError:
        return name.lower()


def _serve(listener: socket.socket, contexts: Mapping[str, ssl.SSLContext], ended: threading.Event) -> None:
    def choose(stream: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        chosen = contexts.get((name or "").lower())
        if chosen is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        stream.context = chosen
        return None

    front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    front.set_alpn_protocols([PROTOCOL])
    front.sni_callback = choose
    while not ended.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        threading.Thread(target=_shake, args=(front, connection), daemon=True).start()


def _shake(front: ssl.SSLContext, connection: socket.socket) -> None:
    with connection, suppress(OSError):  # Whoever breaks off is none of our concern.
        connection.settimeout(PATIENCE)
        with front.wrap_socket(connection, server_side=True) as stream:
            stream.unwrap()


def _context(proof: Proof) -> ssl.SSLContext:
    """A context with the certificate that RFC 8737, 3 describes: one name, and the digest in a critical extension."""
    key, now = keys.generate("ecdsa-p256"), datetime.now(UTC)
    name = x509.Name([])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([keys.general_name(proof.name)]), critical=True)
        .add_extension(x509.UnrecognizedExtension(IDENTIFIER, b"\x04\x20" + proof.digest), critical=True)
        .sign(key, keys.digest(key))
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols([PROTOCOL])
    with tempfile.TemporaryDirectory() as folder:  # The standard library takes certificates from files only.
        place = Path(folder) / "pair.pem"
        files.write(place, keys.to_pem(key) + certificate.public_bytes(Encoding.PEM))
        context.load_cert_chain(place)
    return context
