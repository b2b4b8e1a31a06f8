"""`certs check`: its answer, its exit code, and files that hold something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.cli.main import main
from tests.certificates.making import NOON, authority, leaf, pem, revocation_list

ROOT = authority("root")
MIDDLE = authority("middle", ROOT)
LEAF = leaf(MIDDLE, "a.example", serial=5)
AT = ["--at", NOON.isoformat()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files = {
        "chain.pem": pem(LEAF, MIDDLE),
        "leaf.pem": LEAF.pem,
        "leaf.der": LEAF.der,
        "root.pem": ROOT.pem,
        "good.crl": revocation_list(ROOT) + revocation_list(MIDDLE),
        "revoked.crl": revocation_list(ROOT) + revocation_list(MIDDLE, 5),
        "empty.pem": b"",
        "broken.pem": LEAF.pem.replace(b"MII", b"AAA", 1) + MIDDLE.pem,
        "negative.der": LEAF.der.replace(b"\x02\x01\x05\x30", b"\x02\x01\x85\x30"),
    }
    (tmp_path / "roots").mkdir()
    (tmp_path / "nothing").mkdir()
    files["roots/a.pem"] = authority("other").pem
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["chain.pem"], 0, "path: a.example"),
        (["chain.pem", "--name", "a.example"], 0, "good for a.example"),
        (["chain.pem", "--name", "b.example"], 1, "not good for the name b.example"),
        (["leaf.pem"], 1, "is missing: CN=middle"),
        (["leaf.der", "--trust", "chain.pem"], 0, "path"),
        (["chain.pem", "--crl", "good.crl"], 0, "no revocation list names"),
        (["chain.pem", "--crl", "revoked.crl"], 1, "was revoked"),
        (["negative.der"], 1, "serial number is not positive"),
        (["chain.pem", "--purpose", "client"], 1, "clientAuth"),
        (["none.pem"], 2, "cannot be read"),
        (["empty.pem"], 2, "empty"),
        (["broken.pem"], 2, "no certificate"),
        (["good.crl"], 2, "holds no certificate"),
        (["chain.pem", "--crl", "root.pem"], 2, "holds no revocation list"),
        (["chain.pem", "--trust", "none.pem"], 2, "cannot be read"),
        (["chain.pem", "--trust", "roots"], 0, "path"),
        (["chain.pem", "--trust", "nothing"], 2, "holds no input"),
    ],
)
def test_grid(arguments: list[str], code: int, reason: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["certs", "check", *arguments, "--trust", "root.pem", *AT]
    assert main([*command, "-o", "json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"schema", "accepted", "because"}
    assert document["schema"] == "ringfence.certificate-check/1"
    assert document["accepted"] is (code == 0)
    assert any(reason in one for one in document["because"]), document
    assert main(command) == code
    assert capsys.readouterr().out.startswith("accepted" if code == 0 else "refused")


def test_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certs", "check", "chain.pem"]) == 2
    assert main(["certs", "check", "chain.pem", "--trust", "root.pem", "--at", "soon"]) == 2
    assert "RFC 3339" in capsys.readouterr().err


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(content=st.binary(max_size=200), start=st.sampled_from([b"", LEAF.pem, b"0\x82", b"-----BEGIN X509 CRL-----\n"]))
def test_any_file_ends_in_an_answer(
    content: bytes, start: bytes, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "any").write_bytes(start + content)
    for command in (["any", "--trust", "root.pem"], ["chain.pem", "--trust", "any"], ["chain.pem", "--crl", "any"]):
        trust = [] if "--trust" in command else ["--trust", "root.pem"]
        assert main(["certs", "check", *command, *trust, *AT, "-o", "json"]) in (0, 1, 2)
        captured = capsys.readouterr()
        assert json.loads(captured.out)["accepted"] in (True, False)
        assert "internal error" not in captured.err
