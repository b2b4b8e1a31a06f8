"""Which name covers which, and which are public."""

from __future__ import annotations

import pytest

from ringfence.certificates.names import covered, covers, is_public, missing
from tests.certificates.records import certificate


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("a.example", "a.example", True),
        ("A.Example", "a.example.", True),
        ("a.example", "b.example", False),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "A.EXAMPLE.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "*.example.com", True),
        ("*.com", "example.com", False),
        ("*", "a", False),
        ("a.*.example.com", "a.b.example.com", False),
        ("*a.example.com", "ba.example.com", False),
        ("*.example.com", ".example.com", False),
    ],
)
def test_covers(pattern: str, name: str, expected: bool) -> None:
    assert covers(pattern, name) is expected


def test_each_form_matches_its_own() -> None:
    one = certificate(
        dns_names=("a.example", "192.0.2.1"), addresses=("192.0.2.9", "2001:db8::1"), uris=("spiffe://td/x",)
    )
    names = ("a.example", "192.0.2.9", "2001:DB8:0::1", "spiffe://td/x", "192.0.2.1", "spiffe://td/y", "m@a.example")
    assert missing(one, names) == ("192.0.2.1", "spiffe://td/y", "m@a.example")
    assert covered(certificate(emails=("m@a.example",)), "m@a.example")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("www.example.com", True),
        ("*.example.com", True),
        ("shop.example", True),
        ("localhost", False),
        ("db", False),
        ("db.shop.svc", False),
        ("db.shop.svc.cluster.local", False),
        ("printer.local", False),
        ("x.internal", False),
        ("x.home.arpa", False),
        ("*.corp", False),
        ("internal.example.com", True),
        ("10.0.0.1", False),
        ("8.8.8.8", True),
        ("fd00::1", False),
    ],
)
def test_is_public(name: str, expected: bool) -> None:
    assert is_public(name) is expected
