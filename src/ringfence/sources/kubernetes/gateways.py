"""The Gateway API (`gateway.networking.k8s.io`): classes, gateways, routes and grants.

The kinds come from custom resource definitions; what those demand of the fields that are read is checked, the rest is
not. Sources: `sigs.k8s.io/gateway-api/apis`.
"""

from __future__ import annotations

from ringfence.resources.kubernetes import (
    BackendReference,
    Gateway,
    GatewayAddress,
    GatewayClass,
    GrantFrom,
    GrantTo,
    Infrastructure,
    Listener,
    MethodMatch,
    NamedMatch,
    ParentReference,
    ReferenceGrant,
    Route,
    RouteMatch,
    RouteRule,
)
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.metadata import object_meta, optional_selector
from ringfence.sources.kubernetes.parts import Part, shown

GROUP = "gateway.networking.k8s.io"
NAMESPACES_FROM = ("Same", "All", "Selector", "None")
TLS_MODES = ("Terminate", "Passthrough")
MIRROR, REDIRECT = "RequestMirror", "RequestRedirect"
PATH_TYPES = ("Exact", "PathPrefix", "RegularExpression")
IP_ADDRESS = "IPAddress"
VALUE_TYPES = ("Exact", "RegularExpression")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")


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
        requested=tuple(
            GatewayAddress(item["type"].text(IP_ADDRESS), item["value"].text()) for item in spec["addresses"].items()
        ),
        infrastructure=_infrastructure(spec["infrastructure"]),
        span=part.span,
    )


def _infrastructure(part: Part) -> Infrastructure:
    labels, annotations, parameters = (part[name] for name in ("labels", "annotations", "parametersRef"))
    return Infrastructure(
        labels.mapping_of_texts() if labels.present else None,
        annotations.mapping_of_texts() if annotations.present else None,
        f"{parameters['kind'].text()} {parameters['name'].text()}" if parameters.present else "",
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
        tls_options=tls["options"].mapping_of_texts(),
        span=part.span,
    )


def route(part: Part) -> Route:
    """An HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute; of the Gateway API, or Linkerd's HTTPRoute."""
    metadata = object_meta(part["metadata"], namespaced=True)
    spec = part["spec"]
    kind = part["kind"].text()
    rules = tuple(_rule(item, metadata.namespace, kind) for item in spec["rules"].items())
    if kind == "HTTPRoute" and not spec["rules"].present:
        rules = (RouteRule(span=spec.span),)  # the definition's default: every request
    return Route(
        kind=kind,
        metadata=metadata,
        parent_refs=tuple(_parent(item, metadata.namespace) for item in spec["parentRefs"].items()),
        hostnames=tuple(syntax.host(item) for item in spec["hostnames"].items()),
        rules=rules,
        group=part["apiVersion"].text().rpartition("/")[0],
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


def _rule(part: Part, namespace: str, kind: str) -> RouteRule:
    backends = part["backendRefs"].items()
    references = [_backend(item, namespace, item["weight"].integer(1)) for item in backends]
    for filter_ in [one for place in (part, *backends) for one in place["filters"].items()]:
        if filter_["type"].value == MIRROR:
            references.append(_backend(filter_["requestMirror"]["backendRef"], namespace, 1))
    reader = _grpc_match if kind == "GRPCRoute" else _http_match
    return RouteRule(
        tuple(references),
        matches=tuple(map(reader, part["matches"].items())) if kind in ("HTTPRoute", "GRPCRoute") else (),
        redirects=any(one["type"].value == REDIRECT for one in part["filters"].items()),
        span=part.span,
    )


def _http_match(part: Part) -> RouteMatch:
    path = part["path"]
    path_type = path["type"].one_of(PATH_TYPES, "PathPrefix")
    text = path["value"].text("/")
    if path_type != "RegularExpression" and not text.startswith("/"):
        path["value"].refuse(f"{shown(text)} does not begin with /")
    return RouteMatch(
        path_type,
        text,
        part["method"].one_of(METHODS),
        tuple(_named(item, lower=True) for item in part["headers"].items()),
        tuple(_named(item) for item in part["queryParams"].items()),
    )


def _grpc_match(part: Part) -> RouteMatch:
    method = part["method"]
    is_pattern = method["type"].one_of(VALUE_TYPES, "Exact") == "RegularExpression"
    found = MethodMatch(method["service"].text(), method["method"].text(), is_pattern)
    if method.present and not (found.service or found.method):
        method.refuse("needs a service or a method")
    return RouteMatch(
        headers=tuple(_named(item, lower=True) for item in part["headers"].items()),
        grpc_method=found if method.present else None,
    )


def _named(part: Part, *, lower: bool = False) -> NamedMatch:
    name = _required(part["name"])
    is_pattern = part["type"].one_of(VALUE_TYPES, "Exact") == "RegularExpression"
    return NamedMatch(name.lower() if lower else name, part["value"].text(), is_pattern)


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
