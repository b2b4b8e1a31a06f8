"""One certificate obtained: limits, what does not fit, and failures that must not cost a certificate."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ringfence.certificates import files, keys
from ringfence.certificates.configuration import AcmeIssuer, Limit
from ringfence.certificates.issuers import Journal, Request
from ringfence.certificates.obtaining import specification
from ringfence.certificates.runner import State
from ringfence.model.diagnostics import InputError, SourceError, error
from tests.certificates.authority import DAY, HOUR, NOW, Fake, fake, runner, web


def test_a_limit_is_met_here_and_not_there(tmp_path: Path) -> None:
    first = fake(tmp_path, "first")
    made = runner(tmp_path, web(tmp_path, lifetime=90 * DAY), issuers={"first": first})
    described = AcmeIssuer("first", "https://ca.example", limits=(Limit("names", 2, 7 * DAY),))
    limited = replace(made, configuration=replace(made.configuration, issuers={"first": described}))
    for hours in range(2):
        assert limited.run(NOW + hours * HOUR, force=True)[0].state is State.RENEWED
    refused = limited.run(NOW + 2 * HOUR, ["web"], force=True)[0]
    assert "limit of 2 names in 7 days, 0:00:00 is used up" in refused.because[1]
    assert refused.record.attempts["first"].not_before == NOW + 7 * DAY
    assert len(first.issued) == 2
    assert limited.run(NOW + 7 * DAY, ["web"], force=True)[0].state is State.RENEWED


def test_a_certificate_that_has_ended_already_is_none(tmp_path: Path) -> None:
    first = fake(tmp_path, "first")
    first.lifetime = 2 * DAY
    made = runner(tmp_path, web(tmp_path, lifetime=None), issuers={"first": first})
    asked = web(tmp_path, lifetime=None)
    attempt = made.store.prepare("web", "first", keys.generate("ecdsa-p256"), asked.names, specification(asked))
    first.obtain(Request("web", asked.names, attempt.csr), attempt, NOW)
    outcome = made.run(NOW + 5 * DAY)[0]
    assert "first's certificate ended 2026-11-27 12:00 already" in outcome.because[1]
    assert made.run(NOW + 5 * DAY + HOUR)[0].good, "the next attempt asks anew"


def test_a_new_specification_is_a_new_certificate(tmp_path: Path) -> None:
    assert runner(tmp_path, web(tmp_path)).run(NOW)[0].good
    changed = runner(tmp_path, web(tmp_path, names=("shop.example", "new.shop.example")))
    assert changed.run(NOW + timedelta(minutes=1))[0].state is State.RENEWED
    leaf = keys.chain((tmp_path / "tls/web/cert.pem").read_bytes())[0]
    assert keys.names_of(leaf.extensions) == ("new.shop.example", "shop.example")


def test_a_full_disk_does_not_cost_a_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fake(tmp_path, "first")
    made = runner(tmp_path, web(tmp_path), issuers={"first": first})
    real = files.write

    def full(place: Path, content: bytes, mode: int = files.SECRET) -> None:
        if place.name == "fullchain.pem":
            raise SourceError(error("cannot be written: No space left on device"))
        real(place, content, mode)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", full)
        assert "No space left" in made.run(NOW)[0].because[1]
    assert made.run(NOW + HOUR)[0].good
    assert len(list(first.ca.leaves())) == 1, "it was fetched again, not issued again"


@pytest.mark.parametrize("wrong", ["other names", "other key", "no certificate"])
def test_what_does_not_fit_is_dropped(tmp_path: Path, wrong: str) -> None:
    class Wrong(Fake):
        def obtain(self, request: Request, journal: Journal, now: datetime) -> bytes:
            if wrong == "no certificate":
                return b"<html>"
            names = ("other.example",) if wrong == "other names" else request.names
            csr = keys.request(keys.generate("ecdsa-p256"), names)
            return super().obtain(replace(request, csr=csr), journal, now)

    bad, good = Wrong(fake(tmp_path, "first").ca), fake(tmp_path, "second")
    made = runner(tmp_path, web(tmp_path, issuers=("first", "second")), issuers={"first": bad, "second": good})
    outcome = made.run(NOW)[0]
    assert outcome.state is State.RENEWED
    assert outcome.record.origin is not None
    assert outcome.record.origin.issuer == "second"
    assert made.store.attempt("web", "first") is None


def test_a_secret_that_is_missing_is_the_issuers_failure(tmp_path: Path) -> None:
    class Secretless(Fake):
        def obtain(self, request: Request, journal: Journal, now: datetime) -> bytes:
            raise InputError(error("the environment variable EAB is not set"))

    bad, good = Secretless(fake(tmp_path, "first").ca), fake(tmp_path, "second")
    made = runner(tmp_path, web(tmp_path, issuers=("first", "second")), issuers={"first": bad, "second": good})
    outcome = made.run(NOW)[0]
    assert outcome.good
    assert "EAB is not set" in outcome.because[1]
    assert made.run(NOW + timedelta(minutes=1))[0].state is State.OK
