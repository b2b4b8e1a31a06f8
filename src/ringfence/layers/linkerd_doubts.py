"""What stands in the files and does not do what it seems to: Linkerd leaves it out, or it lets everyone in.

left out             a policy with a reference that is missing, an authorization that names no client, a route with
                     a parentRef that no Server may be, the younger of two Servers on one port
without effect       a policy whose target is not there, a policy for a namespace in which nothing is a Server
open                 an empty list of required authentications
no such thing        GlobalMeshPolicy and `enableTLS`, which guides speak of and no Linkerd ever had
not understood       annotations with a value that Linkerd takes for another, or for none
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ringfence.layers.linkerd_authorizations import GROUP, Ignored
from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.linkerd_servers import age
from ringfence.layers.linkerd_settings import (
    DEFAULT_ANNOTATION,
    DISABLED,
    ENABLED,
    IDENTITY_ANNOTATION,
    INGRESS,
    INJECT_ANNOTATION,
    OPAQUE_ANNOTATION,
    SKIP_INBOUND_ANNOTATION,
    SKIP_OUTBOUND_ANNOTATION,
)
from ringfence.layers.linkerd_targets import Targets, refusal
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.resources.linkerd import DEFAULT_POLICIES, AuthorizationPolicy, Server

PORT_LISTS = (IDENTITY_ANNOTATION, OPAQUE_ANNOTATION, SKIP_INBOUND_ANNOTATION, SKIP_OUTBOUND_ANNOTATION)
WORDS = {
    DEFAULT_ANNOTATION: (DEFAULT_POLICIES, "the control plane's default holds instead"),
    INJECT_ANNOTATION: ((ENABLED, INGRESS, DISABLED), "no proxy is injected"),
}
NO_SUCH = (
    "Linkerd has no such resource or field, and no server enforces it: mutual TLS between members is automatic, and "
    "plaintext is still let in"
)
INSTEAD = (
    f"refuse clients without an identity: the annotation {DEFAULT_ANNOTATION}: all-authenticated on the namespace, or "
    "a Server with an AuthorizationPolicy that requires a MeshTLSAuthentication"
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One object: what happens to it, and what to write instead."""

    title: str
    span: Span
    happens: str
    instead: str


def doubts(objects: KubernetesObjects, installed: LinkerdValues) -> tuple[Doubt, ...]:
    """Everything of this kind, objects in the order of reading. Empty where nothing is of Linkerd's."""
    targets = Targets(objects, installed)
    return (
        *_policies(targets),
        *_old_authorizations(targets),
        *_routes(targets),
        *_servers(objects),
        *_inventions(objects),
        *_annotations(objects),
    )


def _policies(targets: Targets) -> Iterator[Doubt]:
    servers = targets.objects.linkerd_servers
    for one, found in targets.judged:
        title = f"AuthorizationPolicy {one.metadata.qualified_name}"
        if isinstance(found, Ignored):
            yield Doubt(
                title, one.span, f"it is ignored: {found.because}", "create what it requires, or take the reference out"
            )
        elif not one.required_authentication_refs:
            yield Doubt(
                title,
                one.span.at("spec", "requiredAuthenticationRefs"),
                "an empty list lets everyone in, with and without an identity",
                "require a MeshTLSAuthentication or a NetworkAuthentication",
            )
        if one.target_ref.is_a("", "Namespace"):
            if not any(server.metadata.namespace == one.metadata.namespace for server in servers):
                yield Doubt(
                    title,
                    one.target_ref.span,
                    "it has no effect: it counts for ports with a Server, and the namespace has no Server",
                    f"write Servers, or set {DEFAULT_ANNOTATION}",
                )
        elif not _there(one, targets):
            what = f"{one.target_ref.kind} {one.metadata.namespace}/{one.target_ref.name}"
            yield Doubt(
                title, one.target_ref.span, f"it has no effect: there is no {what}", "name a target that is there"
            )


def _there(one: AuthorizationPolicy, targets: Targets) -> bool:
    """Whether a policy's Server or route is in the files, or may have been and was refused."""
    target, objects = one.target_ref, targets.objects
    place = (one.metadata.namespace, target.name.lower())
    if any(gone.kind in (target.kind, "") and gone.namespace in (place[0], "") for gone in objects.refused):
        return True
    if target.is_a(GROUP, "Server"):
        return any((had.metadata.namespace, had.metadata.name) == place for had in objects.linkerd_servers)
    return any(
        target.is_a(route.group, route.kind) and (route.metadata.namespace, route.metadata.name.lower()) == place
        for route in (*objects.linkerd_http_routes, *objects.routes)
    )


def _old_authorizations(targets: Targets) -> Iterator[Doubt]:
    for one, found in targets.judged_old:
        if isinstance(found, Ignored):
            yield Doubt(
                f"ServerAuthorization {one.metadata.qualified_name}",
                one.span.at("spec", "client"),
                f"it is ignored: {found.because}",
                'name clients: unauthenticated: true, or meshTLS: {identities: ["*"]}',
            )


def _routes(targets: Targets) -> Iterator[Doubt]:
    for route, parents in targets.routes():
        because = refusal(route, parents)
        if because:
            yield Doubt(
                f"{route.kind} {route.metadata.qualified_name}",
                route.span,
                f"Linkerd leaves it out: {because}",
                "a parentRef to a Server has group, kind and name; the Server is of the route's namespace",
            )


def _servers(objects: KubernetesObjects) -> Iterator[Doubt]:
    """Servers that admission would refuse beside an older one, and that never count where both are there."""
    first: dict[tuple[str, int | str], list[Server]] = {}
    for one in sorted(objects.linkerd_servers, key=age):
        older = first.setdefault((one.metadata.namespace, one.port), [])
        winner = next((had for had in older if _overlap(had, one)), None)
        if winner is not None:
            dated = winner.metadata.creation_timestamp and one.metadata.creation_timestamp
            counts = "it alone counts" if dated else "only the older counts, which no file tells"
            yield Doubt(
                f"Server {one.metadata.qualified_name}",
                one.span,
                f"Server {winner.metadata.qualified_name} has port {one.port} of the same pods, and {counts}",
                "keep one Server for a port",
            )
        older.append(one)


def _overlap(one: Server, other: Server) -> bool:
    """Whether admission takes two Servers for ones of the same pods: equal selectors, or one that selects all."""
    a, b = one.pod_selector, other.pod_selector
    return a is not None and b is not None and (a == b or a.selects_everything or b.selects_everything)


def _inventions(objects: KubernetesObjects) -> Iterator[Doubt]:
    for one in objects.others:
        if one.kind == "GlobalMeshPolicy" or ("linkerd.io" in one.group and _says(one.document, "enableTLS")):
            yield Doubt(f"{one.kind} {one.metadata.qualified_name}", one.span, NO_SUCH, INSTEAD)


def _says(value: object, key: str) -> bool:
    """Whether a key is anywhere in a document."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            if key in part:
                return True
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return False


def _annotations(objects: KubernetesObjects) -> Iterator[Doubt]:
    for namespace in objects.namespaces:
        yield from _annotated(f"Namespace {namespace.metadata.name}", namespace.metadata.annotations, namespace.span)
    for workload in objects.workloads:
        for template in workload.templates:
            yield from _annotated(workload.title, template.annotations, template.span)


def _annotated(title: str, annotations: Mapping[str, str], span: Span) -> Iterator[Doubt]:
    for name, (words, happens) in WORDS.items():
        value = annotations.get(name)
        if value is not None and value not in words and not (name == INJECT_ANNOTATION and value == ""):
            where = span.at("metadata", "annotations", name)
            yield Doubt(
                title, where, f"Linkerd does not know {name}: {value!r}: {happens}", f"write {', '.join(words)}"
            )
    for name in PORT_LISTS:
        if name in annotations:
            try:
                port_set(annotations[name])
            except ValueError as wrong:
                where = span.at("metadata", "annotations", name)
                happens = f"Linkerd takes {name} for an empty list: {wrong}"
                yield Doubt(title, where, happens, "write numbers and ranges with commas: 25,3000-3010")
