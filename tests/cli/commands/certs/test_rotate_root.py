"""`ringfence certs rotate-root`: shown, taken, refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ringfence.cli.main import main
from tests.cli.commands.certs.section import AT, posture, run


def test_step_by_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = posture(tmp_path)
    assert run(capsys, "issue", "--posture", file, "--at", AT)[0] == 0
    common = ("rotate-root", "own", "--posture", file, "--at", AT)
    assert run(capsys, *common)[:2] == (
        0,
        {"schema": "ringfence.root-rotation/1", "taken": [], "next": "publish", "objections": []},
    )
    code, document, _ = run(capsys, *common, "--advance")
    assert (code, document["next"]) == (0, "confirm")
    code, document, _ = run(capsys, *common, "--advance")
    assert (code, document["objections"]) == (1, ["what web trusts cannot be read"])
    shutil.copy(tmp_path / "ca/bundle.pem", tmp_path / "verifier.pem")
    for following in ("sign", "drain"):
        code, document, _ = run(capsys, *common, "--advance")
        assert (code, document["next"]) == (0, following)
    assert main(["certs", *common, "--advance"]) == 1
    shown = capsys.readouterr().out
    assert "next              drain    REFUSED" in shown
    assert "1 valid leaves of the old root are left: shop.example (the journal) until 2026-12-01T12:00:00Z" in shown
    late = (*common[:-1], "2026-12-02T12:00:00Z")
    assert run(capsys, *late, "--advance")[1]["next"] == "remove"
    code, document, _ = run(capsys, *late, "--advance")
    assert (code, document["next"]) == (0, None)
    assert [row["step"] for row in document["taken"]] == ["publish", "confirm", "sign", "drain", "remove"]


def test_only_private_authorities(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, errors = run(capsys, "rotate-root", "web", "--posture", posture(tmp_path))
    assert code == 2
    assert "no private-ca issuer" in errors
