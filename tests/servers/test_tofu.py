"""OpenTofu runs and evaluates a configuration without any provider."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


def test_plan_without_providers(tofu: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('output "cidr" {\n  value = cidrsubnet("10.0.0.0/16", 8, 3)\n}\n')
    subprocess.run([tofu, "init", "-no-color"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    subprocess.run([tofu, "plan", "-out=plan"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    shown = subprocess.run([tofu, "show", "-json", "plan"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert json.loads(shown.stdout)["planned_values"]["outputs"]["cidr"]["value"] == "10.0.3.0/24"
