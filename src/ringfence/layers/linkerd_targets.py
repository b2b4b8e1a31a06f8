"""Which authorizations and routes belong to which Server, and which objects Linkerd leaves out.

    ServerAuthorization    Servers of its namespace: one by name, or by the labels of the Server itself
    AuthorizationPolicy    a Server by name, all Servers of the namespace, or a route (then it counts for that alone)
    route                  the Servers that its parentRefs name, all in its own namespace, without port or section

A route with one parentRef to a Server that breaks this is left out as a whole. A route that the reader refused may have
been one of any Server of its namespace, so nobody knows which requests those take. Kinds and groups compare without
regard to case, and so do the names of routes.

Source: linkerd2's `policy-controller/k8s/index/src/inbound/index.rs` and `routes.rs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ringfence.layers.linkerd_authorizations import (
    GROUP,
    Authentications,
    Authorization,
    Ignored,
    default_authorization,
    of_server_authorization,
)
from ringfence.layers.linkerd_inbound import ServedPort
from ringfence.layers.linkerd_routes import readable
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.resources.kubernetes import KubernetesObjects, ParentReference, Route
from ringfence.resources.linkerd import AuthorizationPolicy, Server, ServerAuthorization, TargetReference

ROUTE_KINDS = ("HTTPRoute", "GRPCRoute")

RouteName = tuple[str, str, str, str]
"""Namespace, group, kind, name; in lower case."""


@dataclass(frozen=True)
class Targets:
    """The inbound policy of one cluster, put together."""

    objects: KubernetesObjects
    installed: LinkerdValues

    def served(self) -> Iterator[ServedPort]:
        """Every Server with what applies to it. Linear in the Servers and the objects of their namespaces."""
        for server in self.objects.linkerd_servers:
            name = (server.metadata.namespace, server.metadata.name)
            routes = tuple((route, tuple(self._of_route.get(_name(route), ()))) for route in self._routes.get(name, ()))
            yield ServedPort(server, tuple(self._authorizations(server)), routes, self._doubt(server))

    @cached_property
    def judged(self) -> tuple[tuple[AuthorizationPolicy, Authorization | Ignored], ...]:
        """Every AuthorizationPolicy and whom it lets in, in the order of reading."""
        objects = self.objects
        known = Authentications(
            objects.linkerd_mesh_tls_authentications,
            objects.linkerd_network_authentications,
            objects.refused,
            self.installed,
        )
        return tuple((one, known.of_policy(one)) for one in objects.linkerd_authorization_policies)

    @cached_property
    def judged_old(self) -> tuple[tuple[ServerAuthorization, Authorization | Ignored], ...]:
        """Every ServerAuthorization and whom it lets in, in the order of reading."""
        found = self.objects.linkerd_server_authorizations
        return tuple((one, of_server_authorization(one, self.installed)) for one in found)

    def routes(self) -> Iterator[tuple[Route, tuple[ParentReference, ...]]]:
        """The routes that have Servers as parents, and these."""
        for route in (*self.objects.linkerd_http_routes, *self.objects.routes):
            parents = tuple(one for one in route.parent_refs if is_server(one))
            if parents and route.kind in ROUTE_KINDS:
                yield route, parents

    def _doubt(self, server: Server) -> str:
        """Which route was refused that might have had this Server as its parent."""
        for gone in self.objects.refused:
            if gone.kind in ROUTE_KINDS and gone.namespace in (server.metadata.namespace, ""):
                return f"{gone.kind} {gone.namespace}/{gone.name} was refused"
        return ""

    def _authorizations(self, server: Server) -> Iterator[Authorization]:
        for one, found in self._old_by_namespace.get(server.metadata.namespace, ()):
            if server.metadata.name == one.server_name or (
                one.server_selector is not None and one.server_selector.matches(server.metadata.labels)
            ):
                yield found
        for target, found in self._by_namespace.get(server.metadata.namespace, ()):
            if target.is_a("", "Namespace") or (target.is_a(GROUP, "Server") and target.name == server.metadata.name):
                yield found
        added = default_authorization(server.access_policy, self.installed, f"accessPolicy {server.access_policy}")
        if added is not None:
            yield added

    @cached_property
    def _old_by_namespace(self) -> dict[str, list[tuple[ServerAuthorization, Authorization]]]:
        found: dict[str, list[tuple[ServerAuthorization, Authorization]]] = {}
        for one, authorization in self.judged_old:
            if isinstance(authorization, Authorization):
                found.setdefault(one.metadata.namespace, []).append((one, authorization))
        return found

    @cached_property
    def _by_namespace(self) -> dict[str, list[tuple[TargetReference, Authorization]]]:
        found: dict[str, list[tuple[TargetReference, Authorization]]] = {}
        for one, authorization in self.judged:
            if isinstance(authorization, Authorization):
                found.setdefault(one.metadata.namespace, []).append((one.target_ref, authorization))
        return found

    @cached_property
    def _of_route(self) -> dict[RouteName, list[Authorization]]:
        found: dict[RouteName, list[Authorization]] = {}
        for one, authorization in self.judged:
            if isinstance(authorization, Authorization):
                target = one.target_ref
                key = (one.metadata.namespace, target.group.lower(), target.kind.lower(), target.name.lower())
                found.setdefault(key, []).append(authorization)
        return found

    @cached_property
    def _routes(self) -> dict[tuple[str, str], list[Route]]:
        """The routes of each Server (namespace, name)."""
        found: dict[tuple[str, str], list[Route]] = {}
        for route, parents in self.routes():
            if not refusal(route, parents):
                for name in dict.fromkeys(parent.name for parent in parents):
                    found.setdefault((route.metadata.namespace, name), []).append(route)
        return found


def is_server(parent: ParentReference) -> bool:
    """Whether a route's parent is a Server of Linkerd's."""
    return (parent.group.lower(), parent.kind.lower()) == (GROUP, "server")


def refusal(route: Route, parents: tuple[ParentReference, ...]) -> str:
    """Why Linkerd leaves out a route with these Servers as parents; empty where it takes it."""
    if any(parent.namespace != route.metadata.namespace for parent in parents):
        return "a parentRef names a Server of another namespace"
    if any(parent.port is not None for parent in parents):
        return "a parentRef to a Server names a port"
    if any(parent.section_name for parent in parents):
        return "a parentRef to a Server names a section"
    return "" if readable(route) else "a gRPC method is matched by a regular expression"


def _name(route: Route) -> RouteName:
    metadata = route.metadata
    return metadata.namespace, route.group.lower(), route.kind.lower(), metadata.name.lower()
