"""`ringfence certs run`: one pass at a time given, and a service that a signal ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.commands.certs.section import AT, posture, run


def test_one_pass_at_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, metrics = posture(tmp_path), tmp_path / "ringfence.prom"
    code, document, errors = run(capsys, "run", "--posture", file, "--at", AT, "--metrics", str(metrics))
    assert (code, document["certificates"][0]["state"]) == (0, "renewed")
    assert "2026-11-25T12:00:00Z web: renewed, 6 d left" in errors
    assert 'ringfence_renewal_state{certificate="web",state="renewed"} 1' in metrics.read_text()


def test_a_broken_state_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state").write_text("")
    code, document, errors = run(capsys, "run", "--once", "--posture", posture(tmp_path), "--at", AT)
    assert (code, document) == (1, None)
    assert "no pass was made" in errors


def test_a_signal_ends_the_service(tmp_path: Path) -> None:
    file = posture(tmp_path)
    command = [sys.executable, "-c", "import sys; from ringfence.cli.main import main; sys.exit(main())"]
    process = subprocess.Popen(
        [*command, "certs", "run", "--posture", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 30
        while not (tmp_path / "tls/web/cert.pem").exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        shown, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, errors
    assert shown.startswith("web: ")
