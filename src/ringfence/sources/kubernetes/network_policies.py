"""NetworkPolicy, checked and defaulted as the API server does it (`k8s.io/kubernetes/pkg/apis/networking`).

Unknown fields are errors here, as for `kubectl`: a misspelt `podSelectr` would select every pod. Defaults: a port's
protocol is TCP; without `policyTypes` a policy has Ingress, and Egress only where it has egress rules.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from ringfence.resources.kubernetes import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.metadata import label_selector, object_meta, optional_selector
from ringfence.sources.kubernetes.parts import Part

TYPES = tuple(PolicyType)


def network_policy(part: Part) -> NetworkPolicy:
    """A `networking.k8s.io/v1` NetworkPolicy (or the like of `extensions/v1beta1`, which has the same fields)."""
    part.only("apiVersion", "kind", "metadata", "spec", "status")
    spec = part["spec"]
    spec.only("podSelector", "policyTypes", "ingress", "egress")
    ingress = tuple(_rule(rule, "from") for rule in spec["ingress"].items())
    egress = tuple(_rule(rule, "to") for rule in spec["egress"].items())
    return NetworkPolicy(
        metadata=object_meta(part["metadata"], namespaced=True),
        pod_selector=label_selector(spec["podSelector"]),
        policy_types=_types(spec["policyTypes"], egress),
        ingress=ingress,
        egress=egress,
        span=part.span,
    )


def _types(part: Part, egress: tuple[NetworkPolicyRule, ...]) -> tuple[PolicyType, ...]:
    items = part.items()
    if len(items) > len(TYPES):
        part.refuse("holds more than two entries")
    written = []
    for item in items:
        text = item.one_of(TYPES)
        if text in TYPES:
            written.append(PolicyType(text))
        elif not item.present:
            item.refuse(f"is missing: one of {', '.join(TYPES)}")
    if not items:
        written = list(TYPES) if egress else [PolicyType.INGRESS]
    return tuple(dict.fromkeys(written))


def _rule(part: Part, direction: str) -> NetworkPolicyRule:
    part.only(direction, "ports")
    return NetworkPolicyRule(
        peers=tuple(_peer(peer) for peer in part[direction].items()),
        ports=tuple(_port(port) for port in part["ports"].items()),
        span=part.span,
    )


def _peer(part: Part) -> NetworkPolicyPeer:
    part.only("podSelector", "namespaceSelector", "ipBlock")
    pods, namespaces = optional_selector(part["podSelector"]), optional_selector(part["namespaceSelector"])
    block = _ip_block(part["ipBlock"]) if part["ipBlock"].present else None
    if part["ipBlock"].present and (pods is not None or namespaces is not None):
        part.refuse("has ipBlock beside a selector", "make two peers of it")
    elif not part["ipBlock"].present and pods is None and namespaces is None:
        part.refuse("names no peer", "podSelector: {} is every pod of the namespace, namespaceSelector: {} every pod")
    return NetworkPolicyPeer(pods, namespaces, block, part.span)


def _ip_block(part: Part) -> IPBlock | None:
    part.only("cidr", "except")
    cidr = syntax.cidr(part["cidr"])
    excluded = [(item, syntax.cidr(item, item.text())) for item in part["except"].items()]
    if cidr is None:
        return None
    for item, block in excluded:
        if block is not None and not _strictly_inside(block, cidr):
            item.refuse(f"{block} is not a part of {cidr}", "name a smaller block inside cidr, or leave it out")
    return IPBlock(str(cidr), tuple(str(block) for _, block in excluded if block is not None))


def _strictly_inside(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner != outer and inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner != outer and inner.subnet_of(outer)
    return False


def _port(part: Part) -> NetworkPolicyPort:
    part.only("protocol", "port", "endPort")
    port = syntax.port(part["port"])
    last = part["endPort"]
    end_port = None
    if last.present:
        end_port = syntax.port_number(last)
        if not part["port"].present:
            last.refuse("needs a port to begin with")
        elif isinstance(port, str):
            last.refuse("cannot stand beside a named port")
        elif port is not None and end_port < port:
            last.refuse(f"{end_port} is less than the port {port}")
    protocol = syntax.protocol(part["protocol"], empty_is_default=False)
    return NetworkPolicyPort(protocol, port, end_port, part.span)
