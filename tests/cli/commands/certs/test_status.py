"""`certs status` over everything at once, and the clock walked through it."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.cli.main import main
from tests.certificates.making import DAY, NOON, START, authority, key, leaf, pem
from tests.cli.test_notify import hook

ROOT = authority("root")
MIDDLE = authority("middle", ROOT)

SCHEMA = {
    "type": "object",
    "required": ["schema", "certificates"],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": "ringfence.certificates/1"},
        "certificates": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": [
                    "id",
                    "source",
                    "names",
                    "issuer",
                    "not_before",
                    "not_after",
                    "due",
                    "state",
                    "alerts",
                    "because",
                ],
                "properties": {
                    "id": {"type": "string"},
                    "source": {"type": "string"},
                    "names": {"type": "array", "items": {"type": "string"}},
                    "issuer": {"type": "string"},
                    "not_before": {"type": ["string", "null"]},
                    "not_after": {"type": ["string", "null"]},
                    "due": {"type": ["string", "null"]},
                    "state": {"enum": ["ok", "due", "expired", "not_yet_valid", "not_ready", "invalid"]},
                    "alerts": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["rule", "since"],
                            "properties": {"rule": {"type": "string"}, "since": {"type": "string"}},
                        },
                    },
                    "because": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
"""The document as it stays."""

CLUSTER = """
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {{name: le}}
spec: {{acme: {{server: "https://acme.example.com/directory", solvers: [{{http01: {{ingress: {{}}}}}}]}}}}
status: {{conditions: [{{type: Ready, status: "True"}}]}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: web, namespace: shop}}
spec: {{secretName: web-tls, dnsNames: [www.example.com], issuerRef: {{name: le, kind: ClusterIssuer}}}}
status: {{conditions: [{{type: Ready, status: "True"}}]}}
---
apiVersion: v1
kind: Secret
metadata: {{name: web-tls, namespace: shop}}
type: kubernetes.io/tls
data: {{tls.crt: {certificate}, tls.key: c2VjcmV0}}
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str, at: datetime = NOON) -> tuple[int, Any, str]:
    code = main(["certs", "status", *arguments, "--at", at.isoformat(), "-o", "json"])
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    jsonschema.validate(document, SCHEMA)
    return code, document["certificates"], captured.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    web = leaf(MIDDLE, "www.example.com", end=START + 90 * DAY)
    encoded = base64.b64encode(pem(web, MIDDLE)).decode()
    (tmp_path / "cluster.yaml").write_text(CLUSTER.format(certificate=encoded))
    (tmp_path / "db.crt").write_bytes(pem(leaf(MIDDLE, "db.example.com", end=START + 200 * DAY), MIDDLE))
    (tmp_path / "db.key").write_bytes(leaf(MIDDLE, "db.example.com").key_pem)
    (tmp_path / "roots.pem").write_bytes(pem(ROOT, MIDDLE))
    return tmp_path


def test_everything_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found, err = run(capsys, str(folder), at=START + DAY)
    assert (code, err) == (0, "")
    shown = [(one["id"].removeprefix(f"{folder}/"), one["source"], one["state"]) for one in found]
    assert shown == [
        ("db.crt", "file", "ok"),
        ("roots.pem", "trust-bundle", "ok"),
        ("roots.pem#2", "trust-bundle", "ok"),
        ("shop/web[Certificate]", "cert-manager", "ok"),
    ]
    web = found[-1]
    assert web["names"] == ["www.example.com"]
    assert web["due"] == "2026-03-02T00:00:00Z"
    assert web["not_after"] == "2026-04-01T00:00:00Z"
    assert run(capsys, "--in", str(folder), at=START + DAY)[1] == found


def test_the_clock_is_walked_through_everything(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first: dict[str, tuple[str, int]] = {}
    for day in range(0, 205, 1):
        code, found, _ = run(capsys, str(folder), at=START + day * DAY + timedelta(hours=1))
        alerts = {(one["id"].rpartition("/")[2], alert["rule"]) for one in found for alert in one["alerts"]}
        assert code == (1 if alerts else 0)
        for name, rule in alerts:
            first.setdefault(f"{name} {rule}", (name, day))
    assert {what: day for what, (_, day) in first.items()} == {
        "web[Certificate] slack-warn": 68,
        "web[Certificate] slack-page": 75,
        "web[Certificate] slack-critical": 84,
        "web[Certificate] expired": 90,
        "db.crt days-60": 140,
        "db.crt days-30": 170,
        "db.crt days-7": 193,
        "db.crt days-1": 199,
        "db.crt expired": 200,
    }


def test_a_key_of_another_certificate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "db.key").write_bytes(leaf(MIDDLE, "x", own_key=key("else")).key_pem)
    code, found, _ = run(capsys, str(folder / "db.crt"), str(folder / "db.key"), at=START + DAY)
    assert code == 1
    assert (found[0]["state"], [one["rule"] for one in found[0]["alerts"]]) == ("invalid", ["key-mismatch"])


def test_self_signed_in_production(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.pem").write_bytes(leaf(None, "a.example", subject="me").pem)
    assert run(capsys, str(tmp_path), at=START + DAY)[0] == 0
    code, found, _ = run(capsys, str(tmp_path), "--production", at=START + DAY)
    assert (code, found[0]["alerts"][0]["rule"]) == (1, "self-signed")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n", "no base64"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "no certificate"),
        (b"\x30\x82" + b"\0" * 300_000, "certificate"),
        (b"\xff" * 1000, "neither PEM nor DER"),
    ],
)
def test_one_bad_file_does_not_hide_the_others(
    content: bytes, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.pem").write_bytes(content)
    code, found, err = run(capsys, str(folder), at=START + DAY)
    assert (code, len(found)) == (2, 4)
    assert said in err
    assert "bad.pem" in err


def test_a_huge_chain_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "huge.pem").write_bytes(leaf(MIDDLE, "a.example").pem + MIDDLE.pem * 2000)
    code, found, _ = run(capsys, str(tmp_path), at=START + DAY)
    assert (code, len(found), found[0]["state"]) == (1, 1, "invalid")


def test_all_outputs_of_one_run(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken: list[tuple[str, bytes]] = []
    outputs = ["-o", "text", "-o", f"prometheus={tmp_path}/x.prom", "-o", f"rules={tmp_path}/rules.yml"]
    with hook(200, taken) as url:
        code = main(
            ["certs", "status", str(folder), *outputs, "--webhook", url, "--at", (START + 80 * DAY).isoformat()]
        )
    assert code == 1
    assert "slack-page" in capsys.readouterr().out
    assert "ringfence_certificate_alert{" in (tmp_path / "x.prom").read_text()
    assert "CertificateDaysLeft60" in (tmp_path / "rules.yml").read_text()
    (sent,) = [json.loads(body) for _, body in taken]
    assert [one["id"] for one in sent["certificates"]] == ["shop/web[Certificate]"]


def test_a_webhook_that_is_not_there_ends_with_two(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["certs", "status", str(folder), "--webhook", "ftp://x", "--at", (START + 80 * DAY).isoformat()]
    assert main(arguments) == 2
    assert "ftp://x" in capsys.readouterr().err


POSTURE = """
version: 1
certificates:
  state: state
  issuers: {mesh: {kind: private-ca, directory: ca, trust_domain: shop.example}}
  issue:
    orders:
      names: ["spiffe://shop.example/orders", orders.internal]
      issuers: [mesh]
      lifetime: 24h
      deploy: {directory: tls}
"""


def test_what_the_posture_file_issues_is_renewed_wherever_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ringfence.yaml").write_text(POSTURE)
    code, found, _ = run(capsys)
    assert (code, found[0]["state"], found[0]["alerts"][0]["rule"]) == (1, "not_ready", "not-issued")
    assert main(["certs", "issue", "--at", NOON.isoformat()]) == 0
    capsys.readouterr()
    code, found, _ = run(capsys, "tls/fullchain.pem", "--posture", "ringfence.yaml")
    assert (code, [one["state"] for one in found]) == (0, ["ok", "ok"])
    assert found[0]["due"] == found[1]["due"]
    code, found, _ = run(capsys, "tls/fullchain.pem", "--posture", "ringfence.yaml", at=NOON + timedelta(hours=23))
    assert code == 1
    assert [alert["rule"] for alert in found[0]["alerts"]] == ["slack-warn", "slack-page", "slack-critical"]
    names = ["spiffe://shop.example/orders", "orders.internal", ""]
    check = ["certs", "check", "tls/fullchain.pem", "--trust", "ca/root.pem", "--at", NOON.isoformat()]
    assert [main([*check, "--name", name]) for name in names] == [0, 0, 0]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    content=st.binary(max_size=120),
    start=st.sampled_from([b"", MIDDLE.pem, b"0\x82\x01\x00", b"apiVersion: v1\nkind: Secret\ndata: ", b"resource "]),
    ending=st.sampled_from([".pem", ".p12", ".crl", ".key", ".yaml", ".json", ".tf", ".cer"]),
)
def test_any_file_ends_in_a_document(
    content: bytes, start: bytes, ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"any{ending}"
    file.write_bytes(start + content)
    code, found, err = run(capsys, str(file))
    assert code in (0, 1, 2)
    assert code == 0 or found or err
    assert "internal error" not in err


def test_usage(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["certs", "status"]) == 2
    assert "there is no ringfence.yaml" in capsys.readouterr().err
    assert main(["certs", "status", "--probe", ":"]) == 2
    assert main(["certs", "status", ".", "--days", "x"]) == 2
    assert main(["certs", "status", "/nowhere-at-all"]) == 2
