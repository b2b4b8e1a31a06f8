"""HTTP-01: the listener and the webroot show the proofs, nothing else, and only for their time."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import pytest

from ringfence.certificates.challenges import Proof
from ringfence.certificates.challenges.http_01 import Listener, Webroot
from ringfence.certificates.issuers import Unavailable
from tests.servers.processes import free_port

PROOFS = [Proof("a.example", "token-a", "token-a.thumb"), Proof("b.example", "token-b", "token-b.thumb")]


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_listener() -> None:
    port = free_port()
    with Listener("127.0.0.1", port).present(PROOFS):
        assert get(port, "/.well-known/acme-challenge/token-a") == (200, b"token-a.thumb")
        assert get(port, "/.well-known/acme-challenge/token-b") == (200, b"token-b.thumb")
        for path in ("/", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/../../etc/passwd", "/token-a"):
            assert get(port, path) == (404, b"")
    with pytest.raises(OSError, match="refused"):
        get(port, "/")


def test_every_address() -> None:
    port = free_port()
    with Listener("", port).present(PROOFS):
        assert get(port, "/.well-known/acme-challenge/token-a") == (200, b"token-a.thumb")
        with socket.create_connection(("::1", port), 5) as connection:
            connection.sendall(b"GET /.well-known/acme-challenge/token-b HTTP/1.0\r\n\r\n")
            assert connection.makefile("rb").read().endswith(b"token-b.thumb")


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"cannot listen on 127.0.0.1:{port}"):
            Listener("127.0.0.1", port).present(PROOFS).__enter__()


def test_webroot(tmp_path: Path) -> None:
    place = tmp_path / ".well-known" / "acme-challenge"
    with Webroot(tmp_path).present(PROOFS):
        assert (place / "token-a").read_text() == "token-a.thumb"
        assert (place / "token-a").stat().st_mode & 0o777 == 0o644
    assert list(place.iterdir()) == []


def test_a_webroot_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="webroot"):
        Webroot(tmp_path / "file").present(PROOFS).__enter__()
