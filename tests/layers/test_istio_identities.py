"""Patterns for principals, namespaces, accounts and trust domains, aliases included."""

from __future__ import annotations

import pytest

from ringfence.layers import istio_identities as identities
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY

CART = "spiffe://cluster.local/ns/front/sa/cart"
OURS = ("cluster.local",)
KNOWN = ("new", "old", "third", "cluster.local", "new-td", "old-td", "other-td")


def fits(patterns, identity):
    return any(one.matches(identity) for one in patterns)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("cluster.local/ns/front/sa/cart", True),
        ("cluster.local/ns/front/sa/car", False),
        ("spiffe://cluster.local/ns/front/sa/cart", False),
        ("*", True),
        ("cluster.local/ns/front/*", True),
        ("clusterXlocal/*", False),
        ("*/sa/cart", True),
        ("*/sa/c.rt", False),
        ("*/cluster.local/ns/front/sa/cart", False),
        ("*cluster.local/ns/front/sa/cart", True),
        ("*/ns/front/sa/cart", True),
    ],
)
def test_principals(value, expected):
    patterns = identities.principals([value], OURS)
    assert fits(patterns, CART) is expected
    assert not fits(patterns, NO_IDENTITY)
    assert all(one.matches(UNKNOWN_IDENTITY) in (None, True) for one in patterns)


@pytest.mark.parametrize(
    ("value", "domains", "expected"),
    [
        ("old/ns/a/sa/b", ("new", "old"), {"new", "old"}),
        ("cluster.local/ns/a/sa/b", ("new", "old"), {"new", "old"}),
        ("third/ns/a/sa/b", ("new", "old"), {"third"}),
        ("*/ns/a/sa/b", ("new",), {*KNOWN}),
        ("*-td/ns/a/sa/b", ("new-td", "old-td"), {"new-td", "old-td", "other-td"}),
        ("*-td/ns/a/sa/b", ("new-td", "old"), {"new-td", "old", "old-td", "other-td"}),
        ("ol*/ns/a/sa/b", ("new", "old"), {"new", "old"}),
        ("old/ns/a/sa/*", ("new", "old"), {"new", "old"}),
    ],
)
def test_aliases(value, domains, expected):
    patterns = identities.principals([value], domains)
    assert {domain for domain in KNOWN if fits(patterns, f"spiffe://{domain}/ns/a/sa/b")} == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("front", True), ("fr*", True), ("*nt", True), ("f*t", True), ("*", True), ("fron", False), ("fron.", False)],
)
def test_namespaces(value, expected):
    assert fits(identities.namespaces([value]), CART) is expected


@pytest.mark.parametrize(
    ("value", "own", "expected"),
    [
        ("front/cart", "x", True),
        ("cart", "front", True),
        ("cart", "x", False),
        ("front/car", "x", False),
        ("fron./cart", "x", False),
    ],
)
def test_service_accounts(value, own, expected):
    assert fits(identities.service_accounts([value], own), CART) is expected


@pytest.mark.parametrize(
    ("value", "domains", "expected"),
    [
        ("cluster.local", OURS, True),
        ("cluster", OURS, False),
        ("cluster*", OURS, True),
        ("*local", OURS, True),
        ("*", OURS, True),
        ("new", ("new", "cluster.local"), True),
        ("third", ("new", "cluster.local"), False),
        ("*front", OURS, False),
    ],
)
def test_trust_domains(value, domains, expected):
    assert fits(identities.trust_domains([value], domains), CART) is expected
