"""What an endpoint serves, seen by a handshake."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from ringfence.certificates import keys, served
from ringfence.certificates.configuration import Profile, Verification
from ringfence.certificates.issuers.signing import sign_ca
from ringfence.certificates.served import Sighting, look, wait_for
from tests.certificates.authority import NOW, runner, web
from tests.certificates.tls_server import running


def test_the_leaf_that_stands_there(tmp_path: Path) -> None:
    assert runner(tmp_path, web(tmp_path)).run(NOW)[0].good
    leaf = keys.chain((tmp_path / "tls/web/cert.pem").read_bytes())[0]
    with running(tmp_path / "tls" / "web") as (port, _):
        endpoint = Verification("127.0.0.1", port, within=timedelta(seconds=1))
        assert look(endpoint, "shop.example").fingerprint == keys.fingerprint(leaf)
        assert look(endpoint, "").fingerprint == keys.fingerprint(leaf)
        assert wait_for(leaf, endpoint).problem == ""
        other = keys.chain((tmp_path / "tls/web/chain.pem").read_bytes())[0]
        assert "serves another certificate" in wait_for(other, endpoint).problem


NEW, OLD, NONE = "new", "old", ""
STANDING = "serves another certificate (old...)"


@pytest.mark.parametrize(
    ("shown", "within", "problem"),
    [
        ([NEW, NEW, NEW], 60, ""),
        ([OLD, NONE, NEW, NEW, NEW], 60, ""),
        ([NEW, OLD, NEW, NEW, NONE, NEW, NEW, NEW], 60, ""),
        ([NEW, NEW, NEW], 0, ""),
        ([OLD], 0, STANDING),
        ([NEW, NEW, OLD], 0, f"{STANDING}; 2 of the looks before saw the new one"),
        ([NONE], 0, "refused"),
    ],
)
def test_seen_steadily(monkeypatch: pytest.MonkeyPatch, shown: list[str], within: int, problem: str) -> None:
    """A reload has old workers go on for a moment, and a balancer may ask another server each time."""
    leaf = sign_ca(Profile(), keys.generate("ecdsa-p256"), None, NOW)
    prints = {NEW: keys.fingerprint(leaf), OLD: OLD, NONE: ""}
    looks = iter([Sighting("a:1", prints[one], "" if one else "refused") for one in shown])
    monkeypatch.setattr(served, "look", lambda *_: next(looks))
    found = served.wait_for(leaf, Verification("a", 1, within=timedelta(seconds=within)), sleep=lambda _: None)
    assert found.problem == problem
    assert next(looks, None) is None, "all of them were needed"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 400 Bad Request\r\n\r\n", b"\0" * 50])
def test_what_is_no_tls(answer: bytes) -> None:
    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        endpoint = Verification("127.0.0.1", listener.getsockname()[1])
        sighting = look(endpoint, "x", 2)
        thread.join()
    assert sighting.problem
    assert sighting.fingerprint == ""
    assert look(endpoint, "x", 2).problem, "nobody listens there any more"
    assert look(endpoint, "not a name\0", 2).problem
