"""RequestAuthentications: every field, every refusal of admission, and noise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.resources.istio.authorization import ClaimHeader, JWTRule, TokenHeader
from tests.sources.kubernetes.texts import good, read, thing

KEYS = json.dumps(json.dumps({"keys": [{"kty": "RSA", "n": "x", "e": "AQAB"}]}))


def written(spec):
    return thing("security.istio.io/v1beta1", "RequestAuthentication", spec)


def rule(fields):
    return written(f"{{jwtRules: [{{{fields}}}]}}")


def test_every_field():
    [found] = good(
        written(
            f"""{{selector: {{matchLabels: {{a: b}}}}, jwtRules: [{{issuer: i, audiences: [a], jwks: {KEYS},
              fromHeaders: [{{name: h, prefix: "p "}}], fromParams: [q], fromCookies: [c],
              outputPayloadToHeader: o, outputClaimToHeaders: [{{header: x-sub, claim: sub}}],
              forwardOriginalToken: true, spaceDelimitedClaims: [s], timeout: 5s}}]}}"""
        )
    ).istio_request_authentications
    assert found.selector == (("a", "b"),)
    assert found.jwt_rules == (
        JWTRule(
            "i", ("a",), json.loads(KEYS), "", (TokenHeader("h", "p "),), ("q",), ("c",), "o",
            (ClaimHeader("x-sub", "sub"),), True, ("s",),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("spec", ["{}", "null", "{jwtRules: []}"])
def test_defaults(spec):
    [found] = good(written(spec)).istio_request_authentications
    assert (found.jwt_rules, found.selector, found.target_refs) == ((), None, ())


@pytest.mark.parametrize("field", ["jwksUri", "jwks_uri"])
def test_the_address_of_keys(field):
    [found] = good(rule(f'issuer: "", {field}: "https://x.example:8443/keys"')).istio_request_authentications
    assert found.jwt_rules[0].jwks_uri == "https://x.example:8443/keys"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("", "an issuer or a jwksUri"),
        ("issuer: i, presence: MANDATORY", "no such field"),
        ('issuer: i, audiences: [""]', "audiences[0]"),
        ("jwksUri: x.example/keys", "http or https"),
        ("jwksUri: 'ftp://x'", "http or https"),
        ("jwksUri: 'http://x:99999'", "http or https"),
        ("jwksUri: 'http://[x'", "http or https"),
        (f"issuer: i, jwks: {KEYS}, jwksUri: 'http://x'", "only one of"),
        ("issuer: i, jwks: foo", "key set"),
        ("issuer: i, jwks: '[]'", "key set"),
        ("issuer: i, jwks: '{\"keys\": 1}'", "key set"),
        ("issuer: i, fromHeaders: [{prefix: a}]", "name is missing"),
        ('issuer: i, fromParams: [""]', "fromParams[0]"),
        ('issuer: i, fromCookies: [""]', "fromCookies[0]"),
        ("issuer: i, outputClaimToHeaders: [{header: a}]", "a header and a claim"),
        ("issuer: i, outputClaimToHeaders: [{header: 'a%', claim: b}]", "not a header's name"),
        ("issuer: i, forwardOriginalToken: 'true'", "take off the quotes"),
    ],
)
def test_refusals(fields, words):
    objects, said = read(rule(fields))
    assert objects.istio_request_authentications == ()
    assert [one.kind for one in objects.refused] == ["RequestAuthentication"]
    assert any(words in one for one in said)


def test_there_is_no_dry_run():
    objects, _ = read(
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\n"
        'metadata: {name: x, namespace: shop, annotations: {istio.io/dry-run: "false"}}\n'
    )
    assert len(objects.refused) == 1


NAMES = st.sampled_from(
    ["jwtRules", "issuer", "jwks", "jwksUri", "fromHeaders", "name", "audiences", "selector", "targetRef", "x"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(["", "a", "{", "https://x", "http://[", "{}"])
NOISE = st.recursive(LEAVES, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(NAMES, deeper, max_size=4))


@given(NOISE)
def test_noise_is_read_or_refused_and_never_raises(spec):
    objects, _ = read(written(json.dumps(spec)))
    assert len(objects.istio_request_authentications) + len(objects.refused) == 1
