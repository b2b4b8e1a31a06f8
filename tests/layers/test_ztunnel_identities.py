"""Identity patterns of ztunnel."""

from __future__ import annotations

import pytest

from ringfence.layers.ztunnel_identities import namespace, principal, service_account
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY

IDENTITY = "spiffe://td/ns/a/sa/b"


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        (principal("*"), True),
        (principal("*b"), True),
        (principal("td*"), True),
        (principal("td/ns/a/sa/b"), True),
        (principal("td/ns/a/sa"), False),
        (namespace("*"), True),
        (namespace("a"), True),
        (namespace("a*"), True),
        (namespace("b"), False),
        (service_account("a/b", ""), True),
        (service_account("b", "a"), True),
        (service_account("b", "c"), False),
    ],
)
def test_what_fits(pattern, fits):
    assert pattern.matches(IDENTITY) is fits
    assert pattern.matches(NO_IDENTITY) is False
    assert pattern.matches(UNKNOWN_IDENTITY) is None


def test_texts_are_no_expressions():
    assert namespace("a.c").matches("spiffe://td/ns/abc/sa/x") is False
    assert principal("*.").matches(IDENTITY) is False
