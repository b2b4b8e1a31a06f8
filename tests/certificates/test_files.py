"""Files that are whole or not there, with the mode that they were promised."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ringfence.certificates import files
from ringfence.model.diagnostics import SourceError


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640])
def test_mode_whatever_the_mask(tmp_path: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        files.write(tmp_path / "f", b"x", mode)
    finally:
        os.umask(before)
    assert (tmp_path / "f").stat().st_mode & 0o777 == mode
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


def test_a_failed_write_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(tmp_path / "f", b"old")

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(SourceError, match="No space left"):
        files.write(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


def test_what_the_dead_left_is_swept(tmp_path: Path) -> None:
    dead, alive = tmp_path / ".f.99999999.part", tmp_path / f".f.{os.getppid()}.part"
    for one in (dead, alive):
        one.write_text("half a key")
    files.write(tmp_path / "f", b"x")
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(["f", alive.name])


def test_json(tmp_path: Path) -> None:
    assert files.read_json(tmp_path / "f") is None
    files.write_json(tmp_path / "f", {"a": [1]})
    assert files.read_json(tmp_path / "f") == {"a": [1]}
    (tmp_path / "f").write_text("{")
    with pytest.raises(SourceError, match="is not JSON"):
        files.read_json(tmp_path / "f")


def test_unreadable_and_unwritable(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        files.read(tmp_path / "f")
    (tmp_path / "plain").write_text("")
    with pytest.raises(SourceError):
        files.write(tmp_path / "plain" / "f", b"")
    with pytest.raises(SourceError):
        files.make_folder(tmp_path / "plain" / "d")


def test_moves_and_copies_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    for _ in range(2):
        files.copy(tmp_path / "a", tmp_path / "deep" / "c")
        files.move(tmp_path / "a", tmp_path / "deep" / "b")
    assert (tmp_path / "deep" / "b").read_text() == (tmp_path / "deep" / "c").read_text() == "a"


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    with files.locked(tmp_path / "lock"):
        second = files.locked(tmp_path / "lock", 0.1)
        with pytest.raises(SourceError, match="another ringfence"):
            second.__enter__()
    with files.locked(tmp_path / "lock"):
        pass
