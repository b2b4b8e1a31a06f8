"""A pass over the wanted certificates: what it issues, when it turns to others, and what a crash leaves behind."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from ringfence.certificates import keys
from ringfence.certificates.configuration import Deployment, Wanted
from ringfence.certificates.deploy import current
from ringfence.certificates.issuers.private_ca import PrivateCa
from ringfence.certificates.runner import State
from tests.certificates.authority import DAY, HOUR, LONG, NOW, fake, runner, web
from tests.certificates.crash import KILLED

STEPS = (
    "key written",
    "request written",
    "attempt prepared",
    "signed",
    "journalled",
    "chain written",
    "pair kept",
    "record saved",
    "generation written",
    "link swapped",
    "reloaded",
)


def crash(folder: Path, step: str, now: datetime, *reason: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.certificates.crash", str(folder), step, now.isoformat(), *reason]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])


def whole(folder: Path) -> None:
    """What the server reads fits together, at any moment after the first deployment."""
    link = folder / "tls" / "web"
    key = keys.from_pem((link / "privkey.pem").read_bytes())
    chain = keys.chain((link / "fullchain.pem").read_bytes())
    assert keys.matches(key, chain[0])
    assert (link / "privkey.pem").stat().st_mode & 0o777 == 0o600


def issued(folder: Path) -> int:
    return sum(1 for _ in PrivateCa("first", folder / "ca-first", LONG).leaves())


def test_steps_are_all_steps(tmp_path: Path) -> None:
    done = crash(tmp_path, "none", NOW)
    assert done.returncode == 0, done.stderr
    assert tuple(done.stdout.split("\n")[:-1]) == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_step_of_the_first_issue(tmp_path: Path, step: str) -> None:
    assert crash(tmp_path, step, NOW).returncode == KILLED
    if (tmp_path / "tls" / "web").exists():
        whole(tmp_path)
    made = runner(tmp_path, web(tmp_path))
    with made.store.lock():
        outcome = made.run(NOW + HOUR)[0]
    assert outcome.good, outcome
    whole(tmp_path)
    assert issued(tmp_path) == 1


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_step_of_a_renewal(tmp_path: Path, step: str) -> None:
    made = runner(tmp_path, web(tmp_path))
    assert made.run(NOW)[0].state is State.RENEWED
    before = made.store.record("web").current
    assert crash(tmp_path, step, NOW + 4 * DAY).returncode == KILLED
    whole(tmp_path)
    outcome = made.run(NOW + 4 * DAY + HOUR)[0]
    assert outcome.good, outcome
    assert outcome.record.current != before
    assert outcome.record.deployed == outcome.record.current
    whole(tmp_path)
    assert issued(tmp_path) == 2


@pytest.mark.parametrize("step", ["retired", *STEPS, "revoked"])
def test_killed_at_every_step_of_a_replacement(tmp_path: Path, step: str) -> None:
    made = runner(tmp_path, web(tmp_path))
    old = made.store.pair("web", made.run(NOW)[0].record.current)
    assert crash(tmp_path, step, NOW + HOUR, "keyCompromise").returncode == KILLED
    whole(tmp_path)
    outcome = made.run(NOW + 2 * HOUR)[0]
    assert outcome.good, outcome
    assert outcome.record.deployed == outcome.record.current != old.identity
    assert outcome.record.retired == ()
    crl = x509.load_pem_x509_crl((tmp_path / "ca-first/crl.pem").read_bytes())
    assert [row.serial_number for row in crl] == [keys.chain(old.fullchain)[0].serial_number]
    assert issued(tmp_path) == 2


def test_two_processes_never_issue_at_once(tmp_path: Path) -> None:
    made = runner(tmp_path, web(tmp_path))
    with made.store.lock():
        done = crash(tmp_path, "none", NOW)
    assert done.returncode not in (0, KILLED)
    assert "another ringfence is at work here" in done.stderr
    assert not (tmp_path / "ca-first").exists()


def test_nothing_happens_twice(tmp_path: Path) -> None:
    made = runner(tmp_path, web(tmp_path))
    assert made.run(NOW)[0].state is State.RENEWED
    for hours in range(48):
        assert made.run(NOW + hours * HOUR)[0].state is State.OK
    assert issued(tmp_path) == 1


def test_the_fallback_has_its_turn_at_half_of_the_slack(tmp_path: Path) -> None:
    first, second = fake(tmp_path, "first"), fake(tmp_path, "second")
    made = runner(tmp_path, web(tmp_path, issuers=("first", "second")), issuers={"first": first, "second": second})
    assert made.run(NOW)[0].record.origin is not None
    first.up = False
    now, end = NOW + 3 * DAY, NOW + 6 * DAY
    while not second.issued and now < end:
        outcome = made.run(now)[0]
        now = max(outcome.next, now + timedelta(minutes=1))
    origin = outcome.record.origin
    assert origin is not None
    assert origin.issuer == "second"
    assert NOW + 4.2 * DAY < origin.at < NOW + 4.7 * DAY, "due at half of six days +- 10%, then half of what is left"


def test_without_any_certificate_the_fallback_is_asked_at_once(tmp_path: Path) -> None:
    first, second = fake(tmp_path, "first"), fake(tmp_path, "second")
    first.up = False
    made = runner(tmp_path, web(tmp_path, issuers=("first", "second")), issuers={"first": first, "second": second})
    outcome = made.run(NOW)[0]
    assert outcome.state is State.RENEWED
    assert outcome.because[1] == "first: out of order"


def test_the_spare_takes_the_place_of_what_is_about_to_end(tmp_path: Path) -> None:
    first, second = fake(tmp_path, "first"), fake(tmp_path, "second")
    wanted = web(tmp_path, spare="second", lifetime=None)
    second.lifetime = 120 * DAY
    made = runner(tmp_path, wanted, issuers={"first": first, "second": second})
    outcomes = made.run(NOW)
    assert [one.name for one in outcomes] == ["web", "web~spare"]
    first.up = second.up = False
    assert made.run(NOW + 85 * DAY)[0].record.deployed == outcomes[0].record.current
    late = made.run(NOW + 89 * DAY)[0]
    assert late.record.deployed == outcomes[1].record.current
    assert "no issuer delivers: the spare takes its place" in late.because
    first.up = True
    assert made.run(NOW + 91 * DAY)[0].record.deployed not in {outcomes[0].record.current, outcomes[1].record.current}


def test_what_the_server_reads_is_put_back(tmp_path: Path) -> None:
    made = runner(tmp_path, web(tmp_path))
    assert made.run(NOW)[0].good
    (tmp_path / "tls" / "web").unlink()
    assert made.run(NOW + HOUR)[0].state is State.OK
    whole(tmp_path)
    moved = runner(tmp_path, web(tmp_path, deploy=Deployment(tmp_path / "elsewhere")))
    assert moved.run(NOW + HOUR)[0].good
    assert current(Deployment(tmp_path / "elsewhere")) is not None
    assert issued(tmp_path) == 1


def test_a_full_disk_is_one_certificates_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = runner(tmp_path, web(tmp_path), Wanted("other", ("o.example",), ("first",)))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(type(made.store), "prepare", full)
        outcomes = made.run(NOW)
    assert [one.state for one in outcomes] == [State.MISSING] * 2
    assert "No space left" in outcomes[0].because[0]
    assert all(one.good for one in made.run(NOW))


def test_certificates_of_one_day_are_not_renewed_at_once(tmp_path: Path) -> None:
    wanted = [replace(web(tmp_path, deploy=None), name=f"c{place}") for place in range(20)]
    outcomes = runner(tmp_path, *wanted).run(NOW)
    due = sorted(one.due for one in outcomes if one.due)
    assert due[-1] - due[0] > 12 * HOUR
    assert len(set(due)) == 20


def test_replaced_then_revoked(tmp_path: Path) -> None:
    first = fake(tmp_path, "first")
    made = runner(tmp_path, web(tmp_path, keep_key=True), issuers={"first": first})
    old = made.run(NOW)[0].record.current
    key = (tmp_path / "tls/web/privkey.pem").read_bytes()
    outcome = made.run(NOW + HOUR, ["web"], retire="keyCompromise")[0]
    assert outcome.record.deployed not in ("", old)
    assert first.revoked == ["keyCompromise"]
    assert (tmp_path / "tls/web/privkey.pem").read_bytes() != key, "a compromised key is not kept"
    assert made.run(NOW + 2 * HOUR)[0].state is State.OK
    assert len(first.issued) == 2


def test_a_replacement_waits_for_its_proof(tmp_path: Path) -> None:
    first = fake(tmp_path, "first")
    made = runner(tmp_path, web(tmp_path), issuers={"first": first})
    assert made.run(NOW)[0].good
    first.up = False
    assert made.run(NOW + HOUR, retire="keyCompromise")[0].state is State.WAITING
    assert first.revoked == []
    first.up = True
    assert made.run(NOW + 5 * HOUR)[0].good
    assert first.revoked == ["keyCompromise"]


def test_a_renewal_keeps_the_key_where_it_is_told_to(tmp_path: Path) -> None:
    made = runner(tmp_path, web(tmp_path, keep_key=True))
    assert made.run(NOW)[0].good
    key = (tmp_path / "tls/web/privkey.pem").read_bytes()
    assert made.run(NOW + HOUR, force=True)[0].state is State.RENEWED
    assert (tmp_path / "tls/web/privkey.pem").read_bytes() == key
