"""The network's patience and its judgement of failures, against a server that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import josepy.jwk
import pytest

from ringfence.certificates import keys
from ringfence.certificates.issuers import IssuerError, Refused, Unavailable
from ringfence.certificates.issuers.acme_network import NONCES, Body, Network, asked, patience, problem
from tests.certificates.authority import NOW

Answer = tuple[int, dict[str, str], bytes]


class Told:
    """A server and the answers that it still has to give to POSTs."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.seen = 0
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.give(200, {"Replay-Nonce": "bm9uY2U"}, b"")

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                told.seen += 1
                self.give(*told.answers.pop(0))

            def give(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def told() -> Iterator[Told]:
    found = Told()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.02,))
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


def refusal(kind: str, status: int = 400, **headers: str) -> Answer:
    document = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": "because"}
    return (
        status,
        {"Content-Type": "application/problem+json", "Replay-Nonce": "bm9uY2U", **headers},
        json.dumps(document).encode(),
    )


GOOD: Answer = (200, {"Content-Type": "application/json", "Replay-Nonce": "bm9uY2U"}, b'{"status": "valid"}')


def post(told: Told) -> Any:
    network = Network(josepy.jwk.JWKEC(key=keys.generate("ecdsa-p256")), josepy.jwa.ES256, None)
    nonce = f"{told.url}/nonce"
    return asked(network, NOW, lambda: network.post(told.url, Body({"a": 1}), new_nonce_url=nonce)).json()


def test_rejected_nonces_are_answered_with_others(told: Told) -> None:
    told.answers = [refusal("badNonce")] * (NONCES - 1) + [GOOD]
    assert post(told) == {"status": "valid"}
    assert told.seen == NONCES


def test_an_authority_that_takes_no_nonce_at_all(told: Told) -> None:
    told.answers = [refusal("badNonce")] * (NONCES + 1)
    with pytest.raises(Unavailable, match="badNonce"):
        post(told)
    assert told.seen == NONCES


@pytest.mark.parametrize(
    ("answer", "kind", "message", "wait"),
    [
        (refusal("rateLimited", 429, **{"Retry-After": "90"}), Unavailable, "rateLimited", timedelta(seconds=90)),
        (
            refusal("rateLimited", 429, **{"Retry-After": "Wed, 25 Nov 2026 13:00:00 GMT"}),
            Unavailable,
            "rateLimited",
            timedelta(hours=1),
        ),
        (refusal("serverInternal", 500, **{"Retry-After": "soon"}), Unavailable, "because", None),
        (refusal("rejectedIdentifier"), Refused, r"because \(rejectedIdentifier\)", None),
        (refusal("caa", 403), Refused, "caa", None),
        ((503, {"Retry-After": "30"}, b"<html>"), Unavailable, "not ACME", timedelta(seconds=30)),
        ((500, {}, b"[1]"), Unavailable, "no detail", None),
        ((200, {"Content-Type": "application/json"}, b"{}"), Unavailable, "not ACME", None),
    ],
)
def test_failures(told: Told, answer: Answer, kind: type[IssuerError], message: str, wait: timedelta | None) -> None:
    told.answers = [answer]
    with pytest.raises(kind, match=message) as failure:
        post(told)
    assert failure.value.not_before == (NOW + wait if wait else None)


def test_nobody_there(told: Told) -> None:
    network = Network(josepy.jwk.JWKEC(key=keys.generate("ecdsa-p256")), josepy.jwa.ES256, None)
    with pytest.raises(Unavailable, match="does not answer"):
        asked(network, NOW, lambda: network.get("http://127.0.0.1:1/"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("5", NOW + timedelta(seconds=5)),
        ("Wed, 25 Nov 2026 12:00:07 GMT", NOW + timedelta(seconds=7)),
        ("1e9", None),
        ("9" * 30, None),
        ("x", None),
    ],
)
def test_patience(text: str | None, expected: datetime | None) -> None:
    network = Network(josepy.jwk.JWKEC(key=keys.generate("ecdsa-p256")), josepy.jwa.ES256, None)
    network.retry_after = text
    assert patience(network, NOW) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, "it gives no reason"),
        ({"type": "urn:ietf:params:acme:error:dns", "detail": "no such name"}, "no such name (dns)"),
        ({"detail": "d", "subproblems": [{"detail": "e"}, {"title": "t", "type": "a:b"}]}, "d; e; t (b)"),
    ],
)
def test_problems(document: Any, expected: str) -> None:
    assert problem(document) == expected
