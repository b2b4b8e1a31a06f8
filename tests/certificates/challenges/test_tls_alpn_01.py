"""TLS-ALPN-01 as RFC 8737 describes it, seen by a TLS client."""

from __future__ import annotations

import hashlib
import socket
import ssl

import pytest
from cryptography import x509

from ringfence.certificates.challenges import Proof
from ringfence.certificates.challenges.tls_alpn_01 import IDENTIFIER, AlpnListener, server_name
from ringfence.certificates.issuers import Unavailable
from tests.certificates.challenges.test_http_01 import PROOFS
from tests.servers.processes import free_port


def shake(port: int, name: str, protocol: str = "acme-tls/1") -> tuple[str | None, x509.Certificate]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    with (
        socket.create_connection(("127.0.0.1", port), 10) as connection,
        context.wrap_socket(connection, server_hostname=name) as stream,
    ):
        return stream.selected_alpn_protocol(), x509.load_der_x509_certificate(stream.getpeercert(True) or b"")


def test_the_proof_for_each_name() -> None:
    port = free_port()
    proofs = [*PROOFS, Proof("127.0.0.1", "token-c", "token-c.thumb")]
    with AlpnListener("127.0.0.1", port).present(proofs):
        for proof in proofs:
            protocol, certificate = shake(port, server_name(proof.name))
            assert protocol == "acme-tls/1"
            extension = certificate.extensions.get_extension_for_oid(IDENTIFIER)
            assert extension.critical
            digest = hashlib.sha256(proof.key_authorization.encode()).digest()
            assert isinstance(extension.value, x509.UnrecognizedExtension)
            assert extension.value.value == b"\x04\x20" + digest
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            assert [str(name.value) for name in names] == [proof.name]
        with pytest.raises(ssl.SSLError):
            shake(port, "other.example")
        assert shake(port, "a.example", "h2")[0] is None, "it never claims to speak anything else"
    with pytest.raises(OSError, match="refused"):
        shake(port, "a.example")


def test_names_of_addresses() -> None:
    assert server_name("192.0.2.1") == "1.2.0.192.in-addr.arpa"
    assert server_name("A.example") == "a.example"


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match="cannot listen"):
            AlpnListener("127.0.0.1", port).present(PROOFS).__enter__()
