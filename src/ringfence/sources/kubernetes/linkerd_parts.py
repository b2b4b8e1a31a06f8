"""What Linkerd's kinds share: networks with exceptions, identities, references to other objects.

The rules are those of the policy controller's admission webhook (`policy-controller/runtime/src`, `admission.rs` and
`validation.rs`) and of the custom resource definitions. An identity is a DNS-like name, `*` alone or as its first label
standing for anything, or a SPIFFE id (the SPIFFE-ID standard, sections 2.1 and 2.2).
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network

from ringfence.resources.linkerd import Network, TargetReference
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.parts import Part, shown

GROUP = "policy.linkerd.io"
TOP = ("apiVersion", "kind", "metadata", "spec", "status")

SPIFFE = "spiffe://"
DNS_LIKE = re.compile(r"(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
TRUST_DOMAIN = re.compile(r"[-a-z0-9._]+")
SEGMENT = re.compile(r"(?!\.{1,2}$)[-a-zA-Z0-9._]+")


def required(part: Part) -> str:
    """A text that must be there."""
    text = part.text()
    if part.value in (None, ""):
        part.refuse("is missing")
    return text


def networks(part: Part) -> tuple[Network, ...]:
    """Blocks or single addresses; an exception must lie inside its block and not cover it."""
    return tuple(one for one in map(_network, part.items()) if one is not None)


def _network(part: Part) -> Network | None:
    part.only("cidr", "except")
    outer = _block(part["cidr"])
    inner = [(item, _block(item)) for item in part["except"].items()]
    if outer is None:
        return None
    for item, block in inner:
        if block is None:
            continue
        if _within(outer, block):
            item.refuse(f"{block} leaves nothing of {outer}", "leave the network out, or name a smaller exception")
        elif not _within(block, outer):
            item.refuse(f"{block} is not a part of {outer}")
    return Network(str(outer), tuple(str(block) for _, block in inner if block is not None))


def _block(part: Part) -> IPv4Network | IPv6Network | None:
    """A block of addresses; a single address is a block of one."""
    text = required(part)
    if not text or "/" in text:
        return syntax.cidr(part) if text else None
    return syntax.cidr(part, f"{text}/{128 if ':' in text else 32}")


def _within(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False


def identity(part: Part) -> str:
    """A proxy's identity, or a pattern of identities."""
    text = part.text()
    if type(part.value) is not str:
        if not part.present:
            part.refuse("is missing")
        return text
    if not text.startswith(SPIFFE):
        if not DNS_LIKE.fullmatch(text):
            remedy = "a name such as web.shop.serviceaccount.identity.linkerd.cluster.local; * only as the first label"
            part.refuse(f"{shown(text)} is neither a DNS-like identity nor a SPIFFE id", remedy)
        return text
    domain, *segments = text.removeprefix(SPIFFE).split("/")
    if not TRUST_DOMAIN.fullmatch(domain):
        part.refuse(f"{shown(text)}: a SPIFFE trust domain has lower case letters, digits, '-', '.' and '_', no port")
    elif not all(map(SEGMENT.fullmatch, segments)):
        part.refuse(f"{shown(text)}: a segment of a SPIFFE path is empty, '.', '..', or holds another character")
    return text


def reference(part: Part, *, namespace: str = "", local: bool = False) -> TargetReference:
    """A reference to an object. `namespace` is filled in where none is written; a `local` one cannot write any."""
    part.only("group", "kind", "name") if local else part.only("group", "kind", "name", "namespace")
    group = part["group"].text()
    return TargetReference(
        group="" if group.lower() == "core" else group,
        kind=required(part["kind"]),
        name=required(part["name"]),
        namespace=part["namespace"].text() or namespace,
        span=part.span,
    )
