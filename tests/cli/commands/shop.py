"""A small shop to ask about, and the program run on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.cli import main as entry

MANIFESTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: web}}}, {ipBlock: {cidr: 198.18.0.0/24}}]
      ports: [{port: 5432}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
    - to: [{podSelector: {matchLabels: {app: db}}}]
    - ports: [{port: 53, protocol: UDP}]
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{port: 5000, targetPort: 5432}]}
"""

POSTURE = """\
sources: [shop.yaml]
options: {cni: calico, pod_cidrs: 10.244.0.0/16}
intents:
  - name: catalogue
    reason: the catalogue lives there
    allow: {from: shop/web, to: shop/db, ports: [tcp/5432]}
  - {name: closed, reason: nobody else may, deny: {from: internet, to: shop/db}}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the shop and its posture, and the process in it."""
    (tmp_path / "shop.yaml").write_text(MANIFESTS)
    (tmp_path / "ringfence.yaml").write_text(POSTURE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Run:
    """The program, run in this process: exit code, standard output, standard error."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Runs one command line."""
        code = entry.main(list(arguments))
        shown = self._capsys.readouterr()
        return code, shown.out, shown.err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The program."""
    return Run(capsys)
