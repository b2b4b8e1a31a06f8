"""Ingress and IngressClass of `networking.k8s.io`, checked as the API server does it.

Unknown fields in rules and TLS are errors: a misspelt `host` would open every host.

The beta versions, which no server serves any more, write a backend as `serviceName` and `servicePort` and need no
`pathType`; they are read too.
"""

from __future__ import annotations

from ringfence.resources.kubernetes import Ingress, IngressBackend, IngressClass, IngressPath, IngressRule, IngressTLS
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part, shown
from ringfence.sources.kubernetes.services import load_balancer_ingress

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
DEFAULT_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"
PATH_TYPES = ("Exact", "Prefix", "ImplementationSpecific")
BAD_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
BAD_ENDS = ("/..", "/.")


def ingress(part: Part) -> Ingress:
    """An Ingress of any version."""
    old = part["apiVersion"].value != "networking.k8s.io/v1"
    metadata = object_meta(part["metadata"], namespaced=True)
    spec = part["spec"]
    default = spec["backend"] if old and spec["backend"].present else spec["defaultBackend"]
    rules = tuple(_rule(item, old) for item in spec["rules"].items())
    if not rules and not default.present:
        spec.refuse("has neither rules nor defaultBackend")
    named = spec["ingressClassName"]
    annotated = metadata.annotations.get(CLASS_ANNOTATION)
    class_name = syntax.name(named, syntax.DNS_SUBDOMAIN) if named.present else annotated
    if named.present and annotated is not None and annotated != class_name:
        part["metadata"]["annotations"][CLASS_ANNOTATION].refuse(f"differs from ingressClassName {class_name!r}")
    return Ingress(
        metadata=metadata,
        ingress_class_name=class_name,
        default_backend=_backend(default, old) if default.present else None,
        rules=rules,
        tls=tuple(_tls(item) for item in spec["tls"].items()),
        load_balancer_ingress=load_balancer_ingress(part["status"]["loadBalancer"]),
        span=part.span,
    )


def _rule(part: Part, old: bool) -> IngressRule:
    part.only("host", "http")
    host = syntax.host(part["host"])
    http = part["http"]
    http.only("paths")
    paths = tuple(_path(item, old) for item in http["paths"].items())
    if http.present and not paths:
        http["paths"].refuse("is empty")
    return IngressRule(host, paths, part.span)


def _path(part: Part, old: bool) -> IngressPath:
    part.only("path", "pathType", "backend")
    kind = part["pathType"]
    if not kind.present and not old:
        kind.refuse("is missing", f"one of {', '.join(PATH_TYPES)}")
    path_type = kind.one_of(PATH_TYPES, "ImplementationSpecific")
    path = part["path"].text()
    if kind.present or not old:
        _check_path(part["path"], path, path_type)
    return IngressPath(path, path_type, _backend(part["backend"], old), part.span)


def _check_path(part: Part, path: str, path_type: str) -> None:
    if not path and path_type == "ImplementationSpecific":
        return
    if not path.startswith("/"):
        part.refuse(f"{shown(path)} does not begin with '/'" if path else "is missing")
    if path_type != "ImplementationSpecific":
        bad = [one for one in BAD_SEQUENCES if one in path] + [one for one in BAD_ENDS if path.endswith(one)]
        if bad:
            part.refuse(f"{shown(path)} holds {bad[0]!r}")


def _backend(part: Part, old: bool) -> IngressBackend:
    if old:
        port = part["servicePort"]
        return IngressBackend(syntax.name(part["serviceName"], syntax.DNS_SERVICE), syntax.port(port), part.span)
    part.only("service", "resource")
    service, resource = part["service"], part["resource"]
    if service.present == resource.present:
        part.refuse("names both a service and a resource" if service.present else "names no service")
        return IngressBackend("", None, part.span)
    if resource.present:
        for field in ("kind", "name"):
            if not resource[field].text():
                resource[field].refuse("is missing")
        return IngressBackend("", None, part.span)
    number, name = service["port"]["number"], service["port"]["name"]
    service["port"].entries()
    target: int | str | None = syntax.port_number(number, required=False)
    if name.text():
        if target:
            service["port"].refuse("has both a name and a number")
        target = syntax.port_name(name)
    elif not target:
        service["port"].refuse("has neither a name nor a number")
    return IngressBackend(syntax.name(service["name"], syntax.DNS_SERVICE), target, part.span)


def _tls(part: Part) -> IngressTLS:
    part.only("hosts", "secretName")
    hosts = tuple(syntax.host(item, addresses=True) for item in part["hosts"].items())
    if "" in hosts:
        part["hosts"].refuse("holds an empty host", "leave the list out for the controller's default")
    return IngressTLS(hosts, syntax.optional_name(part["secretName"], syntax.DNS_SUBDOMAIN))


def ingress_class(part: Part) -> IngressClass:
    """An IngressClass of any version."""
    metadata = object_meta(part["metadata"], namespaced=False)
    return IngressClass(
        metadata=metadata,
        controller=part["spec"]["controller"].text(),
        is_default=metadata.annotations.get(DEFAULT_ANNOTATION) == "true",
        span=part.span,
    )
