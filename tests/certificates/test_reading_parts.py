"""Parts of the section on their own; whole sections are in test_reading and test_schema."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ringfence.certificates import reading_parts as parts
from ringfence.certificates.configuration import Challenge, Limit, Secret
from ringfence.certificates.fields import Fields
from ringfence.model.spans import NOWHERE


def fields(**content: Any) -> Fields:
    return Fields.of(content, NOWHERE, [])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, Challenge("http-01", ("", 80))),
        ({"kind": "tls-alpn-01"}, Challenge("tls-alpn-01", ("", 443))),
        ({"kind": "http-01", "webroot": "www"}, Challenge("http-01", webroot=Path("/base/www"))),
        ({"kind": "dns-01", "provider": "route53"}, Challenge("dns-01", provider="route53")),
        (
            {"kind": "dns-01", "provider": "hook", "hook": ["a", "b"], "settle": "9s"},
            Challenge("dns-01", provider="hook", hook=("a", "b"), settle=timedelta(seconds=9)),
        ),
    ],
)
def test_challenges(content: dict[str, Any], expected: Challenge) -> None:
    found = fields(**content)
    assert parts.challenge(found, Path("/base")) == expected
    assert found.diagnostics == []


def test_limits() -> None:
    assert parts.limit(fields(kind="domain", count=9, window="7d")) == Limit("domain", 9, timedelta(days=7))


@pytest.mark.parametrize(
    ("value", "expected", "problem"),
    [
        ({"file": "p"}, Secret(Path("/base/p")), ""),
        ({"env": "P"}, Secret(variable="P"), ""),
        ({"file": "p", "env": "P"}, None, "exactly one of file and env"),
        ("swordfish", None, "does not stand here"),
        (None, None, ""),
    ],
)
def test_secrets(value: Any, expected: Secret | None, problem: str) -> None:
    found = fields(key=value)
    secret = parts.secret(found, "key", Path("/base"))
    assert problem in str(found.diagnostics)
    assert "swordfish" not in str(found.diagnostics)
    if not problem:
        assert secret == expected
        assert found.diagnostics == []
    found.close()
    assert not any("no such field" in one.message for one in found.diagnostics)
