"""Where the posture file is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.posture_file import POSTURE_FILE, nearest


def test_the_nearest_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    (tmp_path / POSTURE_FILE).write_text("")
    assert nearest() == tmp_path / POSTURE_FILE
    (tmp_path / "a" / POSTURE_FILE).write_text("")
    assert nearest() == tmp_path / "a" / POSTURE_FILE
    (below / POSTURE_FILE).write_text("")
    assert nearest() == Path(POSTURE_FILE)


def test_a_folder_of_that_name_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / POSTURE_FILE).mkdir()
    monkeypatch.chdir(tmp_path)
    assert nearest() is None
