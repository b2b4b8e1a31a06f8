"""CAA against real servers: found by BIND's answers, and an authority that is not asked for what they forbid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ringfence.certificates.caa import Property
from ringfence.certificates.caa_lookup import LookupFailed, Resolver, relevant
from ringfence.certificates.configuration import Challenge
from ringfence.certificates.runner import Runner, State
from tests.cli.commands.certs.section import posture, run
from tests.servers.acme import Pebble, pebble
from tests.servers.bind import Bind, bind
from tests.servers.issuing import ISSUER, acme, runner, shop
from tests.servers.processes import free_port

RECORDS = r"""
@               IN CAA 0 issue "ca.example"
@               IN CAA 128 iodef "mailto:security@shop.example"
own             IN CAA 0 issue "own.example; validationmethods=dns-01"
below.own       IN A   127.0.0.1
alias           IN CNAME deep.target
deep.target     IN CAA 0 issue "target.example"
*.many          IN CAA 0 issue "synthesized.example"
odd             IN CAA 1 FuTuRe "\255;\"x"
empty.alias     IN CNAME nothing.target
target          IN CAA 0 issue "not-for-aliases.example"
"""
APEX = {Property(0, "issue", "ca.example"), Property(128, "iodef", "mailto:security@shop.example")}
PEBBLE = "pebble.letsencrypt.org"
"""How Pebble calls itself."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bind]:
    """BIND with a zone of CAA records."""
    with bind(tmp_path_factory.mktemp("caa"), RECORDS) as found:
        yield found


@pytest.mark.parametrize(
    ("name", "owner", "records"),
    [
        ("shop.example", "shop.example", APEX),
        ("www.shop.example", "shop.example", APEX),
        ("a.b.c.d.shop.example", "shop.example", APEX),
        ("own.shop.example", "own.shop.example", {Property(0, "issue", "own.example; validationmethods=dns-01")}),
        (
            "a.below.own.shop.example",
            "own.shop.example",
            {Property(0, "issue", "own.example; validationmethods=dns-01")},
        ),
        ("alias.shop.example", "alias.shop.example", {Property(0, "issue", "target.example")}),
        ("x.alias.shop.example", "alias.shop.example", {Property(0, "issue", "target.example")}),
        ("empty.alias.shop.example", "alias.shop.example", {Property(0, "issue", "target.example")}),
        ("x.many.shop.example", "x.many.shop.example", {Property(0, "issue", "synthesized.example")}),
        ("many.shop.example", "shop.example", APEX),
        ("odd.shop.example", "odd.shop.example", {Property(1, "FuTuRe", '\xff;"x')}),
    ],
)
def test_the_closest_name_above_that_has_any(server: Bind, name: str, owner: str, records: set[Property]) -> None:
    found = relevant(name, Resolver(("127.0.0.1", server.port)))
    assert (found[0], set(found[1])) == (owner, records)


def test_an_answer_that_cannot_be_had_is_not_an_empty_one(server: Bind) -> None:
    with pytest.raises(LookupFailed, match=r"records of other\.example cannot be had.*REFUSED"):
        relevant("other.example", Resolver(("127.0.0.1", server.port)))


def test_nobody_is_asked_for_longer_than_said() -> None:
    silent = Resolver(("127.0.0.1", free_port()), _left=0.3)
    with pytest.raises(LookupFailed, match="cannot be had"):
        relevant("shop.example", silent)
    with pytest.raises(LookupFailed, match="takes too long"):
        relevant("shop.example", silent)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """Pebble, which itself does not look at CAA; its DNS has the records."""
    with pebble(tmp_path_factory.mktemp("authority"), reject_nonces=15, answers=False) as found:
        yield found


def now() -> datetime:
    return datetime.now(UTC)


def permit(authority: Pebble, *values: str, name: str = "shop.example.", tag: str = "issue") -> None:
    """Sets the CAA records of a name; none takes them away."""
    authority.tell("clear-caa", host=name)
    if values:
        authority.tell("add-caa", host=name, policies=[{"tag": tag, "value": value} for value in values])


def made(folder: Path, authority: Pebble) -> Runner:
    challenge = Challenge("http-01", listen=("127.0.0.1", authority.http_port))
    issuer = acme(folder, authority, profile="shortlived")
    return runner(issuer, folder, shop(folder, challenge=challenge), resolver=authority.dns)


def kinds(folder: Path) -> list[str]:
    """What was counted against the authority's limits."""
    ledger = folder / "state" / "ledger.json"
    return [row["kind"] for row in json.loads(ledger.read_text())["events"]] if ledger.exists() else []


def test_what_is_forbidden_is_not_asked_for_and_what_to_change_helps(tmp_path: Path, authority: Pebble) -> None:
    permit(authority, "ca.example")
    try:
        outcome = made(tmp_path, authority).run(now())[0]
        assert outcome.state is State.MISSING
        assert 'CAA of shop.example: issue "ca.example" permits another authority' in outcome.because[1]
        assert f'add to shop.example the record CAA 0 issue "{PEBBLE}"' in outcome.because[1]
        assert kinds(tmp_path) == [], "nothing was ordered, nothing counts"
        assert not (tmp_path / "state/accounts").exists(), "and nothing registered"
        permit(authority, "ca.example", PEBBLE)
        assert made(tmp_path, authority).run(now() + timedelta(minutes=2))[0].good
        assert kinds(tmp_path) == ["order", "issued"]
    finally:
        permit(authority)


def test_an_account_and_a_method_that_are_not_ours(tmp_path: Path, authority: Pebble) -> None:
    try:
        permit(authority, f"{PEBBLE}; accounturi=https://ca.example/another; validationmethods=http-01")
        assert made(tmp_path, authority).run(now())[0].good, "our account is not known yet: the authority decides"
        account = json.loads((tmp_path / f"state/accounts/{ISSUER}.json").read_text())["uri"]
        outcome = made(tmp_path, authority).run(now(), force=True)[0]
        assert f"permits another account than {account}" in outcome.because[1]
        permit(authority, f"{PEBBLE}; accounturi={account}; validationmethods=dns-01,tls-alpn-01")
        outcome = made(tmp_path, authority).run(now() + timedelta(hours=1), force=True)[0]
        assert "does not permit the challenge http-01" in outcome.because[1]
        permit(authority, f"{PEBBLE}; accounturi={account}; validationmethods=dns-01,http-01")
        assert made(tmp_path, authority).run(now() + timedelta(hours=3), force=True)[0].state is State.RENEWED
    finally:
        permit(authority)


def test_it_is_asked_all_the_same_when_time_runs_out(tmp_path: Path, authority: Pebble) -> None:
    """What is seen from here may not be what the authority sees: it has the last word before the certificate ends."""
    assert made(tmp_path, authority).run(now())[0].good
    try:
        permit(authority, ";")
        origin = made(tmp_path, authority).store.record("shop").origin
        assert origin is not None
        lifetime = origin.not_after - origin.not_before
        assert kinds(tmp_path) == ["order", "issued"]
        early = made(tmp_path, authority).run(origin.not_after - lifetime / 5, force=True)[0]
        assert early.state is State.WAITING
        assert "permits nobody" in early.because[-1]
        assert kinds(tmp_path) == ["order", "issued"]
        late = made(tmp_path, authority).run(origin.not_after - lifetime / 30, force=True)[0]
        assert late.state is State.RENEWED, late
        assert kinds(tmp_path) == ["order", "issued", "order", "issued"]
    finally:
        permit(authority)


TEXT = """\
certificates:
  state: state
  resolver: "{dns}"
  challenge: {{kind: http-01, listen: "127.0.0.1:{http_port}"}}
  issuers:
    live: {{directory: "{directory}", trust: "{trust}", terms_agreed: true, staging: test}}
    test: {{directory: "{directory}", trust: "{trust}", terms_agreed: true}}
  issue:
    shop: {{names: [shop.example, www.shop.example], issuers: [live]}}
"""


def test_a_rehearsal_finds_it(tmp_path: Path, authority: Pebble, capsys: pytest.CaptureFixture[str]) -> None:
    values = {"http_port": authority.http_port, "directory": authority.directory, "dns": authority.dns}
    file = posture(tmp_path, TEXT.format(trust=authority.listener_certificate, **values))
    try:
        permit(authority, ";")
        code, document, errors = run(capsys, "rehearse", "--posture", file)
        assert code == 1, errors
        (row,) = document["rehearsal"]
        assert "issued" in row["because"][0], "the stand-in does not look at it"
        assert row["because"][1:] == [
            f'live: CAA of shop.example: issue ";" permits nobody; '
            f'to change: add to shop.example the record CAA 0 issue "{PEBBLE}"'
        ]
        permit(authority, f"{PEBBLE}; accounturi=https://ca.example/1")
        code, document, _ = run(capsys, "rehearse", "--posture", file)
        assert code == 0, "what is not known yet is said, and no failure"
        assert "ours is not registered yet" in document["rehearsal"][0]["because"][1]
        assert not (tmp_path / "state").exists()
    finally:
        permit(authority)
