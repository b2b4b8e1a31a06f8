"""The Gateway API (`gateway.networking.k8s.io`): classes, gateways, routes and grants.

The kinds come from custom resource definitions; what those demand of the fields that are read is checked, the rest is
not. Sources: `sigs.k8s.io/gateway-api/apis`.
"""

from __future__ import annotations

from ringfence.resources.kubernetes import (
    BackendReference,
    Gateway,
    GatewayClass,
    GrantFrom,
    GrantTo,
    Listener,
    ParentReference,
    ReferenceGrant,
    Route,
    RouteRule,
)
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.metadata import object_meta, optional_selector
from ringfence.sources.kubernetes.parts import Part

GROUP = "gateway.networking.k8s.io"
NAMESPACES_FROM = ("Same", "All", "Selector", "None")
TLS_MODES = ("Terminate", "Passthrough")
MIRROR = "RequestMirror"


def gateway_class(part: Part) -> GatewayClass:
    """A GatewayClass."""
    metadata = object_meta(part["metadata"], namespaced=False)
    return GatewayClass(metadata, _required(part["spec"]["controllerName"]), part.span)


def gateway(part: Part) -> Gateway:
    """A Gateway."""
    metadata = object_meta(part["metadata"], namespaced=True)
    spec = part["spec"]
    listeners = tuple(_listener(item) for item in spec["listeners"].items())
    addresses = [*spec["addresses"].items(), *part["status"]["addresses"].items()]
    return Gateway(
        metadata=metadata,
        gateway_class_name=_required(spec["gatewayClassName"]),
        listeners=listeners,
        addresses=tuple(dict.fromkeys(filter(None, (item["value"].text() for item in addresses)))),
        span=part.span,
    )


def _listener(part: Part) -> Listener:
    routes = part["allowedRoutes"]
    source = routes["namespaces"]["from"].one_of(NAMESPACES_FROM, "Same")
    tls = part["tls"]
    return Listener(
        name=syntax.name(part["name"], syntax.DNS_SUBDOMAIN),
        port=syntax.port_number(part["port"]),
        protocol=_required(part["protocol"]),
        hostname=syntax.host(part["hostname"]),
        tls_mode=tls["mode"].one_of(TLS_MODES, "Terminate") if tls.present else "",
        routes_from=source,
        routes_selector=optional_selector(routes["namespaces"]["selector"]) if source == "Selector" else None,
        route_kinds=tuple(item["kind"].text() for item in routes["kinds"].items()),
        span=part.span,
    )


def route(part: Part) -> Route:
    """An HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute."""
    metadata = object_meta(part["metadata"], namespaced=True)
    spec = part["spec"]
    return Route(
        kind=part["kind"].text(),
        metadata=metadata,
        parent_refs=tuple(_parent(item, metadata.namespace) for item in spec["parentRefs"].items()),
        hostnames=tuple(syntax.host(item) for item in spec["hostnames"].items()),
        rules=tuple(_rule(item, metadata.namespace) for item in spec["rules"].items()),
        span=part.span,
    )


def _parent(part: Part, namespace: str) -> ParentReference:
    return ParentReference(
        name=_required(part["name"]),
        namespace=part["namespace"].text() or namespace,
        group=part["group"].text(GROUP),
        kind=part["kind"].text("Gateway"),
        section_name=part["sectionName"].text(),
        port=syntax.port_number(part["port"]) if part["port"].present else None,
    )


def _rule(part: Part, namespace: str) -> RouteRule:
    backends = part["backendRefs"].items()
    references = [_backend(item, namespace, item["weight"].integer(1)) for item in backends]
    for filter_ in [one for place in (part, *backends) for one in place["filters"].items()]:
        if filter_["type"].value == MIRROR:
            references.append(_backend(filter_["requestMirror"]["backendRef"], namespace, 1))
    return RouteRule(tuple(references), part.span)


def _backend(part: Part, namespace: str, weight: int) -> BackendReference:
    kind, group = part["kind"].text("Service"), part["group"].text()
    port = part["port"]
    if kind == "Service" and not group and not port.present:
        port.refuse("is missing", "a Service as backend needs a port")
    return BackendReference(
        name=_required(part["name"]),
        namespace=part["namespace"].text() or namespace,
        group=group,
        kind=kind,
        port=syntax.port_number(port) if port.present else None,
        weight=weight,
        span=part.span,
    )


def reference_grant(part: Part) -> ReferenceGrant:
    """A ReferenceGrant."""
    spec = part["spec"]
    return ReferenceGrant(
        metadata=object_meta(part["metadata"], namespaced=True),
        from_=tuple(
            GrantFrom(item["group"].text(), _required(item["kind"]), _required(item["namespace"]))
            for item in spec["from"].items()
        ),
        to=tuple(
            GrantTo(item["group"].text(), _required(item["kind"]), item["name"].text()) for item in spec["to"].items()
        ),
        span=part.span,
    )


def _required(part: Part) -> str:
    text = part.text()
    if not text and part.value in (None, ""):
        part.refuse("is missing")
    return text
