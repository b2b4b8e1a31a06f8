"""`certs explain`: one screen, found by any of a certificate's names."""

from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from ringfence.cli.main import main
from tests.certificates.making import DAY, START, authority, leaf, pem

SNAPSHOT = """
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: shop}
spec: {secretName: web-tls, dnsNames: ["*.example.com"], issuerRef: {name: le}}
status:
  conditions:
  - {type: Ready, status: "False", reason: DoesNotExist, message: no secret, lastTransitionTime: "2026-01-01T00:00:00Z"}
  - {type: Issuing, status: "True", reason: DoesNotExist, message: no secret}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: le, namespace: shop}
spec: {acme: {server: "https://acme.example.com/", solvers: [{http01: {}}]}}
status: {conditions: [{type: Ready, status: "True"}]}
---
apiVersion: cert-manager.io/v1
kind: CertificateRequest
metadata: {name: web-1, namespace: shop, ownerReferences: [{kind: Certificate, name: web, apiVersion: x/v1, uid: u}]}
spec: {issuerRef: {name: le}, request: ""}
status: {conditions: [{type: Approved, status: "True", reason: cert-manager.io}]}
---
apiVersion: acme.cert-manager.io/v1
kind: Order
metadata:
  {name: web-1-1, namespace: shop, ownerReferences: [{kind: CertificateRequest, name: web-1, apiVersion: x/v1, uid: v}]}
status: {state: errored, reason: no solver for the wildcard}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k8s.yaml").write_text(SNAPSHOT)
    root = authority("root")
    (tmp_path / "a.pem").write_bytes(pem(leaf(root, "a.example"), root))
    return tmp_path


def explain(*names: str) -> int:
    return main(["certs", "explain", *names, "--in", ".", "--at", (START + DAY).isoformat()])


def test_the_chain_of_causes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain("shop/web") == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out == snapshot("""\
shop/web[Certificate]
  state    not_ready
  source   cert-manager  ./k8s.yaml:2:1
  names    *.example.com
  issuer   le[Issuer]
  alert    not-ready since 2026-01-01T00:00:00Z
           http01-wildcard since 2026-01-02T00:00:00Z
  because  not Ready: DoesNotExist: no secret
           *.example.com is a wildcard, which HTTP-01 cannot prove, and no DNS-01 solver takes it
           Issuing is True: DoesNotExist: no secret
           shop/web-1[CertificateRequest]: Approved is True: cert-manager.io
           shop/web-1-1[Order] is errored: no solver for the wildcard
""")


@pytest.mark.parametrize(
    ("name", "code"),
    [("shop/web[Certificate]", 1), ("*.example.com", 1), ("a.example", 0), ("./a.pem", 0), ("b.example", 2)],
)
def test_names(name: str, code: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(name) == code
    captured = capsys.readouterr()
    assert ("there is no certificate" in captured.err) is (code == 2)
    assert bool(captured.out) is (code != 2)


def test_without_a_name_all_are_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain() == 1
    out = capsys.readouterr().out
    assert "a.pem" in out
    assert "shop/web[Certificate]" in out
