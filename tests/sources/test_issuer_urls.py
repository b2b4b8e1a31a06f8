"""Fetching an issuer: what an HTTP server may answer, and what ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from ringfence.model.diagnostics import Severity
from ringfence.sources.issuer_urls import LARGEST, fetch
from tests.certificates.making import authority, pem
from tests.servers.processes import free_port

ROOT = authority("root")
MIDDLE = authority("middle", ROOT)
BUNDLE = pkcs7.serialize_certificates([MIDDLE.certificate, ROOT.certificate], Encoding.DER)
CONTENT = {
    "/der": MIDDLE.der,
    "/pem": pem(MIDDLE, ROOT),
    "/p7c": BUNDLE,
    "/empty": b"",
    "/page": b"<html>moved</html>",
    "/large": MIDDLE.der + bytes(LARGEST),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for byte in MIDDLE.der[:60]:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.05)
            return
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to?"))
            self.end_headers()
            return
        self.send_response(200 if self.path in CONTENT else 404)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(CONTENT.get(self.path, b""))

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/der", [MIDDLE.der]),
        ("/pem", [MIDDLE.der, ROOT.der]),
        ("/p7c", [MIDDLE.der, ROOT.der]),
        ("/to?/der", [MIDDLE.der]),
    ],
)
def test_what_is_there(base: str, path: str, expected: list[bytes]) -> None:
    found, problem = fetch(base + path)
    assert problem is None
    assert sorted(one.der for one in found) == sorted(expected)
    assert all(one.span.file == base + path for one in found)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nothing", "404"),
        ("/empty", "empty"),
        ("/page", "neither PEM nor DER"),
        ("/large", "more than"),
        ("/slow", "takes longer than 0.5 seconds"),
        ("/to?/to?/nothing", "404"),
        ("/to?file:///etc/hostname", "302|not allowed"),
        ("/to?ftp://127.0.0.1/x", "unknown|ftp|302"),
    ],
)
def test_what_cannot_be_had_is_a_warning(base: str, path: str, reason: str) -> None:
    found, problem = fetch(base + path, 0.5)
    assert found == []
    assert problem is not None
    assert problem.severity is Severity.WARNING
    assert any(one in problem.message for one in reason.split("|")), problem


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ldap://x/y", "", "http://[", "http://\x00/", "//x", "http:///"]
)
def test_what_is_no_address_of_the_web(url: str) -> None:
    found, problem = fetch(url, 1)
    assert found == []
    assert problem is not None
    assert str(problem).isprintable()


def test_nobody_there() -> None:
    found, problem = fetch(f"http://127.0.0.1:{free_port()}/", 1)
    assert found == []
    assert "refused" in str(problem)
