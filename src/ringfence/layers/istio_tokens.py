"""Tokens of requests: what RequestAuthentications refuse, and when an authorization rule may look at claims.

Subjects that a request has for its token:

    token           `none`, `valid`, or what is wrong with it (`expired`)
    token place     where it travels: `header <name> <prefix>`, `param <name>`, `cookie <name>`; absent without a token
    claim:<name>    the texts of a claim (`claim:org[unit]` inside another), lists one by one
    words:<name>    the same, a text split at spaces

All rules of all RequestAuthentications that apply to a workload count together. A rule *verifies* a token that travels
in one of its places, is valid, and has its issuer and one of its audiences (the scheme and a last slash aside). Where
no rule verifies a token that one of them finds, the request is refused; without a token it passes, but has no claims.
A CORS preflight (OPTIONS with `origin` and `access-control-request-method`) is not looked at and has no claims either.
The claims `scope` and `permission` are split at spaces, and those that the verifying rule names.

Sources: istio `pilot/pkg/security/authn/policy_applier.go`; Envoy `jwt_authn` (`authenticator.cc`, `extractor.cc`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ringfence.model.conditions import NOT_EMPTY, AllHold, AnyHolds, Atom, Condition, Negated, Operator
from ringfence.resources.istio.authorization import JWTRule, TokenHeader

TOKEN, PLACE, CLAIM, WORDS = "token", "token place", "claim:", "words:"
VALID, NO_TOKEN = "valid", "none"
SPLIT = ("permission", "scope")

BEARER = TokenHeader("Authorization", "Bearer ")
PARAMETER = "access_token"

PREFLIGHT = AllHold(
    (
        Atom("method", Operator.EXACT, "OPTIONS"),
        Atom("header:origin", Operator.PATTERN, NOT_EMPTY),
        Atom("header:access-control-request-method", Operator.PATTERN, NOT_EMPTY),
    )
)


def claim_name(path: Iterable[str]) -> str:
    """The name of a claim inside others: `org[unit]`."""
    first, *inner = path
    return first + "".join(f"[{one}]" for one in inner)


def refused(rules: Iterable[JWTRule]) -> Condition:
    """The request carries a token that one of the rules finds and none verifies."""
    known = tuple(rules)
    found = AnyHolds(tuple(_found(rule, whole=False) for rule in known))
    verified = AnyHolds(tuple(_verified(rule) for rule in known))
    return AllHold((found, Negated(verified), Negated(PREFLIGHT)))


def claim(rules: Iterable[JWTRule], path: tuple[str, ...], asked: Callable[[str], Condition]) -> Condition:
    """A verified token has a claim of which `asked` (about its subject) holds; never, where no rule verifies tokens."""
    name = claim_name(path)
    alternatives: dict[str, list[Condition]] = {}
    for rule in rules:
        split = len(path) == 1 and name in (*SPLIT, *rule.space_delimited_claims)
        alternatives.setdefault((WORDS if split else CLAIM) + name, []).append(_verified(rule))
    parts = (AllHold((AnyHolds(tuple(by)), Negated(PREFLIGHT), asked(subject))) for subject, by in alternatives.items())
    return AnyHolds(tuple(parts))


def _verified(rule: JWTRule) -> Condition:
    parts = [Atom(TOKEN, Operator.EXACT, VALID), _found(rule)]
    if rule.issuer:
        parts.append(Atom(f"{CLAIM}iss", Operator.EXACT, rule.issuer))
    if rule.audiences:
        parts.append(AnyHolds(tuple(_audience(one) for one in rule.audiences)))
    return AllHold(tuple(parts))


def _audience(audience: str) -> Condition:
    bare = re.sub(r"^https?://", "", audience)
    return Atom(f"{CLAIM}aud", Operator.PATTERN, f"(https?://)?{re.escape(bare.removesuffix('/'))}/?")


def _found(rule: JWTRule, whole: bool = True) -> Condition:
    """The token travels in a place of the rule; with `whole` none the worse for what stands before it there."""
    headers, parameters, cookies = rule.from_headers, rule.from_params, rule.from_cookies
    if not headers and not parameters and not cookies:
        headers, parameters = (BEARER,), (PARAMETER,)
    places = [_in_header(one, whole) for one in headers]
    places += [Atom(PLACE, Operator.EXACT, f"param {one}") for one in parameters]
    places += [Atom(PLACE, Operator.EXACT, f"cookie {one}") for one in cookies]
    return AnyHolds(tuple(places))


def _in_header(header: TokenHeader, whole: bool) -> Atom:
    """A header's prefix may stand behind something else; a header without one is the token, whatever stands there."""
    start = f"header {header.name.lower()} "
    if not header.prefix:
        return Atom(PLACE, Operator.EXACT if whole else Operator.PREFIX, start)
    return Atom(PLACE, Operator.PATTERN, f"{re.escape(start)}.*{re.escape(header.prefix)}")
