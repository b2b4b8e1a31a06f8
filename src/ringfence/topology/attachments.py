"""Whether a Gateway route is attached and may lead where it says.

A route attaches to the listeners that its parent reference means (by section name and port, else all) and whose
`allowedRoutes` admit the route's namespace and kind. What stands in another namespace than the route needs a
ReferenceGrant there. A Gateway that is not in the files is taken to admit the route. Where a listener asks for
labels of a namespace that no file declares, nobody knows (`doubted`).

Source: the Gateway API's own documentation (`AllowedRoutes`, `ParentReference`, `ReferenceGrant`).
"""

from __future__ import annotations

from ringfence.layers.kubernetes_selectors import NAMESPACE_NAME
from ringfence.model.conditions import Truth, disjunction
from ringfence.resources.kubernetes import (
    BackendReference,
    Gateway,
    KubernetesObjects,
    Listener,
    ParentReference,
    Route,
)

GROUP = "gateway.networking.k8s.io"

OF_PROTOCOL = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}
"""The kinds that a listener takes where it names none; a controller's own protocol takes any."""


def attached(route: Route, objects: KubernetesObjects) -> tuple[Gateway | None, ...]:
    """The Gateways that take the route, each once; None stands for those that are not in the files."""
    found: dict[tuple[str, str], Gateway | None] = {}
    for one, gateway in _parents(route, objects):
        if gateway is None or _takes(gateway, one, route, objects):
            found[(one.namespace, one.name) if gateway else ("", "")] = gateway
    return tuple(found.values())


def doubted(route: Route, objects: KubernetesObjects) -> tuple[Gateway, ...]:
    """The Gateways of which nobody knows whether they take the route."""
    found = _parents(route, objects)
    return tuple(gateway for one, gateway in found if gateway and _takes(gateway, one, route, objects) is None)


def _parents(route: Route, objects: KubernetesObjects) -> list[tuple[ParentReference, Gateway | None]]:
    gateways = {(one.metadata.namespace, one.metadata.name): one for one in objects.gateways}
    parents = (one for one in route.parent_refs if one.kind == "Gateway" and one.group == GROUP)
    return [(one, gateways.get((one.namespace, one.name))) for one in parents]


def granted(route: Route, backend: BackendReference, objects: KubernetesObjects) -> bool:
    """Whether the route may refer to the backend."""
    if backend.namespace == route.metadata.namespace:
        return True
    return any(
        (source.group, source.kind, source.namespace) == (GROUP, route.kind, route.metadata.namespace)
        and (target.group, target.kind) == (backend.group, backend.kind)
        and target.name in ("", backend.name)
        for grant in objects.reference_grants
        if grant.metadata.namespace == backend.namespace
        for source in grant.from_
        for target in grant.to
    )


def _takes(gateway: Gateway, parent: ParentReference, route: Route, objects: KubernetesObjects) -> Truth:
    meant = (
        one for one in gateway.listeners if parent.section_name in ("", one.name) and parent.port in (None, one.port)
    )
    return disjunction(_admits(one, gateway, route, objects) for one in meant)


def _admits(listener: Listener, gateway: Gateway, route: Route, objects: KubernetesObjects) -> Truth:
    kinds = listener.route_kinds or OF_PROTOCOL.get(listener.protocol, (route.kind,))
    if route.kind not in kinds:
        return False
    namespace = route.metadata.namespace
    if listener.routes_from == "Selector":
        wanted = listener.routes_selector
        known = next((one for one in objects.namespaces if one.metadata.name == namespace and one.declared), None)
        if wanted is None or known is not None:
            return wanted is not None and known is not None and wanted.matches(known.metadata.labels)
        asked = {key for key, _ in wanted.match_labels} | {one.key for one in wanted.match_expressions}
        return wanted.matches({NAMESPACE_NAME: namespace}) if asked <= {NAMESPACE_NAME} else None
    return listener.routes_from == "All" or (listener.routes_from == "Same" and namespace == gateway.metadata.namespace)
