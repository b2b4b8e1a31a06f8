"""AuthorizationPolicy and RequestAuthentication at waypoints, for the Services and pods that are dialled through them.

A waypoint decides as a sidecar does (`istio_authorization`), with what is its own:

    policies   those whose `targetRefs` bind to the dialled Service or to the waypoint (`istio_waypoint`)
    ports      those of the Service, each read as the Service says; those of a pod as their bytes look
    captured   everything that is dialled; nothing goes past it, and it carries TCP alone
    addresses  `destination.ip` is what was dialled, which is not followed: left open

What the same policies bind for and whose ports are read alike shares one chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ringfence.layers import istio_inbound
from ringfence.layers.istio_authorization import Kind, Settings, authorization
from ringfence.layers.istio_inbound import DETECTED, Inbound
from ringfence.layers.istio_waypoint import FACET, LAYER, Waypoint, binds
from ringfence.model.bounds import Bounds
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import Chain, Scope
from ringfence.model.selectors import Addressed, AllOf, AnyOf, Comparison, Label, Not, Selector, Unsure
from ringfence.model.spans import Span
from ringfence.resources.istio.authorization import AuthorizationPolicy, PolicyAction, RequestAuthentication
from ringfence.resources.kubernetes import Service

P = TypeVar("P", AuthorizationPolicy, RequestAuthentication)

NOWHERE_BOUND = "no waypoint stands before what the policy names, and no other proxy enforces it: it restricts nobody"

NOTHING_PAST = Bounds.exactly(IntervalSet())

DIALLED_ADDRESS = "the address that is dialled through the waypoint is not followed"

NO_SERVICE = ""
"""The Service of what is dialled by a pod's address."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The policies that bind for a Service."""

    policies: tuple[AuthorizationPolicy, ...]
    requests: tuple[RequestAuthentication, ...]


class AtWaypoints:
    """The policies of a mesh as they bind at its waypoints."""

    def __init__(
        self,
        policies: Iterable[AuthorizationPolicy],
        requests: Iterable[RequestAuthentication],
        settings: Settings,
    ) -> None:
        self.policies = tuple(one for one in policies if one.target_refs)
        self.requests = tuple(one for one in requests if one.target_refs)
        self.settings = settings

    def facets(self, service: Service, waypoint: Waypoint) -> Mapping[str, Mapping[str, str]]:
        """What the chains ask about a Service as it is dialled through its waypoint."""
        asked = {"service": service.metadata.qualified_name}
        return {FACET: asked, istio_inbound.FACET: self._inbound(service, waypoint).facet}

    def facets_of_pods(self, waypoint: Waypoint) -> Mapping[str, Mapping[str, str]]:
        """What the chains ask about a pod as it is dialled through its waypoint."""
        return {FACET: {"pods": waypoint.title}, istio_inbound.FACET: self._inbound(None, waypoint).facet}

    def chains(
        self, dialled: Iterable[tuple[Service, Waypoint]], of_workloads: Iterable[Waypoint] = ()
    ) -> tuple[Chain, ...]:
        """The chains at the waypoints of these Services, and at those that stand before pods."""
        groups: dict[tuple[Bound, Inbound], list[tuple[str, str]]] = {}
        asked: list[tuple[Service | None, Waypoint]] = [*dialled, *((None, one) for one in of_workloads)]
        for service, waypoint in asked:
            policies = self._bound(self.policies, service, waypoint)
            bound = Bound(policies, self._bound(self.requests, service, waypoint))
            what = ("pods", waypoint.title) if service is None else ("service", service.metadata.qualified_name)
            groups.setdefault((bound, self._inbound(service, waypoint)), []).append(what)
        return tuple(chain for (bound, inbound), what in groups.items() for chain in self._chains(bound, inbound, what))

    def idle(self, dialled: Iterable[tuple[Service, Waypoint]]) -> list[tuple[AuthorizationPolicy, Span, str]]:
        """The policies for Services and classes that bind nowhere, with the place and what follows.

        `dialled`: every Service that a waypoint stands before. A Gateway may be one that no waypoint is, and what
        stands before a ServiceEntry is not known.
        """
        found = tuple(dialled)
        return [
            (one, one.span, NOWHERE_BOUND)
            for one in self.policies
            if all(target.kind in ("Service", "GatewayClass") for target in one.target_refs)
            and not any(self._bound((one,), service, waypoint) for service, waypoint in found)
        ]

    def _chains(self, bound: Bound, inbound: Inbound, what: list[tuple[str, str]]) -> Iterator[Chain]:
        # What binds is settled, so that as policies of sidecars they are for everything in their own namespaces.
        policies = [replace(one, target_refs=()) for one in bound.policies]
        requests = [replace(one, target_refs=()) for one in bound.requests]
        metadata = (*(one.metadata for one in policies), *(one.metadata for one in requests))
        kinds = [Kind(namespace, {}, inbound) for namespace in dict.fromkeys(one.namespace for one in metadata)]
        names = {key: frozenset(name for kind, name in what if kind == key) for key in dict(what)}
        where = AnyOf(tuple(Label(FACET, key, Comparison.IN, found) for key, found in names.items()))
        for chain in authorization(policies, requests, kinds, self.settings):
            stages = (
                replace(stage, scopes=tuple(_placed(scope, where) for scope in stage.scopes)) for stage in chain.stages
            )
            yield replace(chain, layer=LAYER, stages=tuple(stages))

    def _bound(self, policies: Iterable[P], service: Service | None, waypoint: Waypoint) -> tuple[P, ...]:
        name = NO_SERVICE if service is None else service.metadata.qualified_name
        root = self.settings.root_namespace
        return tuple(one for one in policies if binds(one.metadata.namespace, one.target_refs, name, waypoint, root))

    def _inbound(self, service: Service | None, waypoint: Waypoint) -> Inbound:
        """How the waypoint reads the ports, and which tokens and external authorizers bind there."""
        requests = self._bound(self.requests, service, waypoint)
        custom = (one for one in self._bound(self.policies, service, waypoint) if one.action is PolicyAction.CUSTOM)
        ports = () if service is None else service.ports
        read = ((one.port, istio_inbound.protocol(one)) for one in ports if one.protocol == "TCP")
        return Inbound(
            tuple(sorted((port, how) for port, how in read if how != DETECTED)),
            tuple(sorted(one.metadata.qualified_name for one in requests if one.jwt_rules)),
            tuple(sorted({one.provider for one in custom})),
            NOTHING_PAST,
        )


def _placed(scope: Scope, where: Selector) -> Scope:
    """A scope of pods as one of what is dialled, of which the address is not known."""
    rules = tuple(replace(one, subjects=_anywhere(one.subjects)) for one in scope.rules)
    return replace(scope, subjects=where, rules=rules)


def _anywhere(selector: Selector) -> Selector:
    match selector:
        case Addressed():
            return Unsure(DIALLED_ADDRESS)
        case AllOf(parts):
            return AllOf(tuple(map(_anywhere, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(_anywhere, parts)))
        case Not(part):
            return Not(_anywhere(part))
    return selector
