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

from ringfence.layers.identity_patterns import SCHEME, Expression
from ringfence.model.rules import Pattern


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
