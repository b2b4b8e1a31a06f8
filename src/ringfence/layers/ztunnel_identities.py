"""How ztunnel compares a client's identity: patterns for principals, namespaces and service accounts.

An identity is the SPIFFE id `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`, taken apart once; a
connection without mutual TLS has none, and then nothing positive matches and nothing negative does.

    text      `*` any identity; `*x` ends with x; `x*` begins with x; else the whole. A second star is a plain character
    principal is compared with what follows `spiffe://`
    namespace is compared with the namespace alone, whatever the trust domain
    account   `namespace/name`, or `name` in the policy's own namespace; exact, whatever the trust domain

Trust domain aliases are not looked at. Source: ztunnel `src/rbac.rs` (`StringMatch`, `ServiceAccountMatch`), istiod
`pilot/pkg/serviceregistry/ambient/authorization.go` (`stringToMatch`, `stringToServiceAccountMatch`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ringfence.model.conditions import Truth, conjunction, disjunction
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Pattern

SCHEME = "spiffe://"


@dataclass(frozen=True, slots=True)
class Expression(Pattern):
    """An identity pattern whose `text` is a regular expression for the whole identity."""

    def matches(self, identity: str) -> Truth:
        """Whether it fits; open for an unknown identity; false for none."""
        if identity == NO_IDENTITY:
            return False
        return None if identity == UNKNOWN_IDENTITY else re.fullmatch(self.text, identity) is not None


@dataclass(frozen=True, slots=True)
class Together(Pattern):
    """An identity pattern that fits where each of the `sets` holds a pattern that fits."""

    sets: tuple[tuple[Pattern, ...], ...] = ()

    def matches(self, identity: str) -> Truth:
        """Whether it fits; open for an unknown identity; false for none."""
        if identity == NO_IDENTITY:
            return False
        return conjunction(disjunction(one.matches(identity) for one in some) for some in self.sets)


def principal(text: str) -> Pattern:
    """The pattern of a `principals` value."""
    if text == "*":
        return Pattern(SCHEME, open_end=True)
    if text.startswith("*"):
        return Expression(f"{SCHEME}.*{re.escape(text[1:])}")
    return Pattern(SCHEME + text[:-1], open_end=True) if text.endswith("*") else Pattern(SCHEME + text)


def namespace(text: str) -> Pattern:
    """The pattern of a `namespaces` value."""
    if text == "*":
        return Pattern(SCHEME, open_end=True)
    part = "[^/]*"
    if text.startswith("*"):
        part += re.escape(text[1:])
    else:
        part = re.escape(text[:-1]) + part if text.endswith("*") else re.escape(text)
    return Expression(f"{SCHEME}[^/]*/ns/{part}/sa/[^/]*")


def service_account(text: str, own_namespace: str) -> Pattern:
    """The pattern of a `serviceAccounts` value in a policy of this namespace."""
    where, slash, name = text.partition("/")
    where, name = (where, name) if slash else (own_namespace, text)
    return Pattern(f"/ns/{where}/sa/{name}", open_start=True)


def together(sets: tuple[tuple[Pattern, ...], ...]) -> tuple[Pattern, ...] | None:
    """Alternatives that fit where each of the sets does; None where there is nothing to fit."""
    if not sets:
        return None
    return sets[0] if len(sets) == 1 else (Together("", sets=sets),)
