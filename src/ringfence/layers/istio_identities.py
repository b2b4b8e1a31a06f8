"""How a sidecar compares a client's identity: patterns for principals, namespaces, accounts and trust domains.

An identity is the SPIFFE id of the client's certificate; a plaintext client has none, so that nothing positive fits it
and nothing negative keeps it out.

    principal     without `spiffe://`; `*` any identity. One whose trust domain is the mesh's own, an alias or
                  `cluster.local` stands for the mesh's trust domain and all of its aliases
    namespace     the part after `/ns/`, whatever the trust domain; stars anywhere
    account       `namespace/name`, or `name` in the policy's own namespace; no stars
    trust domain  the part before the first slash; the mesh's own or an alias stands for all of them

Sources: istio `pilot/pkg/security/authz/model/generator.go`, `pilot/pkg/security/trustdomain`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ringfence.layers.identity_patterns import SCHEME, Expression
from ringfence.model.rules import Pattern

LOCAL = "cluster.local"
"""The trust domain that always means the mesh's own."""

PARTS = 5
"""How many parts a principal has that names its trust domain: `td/ns/namespace/sa/account`."""

TrustDomains = tuple[str, ...]
"""The mesh's trust domain, then its aliases."""


def principals(values: Iterable[str], domains: TrustDomains) -> tuple[Pattern, ...]:
    """The patterns of `principals`, aliases included."""
    names = dict.fromkeys(name for value in values for name in _aliases(value, domains))
    return tuple(map(_principal, names))


def _principal(value: str) -> Pattern:
    if value == "*":
        return Pattern("", open_start=True, open_end=True)
    if value.startswith("*"):
        return Expression(f"{SCHEME}.*{re.escape(value[1:])}")
    return Pattern(SCHEME + value[:-1], open_end=True) if value.endswith("*") else Pattern(SCHEME + value)


def _aliases(principal: str, domains: TrustDomains) -> list[str]:
    written, *rest = principal.split("/")
    if len(rest) != PARTS - 1 or written == "*" or not (written == LOCAL or _alike(written, domains)):
        return [principal]
    return [principal if _ends(one, written) else "/".join((one, *rest)) for one in domains]


def _alike(text: str, others: Iterable[str]) -> bool:
    """Whether a text fits one of the others, each of which may be a pattern for the other."""
    return any(
        text == one or one == "*" or _begins(text, one) or _begins(one, text) or _ends(text, one) or _ends(one, text)
        for one in others
    )


def _begins(text: str, pattern: str) -> bool:
    return pattern.endswith("*") and text.startswith(pattern[:-1])


def _ends(text: str, pattern: str) -> bool:
    return pattern.startswith("*") and text.endswith(pattern[1:])


def namespaces(values: Iterable[str]) -> tuple[Pattern, ...]:
    """The patterns of `namespaces`."""
    return tuple(Expression(f".*/ns/{'.*'.join(map(re.escape, value.split('*')))}/.*") for value in values)


def service_accounts(values: Iterable[str], own_namespace: str) -> tuple[Pattern, ...]:
    """The patterns of `serviceAccounts` in a policy of this namespace."""
    return tuple(_service_account(value, own_namespace) for value in values)


def _service_account(value: str, own_namespace: str) -> Pattern:
    first, slash, second = value.partition("/")
    namespace, name = (first, second) if slash else (own_namespace, value)
    return Expression(f"{SCHEME}.+/ns/{re.escape(namespace)}/(.+/|)sa/{re.escape(name)}(/.+)?")


def trust_domains(values: Iterable[str], domains: TrustDomains) -> tuple[Pattern, ...]:
    """The patterns of `trustDomains`, aliases included."""
    names = dict.fromkeys(name for value in values for name in (domains if value in domains else (value,)))
    return tuple(map(_trust_domain, names))


def _trust_domain(value: str) -> Pattern:
    if value == "*":
        return Pattern(SCHEME, open_end=True)
    if "*" not in value:
        return Pattern(f"{SCHEME}{value}/", open_end=True)
    before, _, after = value.partition("*")
    return Expression(f"{SCHEME}{re.escape(before)}[^/]*{re.escape(after)}/.*")
