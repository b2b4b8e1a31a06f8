"""Issuing and renewing at a real authority that rejects 15% of all nonces: challenges, crashes, ARI, revocation."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import files, keys
from ringfence.certificates.configuration import Challenge, Profile, Secret, Wanted
from ringfence.certificates.issuers import Refused
from ringfence.certificates.issuers.signing import sign_ca
from ringfence.certificates.runner import State
from tests.certificates.crash import KILLED
from tests.servers.acme import Pebble, pebble
from tests.servers.issuing import ISSUER, acme, runner, shop
from tests.servers.processes import listens

STEPS = (
    "key written",
    "request written",
    "attempt prepared",
    "about to order",
    "order placed",
    "order noted",
    "challenges met",
    "about to finalize",
    "finalized",
    "chain fetched",
    "chain written",
    "pair kept",
    "record saved",
    "generation written",
    "link swapped",
    "reloaded",
)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """An authority that rejects many nonces and leaves the challenge ports to us."""
    with pebble(tmp_path_factory.mktemp("issuing"), reject_nonces=15, answers=False, reuse_validations=0) as found:
        yield found


def issued(server: Pebble) -> int:
    """How many certificates the authority has issued, by its log."""
    log = (server.listener_certificate.parent / "pebble.log").read_text(errors="replace")
    return len(re.findall(r"Issued certificate serial", log))


def leaf(folder: Path) -> x509.Certificate:
    return keys.chain((folder / "tls/shop/fullchain.pem").read_bytes())[0]


def whole(folder: Path) -> None:
    link = folder / "tls" / "shop"
    assert keys.matches(keys.from_pem((link / "privkey.pem").read_bytes()), leaf(folder))


def crash(folder: Path, server: Pebble, step: str) -> subprocess.CompletedProcess[str]:
    described = {**dataclasses.asdict(server), "listener_certificate": str(server.listener_certificate)}
    command = [sys.executable, "-m", "tests.servers.issuing_crash", str(folder), step, now().isoformat()]
    return subprocess.run(
        command, input=json.dumps(described), capture_output=True, text=True, timeout=90, cwd=Path(__file__).parents[2]
    )


def test_the_steps_are_all_steps(tmp_path: Path, server: Pebble) -> None:
    done = crash(tmp_path, server, "none")
    assert done.returncode == 0, done.stderr
    assert tuple(done.stdout.split("\n")[:-1]) == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_step(tmp_path: Path, server: Pebble, step: str) -> None:
    """First issue killed and gone on with, then a renewal killed and gone on with: two certificates, never a third."""
    before = issued(server)
    for round_ in (1, 2):
        assert crash(tmp_path, server, step).returncode == KILLED
        if (tmp_path / "tls" / "shop").exists():
            whole(tmp_path)
        made = runner(acme(tmp_path, server), tmp_path, shop(tmp_path))
        kept = made.store.record("shop")
        pending = made.store.attempt("shop", ISSUER) is not None
        with made.store.lock():
            outcome = made.run(now(), force=pending or (round_ == 2 and kept.current == kept.deployed))[0]
        assert outcome.good, outcome
        assert outcome.record.deployed == outcome.record.current
        whole(tmp_path)
        assert issued(server) == before + round_, "never lost, never issued twice"


@pytest.mark.parametrize("kind", ["http-01", "webroot", "tls-alpn-01", "hook", "address"])
def test_every_challenge(tmp_path: Path, server: Pebble, kind: str) -> None:
    special = {"hook": ("*.hook.example", "hook.example"), "address": ("127.0.0.1",)}
    names = special.get(kind, ("a.example", "b.example"))
    challenges = {
        "http-01": Challenge("http-01", ("127.0.0.1", server.http_port)),
        "webroot": Challenge("http-01", webroot=tmp_path / "www"),
        "address": Challenge("tls-alpn-01", ("127.0.0.1", server.tls_port)),
        "tls-alpn-01": Challenge("tls-alpn-01", ("127.0.0.1", server.tls_port)),
        "hook": Challenge("dns-01", provider="hook", hook=(sys.executable, str(_hook(tmp_path)), server.challenges)),
    }
    made = runner(acme(tmp_path, server, challenges[kind]), tmp_path, shop(tmp_path, names=names))
    if kind == "webroot":
        (tmp_path / "www").mkdir()
        command = [sys.executable, "-m", "http.server", str(server.http_port), "--bind", "127.0.0.1"]
        web = subprocess.Popen(command, cwd=tmp_path / "www", stderr=subprocess.DEVNULL)
        try:
            _wait(server.http_port)
            outcome = made.run(now())[0]
        finally:
            web.terminate()
            web.wait(20)
        assert list((tmp_path / "www").rglob("*/*/*")) == [], "proofs are taken away"
    else:
        outcome = made.run(now())[0]
    assert outcome.good, outcome
    assert keys.names_of(leaf(tmp_path).extensions) == names


def test_a_failed_validation_says_why_and_is_gone_on_with(tmp_path: Path, server: Pebble) -> None:
    empty = Challenge("http-01", webroot=tmp_path / "www")
    (tmp_path / "www").mkdir()
    outcome = runner(acme(tmp_path, server, empty), tmp_path, shop(tmp_path)).run(now())[0]
    assert outcome.state is State.MISSING
    assert "shop.example was not proved" in outcome.because[1]
    assert "connection refused" in outcome.because[1]
    ledger = json.loads((tmp_path / "state/ledger.json").read_text())
    assert [row["kind"] for row in ledger["events"]] == ["order", "failure"]
    mended = runner(acme(tmp_path, server), tmp_path, shop(tmp_path))
    assert mended.run(now())[0].state is State.MISSING, "it waits a minute"
    assert mended.run(now() + timedelta(minutes=2))[0].good


def test_the_account_that_the_authority_forgot(tmp_path: Path, server: Pebble) -> None:
    made = runner(acme(tmp_path, server), tmp_path, shop(tmp_path))
    assert made.run(now())[0].good
    place = tmp_path / "state/accounts/pebble.json"
    known = json.loads(place.read_text())
    place.write_text(json.dumps({**known, "uri": known["uri"] + "0"}))
    assert made.run(now(), force=True)[0].good
    assert json.loads(place.read_text()) == known


@pytest.mark.parametrize("kind", ["rsa-2048", "ecdsa-p384"])
def test_account_keys_of_other_kinds(tmp_path: Path, server: Pebble, kind: str) -> None:
    issuer = acme(tmp_path, server)
    files.make_folder(issuer.accounts)
    files.write(issuer.accounts / f"{issuer.name}.key", keys.to_pem(keys.generate(kind)))
    assert runner(issuer, tmp_path, shop(tmp_path)).run(now())[0].good


def test_terms_must_be_agreed_to(tmp_path: Path, server: Pebble) -> None:
    outcome = runner(acme(tmp_path, server, terms_agreed=False), tmp_path, shop(tmp_path)).run(now())[0]
    assert "terms of service" in outcome.because[1]


def test_profiles_and_the_authoritys_window(tmp_path: Path, server: Pebble) -> None:
    made = runner(acme(tmp_path, server, profile="shortlived"), tmp_path, shop(tmp_path))
    assert made.run(now())[0].good
    first = leaf(tmp_path)
    assert timedelta(days=5.9) < first.not_valid_after_utc - first.not_valid_before_utc < timedelta(days=6.1)
    outcome = made.run(now())[0]
    wish = outcome.record.wish
    assert wish is not None
    assert first.not_valid_before_utc < wish.window.start <= wish.chosen <= wish.window.end < first.not_valid_after_utc
    assert outcome.due == wish.chosen
    server.hurry(first)
    hurried = made.run(wish.window.ask_again + timedelta(seconds=1))[0]
    assert hurried.state is State.RENEWED, hurried
    assert hurried.because[0].startswith("the authority moved the renewal: https://")


def test_an_unknown_profile_is_refused(tmp_path: Path, server: Pebble) -> None:
    outcome = runner(acme(tmp_path, server, profile="none"), tmp_path, shop(tmp_path)).run(now())[0]
    assert "invalidProfile" in outcome.because[1] or "profile" in outcome.because[1]


def test_replaced_and_revoked(tmp_path: Path, server: Pebble) -> None:
    issuer = acme(tmp_path, server)
    made = runner(issuer, tmp_path, shop(tmp_path))
    assert made.run(now())[0].good
    old = (tmp_path / "tls/shop/fullchain.pem").read_bytes()
    outcome = made.run(now(), retire="keyCompromise")[0]
    assert outcome.good, outcome
    assert outcome.record.retired == ()
    assert "is revoked (keyCompromise)" in outcome.because[-1]
    issuer.revoke(old, "keyCompromise", now())
    with pytest.raises(Refused):
        issuer.revoke(_foreign(), "superseded", now())


def test_an_account_bound_to_another(tmp_path: Path) -> None:
    secret = base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=")
    place = tmp_path / "eab"
    place.write_bytes(secret)
    place.chmod(0o600)
    (tmp_path / "server").mkdir()
    with pebble(tmp_path / "server", answers=False, bindings={"kid-1": secret.decode()}) as server:
        unbound = runner(acme(tmp_path / "a", server), tmp_path / "a", shop(tmp_path / "a"))
        assert "externalAccountRequired" in unbound.run(now())[0].because[1]
        issuer = acme(tmp_path / "b", server, eab_key_id="kid-1", eab_key=Secret(place))
        assert runner(issuer, tmp_path / "b", shop(tmp_path / "b")).run(now())[0].good


def test_two_hundred_issuances_lose_none(tmp_path: Path, server: Pebble) -> None:
    before = issued(server)
    wanted = [Wanted(f"c{place}", (f"c{place}.example",), (ISSUER,)) for place in range(20)]
    made = runner(acme(tmp_path, server), tmp_path, *wanted)
    for round_ in range(10):
        outcomes = made.run(now(), force=round_ > 0)
        assert [one.state for one in outcomes] == [State.RENEWED] * 20, [
            one.because for one in outcomes if not one.good
        ]
    assert issued(server) == before + 200


def _hook(folder: Path) -> Path:
    """A hook that tells the challenge server's DNS."""
    place = folder / "hook.py"
    place.write_text(
        "import json, sys, urllib.request\n"
        "server, verb, name, value = sys.argv[1:]\n"
        "command = 'set-txt' if verb == 'present' else 'clear-txt'\n"
        "body = json.dumps({'host': name + '.', 'value': value}).encode()\n"
        "urllib.request.urlopen(f'{server}/{command}', data=body, timeout=20).read()\n"
    )
    return place


def _foreign() -> bytes:
    """A certificate that the authority never issued."""
    return sign_ca(Profile(), keys.generate("ecdsa-p256"), None, now()).public_bytes(Encoding.PEM)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while not listens(port):
        assert time.monotonic() < deadline
        time.sleep(0.05)
