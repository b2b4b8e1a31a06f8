"""What the tests of the commands share: a folder with a posture file that has a private authority issue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ringfence.cli.main import main

AT = "2026-11-25T12:00:00Z"

TEXT = """\
version: 1
certificates:
  state: state
  issuers:
    own: {kind: private-ca, directory: ca}
  verifiers: {web: verifier.pem}
  issue:
    web:
      names: [shop.example]
      issuers: [own]
      lifetime: 6d
      deploy: {directory: tls/web}
"""


def posture(folder: Path, text: str = TEXT) -> str:
    """Writes the posture file; its path."""
    place = folder / "ringfence.yaml"
    place.write_text(text)
    return str(place)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    """Runs `ringfence certs ... -o json`: exit code, document, stderr."""
    code = main(["certs", *arguments, "-o", "json"])
    shown = capsys.readouterr()
    return code, json.loads(shown.out) if shown.out else None, shown.err
