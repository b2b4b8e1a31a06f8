"""`ringfence certs rehearse`: the whole way, with nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.cli.main import main
from tests.cli.commands.certs.section import AT, TEXT, posture, run


def test_nothing_real_happens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = posture(tmp_path)
    code, document, _ = run(capsys, "rehearse", "--posture", file, "--at", AT)
    row = document["rehearsal"][0]
    assert (code, document["schema"], row["works"]) == (0, "ringfence.certificate-rehearsal/1", True)
    assert row["because"][0].startswith("own issued")
    assert [one.name for one in tmp_path.iterdir()] == ["ringfence.yaml"]


def test_what_would_fail_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deploy = "deploy: {directory: tls/web, reload: [no-such-program], verify: [{endpoint: '127.0.0.1:1'}]}"
    file = posture(tmp_path, TEXT.replace("deploy: {directory: tls/web}", deploy))
    assert main(["certs", "rehearse", "web", "--posture", file, "--at", AT]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("web: would NOT be renewed\n  own issued")
    assert "no-such-program is not to be found" in shown
    assert "127.0.0.1:1 cannot be asked" in shown


def test_an_authority_without_staging(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = TEXT.replace("{kind: private-ca, directory: ca}", "{directory: 'https://ca.example/dir'}")
    text = text.replace("lifetime: 6d", "challenge: {kind: http-01}")
    code, _, errors = run(capsys, "rehearse", "--posture", posture(tmp_path, text), "--at", AT)
    assert code == 2
    assert "names no staging issuer" in errors
