"""The values' own promises: nothing secret is shown, and defaults are what the documentation says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ringfence.certificates.configuration import Configuration, Deployment, Secret
from ringfence.model.spans import Span


def test_defaults() -> None:
    found = Configuration()
    assert found.state == Path(".ringfence/certificates")
    assert found.check_interval == timedelta(hours=1)
    assert found.wanted == {}
    deployment = Deployment(Path("x"))
    assert (deployment.key_mode, deployment.certificate_mode, deployment.directory_mode) == (0o600, 0o644, 0o755)


def test_places_do_not_count() -> None:
    assert Secret(Path("x"), span=Span("a")) == Secret(Path("x"), span=Span("b"))
