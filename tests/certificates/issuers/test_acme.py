"""How ACME names things, and authorities that answer with nonsense at every step.

The whole protocol is held against a real authority in tests/servers.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import keys
from ringfence.certificates.challenges import Proof
from ringfence.certificates.configuration import AcmeIssuer, Profile
from ringfence.certificates.issuers import IssuerError, Refused, Request
from ringfence.certificates.issuers.acme import Acme, identifier, renewal_identifier
from ringfence.certificates.issuers.signing import Authority, sign_ca
from ringfence.certificates.store import Attempt
from tests.certificates.authority import DAY, NOW


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("*.shop.example", {"type": "dns", "value": "*.shop.example"}),
        ("bücher.example", {"type": "dns", "value": "xn--bcher-kva.example"}),
        ("192.0.2.1", {"type": "ip", "value": "192.0.2.1"}),
        ("2001:DB8::1", {"type": "ip", "value": "2001:db8::1"}),
    ],
)
def test_identifiers(name: str, expected: dict[str, str]) -> None:
    assert identifier(name) == expected


class Named:
    """A certificate of which only the serial and the issuer's key identifier are asked for."""

    def __init__(self, key: bytes, serial: int) -> None:
        self.serial_number = serial
        value = x509.AuthorityKeyIdentifier(key, None, None)
        self.extensions = x509.Extensions([x509.Extension(x509.AuthorityKeyIdentifier.oid, False, value)])


@pytest.mark.parametrize(
    ("key", "serial", "expected"),
    [
        # The example of RFC 9773, section 4.1: its serial has the highest bit set, and so a zero byte before it.
        ("69885b6b87464041e1b37b847ba0ae2cde01c8d4", 0x87654321, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"),
        ("00", 0x7F, "AA.fw"),
        ("00", 0x80, "AA.AIA"),
        ("00", 0x0100, "AA.AQA"),
    ],
)
def test_renewal_identifiers(key: str, serial: int, expected: str) -> None:
    assert renewal_identifier(Named(bytes.fromhex(key), serial)) == expected  # type: ignore[arg-type]


def test_renewal_identifier_of_a_real_certificate() -> None:
    key = keys.generate("ecdsa-p256")
    root = sign_ca(Profile(), key, None, NOW)
    csr = x509.load_pem_x509_csr(keys.request(keys.generate("ecdsa-p256"), ["a.example"]))
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    signed = Authority(root, key, Profile()).sign(csr, names, DAY, NOW)
    issuer, serial = renewal_identifier(signed).split(".")
    assert int.from_bytes(base64.urlsafe_b64decode(serial + "=" * (-len(serial) % 4))) == signed.serial_number
    assert len(base64.urlsafe_b64decode(issuer + "=" * (-len(issuer) % 4))) == 20
    with pytest.raises(Refused, match="does not name its issuer's key"):
        renewal_identifier(root)


HOSTILE: list[Any] = [
    None,
    [],
    {},
    "text",
    7,
    {"status": "pending"},
    {"status": "valid"},
    {"status": "ready", "finalize": 5},
    {"status": 3},
    {"status": "pending", "authorizations": [1], "finalize": None},
    {"status": "pending", "identifier": {"type": "dns"}, "challenges": [{"type": "http-01"}]},
    {"status": "pending", "identifier": {"value": "a"}, "challenges": {}},
    {"status": "valid", "certificate": "ftp://nowhere"},
    {"status": "invalid", "error": 5},
]
STAGES = ("/dir", "/account", "/order", "/authz", "/challenge", "/o/1", "/finalize", "/cert")


class Scripted:
    """An authority that goes along up to a stage and answers with nonsense from there."""

    def __init__(self, stage: str, nonsense: Any) -> None:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.give({})

            def do_GET(self) -> None:
                self.give(script.answer(self.path))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.give(script.answer(self.path))

            def give(self, document: Any) -> None:
                content = json.dumps(document).encode()
                self.send_response(200)
                for name, value in (("Replay-Nonce", "bm9uY2U"), ("Content-Type", "application/json")):
                    self.send_header(name, value)
                self.send_header("Location", f"{script.url}/o/1")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self.stage, self.nonsense, self.seen = stage, nonsense, 0
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> Any:
        if path == self.stage:
            return self.nonsense
        url = self.url
        order = {"authorizations": [f"{url}/authz"], "finalize": f"{url}/finalize", "certificate": f"{url}/cert"}
        self.seen += path == "/o/1"
        known: dict[str, Any] = {
            "/dir": {
                "newNonce": f"{url}/nonce",
                "newAccount": f"{url}/account",
                "newOrder": f"{url}/order",
                "renewalInfo": f"{url}/ari",
                "revokeCert": f"{url}/revoke",
            },
            "/account": {"status": "valid"},
            "/order": {"status": "pending", **order},
            "/authz": {
                "status": "pending" if self.seen == 0 else "valid",
                "identifier": {"type": "dns", "value": "a.example"},
                "challenges": [{"type": "http-01", "token": "t", "url": f"{url}/challenge"}],
            },
            "/o/1": {"status": "ready" if self.seen < 2 else "valid", **order},
        }
        return known.get(path, {"status": "processing"})


class Silent:
    @contextmanager
    def present(self, proofs: Sequence[Proof]) -> Iterator[None]:
        yield


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("nonsense", HOSTILE, ids=str)
def test_nonsense_is_the_authoritys_failure(tmp_path: Path, stage: str, nonsense: Any) -> None:
    script = Scripted(stage, nonsense)
    thread = threading.Thread(target=script.server.serve_forever, args=(0.01,))
    thread.start()
    described = AcmeIssuer("x", f"{script.url}/dir", terms_agreed=True)
    issuer = Acme(described, tmp_path / "a", lambda _: ("http-01", Silent()), patience=0.05, sleep=lambda _: None)
    (tmp_path / "attempt").mkdir()
    csr = keys.request(keys.generate("ecdsa-p256"), ["a.example"])
    request = Request("web", ("a.example",), csr)
    try:
        for _ in range(2):
            with suppress(IssuerError):
                issuer.obtain(request, Attempt(tmp_path / "attempt"), NOW)
        with suppress(IssuerError):
            issuer.renewal_window(_leaf(), NOW)
        with suppress(IssuerError):
            issuer.revoke(_leaf(), "superseded", NOW)
    finally:
        script.server.shutdown()
        script.server.server_close()
        thread.join()


def _leaf() -> bytes:
    key = keys.generate("ecdsa-p256")
    root = sign_ca(Profile(), key, None, NOW)
    return sign_ca(Profile(), keys.generate("ecdsa-p256"), (root, key), NOW).public_bytes(Encoding.PEM)
