"""`ringfence certs issue`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ringfence.cli.main import main
from tests.cli.commands.certs.section import AT, TEXT, posture, run


def test_issues_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = posture(tmp_path)
    code, document, _ = run(capsys, "issue", "--posture", file, "--at", AT)
    row = document["certificates"][0]
    assert (code, document["schema"], row["name"], row["state"]) == (0, "ringfence.certificate-run/1", "web", "renewed")
    assert row["not_after"] == "2026-12-01T12:00:00Z"
    assert (tmp_path / "tls/web/privkey.pem").stat().st_mode & 0o777 == 0o600
    code, document, _ = run(capsys, "issue", "--posture", file, "--at", "2026-11-30T12:00:00Z")
    assert (code, document["certificates"][0]["current"]) == (0, row["current"]), "what exists is left alone"


def test_as_text_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    posture(tmp_path)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert main(["certs", "issue", "--at", AT]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("web: renewed, valid until 2026-12-01 12:00\n  there is no certificate yet\n")
    assert "PRIVATE" not in shown


def test_what_cannot_be_deployed_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tls" / "web").mkdir(parents=True)
    code, document, _ = run(capsys, "issue", "--posture", posture(tmp_path), "--at", AT)
    assert (code, document["certificates"][0]["state"]) == (1, "not_deployed")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lifetime: 6d", "lifetime: 60d", "ringfence.yaml:11:7: error: lifetime: is longer than own's longest_leaf"),
        ("certificates:", "other:", "has no `certificates` section"),
        ("names: [shop.example]", "names: [shop.example", "ringfence.yaml:"),
        ("issuers: [own]", "issuers: [none]", "there is no issuer 'none'"),
    ],
)
def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str) -> None:
    code, document, errors = run(capsys, "issue", "--posture", posture(tmp_path, TEXT.replace(old, new)), "--at", AT)
    assert (code, document) == (2, None)
    assert message in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "state").exists()


def test_keys_at_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("swordfish\n")
    secret.chmod(0o600)
    file = posture(tmp_path, TEXT.replace("state: state", "state: state\n  encryption: {file: passphrase}"))
    code, document, errors = run(capsys, "issue", "--posture", file, "--at", AT)
    assert code == 0
    kept = [one for folder in ("state", "ca") for one in (tmp_path / folder).rglob("*.key*") if one.is_file()]
    kept += list((tmp_path / "state").rglob("key.pem"))
    assert len(kept) >= 3
    assert all(b"ENCRYPTED" in one.read_bytes() for one in kept)
    assert b"ENCRYPTED" not in (tmp_path / "tls/web/privkey.pem").read_bytes(), "the server must read it"
    assert "swordfish" not in errors + str(document)
    secret.chmod(0o644)
    assert run(capsys, "issue", "--posture", file, "--at", AT)[0] == 2


def test_unknown_names_and_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = posture(tmp_path)
    assert run(capsys, "issue", "wbe", "--posture", file)[0] == 2
    assert main(["certs", "issue", "--posture", file, "--at", "tomorrow"]) == 2
    assert "--at" in capsys.readouterr().err
    assert main(["certs", "issue", "--posture", str(tmp_path / "none.yaml")]) == 2


def test_emit_writes_manifests_and_issues_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = posture(tmp_path)
    made = tmp_path / "certificates.yaml"
    assert main(["certs", "issue", "--emit", str(made), "--namespace", "shop", "--posture", str(file)]) == 0
    shown = capsys.readouterr()
    kinds = [one["kind"] for one in yaml.safe_load_all(made.read_text())]
    assert kinds == ["ClusterIssuer", "Certificate"]
    assert "put the authority's certificate and key into Secret" in shown.err
    assert not (tmp_path / "tls/web").exists()
    assert main(["certs", "issue", "--emit", "-", "--posture", str(file)]) == 0
    assert capsys.readouterr().out.startswith("apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\n")
