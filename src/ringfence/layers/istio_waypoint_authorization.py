"""AuthorizationPolicy and RequestAuthentication at waypoints, for the Services that are dialled through them.

A waypoint decides as a sidecar does (`istio_authorization`), with what is its own:

    policies   those whose `targetRefs` bind to the dialled Service or to the waypoint (`istio_waypoint`)
    ports      those of the Service, each read as the Service says
    captured   everything that is dialled; nothing goes past it, and it carries TCP alone

Services for which the same policies bind and whose ports are read alike share one chain.
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
from ringfence.model.rules import Chain
from ringfence.model.selectors import Comparison, Label
from ringfence.model.spans import Span
from ringfence.resources.istio.authorization import AuthorizationPolicy, PolicyAction, RequestAuthentication
from ringfence.resources.kubernetes import Service

P = TypeVar("P", AuthorizationPolicy, RequestAuthentication)

NOWHERE_BOUND = "no waypoint stands before what the policy names, and no other proxy enforces it: it restricts nobody"

NOTHING_PAST = Bounds.exactly(IntervalSet())


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

    def chains(self, dialled: Iterable[tuple[Service, Waypoint]]) -> tuple[Chain, ...]:
        """The chains at the waypoints of these Services."""
        groups: dict[tuple[Bound, Inbound], list[str]] = {}
        for service, waypoint in dialled:
            policies = self._bound(self.policies, service, waypoint)
            bound = Bound(policies, self._bound(self.requests, service, waypoint))
            groups.setdefault((bound, self._inbound(service, waypoint)), []).append(service.metadata.qualified_name)
        return tuple(
            chain for (bound, inbound), names in groups.items() for chain in self._chains(bound, inbound, names)
        )

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

    def _chains(self, bound: Bound, inbound: Inbound, names: list[str]) -> Iterator[Chain]:
        # What binds is settled, so that as policies of sidecars they are for everything in their own namespaces.
        policies = [replace(one, target_refs=()) for one in bound.policies]
        requests = [replace(one, target_refs=()) for one in bound.requests]
        metadata = (*(one.metadata for one in policies), *(one.metadata for one in requests))
        kinds = [Kind(namespace, {}, inbound) for namespace in dict.fromkeys(one.namespace for one in metadata)]
        where = Label(FACET, "service", Comparison.IN, frozenset(names))
        for chain in authorization(policies, requests, kinds, self.settings):
            stages = (
                replace(stage, scopes=tuple(replace(scope, subjects=where) for scope in stage.scopes))
                for stage in chain.stages
            )
            yield replace(chain, layer=LAYER, stages=tuple(stages))

    def _bound(self, policies: Iterable[P], service: Service, waypoint: Waypoint) -> tuple[P, ...]:
        name, root = service.metadata.qualified_name, self.settings.root_namespace
        return tuple(one for one in policies if binds(one.metadata.namespace, one.target_refs, name, waypoint, root))

    def _inbound(self, service: Service, waypoint: Waypoint) -> Inbound:
        """How the waypoint reads the Service's ports, and which tokens and external authorizers bind there."""
        requests = self._bound(self.requests, service, waypoint)
        custom = (one for one in self._bound(self.policies, service, waypoint) if one.action is PolicyAction.CUSTOM)
        read = ((one.port, istio_inbound.protocol(one)) for one in service.ports if one.protocol == "TCP")
        return Inbound(
            tuple(sorted((port, how) for port, how in read if how != DETECTED)),
            tuple(sorted(one.metadata.qualified_name for one in requests if one.jwt_rules)),
            tuple(sorted({one.provider for one in custom})),
            NOTHING_PAST,
        )
