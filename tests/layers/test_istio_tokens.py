"""Which tokens are refused, and when claims count."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_requests import request_subjects
from ringfence.layers.istio_rules import asked_subjects
from ringfence.layers.istio_tokens import claim, refused
from ringfence.model.conditions import Atom, Operator, Request
from ringfence.resources.istio.authorization import JWTRule, TokenHeader

ONE, TWO = JWTRule("https://one.example"), JWTRule("https://two.example", space_delimited_claims=("teams",))
CLAIMS = {"iss": "https://one.example", "sub": "ada", "aud": "shop", "role": "admin"}


def request(**http):
    return Request(request_subjects({"method": "GET", "path": "/", "host": "h", **http}, asked=asked_subjects(())))


def token(rules=(ONE,), **http):
    """Whether the request is refused, and whether its subject is known."""
    asked = claim(rules, ("sub",), lambda subject: Atom(subject, Operator.EXACT, "ada"))
    one = request(**http)
    return refused(rules).evaluate(one), asked.evaluate(one)


PREFLIGHT = {"method": "OPTIONS", "headers": {"origin": "https://x", "access-control-request-method": "PUT"}}


@pytest.mark.parametrize(
    ("rules", "http", "expected"),
    [
        ((ONE,), {}, (False, False)),
        ((ONE,), {"claims": CLAIMS}, (False, True)),
        ((ONE,), {"claims": CLAIMS, "token": "expired"}, (True, False)),
        ((TWO,), {"claims": CLAIMS}, (True, False)),
        ((ONE, TWO), {"claims": CLAIMS}, (False, True)),
        ((JWTRule("", jwks_uri="https://x"),), {"claims": CLAIMS}, (False, True)),
        ((), {"claims": CLAIMS}, (False, False)),
        ((ONE,), {"claims": CLAIMS, "token": "expired", **PREFLIGHT}, (False, False)),
        ((ONE,), {"claims": CLAIMS, **PREFLIGHT}, (False, False)),
        ((ONE,), {"claims": CLAIMS, "token": "expired", **PREFLIGHT, "method": "GET"}, (True, False)),
        ((JWTRule(ONE.issuer, ("shop",)),), {"claims": CLAIMS}, (False, True)),
        ((JWTRule(ONE.issuer, ("https://shop/",)),), {"claims": CLAIMS}, (False, True)),
        ((JWTRule(ONE.issuer, ("app",)),), {"claims": CLAIMS}, (True, False)),
        ((JWTRule(ONE.issuer, ("app", "shop")),), {"claims": {**CLAIMS, "aud": ["x", "http://shop"]}}, (False, True)),
        ((JWTRule(ONE.issuer, ("shop",)),), {"claims": {"iss": ONE.issuer}}, (True, False)),
    ],
)
def test_tokens(rules, http, expected):
    assert token(rules, **http) == expected


HEADER = JWTRule(ONE.issuer, from_headers=(TokenHeader("X-Token", "T "), TokenHeader("x-bare")))
PARAM = JWTRule(ONE.issuer, from_params=("t",))
COOKIE = JWTRule(ONE.issuer, from_cookies=("t",))


@pytest.mark.parametrize(
    ("rule", "place", "found"),
    [
        (ONE, None, True),
        (ONE, {"param": "access_token"}, True),
        (ONE, {"param": "t"}, False),
        (ONE, {"header": "authorization", "prefix": "Basic "}, False),
        (HEADER, None, False),
        (HEADER, {"header": "x-token", "prefix": "T "}, True),
        (HEADER, {"header": "x-token", "prefix": "My T "}, True),
        (HEADER, {"header": "x-token"}, False),
        (HEADER, {"header": "X-Bare"}, True),
        (PARAM, {"param": "t"}, True),
        (PARAM, None, False),
        (COOKIE, {"cookie": "t"}, True),
    ],
)
def test_places(rule, place, found):
    where = {"token_in": place} if place else {}
    assert token((rule,), claims=CLAIMS, **where) == (False, found)
    assert token((rule,), claims=CLAIMS, token="expired", **where) == (found, False)


def test_a_header_without_prefix_is_the_token_whatever_stands_there():
    place = {"header": "x-bare", "prefix": "Bearer "}
    assert token((HEADER,), claims=CLAIMS, token_in=place) == (True, False)


@pytest.mark.parametrize(
    ("rule", "name", "said", "expected"),
    [
        (ONE, "scope", "read write", True),
        (ONE, "permission", "read", True),
        (ONE, "teams", "read write", False),
        (ONE, "teams", ["read", "write"], True),
        (TWO, "teams", "read write", True),
        (TWO, "scope", "reading", False),
    ],
)
def test_claims_split_at_spaces(rule, name, said, expected):
    asked = claim((rule,), (name,), lambda subject: Atom(subject, Operator.EXACT, "read"))
    assert asked.evaluate(request(claims={"iss": rule.issuer, name: said})) is expected
