"""VirtualServices that others continue: a route with a `delegate` becomes the HTTP routes of that VirtualService.

A delegate has no hosts, and by itself routes nothing. Each of its routes is taken under the conditions of both; where
those exclude each other it is left out. As conditions other than ports are not read apart, a route where both have some
may be there or not. A short host of the delegate is of its own namespace. A delegate that is not exported to the
namespace of the root is passed over, and that route of the root is none.

Of a delegate that the files do not hold nobody knows where it leads, nor of one that delegates again, which istiod does
not follow: such routes stay `delegated`.

Source: istio `pilot/pkg/model/virtualservice.go` (`mergeVirtualServicesIfNeeded`, `mergeHTTPMatchRequests`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ringfence.layers.istio_destination_rules import EVERYBODY, OWN
from ringfence.layers.istio_hosts import full
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import TrafficRoute, VirtualService

HTTP = "http"


def merged(services: Iterable[VirtualService], config: MeshConfig) -> tuple[VirtualService, ...]:
    """These VirtualServices with the routes that their delegates say, and without the delegates."""
    services = tuple(services)
    delegates = {one.metadata.qualified_name: one for one in services if not one.hosts}
    default = config.default_virtual_service_export_to
    return tuple(_root(one, delegates, default) for one in services if one.hosts)


def _root(one: VirtualService, delegates: Mapping[str, VirtualService], default: Iterable[str]) -> VirtualService:
    if not any(route.delegated for route in (*one.routes, *one.gateway_routes)):
        return one
    home = one.metadata.namespace
    mesh, gateways = (
        tuple(part for route in routes for part in _continued(route, home, delegates, default))
        for routes in (one.routes, one.gateway_routes)
    )
    return replace(one, routes=mesh, gateway_routes=gateways)


def _continued(
    route: TrafficRoute, home: str, delegates: Mapping[str, VirtualService], default: Iterable[str]
) -> Iterator[TrafficRoute]:
    delegate = delegates.get(route.delegate) if route.delegated else None
    if delegate is None:
        yield route
        return
    exported = delegate.export_to or tuple(default)
    own = delegate.metadata.namespace
    if EVERYBODY not in exported and home not in (own if one == OWN else one for one in exported):
        return
    for part in delegate.routes:
        if part.protocol == HTTP and not (route.ports and set(part.ports) - set(route.ports)):
            destinations = tuple(replace(one, host=full(one.host, own)) for one in part.destinations)
            yield replace(
                part,
                destinations=destinations,
                ports=part.ports or route.ports,
                certain=route.certain and part.certain and not (route.matched and part.matched),
                matched=route.matched or part.matched,
                sourced=route.sourced or part.sourced,
                gateways=route.gateways,
            )
