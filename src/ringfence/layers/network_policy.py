"""NetworkPolicy of `networking.k8s.io/v1`, as a stage of every pod's egress and of its ingress.

    isolation   is per direction: a policy isolates the pods that it selects in each of its types, whatever its rules
    rules       only allow; the rules of all policies that select a pod add up
    ports       are those of the pod (a Service's port never counts); a named port is whatever number each pod has
    address     rules match what the packet's header holds; whether also pods and nodes, `Semantics` says
    undefined   ICMP and other protocols: `Semantics.undefined_protocols`

So there is one stage whose scopes, one a policy, have no order; a pod that one of them governs and no rule admits is
refused, and a pod that none governs is open. The chain is stateful: a reply passes.

Source: the API's own documentation (`NetworkPolicySpec`), and the Kubernetes page on network policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ringfence.layers.kubernetes_selectors import POD, named_port, pods, pods_anywhere
from ringfence.layers.own_node import HOST
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, ALL_TCP, NO_HEADERS, HeaderSet, ports, union
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import ANY_PEER, Action, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, AllOf, AnyOf, Has, Not, Selector
from ringfence.resources.kubernetes import (
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)

LAYER = "NetworkPolicy"

DIRECTIONS = {Direction.EGRESS: PolicyType.EGRESS, Direction.INGRESS: PolicyType.INGRESS}

WITHOUT_PORTS = ALL_HEADERS - ALL_TCP - ports("udp") - ports("sctp")
"""What the specification leaves undefined: ICMP and the other protocols."""

PortNumbers = dict[tuple[str, str], frozenset[int]]
"""The numbers that a named port (protocol in lower case, name) has on the pods of the cluster."""


@dataclass(frozen=True, slots=True)
class Semantics:
    """What the specification leaves open, and plugins decide."""

    ipblock_matches_pods: bool = True
    undefined_protocols: bool = False
    ipblock_matches_nodes: bool = True

    @property
    def addressed(self) -> Selector:
        """Whom an address block may mean."""
        left_out = [Has(POD)] if not self.ipblock_matches_pods else []
        left_out += [Has(HOST)] if not self.ipblock_matches_nodes else []
        return Not(AnyOf(tuple(left_out))) if left_out else ANYTHING


def stages(
    policies: Iterable[NetworkPolicy], numbers: PortNumbers, semantics: Semantics
) -> dict[Direction, tuple[Stage, ...]]:
    """The stage of these policies in each direction. Linear in the policies."""
    found = tuple(policies)
    return {direction: (_stage(found, direction, numbers, semantics),) for direction in Direction}


def subjects(policy: NetworkPolicy) -> Selector:
    """The pods that a policy selects."""
    return pods(policy.metadata.namespace, policy.pod_selector)


def _stage(
    policies: tuple[NetworkPolicy, ...], direction: Direction, numbers: PortNumbers, semantics: Semantics
) -> Stage:
    kind = DIRECTIONS[direction]
    scopes = tuple(_scope(one, direction, numbers, semantics) for one in policies if kind in one.policy_types)
    return Stage("policies", scopes, Action.DENY)


def _scope(policy: NetworkPolicy, direction: Direction, numbers: PortNumbers, semantics: Semantics) -> Scope:
    metadata = policy.metadata
    rules: list[Rule] = []
    for place, rule in enumerate(policy.egress if direction is Direction.EGRESS else policy.ingress):
        rules += _rules(rule, f"{direction}[{place}]", metadata.namespace, direction, numbers, semantics)
    if semantics.undefined_protocols:
        rules.append(Rule(Action.ALLOW, ANY_PEER, Bounds.exactly(WITHOUT_PORTS), name="protocols without ports"))
    return Scope(metadata.qualified_name, subjects(policy), tuple(rules), span=policy.span)


def _rules(
    rule: NetworkPolicyRule,
    name: str,
    namespace: str,
    direction: Direction,
    numbers: PortNumbers,
    semantics: Semantics,
) -> Iterator[Rule]:
    """The rule's numeric ports as one rule, and one more for each number that a named port stands for."""
    peers = tuple(_peer(one, namespace, semantics) for one in rule.peers) if rule.peers else ANY_PEER
    plain = [port for port in rule.ports if not isinstance(port.port, str)]
    if plain or not rule.ports:
        headers = _headers(tuple(map(_key, plain))) if rule.ports else Bounds.exactly(ALL_HEADERS)
        yield Rule(Action.ALLOW, peers, headers, name=name, span=rule.span)
    for port in rule.ports:
        if not isinstance(port.port, str):
            continue
        protocol = port.protocol.lower()
        for number in sorted(numbers.get((protocol, port.port), ())):
            headers = _headers(((protocol, number, number),))
            holder = named_port(protocol, port.port, number)
            title = f"{name} port {port.port}={number}"
            if direction is Direction.INGRESS:
                yield Rule(Action.ALLOW, peers, headers, subjects=holder, name=title, span=port.span)
            else:
                yield Rule(
                    Action.ALLOW, tuple(_holding(one, holder) for one in peers), headers, name=title, span=port.span
                )


def _peer(peer: NetworkPolicyPeer, namespace: str, semantics: Semantics) -> Peer:
    if peer.ip_block is not None:
        addresses = AddressSet.of(peer.ip_block.cidr) - AddressSet.of(*peer.ip_block.except_)
        return Peer(semantics.addressed, Bounds.exactly(addresses))
    if peer.namespace_selector is None:
        assert peer.pod_selector is not None, "the reader refuses a peer without any selector"
        return Peer(pods(namespace, peer.pod_selector))
    return Peer(pods_anywhere(peer.namespace_selector, peer.pod_selector))


def _holding(peer: Peer, holder: Selector) -> Peer:
    """The peer, limited to pods that have the port."""
    return Peer(AllOf((peer.selector, holder)), peer.addresses)


def _key(port: NetworkPolicyPort) -> tuple[str, int, int]:
    """Protocol, lowest and highest port."""
    assert not isinstance(port.port, str)
    if port.port is None:
        return port.protocol.lower(), 0, 65535
    return port.protocol.lower(), port.port, port.end_port or port.port


@lru_cache(maxsize=1 << 14)
def _headers(entries: tuple[tuple[str, int, int], ...]) -> Bounds[HeaderSet]:
    """The header set of port entries, shared by all rules that have the same."""
    return Bounds.exactly(
        union(ports(protocol, IntervalSet.of((low, high))) for protocol, low, high in entries)
        if entries
        else NO_HEADERS
    )
