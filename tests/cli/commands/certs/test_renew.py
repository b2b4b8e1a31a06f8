"""`ringfence certs renew`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.cli.main import main
from tests.cli.commands.certs.section import AT, posture, run


def test_renews_what_is_due_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = posture(tmp_path)
    currents = []
    for at, state in (
        (AT, "renewed"),
        ("2026-11-26T12:00:00Z", "ok"),
        ("2026-11-29T12:00:00Z", "renewed"),
        ("2026-11-29T12:00:01Z", "ok"),
    ):
        code, document, _ = run(capsys, "renew", "--posture", file, "--at", at)
        row = document["certificates"][0]
        assert (code, row["state"]) == (0, state)
        currents.append(row["current"])
    assert currents[0] == currents[1] != currents[2] == currents[3]


def test_told_and_not_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = posture(tmp_path)
    code, document, _ = run(capsys, "renew", "--dry-run", "--posture", file, "--at", AT)
    row = document["certificates"][0]
    assert (code, row["action"], row["issuers"]) == (0, "obtain", ["own"])
    assert [one.name for one in tmp_path.iterdir()] == ["ringfence.yaml"]
    run(capsys, "renew", "--posture", file, "--at", AT)
    assert main(["certs", "renew", "--dry-run", "--posture", file, "--at", "2026-11-26T12:00:00Z"]) == 0
    assert capsys.readouterr().out.startswith("web: keep: due 2026-11-28")


def test_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = posture(tmp_path)
    first = run(capsys, "renew", "--posture", file, "--at", AT)[1]["certificates"][0]["current"]
    code, document, _ = run(capsys, "renew", "web", "--force", "--posture", file, "--at", AT)
    assert (code, document["certificates"][0]["state"]) == (0, "renewed")
    assert document["certificates"][0]["current"] != first
    assert run(capsys, "renew", "--force", "--posture", file, "--at", AT)[0] == 2, "names are wanted"
