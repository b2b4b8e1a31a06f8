"""Ingress, IngressClass and the Gateway API, as far as they say which Service is reachable through which controller."""

from __future__ import annotations

from ringfence.resources.kubernetes import (
    BackendReference,
    Gateway,
    GatewayClass,
    GrantFrom,
    GrantTo,
    Ingress,
    IngressBackend,
    IngressClass,
    IngressPath,
    IngressRule,
    IngressTLS,
    Listener,
    ParentReference,
    ReferenceGrant,
    Route,
    RouteRule,
)
from ringfence.sources.kubernetes.fields import Item
from ringfence.sources.kubernetes.metadata import metadata, selector
from ringfence.sources.kubernetes.services import load_balancer
from ringfence.sources.kubernetes.syntax import name_problem

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
PATH_TYPES = ("Exact", "Prefix", "ImplementationSpecific")


def ingress(document: Item) -> Ingress:
    """One Ingress."""
    meta = metadata(document, namespaced=True)
    spec = document.part("spec")
    default = spec.item("defaultBackend")
    rules = tuple(_rule(one) for one in spec.items("rules"))
    if default is None and not rules:
        spec.problem("rules", "there must be a rule or a defaultBackend")
    named = spec.text("ingressClassName") or meta.annotations.get(CLASS_ANNOTATION)
    tls = tuple(IngressTLS(one.texts("hosts"), one.text("secretName")) for one in spec.items("tls"))
    backend = None if default is None else _backend(default)
    return Ingress(meta, named, backend, rules, tls, load_balancer(document), document.span)


def ingress_class(document: Item) -> IngressClass:
    """One IngressClass."""
    meta = metadata(document, namespaced=False)
    controller = document.part("spec").text("controller")
    return IngressClass(meta, controller, meta.annotations.get(DEFAULT_CLASS) == "true", document.span)


def gateway_class(document: Item) -> GatewayClass:
    """One GatewayClass."""
    meta = metadata(document, namespaced=False)
    return GatewayClass(meta, document.part("spec").text("controllerName"), document.span)


def gateway(document: Item) -> Gateway:
    """One Gateway."""
    spec, status = document.part("spec"), document.part("status")
    addresses = tuple(one.text("value") for part in (spec, status) for one in part.items("addresses"))
    listeners = tuple(_listener(one) for one in spec.items("listeners"))
    meta = metadata(document, namespaced=True)
    return Gateway(meta, spec.text("gatewayClassName"), listeners, tuple(dict.fromkeys(addresses)), document.span)


def route(document: Item, kind: str) -> Route:
    """A route of any kind."""
    meta = metadata(document, namespaced=True)
    spec = document.part("spec")
    parents = tuple(_parent(one, meta.namespace) for one in spec.items("parentRefs"))
    rules = tuple(_route_rule(one, meta.namespace) for one in spec.items("rules"))
    return Route(kind, meta, parents, spec.texts("hostnames"), rules, document.span)


def reference_grant(document: Item) -> ReferenceGrant:
    """One ReferenceGrant."""
    spec = document.part("spec")
    givers = tuple(GrantFrom(one.text("group"), one.text("kind"), one.text("namespace")) for one in spec.items("from"))
    takers = tuple(GrantTo(one.text("group"), one.text("kind"), one.text("name")) for one in spec.items("to"))
    return ReferenceGrant(metadata(document, namespaced=True), givers, takers, document.span)


def _rule(item: Item) -> IngressRule:
    paths = tuple(_path(one) for one in item.part("http").items("paths"))
    return IngressRule(item.text("host"), paths, item.span)


def _path(item: Item) -> IngressPath:
    kind = item.text("pathType") or "ImplementationSpecific"
    if kind not in PATH_TYPES:
        item.problem("pathType", f"{kind!r} is not one of {', '.join(PATH_TYPES)}")
    return IngressPath(item.text("path"), kind, _backend(item.part("backend")), item.span)


def _backend(item: Item) -> IngressBackend:
    """The form of `networking.k8s.io/v1`, or that of the versions before it."""
    inner = item.item("service")
    if inner is None:
        old = item.text("serviceName")
        if not old and not item.has("resource"):
            item.problem("", "must name a service or a resource")
        return IngressBackend(old, item.number_or_text("servicePort"), item.span)
    name, port = inner.text("name"), inner.part("port")
    if name_problem(name):
        inner.problem("name", f"{name!r} {name_problem(name)}")
    number = port.port("number")
    if number is None and not port.text("name"):
        inner.problem("port", "must have a number or a name")
    return IngressBackend(name, number if number is not None else port.text("name") or None, item.span)


def _listener(item: Item) -> Listener:
    allowed = item.part("allowedRoutes")
    namespaces = allowed.part("namespaces")
    kinds = tuple(one.text("kind") for one in allowed.items("kinds"))
    return Listener(
        item.text("name"),
        item.port("port") or 0,
        item.text("protocol"),
        item.text("hostname"),
        item.part("tls").text("mode", "Terminate" if item.has("tls") else ""),
        namespaces.text("from") or "Same",
        selector(namespaces, "selector"),
        kinds,
        item.span,
    )


def _parent(item: Item, namespace: str) -> ParentReference:
    return ParentReference(
        item.text("name"),
        item.text("namespace") or namespace,
        item.text("group", "gateway.networking.k8s.io"),
        item.text("kind") or "Gateway",
        item.text("sectionName"),
        item.port("port"),
    )


def _route_rule(item: Item, namespace: str) -> RouteRule:
    listed = [_reference(one, namespace) for one in item.items("backendRefs")]
    for one in item.items("filters"):
        mirror = one.item("requestMirror")
        if mirror is not None:
            listed.append(_reference(mirror.part("backendRef"), namespace))
    return RouteRule(tuple(listed), item.span)


def _reference(item: Item, namespace: str) -> BackendReference:
    weight = item.integer("weight")
    return BackendReference(
        item.text("name"),
        item.text("namespace") or namespace,
        item.text("group"),
        item.text("kind") or "Service",
        item.port("port"),
        1 if weight is None else weight,
        item.span,
    )
