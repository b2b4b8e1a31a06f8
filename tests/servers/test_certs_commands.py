"""The commands from the posture file alone, against a real authority and a real TLS server: rehearse to replace."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from ringfence.certificates import keys
from tests.certificates.tls_server import running
from tests.cli.commands.certs.section import posture, run
from tests.servers.acme import pebble

TEXT = """\
certificates:
  state: state
  resolver: "{dns}"
  challenge: {{kind: http-01, listen: "127.0.0.1:{http_port}"}}
  issuers:
    live: {{directory: "{directory}", trust: "{trust}", terms_agreed: true, staging: test}}
    test: {{directory: "{directory}", trust: "{trust}", terms_agreed: true}}
  issue:
    shop:
      names: [shop.example, www.shop.example]
      issuers: [live]
      deploy: {{directory: tls/shop{more}}}
"""


def test_from_the_rehearsal_to_the_replacement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "server").mkdir()
    with pebble(tmp_path / "server", reject_nonces=15, answers=False) as server:

        def write(more: str = "") -> str:
            values = {"http_port": server.http_port, "directory": server.directory, "dns": server.dns, "more": more}
            return posture(tmp_path, TEXT.format(trust=server.listener_certificate, **values))

        def leaf() -> x509.Certificate:
            return keys.chain((tmp_path / "tls/shop/fullchain.pem").read_bytes())[0]

        file = write()
        code, document, errors = run(capsys, "rehearse", "--posture", file)
        assert (code, document["rehearsal"][0]["works"]) == (0, True), errors
        assert not (tmp_path / "state").exists()
        assert run(capsys, "issue", "--posture", file)[0] == 0
        first = leaf()
        assert run(capsys, "renew", "--posture", file)[0] == 0
        assert leaf() == first, "nothing was due"
        with running(tmp_path / "tls" / "shop") as (port, process):
            reload, verify = f"[kill, -HUP, '{process}']", f"[{{endpoint: '127.0.0.1:{port}'}}]"
            file = write(f", reload: {reload}, verify: {verify}")
            assert run(capsys, "renew", "shop", "--force", "--posture", file)[0] == 0
            second = leaf()
            assert second != first
            code, document, errors = run(capsys, "replace", "shop", "--reason", "superseded", "--posture", file)
            assert code == 0, (document, errors)
            row = document["certificates"][0]
            assert f"deployed: 127.0.0.1:{port} serves it" in row["because"]
            assert row["because"][-1].endswith("is revoked (superseded)")
            assert keys.public_der(leaf().public_key()) != keys.public_der(second.public_key())
