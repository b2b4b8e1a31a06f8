"""Cluster policies (Admin-, BaselineAdmin- and ClusterNetworkPolicy) as stages around NetworkPolicy.

    Admin      by priority, first match: Allow and Deny are final, Pass goes on to NetworkPolicy
    policies   NetworkPolicy, final for the pods that it isolates in that direction
    Baseline   by priority, first match, for what is left
    otherwise  open

Policies of equal priority that overlap have no order: where they disagree the outcome is unknown. A peer that this
version does not know fails closed: an Allow then matches nobody, a Deny or Pass everybody. `networks` match whatever
address the packet has, pods included (option `ipblock_matches_pods`); `nodes` match nodes and what runs on their
network. What a domain name resolves to is known as far as the option `dns` says; otherwise an Allow by name may match
any address and must match none.

Source: the API documentation of network-policy-api, and its enhancement proposals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ringfence.layers.kubernetes_selectors import POD, labels, named_port, pods_anywhere
from ringfence.layers.network_policy import PortNumbers
from ringfence.layers.own_node import HOST, HOST_LABELS
from ringfence.model.addresses import EVERYWHERE, NO_ADDRESS, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, HeaderSet, ports, union
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import ANY_PEER, Action, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, AllOf, AnyOf, Has, Not, Selector
from ringfence.resources.kubernetes.cluster_policies import (
    BASELINE,
    ClusterPolicy,
    ClusterPolicyPeer,
    ClusterPolicyPort,
    ClusterPolicyRule,
    PodsOf,
)

ACTIONS = {"Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}
PROTOCOLS = ("tcp", "udp", "sctp")

Resolutions = tuple[tuple[str, AddressSet], ...]
"""What names resolve to."""


@dataclass(frozen=True, slots=True)
class Semantics:
    """What the API leaves open, and what the policies do not say themselves.

    `numbers` are those of named ports; `shielded` are pods that the Baseline tier leaves alone.
    """

    numbers: PortNumbers
    networks_match_pods: bool = True
    dns: Resolutions = ()
    shielded: tuple[Selector, ...] = ()


def stages(
    policies: Iterable[ClusterPolicy],
    tier: str,
    semantics: Semantics,
) -> dict[Direction, tuple[Stage, ...]]:
    """The stage of one tier in each direction; none where the tier has no policy with rules there."""
    chosen = [one for one in policies if one.tier == tier]
    found: dict[Direction, tuple[Stage, ...]] = {}
    for direction in Direction:
        scopes = tuple(
            _scope(one, direction, semantics)
            for one in chosen
            if (one.egress if direction is Direction.EGRESS else one.ingress)
        )
        found[direction] = (Stage(f"{tier.lower()} tier", scopes, Action.PASS),) if scopes else ()
    return found


def _scope(policy: ClusterPolicy, direction: Direction, semantics: Semantics) -> Scope:
    rules: list[Rule] = []
    for place, rule in enumerate(policy.egress if direction is Direction.EGRESS else policy.ingress):
        rules += _rules(rule, f"{direction}[{place}] {rule.name}".strip(), direction, semantics)
    subjects = _pods(policy.subject)
    if policy.tier == BASELINE and semantics.shielded:
        subjects = AllOf((subjects, Not(AnyOf(semantics.shielded))))
    return Scope(f"{policy.kind} {policy.metadata.name}", subjects, tuple(rules), policy.priority, policy.span)


def _pods(chosen: PodsOf) -> Selector:
    return pods_anywhere(chosen.namespaces, chosen.pods)


def _rules(rule: ClusterPolicyRule, name: str, direction: Direction, semantics: Semantics) -> Iterator[Rule]:
    """One rule for the numeric ports, and one for each number that a named port stands for.

    They stand next to each other and have one action, so their order among themselves does not matter.
    """
    action = ACTIONS[rule.action]
    peers = ANY_PEER if _fails_closed(rule) else tuple(found for one in rule.peers for found in _peers(one, semantics))
    plain = [one for one in rule.ports or () if not one.name]
    if rule.ports is None or plain:
        headers = ALL_HEADERS if rule.ports is None else union(_headers(one) for one in plain)
        yield Rule(action, peers, Bounds.exactly(headers), name=name, span=rule.span)
    for port in rule.ports or ():
        if not port.name:
            continue
        for protocol in PROTOCOLS:
            for number in sorted(semantics.numbers.get((protocol, port.name), ())):
                holder = named_port(protocol, port.name, number)
                one_port = Bounds.exactly(ports(protocol, IntervalSet.of(number)))
                title = f"{name} port {port.name}={number}"
                if direction is Direction.INGRESS:
                    yield Rule(action, peers, one_port, subjects=holder, name=title, span=rule.span)
                else:
                    narrowed = tuple(Peer(AllOf((one.selector, holder)), one.addresses) for one in peers)
                    yield Rule(action, narrowed, one_port, name=title, span=rule.span)


def _fails_closed(rule: ClusterPolicyRule) -> bool:
    """Whether a peer that is not known makes a Deny or Pass match everybody."""
    return rule.action != "Allow" and not all(peer.known for peer in rule.peers)


def _peers(peer: ClusterPolicyPeer, semantics: Semantics) -> Iterator[Peer]:
    if peer.pods is not None:
        yield Peer(_pods(peer.pods))
    if peer.nodes is not None:
        yield Peer(AllOf((Has(HOST), *labels(HOST_LABELS, peer.nodes))))
    if peer.networks is not None:
        whose = ANYTHING if semantics.networks_match_pods else Not(Has(POD))
        yield Peer(whose, Bounds.exactly(AddressSet.of(*peer.networks) if peer.networks else NO_ADDRESS))
    for name in peer.domain_names or ():
        yield Peer(ANYTHING, _resolved(name, semantics.dns))


def _resolved(name: str, dns: Resolutions) -> Bounds[AddressSet]:
    """What a name stands for; `*.` is one or more labels, never the name below it."""
    matches = [one for known, one in dns if known == name or (name.startswith("*.") and known.endswith(name[1:]))]
    found = AddressSet.union(matches)
    if matches and not name.startswith("*."):
        return Bounds.exactly(found)
    return Bounds(found, EVERYWHERE, f"what {name} resolves to is not known")


def _headers(port: ClusterPolicyPort) -> HeaderSet:
    if port.port is None:
        return ports(port.protocol.lower())
    return ports(port.protocol.lower(), IntervalSet.of((port.port, port.end_port or port.port)))
