"""AuthorizationPolicy at the pods of an ambient mesh, as ztunnel enforces it at the server's end of a connection.

    order      a connection that a DENY policy matches is refused; then, where any ALLOW policy applies to the pod, one
               of them must match; where none applies, everything passes
    scope      policies without selector: of the root namespace for every pod, of another for its own; with one: the
               pods that it selects, of every namespace where the policy is in the root namespace
    protocols  ztunnel carries TCP alone; what is not TCP passes it by
    identity   that of mutual TLS (HBONE); plaintext has none. Behind a waypoint it is the waypoint's
    address    source: that of the connection; destination: the pod's own, with the application's port
    waypoint   what a pod behind a waypoint for workloads gets from ambient pods is left open (`istio_waypoint`)

What goes past ztunnel is in `ztunnel_capture`, what becomes of a rule's fields in `ztunnel_rules`, how identities
compare in `ztunnel_identities`. A policy with `targetRefs` is for waypoints and never for a pod.

Source: ztunnel `src/state.rs` (`assert_rbac`), `src/rbac.rs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_

from ringfence.layers import istio_waypoint, ztunnel_capture
from ringfence.layers import ztunnel_identities as identities
from ringfence.layers.identity_patterns import together
from ringfence.layers.kubernetes_selectors import POD, labels
from ringfence.layers.mesh_facets import not_carried_by
from ringfence.layers.ztunnel_capture import CAPTURED
from ringfence.layers.ztunnel_rules import Match, Values, convert, reaches
from ringfence.model.addresses import EVERYWHERE, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import PORTS, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import Action, Chain, Direction, Pattern, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, Addressed, AllOf, InNamespace, Selector
from ringfence.resources.istio.authorization import AuthorizationPolicy, PolicyAction
from ringfence.resources.kubernetes import LabelSelector

LAYER = "ztunnel"

NOT_TCP = not_carried_by("ztunnel")


def chain(policies: Iterable[AuthorizationPolicy], root_namespace: str, nodes: Iterable[str] = ()) -> Chain:
    """The chain of these policies at every pod. `nodes`: the names of the cluster's nodes."""
    found = tuple(one for one in policies if reaches(one))
    deny = tuple(_scope(one, root_namespace) for one in found if one.action is PolicyAction.DENY)
    allow = tuple(_scope(one, root_namespace) for one in found if one.action is PolicyAction.ALLOW)
    policies_of = (Stage("DENY", deny, Action.PASS), Stage("ALLOW", allow, Action.DENY))
    stages = (*ztunnel_capture.stages(nodes), istio_waypoint.workload_stage(), *policies_of)
    return Chain(LAYER, Direction.INGRESS, stages, Action.ALLOW)


def subjects(namespace: str, selector: tuple[tuple[str, str], ...] | None, root_namespace: str) -> Selector:
    """The ambient pods that a policy of this namespace with this selector is for."""
    place: tuple[Selector, ...] = () if namespace == root_namespace else (InNamespace(namespace),)
    return AllOf((*place, CAPTURED, *labels(POD, LabelSelector(selector or ()))))


def _scope(policy: AuthorizationPolicy, root_namespace: str) -> Scope:
    metadata = policy.metadata
    rules = [found for place in range(len(policy.rules)) if (found := _rule(policy, place)) is not None]
    if policy.action is PolicyAction.ALLOW:
        rules.append(NOT_TCP)
    where = subjects(metadata.namespace, policy.selector, root_namespace)
    return Scope(metadata.qualified_name, where, tuple(rules), span=policy.span)


def _rule(policy: AuthorizationPolicy, place: int) -> Rule | None:
    """One rule of the policy; None where nothing can match it."""
    rule = policy.rules[place]
    found = convert(rule, policy.action)
    if not found.fires:
        return None
    peers: tuple[_Peers, ...] = (_Peers(),)
    numbers, targets = PORTS, EVERYWHERE
    for clause in found.clauses:
        asked = [one for one in clause.matches if not one.empty]
        peers = tuple(before & after for before in peers for after in _alternatives(asked, policy.metadata.namespace))
        numbers &= _union(_numbers(one.destination_ports) for one in asked)
        targets &= AddressSet.union(_within(one.destination_ips) for one in asked)
    return Rule(
        Action.ALLOW if policy.action is PolicyAction.ALLOW else Action.DENY,
        tuple(one.lowered() for one in peers),
        Bounds.exactly(ports("tcp", numbers)),
        subjects=ANYTHING if targets == EVERYWHERE else Addressed(targets),
        name=f"rules[{place}]",
        span=rule.span,
    )


@dataclass(frozen=True, slots=True)
class _Peers:
    """What is asked of a client: an identity that each of `wanted` fits and none of `excluded`, and an address."""

    wanted: tuple[tuple[Pattern, ...], ...] = ()
    excluded: tuple[Pattern, ...] = ()
    addresses: AddressSet = EVERYWHERE

    def __and__(self, other: _Peers) -> _Peers:
        return _Peers(self.wanted + other.wanted, self.excluded + other.excluded, self.addresses & other.addresses)

    def lowered(self) -> Peer:
        addresses = None if self.addresses == EVERYWHERE else Bounds.exactly(self.addresses)
        return Peer(addresses=addresses, identities=together(self.wanted), excluded=self.excluded)


def _alternatives(matches: Iterable[Match], namespace: str) -> Iterator[_Peers]:
    """What each of a clause's alternatives asks of the client. (Those of operations differ in the port alone.)"""
    return iter(dict.fromkeys(_client(one, namespace) for one in matches))


def _client(match: Match, namespace: str) -> _Peers:
    wanted: list[tuple[Pattern, ...]] = []
    excluded: list[Pattern] = []
    for (some, none), pattern in (
        (match.principals, identities.principal),
        (match.namespaces, identities.namespace),
        (match.service_accounts, lambda text: identities.service_account(text, namespace)),
    ):
        wanted += [tuple(map(pattern, some))] if some else []
        excluded += map(pattern, none)
    return _Peers(tuple(wanted), tuple(excluded), _within(match.source_ips))


def _within(values: Values) -> AddressSet:
    some, none = values
    return (AddressSet.of(*some) if some else EVERYWHERE) - AddressSet.of(*none)


def _numbers(values: Values) -> IntervalSet:
    some, none = values
    return (IntervalSet.of(*map(int, some)) if some else PORTS) - IntervalSet.of(*map(int, none))


def _union(sets: Iterable[IntervalSet]) -> IntervalSet:
    return reduce(or_, sets, IntervalSet())
