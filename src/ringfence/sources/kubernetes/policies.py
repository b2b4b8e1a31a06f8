"""NetworkPolicy, as strict as the API server and stricter about fields that it does not have.

Source: `pkg/apis/networking/validation` of Kubernetes, `ValidateNetworkPolicySpec`, and its defaulting.
"""

from __future__ import annotations

from ringfence.resources.kubernetes import (
    SELECT_EVERYTHING,
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from ringfence.sources.kubernetes.fields import Item
from ringfence.sources.kubernetes.metadata import metadata, selector
from ringfence.sources.kubernetes.syntax import network, port_name_problem

PROTOCOLS = ("TCP", "UDP", "SCTP")


def network_policy(document: Item) -> NetworkPolicy:
    """One policy."""
    meta = metadata(document, namespaced=True)
    document.only(("apiVersion", "kind", "metadata", "spec"))
    spec = document.part("spec")
    spec.only(("podSelector", "policyTypes", "ingress", "egress"))
    chosen = selector(spec, "podSelector") or SELECT_EVERYTHING
    ingress = tuple(_rule(one, "from") for one in spec.items("ingress"))
    egress = tuple(_rule(one, "to") for one in spec.items("egress"))
    return NetworkPolicy(meta, chosen, _types(spec), ingress, egress, document.span)


def _types(spec: Item) -> tuple[PolicyType, ...]:
    """Absent: Ingress always, Egress where the spec has such a section."""
    given = spec.texts("policyTypes")
    if len(given) > 2:
        spec.problem("policyTypes", "has more than two entries")
    for one in given:
        if one not in tuple(PolicyType):
            spec.problem("policyTypes", f"{one!r} is not one of {', '.join(PolicyType)}")
    if given:
        return tuple(kind for kind in PolicyType if kind in given) or (PolicyType.INGRESS,)
    return (PolicyType.INGRESS, PolicyType.EGRESS) if spec.items("egress") else (PolicyType.INGRESS,)


def _rule(item: Item, side: str) -> NetworkPolicyRule:
    item.only(("ports", side))
    peers = tuple(_peer(one) for one in item.items(side))
    return NetworkPolicyRule(peers, tuple(_port(one) for one in item.items("ports")), item.span)


def _peer(item: Item) -> NetworkPolicyPeer:
    item.only(("podSelector", "namespaceSelector", "ipBlock"))
    pods, namespaces = selector(item, "podSelector"), selector(item, "namespaceSelector")
    block = item.item("ipBlock")
    if pods is None and namespaces is None and block is None:
        item.problem("", "must have a podSelector, a namespaceSelector or an ipBlock", "an empty peer selects nobody")
    if block is not None and (pods is not None or namespaces is not None):
        item.problem("", "an ipBlock cannot stand beside a selector", "make two peers of it")
    return NetworkPolicyPeer(pods, namespaces, None if block is None else _block(block), item.span)


def _block(item: Item) -> IPBlock:
    item.only(("cidr", "except"))
    try:
        cidr = network(item.text("cidr"))
    except ValueError as wrong:
        item.problem("cidr", str(wrong))
        return IPBlock("0.0.0.0/0")
    excepted = []
    for text in item.texts("except"):
        try:
            block = network(text)
        except ValueError as wrong:
            item.problem("except", str(wrong))
            continue
        # Blocks of two families are never inside each other, and the standard library refuses to compare them.
        inside = block.version == cidr.version and block.subnet_of(cidr)  # type: ignore[arg-type]
        if not inside or block == cidr:
            item.problem("except", f"{text} is not strictly inside {cidr}")
        excepted.append(str(block))
    return IPBlock(str(cidr), tuple(excepted))


def _port(item: Item) -> NetworkPolicyPort:
    item.only(("port", "endPort", "protocol"))
    protocol = item.text("protocol") or "TCP"
    if protocol not in PROTOCOLS:
        item.problem("protocol", f"{protocol!r} is not one of {', '.join(PROTOCOLS)}")
    port = item.number_or_text("port")
    end = item.port("endPort")
    if isinstance(port, str):
        if port_name_problem(port):
            item.problem("port", f"{port!r} {port_name_problem(port)}")
    elif port is not None and not 1 <= port <= 65535:
        item.problem("port", f"{port} is not a port: 1 to 65535")
    if end is not None:
        if not isinstance(port, int):
            item.problem("endPort", "needs a numeric port to start from")
        elif end < port:
            item.problem("endPort", f"{end} is less than port {port}")
    return NetworkPolicyPort(protocol, port, end, item.span)
