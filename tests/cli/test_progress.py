"""Progress is silent at first, and leaves nothing behind."""

from __future__ import annotations

import time

import pytest

from ringfence.cli import progress
from ringfence.cli.progress import ERASE, Progress


def test_short_work_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("solving", shown=True) as step:
        step.at(1, 2)
    assert capsys.readouterr().err == ""


def test_long_work_is_shown_and_erased(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with Progress("reading \x1b", shown=True) as step:
        step.at(1200, 3000)
        time.sleep(0.3)
    shown = capsys.readouterr().err
    assert f"{ERASE}reading \\x1b" in shown
    assert "1,200 of 3,000" in shown
    assert shown.endswith(ERASE)


def test_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with Progress("solving", shown=False) as step:
        step.at(1)
    assert capsys.readouterr().err == ""
