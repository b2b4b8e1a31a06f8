"""AuthorizationPolicy of `security.istio.io`, checked as istiod's admission does it.

    values      never empty; addresses and ports are well formed; a path template has `{**}` as its last operator
    shape       a source, an operation and a list of them is never empty; `when` names a known attribute
    identity    `serviceAccounts` stand beside neither principals nor namespaces; CUSTOM rules ask for no identity
    rules       DENY and CUSTOM need some; CUSTOM needs a provider, the others must not have one

A policy with an empty value or an unknown attribute is refused as a whole, because a part of it means something else.
Source: istio `pkg/config/validation/validation.go` (`ValidateAuthorizationPolicy`), `pkg/config/security/security.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network

from ringfence.resources.istio.authorization import (
    DRY_RUN,
    AuthorizationPolicy,
    Operation,
    PolicyAction,
    PolicyRule,
    Source,
    When,
)
from ringfence.sources.kubernetes.istio_parts import TOP
from ringfence.sources.kubernetes.istio_targets import selector, target_refs
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part, shown, suggestion

TRUE = ("1", "t", "T", "TRUE", "true", "True")
FALSE = ("0", "f", "F", "FALSE", "false", "False")

TEMPLATES = ("{*}", "{**}")
LITERAL = re.compile(r"[a-zA-Z0-9\-._~%!$&'()+,;:@=]+")
MOST_ACCOUNTS, LONGEST_ACCOUNT = 16, 320

IDENTITY_FIELDS = (
    "principals", "notPrincipals", "requestPrincipals", "notRequestPrincipals", "namespaces", "notNamespaces",
    "serviceAccounts", "notServiceAccounts", "trustDomains", "notTrustDomains",
)  # fmt: skip
"""What a CUSTOM policy cannot ask of a source."""
IDENTITY_KEYS = ("source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal")


def authorization_policy(part: Part) -> AuthorizationPolicy:
    """A `security.istio.io` AuthorizationPolicy."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("selector", "targetRef", "targetRefs", "rules", "action", "provider")
    written = spec["action"].one_of(tuple(PolicyAction), PolicyAction.ALLOW)
    action = PolicyAction(written) if written in tuple(PolicyAction) else PolicyAction.ALLOW
    custom = action is PolicyAction.CUSTOM
    rules = tuple(_rule(rule, custom) for rule in spec["rules"].items())
    if not rules and action in (PolicyAction.DENY, PolicyAction.CUSTOM):
        spec.refuse(f"{action} without rules would never do anything", "rules: [{}] matches every request")
    return AuthorizationPolicy(
        metadata=object_meta(part["metadata"], namespaced=True),
        action=action,
        rules=rules,
        selector=selector(spec["selector"]),
        target_refs=target_refs(spec),
        provider=_provider(spec, custom),
        dry_run=_dry_run(part["metadata"]["annotations"][DRY_RUN], action),
        span=part.span,
    )


def _provider(spec: Part, custom: bool) -> str:
    part = spec["provider"]
    part.only("name")
    name = part["name"].text()
    if part.present and not custom:
        part.refuse("only a CUSTOM policy has a provider")
    elif custom and not name:
        spec.refuse("a CUSTOM policy needs provider.name")
    return name


def _dry_run(part: Part, action: PolicyAction) -> bool:
    if part.present and action not in (PolicyAction.ALLOW, PolicyAction.DENY):
        part.refuse(f"{action} policies cannot be tried", "only ALLOW and DENY can")
    elif part.present and part.text() not in (*TRUE, *FALSE):
        part.refuse(f"{shown(part.text())} is neither true nor false")
    return part.text() in TRUE


def _rule(part: Part, custom: bool) -> PolicyRule:
    part.only("from", "to", "when")
    if not part.present:
        part.refuse("a rule must not be null", "{} matches every request")
    for name in ("from", "to"):
        if part[name].present and part[name].value == []:
            part[name].refuse("must not be empty", "leave it out")
    return PolicyRule(
        sources=tuple(_source(one, custom) for one in part["from"].items()),
        operations=tuple(_operation(one) for one in part["to"].items()),
        when=tuple(_when(one, custom) for one in part["when"].items()),
        span=part.span,
    )


def _source(entry: Part, custom: bool) -> Source:
    entry.only("source")
    part = entry["source"]
    part.only(*SOURCE)
    found = {name: _values(part[name], check) for name, check in SOURCE.items()}
    if not any(found.values()):
        entry.refuse("source must name something", "leave `from` out for any source")
    accounts = found["serviceAccounts"] or found["notServiceAccounts"]
    if accounts and any(found[name] for name in ("principals", "notPrincipals", "namespaces", "notNamespaces")):
        part.refuse("serviceAccounts stand beside neither principals nor namespaces", "make two sources of it")
    if custom:
        for name in IDENTITY_FIELDS:
            if found[name]:
                part[name].refuse("a CUSTOM policy cannot ask for identities")
    return Source(
        principals=found["principals"],
        not_principals=found["notPrincipals"],
        request_principals=found["requestPrincipals"],
        not_request_principals=found["notRequestPrincipals"],
        namespaces=found["namespaces"],
        not_namespaces=found["notNamespaces"],
        service_accounts=found["serviceAccounts"],
        not_service_accounts=found["notServiceAccounts"],
        trust_domains=found["trustDomains"],
        not_trust_domains=found["notTrustDomains"],
        ip_blocks=found["ipBlocks"],
        not_ip_blocks=found["notIpBlocks"],
        remote_ip_blocks=found["remoteIpBlocks"],
        not_remote_ip_blocks=found["notRemoteIpBlocks"],
        span=part.span,
    )


def _operation(entry: Part) -> Operation:
    entry.only("operation")
    part = entry["operation"]
    part.only(*OPERATION)
    found = {name: _values(part[name], check) for name, check in OPERATION.items()}
    if not any(found.values()):
        entry.refuse("operation must name something", "leave `to` out for any operation")
    return Operation(
        hosts=found["hosts"],
        not_hosts=found["notHosts"],
        ports=found["ports"],
        not_ports=found["notPorts"],
        methods=found["methods"],
        not_methods=found["notMethods"],
        paths=found["paths"],
        not_paths=found["notPaths"],
        span=part.span,
    )


def _when(part: Part, custom: bool) -> When:
    part.only("key", "values", "notValues")
    key = part["key"].text()
    check = _attribute(key)
    if not key:
        part.refuse("key is missing")
    elif check is None:
        part["key"].refuse(f"{shown(key)} is not an attribute", _hint(key))
    elif custom and (key in IDENTITY_KEYS or key.startswith("request.auth.")):
        part["key"].refuse("a CUSTOM policy cannot ask for identities")
    values, excluded = (_values(part[name], check or text) for name in ("values", "notValues"))
    if not values and not excluded:
        part.refuse("has neither values nor notValues")
    return When(key, values, excluded, part.span)


def _values(part: Part, check: Check) -> tuple[str, ...]:
    if check is account and len(part.items()) > MOST_ACCOUNTS:
        part.refuse(f"holds more than {MOST_ACCOUNTS} values")
    found = []
    for item in part.items():
        value = item.text()
        if value:
            check(item, value)
        else:
            item.refuse("must not be empty")
        found.append(value)
    return tuple(found)


Check = Callable[[Part, str], None]


def text(part: Part, value: str) -> None:
    """Any text."""


def address(part: Part, value: str) -> None:
    """An address or a CIDR; host bits may be set."""
    bare, slash, length = value.partition("/")
    try:
        if "%" in value or (slash and (not length.isdecimal() or str(int(length)) != length)):
            raise ValueError
        ip_network(value, strict=False) if slash else ip_address(bare)
    except ValueError:
        part.refuse(f"{shown(value)} is neither an address nor a block of addresses (CIDR)")


def port(part: Part, value: str) -> None:
    """The decimal number of a port."""
    if not (value.isascii() and value.isdecimal() and int(value[-20:]) <= 65535 and len(value.lstrip("0")) <= 5):
        part.refuse(f"{shown(value)} is not a port number")


def account(part: Part, value: str) -> None:
    """`name` or `namespace/name`, without wildcards."""
    pieces = value.split("/")
    if "*" in value:
        part.refuse("a service account takes no wildcard")
    elif len(pieces) > 2 or not all(pieces):
        part.refuse(f"{shown(value)} is neither a name nor namespace/name")
    elif len(value) > LONGEST_ACCOUNT:
        part.refuse(f"has more than {LONGEST_ACCOUNT} characters")


def wildcard(part: Part, value: str) -> None:
    """A text with one star at most, at its start or end."""
    if value.count("*") > 1 or "*" in value[1:-1]:
        part.refuse(f"{shown(value)}: one wildcard is possible, at the start or at the end")


def trust_domain(part: Part, value: str) -> None:
    """A trust domain, perhaps with a wildcard."""
    wildcard(part, value)
    if "/" in value:
        part.refuse(f"{shown(value)}: a trust domain has no slash")


def path(part: Part, value: str) -> None:
    """A path, or a template whose operators are whole segments, `{**}` the last of them."""
    template = any(one in value for one in TEMPLATES)
    last = False
    for segment in value.strip("/").split("/"):
        if segment in TEMPLATES:
            if last:
                part.refuse(f"{shown(value)}: {{**}} must be the last operator")
            last = segment == "{**}" or last
        elif "{" in segment or "}" in segment:
            part.refuse(f"{shown(value)}: braces stand only around whole segments, {{*}} or {{**}}")
        elif template and not LITERAL.fullmatch(segment):
            part.refuse(f"{shown(value)}: {shown(segment)} cannot stand in a path template")


SOURCE: Mapping[str, Check] = {
    "principals": text, "notPrincipals": text, "requestPrincipals": text, "notRequestPrincipals": text,
    "namespaces": text, "notNamespaces": text, "serviceAccounts": account, "notServiceAccounts": account,
    "trustDomains": trust_domain, "notTrustDomains": trust_domain, "ipBlocks": address, "notIpBlocks": address,
    "remoteIpBlocks": address, "notRemoteIpBlocks": address,
}  # fmt: skip
"""The fields of a source, and the form of their values."""

OPERATION: Mapping[str, Check] = {
    "hosts": text, "notHosts": text, "ports": port, "notPorts": port,
    "methods": text, "notMethods": text, "paths": path, "notPaths": path,
}  # fmt: skip
"""The fields of an operation, and the form of their values."""

ATTRIBUTES: Mapping[str, Check] = {
    "source.ip": address, "remote.ip": address, "source.namespace": text, "source.serviceAccount": account,
    "source.principal": text, "source.trustDomain": wildcard, "request.auth.principal": text,
    "request.auth.audiences": text, "request.auth.presenter": text, "destination.ip": address,
    "destination.port": port, "connection.sni": text,
}  # fmt: skip
"""The attributes that a condition may ask for, and the form of their values."""

KEYED = ("request.headers[", "request.auth.claims[", "experimental.envoy.filters.")
"""The beginnings of attributes that take a key in brackets."""

REPLACED = {
    "destination.namespace": "a policy is for its own namespace",
    "destination.labels": "select workloads by labels",
    "destination.name": "select workloads by labels",
    "destination.user": "select workloads by labels",
}
"""Attributes of the API's first version, and what does their work now."""


def _attribute(key: str) -> Check | None:
    if key in ATTRIBUTES:
        return ATTRIBUTES[key]
    bracketed = key.endswith("]") and 0 < key.find("[") < len(key) - 2
    return text if key.startswith(KEYED) and bracketed else None


def _hint(key: str) -> str:
    if key.startswith(tuple(one.removesuffix("[") for one in KEYED)):
        return "write the name in brackets: request.headers[x-name]"
    old = [remedy for name, remedy in REPLACED.items() if key.startswith(name)]
    return old[0] if old else suggestion(key, tuple(ATTRIBUTES)) or f"the attributes are {', '.join(ATTRIBUTES)}"
