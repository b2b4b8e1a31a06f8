"""AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy, checked by their CRDs' rules.

Source: `apis/v1alpha1` and `apis/v1alpha2` of the network-policy-api project. Their peers are to fail closed where a
version does not know them, so an unknown field of a peer is not refused but leaves the peer unknown.
"""

from __future__ import annotations

from ringfence.resources.kubernetes.cluster_policies import (
    ADMIN,
    BASELINE,
    ClusterPolicy,
    ClusterPolicyPeer,
    ClusterPolicyPort,
    ClusterPolicyRule,
    PodsOf,
)
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.metadata import label_selector, object_meta
from ringfence.sources.kubernetes.parts import Part

GROUP = "policy.networking.k8s.io"
HIGHEST_PRIORITY = 1000


def cluster_policy(part: Part) -> ClusterPolicy:
    """One policy of any of the three kinds."""
    part.only("apiVersion", "kind", "metadata", "spec", "status")
    spec = part["spec"]
    kind = part["kind"].text()
    tier = BASELINE if kind == "BaselineAdminNetworkPolicy" else ADMIN
    if kind == "ClusterNetworkPolicy":
        spec.only("tier", "priority", "subject", "ingress", "egress")
        tier = spec["tier"].one_of((ADMIN, BASELINE))
        if not spec["tier"].present:
            spec["tier"].refuse(f"is missing: {ADMIN} or {BASELINE}")
    elif kind == "AdminNetworkPolicy":
        spec.only("priority", "subject", "ingress", "egress")
    else:
        spec.only("subject", "ingress", "egress")
        if part["metadata"]["name"].value != "default":
            part["metadata"]["name"].refuse("must be default: there is one of this kind")
    return ClusterPolicy(
        kind,
        object_meta(part["metadata"], namespaced=False),
        tier,
        _priority(spec, kind),
        _subject(spec["subject"]),
        tuple(_rule(one, "from", kind, tier) for one in spec["ingress"].items()),
        tuple(_rule(one, "to", kind, tier) for one in spec["egress"].items()),
        part.span,
    )


def _priority(spec: Part, kind: str) -> int:
    if kind == "BaselineAdminNetworkPolicy":
        return 0
    found = spec["priority"]
    number = found.integer(-1)
    if not found.present:
        found.refuse(f"is missing: 0 to {HIGHEST_PRIORITY}")
    elif not 0 <= number <= HIGHEST_PRIORITY:
        found.refuse(f"{number} is not within 0 to {HIGHEST_PRIORITY}")
    return number


def _subject(part: Part) -> PodsOf:
    part.only("namespaces", "pods")
    found = _pods(part)
    if found is None or (part["namespaces"].present and part["pods"].present):
        part.refuse("must have exactly one of namespaces and pods")
    return found or PodsOf(label_selector(part["namespaces"]))


def _pods(part: Part) -> PodsOf | None:
    """`namespaces` or `pods` of a subject or peer; None where it has neither."""
    if part["pods"].present:
        inner = part["pods"]
        return PodsOf(label_selector(inner["namespaceSelector"]), label_selector(inner["podSelector"]))
    return PodsOf(label_selector(part["namespaces"])) if part["namespaces"].present else None


def _rule(part: Part, side: str, kind: str, tier: str) -> ClusterPolicyRule:
    ports = "protocols" if kind == "ClusterNetworkPolicy" else "ports"
    part.only("name", "action", side, ports)
    accept = "Accept" if kind == "ClusterNetworkPolicy" else "Allow"
    actions = (accept, "Deny") if kind == "BaselineAdminNetworkPolicy" else (accept, "Deny", "Pass")
    action = part["action"].one_of(actions)
    if not part["action"].present:
        part["action"].refuse(f"is missing: one of {', '.join(actions)}")
    peers = tuple(_peer(one) for one in part[side].items())
    if not peers:
        part[side].refuse("must name a peer")
    read = _protocol if ports == "protocols" else _port
    entries = tuple(found for one in part[ports].items() for found in read(one)) if part[ports].items() else None
    return ClusterPolicyRule("Allow" if action == accept else action, part["name"].text(), peers, entries, part.span)


def _peer(part: Part) -> ClusterPolicyPeer:
    nodes, networks, names = part["nodes"], part["networks"], part["domainNames"]
    blocks = [syntax.cidr(item, item.text()) for item in networks.items()]
    return ClusterPolicyPeer(
        _pods(part),
        label_selector(nodes) if nodes.present else None,
        tuple(str(block) for block in blocks if block is not None) if networks.present else None,
        names.texts() if names.present else None,
        part.span,
    )


def _port(part: Part) -> tuple[ClusterPolicyPort, ...]:
    """An entry of v1alpha1's `ports`."""
    part.only("portNumber", "portRange", "namedPort")
    if part["portNumber"].present:
        inner = part["portNumber"]
        return (ClusterPolicyPort(syntax.protocol(inner["protocol"]), syntax.port_number(inner["port"])),)
    if part["portRange"].present:
        inner = part["portRange"]
        low, high = syntax.port_number(inner["start"]), syntax.port_number(inner["end"])
        if high < low:
            inner["end"].refuse(f"{high} is less than the start {low}")
        return (ClusterPolicyPort(syntax.protocol(inner["protocol"]), low, high),)
    if not part["namedPort"].present:
        part.refuse("must have a portNumber, a portRange or a namedPort")
    return (ClusterPolicyPort("", name=part["namedPort"].text()),)


def _protocol(part: Part) -> tuple[ClusterPolicyPort, ...]:
    """An entry of v1alpha2's `protocols`."""
    part.only("tcp", "udp", "sctp", "destinationNamedPort")
    if part["destinationNamedPort"].present:
        return (ClusterPolicyPort("", name=part["destinationNamedPort"].text()),)
    found = []
    for name in ("tcp", "udp", "sctp"):
        if not part[name].present:
            continue
        port = part[name]["destinationPort"]
        if port["range"].present:
            low, high = syntax.port_number(port["range"]["start"]), syntax.port_number(port["range"]["end"])
            found.append(ClusterPolicyPort(name.upper(), low, high))
        elif port["number"].present:
            found.append(ClusterPolicyPort(name.upper(), syntax.port_number(port["number"])))
        else:
            found.append(ClusterPolicyPort(name.upper()))
    if not found:
        part.refuse("must have tcp, udp, sctp or destinationNamedPort")
    return tuple(found)
