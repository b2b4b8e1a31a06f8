"""`ringfence certs replace`: proof first, then the revocation."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from tests.certificates.tls_server import running
from tests.cli.commands.certs.section import AT, TEXT, posture, run


def test_nothing_is_revoked_that_nobody_could_prove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, errors = run(
        capsys, "replace", "web", "--reason", "keyCompromise", "--posture", posture(tmp_path), "--at", AT
    )
    assert code == 2
    assert "has no deploy.verify endpoint" in errors


def test_replaced_proved_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = posture(tmp_path)
    old = run(capsys, "issue", "--posture", file, "--at", AT)[1]["certificates"][0]
    serial = x509.load_pem_x509_certificate((tmp_path / "tls/web/cert.pem").read_bytes()).serial_number
    with running(tmp_path / "tls" / "web") as (port, process):
        verify = f"verify: {{endpoint: '127.0.0.1:{port}', within: 1s}}"
        deaf = f"deploy: {{directory: tls/web, {verify}}}"
        posture(tmp_path, TEXT.replace("deploy: {directory: tls/web}", deaf))
        arguments = ("web", "--reason", "keyCompromise", "--posture", file, "--at", AT)
        code, document, _ = run(capsys, "replace", *arguments)
        assert (code, document["certificates"][0]["state"]) == (1, "not_deployed")
        crl = x509.load_pem_x509_crl((tmp_path / "ca/crl.pem").read_bytes())
        assert list(crl) == [], "the old one is in use, and not revoked"
        hearing = f"deploy: {{directory: tls/web, reload: [kill, -HUP, '{process}'], {verify}}}"
        posture(tmp_path, TEXT.replace("deploy: {directory: tls/web}", hearing))
        code, document, errors = run(capsys, "replace", *arguments)
    row = document["certificates"][0]
    assert (code, row["deployed"]) == (0, row["current"]), errors
    assert row["current"] != old["current"]
    assert "is revoked (keyCompromise)" in row["because"][-1]
    crl = x509.load_pem_x509_crl((tmp_path / "ca/crl.pem").read_bytes())
    assert crl.get_revoked_certificate_by_serial_number(serial) is not None


def test_reasons_are_a_closed_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "replace", "web", "--reason", "because", "--posture", posture(tmp_path))[0] == 2
