"""Every shell gets a script, and what the script asks the program is answered."""

from __future__ import annotations

import pytest

from ringfence.cli.main import main


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert f"_RINGFENCE_COMPLETE={shell}_complete" in capsys.readouterr().out


def test_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err


def test_completing_a_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {
        "_RINGFENCE_COMPLETE": "bash_complete",
        "COMP_WORDS": "ringfence com",
        "COMP_CWORD": "1",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 0
    assert capsys.readouterr().out == "plain,completion\n"
