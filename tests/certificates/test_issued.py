"""What Ringfence issues, as entries; and the same certificate found elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ringfence.certificates import issued
from ringfence.certificates.entries import from_files
from ringfence.certificates.inventory import Source
from ringfence.certificates.issuers import Window
from ringfence.certificates.status import State, judge
from ringfence.sources.certificate_files import read
from tests.certificates.authority import DAY, NOW, fake, runner, web
from tests.certificates.records import certificate, entry, renewed


def test_before_and_after_the_first_issuance(tmp_path: Path) -> None:
    made = runner(tmp_path, web(tmp_path))
    (before,) = issued.entries(made)
    assert (before.id, before.source, before.chain) == ("web[ringfence]", Source.RINGFENCE, ())
    assert [one.rule for one in before.troubles] == ["not-issued"]
    assert judge(before, NOW).state is State.NOT_READY
    assert made.run(NOW)[0].good
    (after,) = issued.entries(made)
    assert after.troubles == ()
    assert after.leaf is not None
    assert after.leaf.names == ("shop.example", "www.shop.example")
    assert after.renewal is not None
    assert after.renewal.by == "ringfence"
    status = judge(after, NOW)
    assert (status.state, status.alerts) == (State.OK, ())
    late = judge(after, after.leaf.not_after)
    assert [alert.rule for alert in late.alerts] == ["slack-warn", "slack-page", "slack-critical"]


def test_the_deployed_file_counts_as_renewed(tmp_path: Path) -> None:
    made = runner(tmp_path, web(tmp_path))
    made.run(NOW)
    files, problems = read(sorted(str(one) for one in (tmp_path / "tls" / "web").glob("*.pem")))
    assert problems == []
    stored, _ = from_files(files)
    (chain,) = [one for one in stored if one.leaf is not None and not one.leaf.ca and len(one.chain) > 1]
    assert chain.renewal is None
    shared = issued.shared_renewals([chain, *issued.entries(made)])
    assert shared[0].renewal == shared[-1].renewal
    assert shared[0].renewal is not None


def test_failures_are_alerts(tmp_path: Path) -> None:
    first = fake(tmp_path, "first")
    made = runner(tmp_path, replace(web(tmp_path), lifetime=90 * DAY), issuers={"first": first})
    made.run(NOW)
    first.up = False
    made.run(NOW + 70 * DAY)
    (found,) = issued.entries(made)
    (trouble,) = found.troubles
    assert trouble.rule == "renewal-failing"
    assert "out of order" in trouble.because
    assert trouble.since == NOW + 70 * DAY


def test_the_authoritys_window_decides_and_never_against_safety(tmp_path: Path) -> None:
    first = fake(tmp_path, "first")
    begin = NOW + 20 * DAY
    first.window = Window(begin, begin + DAY, NOW + 90 * DAY)
    made = runner(tmp_path, replace(web(tmp_path), lifetime=90 * DAY), issuers={"first": first})
    made.run(NOW)
    made.run(NOW + DAY)
    (found,) = issued.entries(made)
    assert found.renewal is not None
    assert begin <= found.renewal.due <= begin + DAY
    assert "the authority's renewal window" in found.renewal.because
    assert any(note.startswith("the authority wishes a renewal between") for note in found.notes)
    assert judge(found, begin - DAY).state is State.OK
    assert judge(found, begin + DAY).state is State.DUE
    slack = NOW + 90 * DAY - found.renewal.due
    assert [alert.rule for alert in judge(found, found.renewal.due + slack * 0.6).alerts] == [
        "slack-warn",
        "slack-page",
    ]


def test_only_the_same_certificate_shares_a_renewal() -> None:
    moment = renewed(NOW)
    one, other = certificate(fingerprint="a" * 64), certificate(fingerprint="b" * 64)
    found = issued.shared_renewals([entry(one), entry(other), entry(one, renewal=moment), entry()])
    assert [each.renewal for each in found] == [moment, None, moment, None]
