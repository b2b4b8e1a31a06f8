"""What the commands share: every command has its help, and takes the options that all have."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ringfence.cli.main import main


@pytest.mark.parametrize("command", ["issue", "renew", "run", "rehearse", "replace", "rotate-root"])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certs", command, "--help"]) == 0
    shown = capsys.readouterr().out
    for option in ("--at TIME", "--posture", "FORMAT[=FILE]", "Exit code 0"):
        assert option in shown


def test_the_group_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certs", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "rotate-root" in shown
    assert "shared" not in shown


def test_without_the_library() -> None:
    blocked = "import sys; sys.modules['cryptography'] = None; from ringfence.cli.main import main; sys.exit(main())"
    for arguments, code in ((["issue", "--help"], 0), (["rotate-root", "--help"], 0), (["run"], 2)):
        done = subprocess.run([sys.executable, "-c", blocked, "certs", *arguments], capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        assert "internal error" not in done.stderr


def test_no_posture_file_anywhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    assert main(["certs", "issue"]) == 2
    assert "there is no ringfence.yaml" in capsys.readouterr().err
