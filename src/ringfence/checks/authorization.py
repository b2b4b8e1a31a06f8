"""What several checks ask of Istio's AuthorizationPolicies: for which ports a rule is, and whom it means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from ringfence.checks.finding import View
from ringfence.checks.mesh import istio
from ringfence.engine.identities import Identities
from ringfence.layers.istio_rules import Match, Place, matches
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Peer
from ringfence.resources.istio.authorization import AuthorizationPolicy, Operation, PolicyAction, PolicyRule, Source


def deciding(view: View, *actions: PolicyAction) -> Iterator[AuthorizationPolicy]:
    """The policies of these actions that decide about pods: no dry runs, none for gateways and waypoints alone."""
    if istio(view) is not None:
        for one in view.topology.objects.istio_authorization_policies:
            if one.action in actions and not one.dry_run and not one.target_refs:
                yield one


def ports_of(rule: PolicyRule) -> IntervalSet:
    """The ports that a rule is for."""
    found = IntervalSet()
    for one in rule.operations or (Operation(),):
        wanted = IntervalSet.of(*map(int, one.ports)) if one.ports else PORTS
        found |= wanted - IntervalSet.of(*map(int, one.not_ports))
    for when in rule.when:
        if when.key == "destination.port":
            found &= IntervalSet.of(*map(int, when.values)) if when.values else PORTS
            found -= IntervalSet.of(*map(int, when.not_values))
    return found


def meanings(view: View, policy: AuthorizationPolicy, rule: PolicyRule) -> tuple[Match, ...]:
    """The ways to match a rule, where every field of it is asked."""
    mesh = istio(view)
    if mesh is None:
        return ()
    place = Place(policy.metadata.namespace, mesh.settings.trust_domains)
    return tuple(matches(rule, place, http=True, allows=True))


def peers_of(view: View, policy: AuthorizationPolicy, source: Source) -> tuple[Peer, ...]:
    """Whom a source means."""
    return tuple(peer for one in meanings(view, policy, PolicyRule((source,))) for peer in one.peers)


@lru_cache(maxsize=2)
def identities(view: View) -> dict[str, tuple[str, ...]]:
    """The workloads by what their mutual TLS proves, `UNKNOWN_IDENTITY` among them; none without identity."""
    found: dict[str, list[str]] = {}
    for name, endpoints in view.connectivity.workloads.items():
        for identity in dict.fromkeys(one.identity for one in endpoints):
            if identity != NO_IDENTITY:
                found.setdefault(identity, []).append(name)
    return {identity: tuple(names) for identity, names in found.items()}


def holders(view: View, peers: Iterable[Peer], perhaps: bool = False) -> tuple[str, ...]:
    """The workloads whose identity one of the peers means; `perhaps`: also those of which nobody knows it."""
    known, peers = identities(view), tuple(peers)
    order, sorted_in = _ordered(view)
    meant = set[str]().union(*(sorted_in.meant(one) for one in peers))
    if perhaps and any(one.identity_matches(UNKNOWN_IDENTITY) is not False for one in peers):
        meant |= {UNKNOWN_IDENTITY} & order.keys()
    names = (name for identity in sorted(meant, key=order.__getitem__) for name in known[identity])
    return tuple(dict.fromkeys(names))


@lru_cache(maxsize=2)
def _ordered(view: View) -> tuple[dict[str, int], Identities]:
    """The place of each identity, and all of them by pattern."""
    known = identities(view)
    return {identity: place for place, identity in enumerate(known)}, Identities(known)


def representatives(view: View, names: Iterable[str]) -> tuple[str, ...]:
    """Of these workloads, one of each behaviour."""
    first: dict[int, str] = {}
    for name in names:
        first.setdefault(_kinds(view).get(name, -1), name)
    return tuple(first.values())


@lru_cache(maxsize=2)
def _kinds(view: View) -> dict[str, int]:
    return {name: number for number, kind in enumerate(view.connectivity.kinds) for name in kind}
