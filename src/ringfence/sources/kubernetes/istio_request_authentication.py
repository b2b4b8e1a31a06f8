"""RequestAuthentication of `security.istio.io`, checked as istiod's admission does it.

A rule needs an issuer or the address of its keys; keys written down must be a JSON web key or a set of them; names of
headers, parameters, cookies and claims are never empty; there is no dry run. Source: istio
`pkg/config/validation/validation.go` (`ValidateRequestAuthentication`) and the custom resource definition.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from ringfence.resources.istio.authorization import DRY_RUN, ClaimHeader, JWTRule, RequestAuthentication, TokenHeader
from ringfence.sources.kubernetes.istio_parts import TOP
from ringfence.sources.kubernetes.istio_targets import selector, target_refs
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part, shown

HEADER = re.compile(r"[-_A-Za-z0-9]+")
FIELDS = (
    "issuer", "audiences", "jwksUri", "jwks_uri", "jwks", "fromHeaders", "fromParams", "fromCookies",
    "outputPayloadToHeader", "forwardOriginalToken", "outputClaimToHeaders", "timeout", "spaceDelimitedClaims",
)  # fmt: skip


def request_authentication(part: Part) -> RequestAuthentication:
    """A `security.istio.io` RequestAuthentication."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("selector", "targetRef", "targetRefs", "jwtRules")
    annotation = part["metadata"]["annotations"][DRY_RUN]
    if annotation.present:
        annotation.refuse("only an AuthorizationPolicy can be tried dry")
    return RequestAuthentication(
        metadata=object_meta(part["metadata"], namespaced=True),
        jwt_rules=tuple(_rule(rule) for rule in spec["jwtRules"].items()),
        selector=selector(spec["selector"]),
        target_refs=target_refs(spec),
        span=part.span,
    )


def _rule(part: Part) -> JWTRule:
    part.only(*FIELDS)
    uri = part["jwks_uri"] if part["jwks_uri"].present else part["jwksUri"]
    issuer, keys = part["issuer"].text(), part["jwks"].text()
    if not issuer and not uri.text():
        part.refuse("needs an issuer or a jwksUri")
    if uri.present:
        _uri(uri)
    if sum(part[name].present for name in ("jwksUri", "jwks_uri", "jwks")) > 1:
        part.refuse("only one of jwks and jwksUri can be set")
    if keys and not _is_key_set(keys):
        part["jwks"].refuse("is not a JSON web key set")
    return JWTRule(
        issuer=issuer,
        audiences=_names(part["audiences"]),
        jwks=keys,
        jwks_uri=uri.text(),
        from_headers=tuple(_header(one) for one in part["fromHeaders"].items()),
        from_params=_names(part["fromParams"]),
        from_cookies=_names(part["fromCookies"]),
        output_payload_to_header=part["outputPayloadToHeader"].text(),
        output_claim_to_headers=tuple(_claim(one) for one in part["outputClaimToHeaders"].items()),
        forward_original_token=part["forwardOriginalToken"].boolean(),
        space_delimited_claims=_names(part["spaceDelimitedClaims"]),
        span=part.span,
    )


def _names(part: Part) -> tuple[str, ...]:
    for item in part.items():
        if not item.text():
            item.refuse("must not be empty")
    return part.texts()


def _uri(part: Part) -> None:
    try:
        scheme, number = urlsplit(part.text()).scheme, urlsplit(part.text()).port
    except ValueError:
        scheme, number = "", None
    if scheme not in ("http", "https") or number == 0:
        part.refuse(f"{shown(part.text())} is not an http or https address")


def _is_key_set(keys: str) -> bool:
    try:
        found = json.loads(keys)
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict):
        return False
    several = found.get("keys", [found])
    if not isinstance(several, list):
        return False
    return all(isinstance(one, dict) and isinstance(one.get("kty"), str) for one in several)


def _header(part: Part) -> TokenHeader:
    part.only("name", "prefix")
    if not part["name"].text():
        part.refuse("name is missing")
    return TokenHeader(part["name"].text(), part["prefix"].text())


def _claim(part: Part) -> ClaimHeader:
    part.only("header", "claim")
    header, claim = part["header"].text(), part["claim"].text()
    if not header or not claim:
        part.refuse("needs a header and a claim")
    elif not HEADER.fullmatch(header):
        part["header"].refuse(f"{shown(header)} is not a header's name")
    return ClaimHeader(header, claim)
