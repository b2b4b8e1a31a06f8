"""Secrets by reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.certificates.configuration import Secret
from ringfence.certificates.secrets import reveal
from ringfence.model.diagnostics import RingfenceError


def test_from_a_file(tmp_path: Path) -> None:
    place = tmp_path / "s"
    place.write_text(" secret\n")
    place.chmod(0o600)
    assert reveal(Secret(file=place)) == b"secret"


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGFENCE_TEST_SECRET", "secret")
    assert reveal(Secret(variable="RINGFENCE_TEST_SECRET")) == b"secret"
    monkeypatch.delenv("RINGFENCE_TEST_SECRET")
    with pytest.raises(RingfenceError, match="is not set"):
        reveal(Secret(variable="RINGFENCE_TEST_SECRET"))


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [("swordfish", 0o644, "others may read"), ("\n", 0o600, "is empty")],
    ids=["open", "empty"],
)
def test_refused(tmp_path: Path, content: str, mode: int, message: str) -> None:
    place = tmp_path / "s"
    place.write_text(content)
    place.chmod(mode)
    with pytest.raises(RingfenceError, match=message) as failure:
        reveal(Secret(file=place))
    assert "swordfish" not in str(failure.value)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(RingfenceError, match="No such file"):
        reveal(Secret(file=tmp_path / "none"))
