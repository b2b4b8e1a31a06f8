"""Whether a connection or a request gets through a Linkerd server's proxy: policy controller and proxy, read plainly.

A second reading of Linkerd's sources, for the tests alone; it shares nothing with `ringfence.layers`. In
linkerd/linkerd2, all under `policy-controller`:

    k8s/index/src/inbound/index.rs::reindex_servers       one Server decides a port: the oldest, then the first by name
    ... ::default_inbound_server                          without a Server: the default policy
    ... ::client_authzs                                   what authorizes for a Server
    ... ::http_routes, grpc_routes, route_client_authzs   routes that the Server accepted, else default and probe routes
    k8s/index/src/inbound/routes.rs::collect_from_http    one bad parent drops a route
    k8s/status/src/index.rs::parent_status                a parent accepts where it exists
    core/src/inbound.rs::InboundRoute::default            the default route of gRPC takes gRPC alone
    grpc/src/inbound/http.rs::to_route_list               routes by age, then by name, group, kind (core/src/routes.rs)

and in linkerd/linkerd2-proxy:

    linkerd/proxy/server-policy/src/lib.rs::try_from       a route has the Server's authorizations beside its own
    linkerd/app/inbound/src/policy/tcp.rs, http.rs         what is asked of a connection, and of a request
    linkerd/app/inbound/src/detect.rs, direct.rs           plaintext is detected; what comes by the proxy's port is told

In linkerd/linkerd2, `controller/api/destination`: who opens a connection by mutual TLS (`endpoint_translator.go::
createWeightedAddr`), and which ports clients take for opaque (`watcher/endpoints_watcher.go::SetToServerProtocol`).
Manifests that were never in a cluster have no age: then every order is tried, and there may be two answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from tests.oracles.linkerd.authorizations import (
    EVERYWHERE,
    Authorization,
    of_policy,
    of_references,
    of_server_authorization,
)
from tests.oracles.linkerd.injected import (
    DEFAULT_POLICY,
    OPAQUE,
    REQUIRE_IDENTITY,
    SKIP_INBOUND,
    SKIP_OUTBOUND,
    Injected,
    Manifest,
    admit,
)
from tests.oracles.linkerd.routes import find

POLICY, GATEWAY = "policy.linkerd.io", "gateway.networking.k8s.io"
PROTOCOLS = {"HTTP/1": "http", "HTTP/2": "http", "gRPC": "grpc", "opaque": "opaque", "TLS": "tls", "unknown": "detect"}
POLICIES = (
    "all-unauthenticated",
    "all-authenticated",
    "cluster-unauthenticated",
    "cluster-authenticated",
    "deny",
    "audit",
)


@dataclass(frozen=True)
class Port:
    """What the proxy is told of one port: routes in order of preference, each with its authorizations in full."""

    protocol: str
    authorizations: Sequence[Authorization]
    routes: Sequence[Manifest] = ()
    of_route: Sequence[Sequence[Authorization]] = ()


@dataclass(frozen=True)
class Linkerd:
    """A cluster of manifests and the settings of its control plane."""

    documents: Sequence[Manifest]
    default_policy: str
    cluster_networks: Sequence[str]
    pods: dict[str, Injected] = field(default_factory=dict)
    by_kind: dict[str, list[Manifest]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.documents:
            self.by_kind.setdefault(one["kind"], []).append(one)
        namespaces = {one["metadata"]["name"]: one for one in self.of("Namespace")}
        for pod in self.of("Pod"):
            metadata = pod["metadata"]
            self.pods[f"{metadata['namespace']}/{metadata['name']}"] = admit(pod, namespaces)

    def of(self, kind: str, namespace: str | None = None) -> list[Manifest]:
        """All objects of a kind, perhaps of one namespace."""
        found = self.by_kind.get(kind, [])
        return [one for one in found if namespace in (None, one["metadata"].get("namespace"))]

    def mutual(self, client: str, server: str, port: int) -> bool:
        """Whether the client's proxy opens mutual TLS: both are meshed, and neither leads the port around its proxy."""
        source, target = self.pods.get(client), self.pods[server]
        if source is None or not source.meshed or not target.meshed:
            return False
        return not source.skips(SKIP_OUTBOUND, port) and not target.skips(SKIP_INBOUND, port)

    def answers(
        self, client: str, server: str, port: int, http: Mapping[str, Any] | None, plaintext: bool = False
    ) -> frozenset[bool]:
        """Whether it gets through, for each order of age that the manifests leave open.

        `client`: a pod, or an address outside. `http` None: bytes that are no HTTP. `plaintext`: past its own proxy.
        """
        target = self.pods[server]
        if not target.meshed or target.skips(SKIP_INBOUND, port):
            return frozenset({True})
        source = self.pods.get(client)
        address = client if source is None else source.address
        identity = source.identity if source and not plaintext and self.mutual(client, server, port) else None
        return frozenset(self._passes(one, target, port, address, identity, http) for one in self.told(target, port))

    def _passes(
        self,
        told: Port,
        target: Injected,
        port: int,
        address: str,
        identity: str | None,
        http: Mapping[str, Any] | None,
    ) -> bool:
        """detect.rs for plaintext; direct.rs for what comes by the proxy's own port (LocalTcp, LocalHttp)."""
        if identity is None:
            as_http = told.protocol in ("detect", "http", "grpc")
        else:
            # What an application sends to a port of TLS is TLS of its own: nobody sees the request in it.
            as_http = told.protocol != "tls" and not self._opaque(target, port)
        if http is None or not as_http:
            if told.protocol in ("http", "grpc"):
                return False
            return any(one.permits(address, identity) for one in told.authorizations)
        found = find(told.routes, http)
        if found is None:
            return False
        place, rule = found
        redirected = any(one["type"] == "RequestRedirect" for one in rule.get("filters", ()))
        return not redirected and any(one.permits(address, identity) for one in told.of_route[place])

    def _opaque(self, pod: Injected, port: int) -> bool:
        """What clients are told: by annotation, or by any Server, be there older ones (SetToServerProtocol)."""
        servers = self.of("Server", pod.namespace)
        opaque = (one for one in servers if one["spec"].get("proxyProtocol") == "opaque")
        return pod.annotated_opaque(port) or any(self._selects(one, pod, port) for one in opaque)

    def told(self, pod: Injected, port: int) -> Iterator[Port]:
        """What the proxy may be told of a port: once where ages do not matter."""
        servers = [one for one in self.of("Server", pod.namespace) if self._selects(one, pod, port)]
        if not servers:
            yield self._default(pod, port)
            return
        for server in {id(order[0]): order[0] for order in _orders(servers)}.values():
            yield from self._of_server(server, pod, port)

    @staticmethod
    def _selects(server: Manifest, pod: Injected, port: int) -> bool:
        spec = server["spec"]
        if "podSelector" not in spec or not _matches(spec["podSelector"], pod.labels):
            return False
        wanted = spec["port"]
        return wanted == port if isinstance(wanted, int) else port in pod.ports_named(wanted)

    def _default(self, pod: Injected, port: int) -> Port:
        policy = pod.annotations.get(DEFAULT_POLICY)
        if policy not in POLICIES:
            policy = self.default_policy
        if port in pod.port_setting(REQUIRE_IDENTITY):
            policy = policy.replace("-unauthenticated", "-authenticated")
        found = of_policy(policy, self.cluster_networks)
        if port in pod.port_setting(OPAQUE):
            return Port("opaque", found)
        return Port("detect", found, *_default_routes(found, pod.probes(port)))

    def _of_server(self, server: Manifest, pod: Injected, port: int) -> Iterator[Port]:
        metadata, protocol = server["metadata"], PROTOCOLS[server["spec"].get("proxyProtocol", "unknown")]
        space, own = metadata["namespace"], of_policy(server["spec"].get("accessPolicy", "deny"), self.cluster_networks)
        for one in self.of("ServerAuthorization", space):
            chosen = one["spec"]["server"]
            by_name = chosen.get("name") == metadata["name"]
            if by_name or ("name" not in chosen and _matches(chosen.get("selector", {}), metadata.get("labels", {}))):
                own.append(of_server_authorization(one, self.cluster_networks))
        server_name = ("Server", metadata["name"])
        own += self._of_policies(space, lambda kind, _, name: kind == "Namespace" or (kind, name) == server_name)
        kind = "GRPCRoute" if protocol == "grpc" else "HTTPRoute"
        routes = [one for one in self.of(kind, space) if self._attached(one, metadata["name"])]
        if protocol in ("opaque", "tls"):
            yield Port(protocol, own)
        elif not routes and kind == "GRPCRoute":
            yield Port(protocol, own, [{"kind": kind, "spec": {"rules": [{"matches": [{"method": {}}]}]}}], [own])
        elif not routes:
            yield Port(protocol, own, *_default_routes(own, pod.probes(port)))
        else:
            for order in _orders(routes):
                yield Port(protocol, own, order, [[*self._of_route(space, one), *own] for one in order])

    def _of_route(self, space: str, route: Manifest) -> list[Authorization]:
        wanted = (route["kind"], route["apiVersion"].partition("/")[0], route["metadata"]["name"])
        return self._of_policies(space, lambda *target: target == wanted)

    def _of_policies(self, space: str, applies: Any) -> list[Authorization]:
        found = []
        for policy in self.of("AuthorizationPolicy", space):
            target = policy["spec"]["targetRef"]
            if applies(target["kind"], target.get("group", ""), target["name"]):
                found += of_references(space, policy["spec"]["requiredAuthenticationRefs"], self.of)
        return found

    def _attached(self, route: Manifest, server: str) -> bool:
        """index.rs keeps no route with a bad parent; the status controller accepts for each Server that exists."""
        space, own = route["metadata"]["namespace"], set()
        for parent in route["spec"].get("parentRefs", ()):
            if (parent.get("group", ""), parent.get("kind", "")) != (POLICY, "Server"):
                continue
            if parent.get("namespace", space) != space or "port" in parent or "sectionName" in parent:
                return False
            own.add(parent["name"])
        return server in own


def _default_routes(own: Sequence[Authorization], probes: set[str]) -> tuple[list[Manifest], list[list[Authorization]]]:
    """index.rs::default_inbound_http_routes; probes are open to every network by default."""
    everything: Manifest = {"kind": "HTTPRoute", "spec": {"rules": [{"matches": [{"path": {"value": "/"}}]}]}}
    if not probes:
        return [everything], [list(own)]
    matches = [{"path": {"type": "Exact", "value": path}, "method": "GET"} for path in sorted(probes)]
    probe: Manifest = {"kind": "HTTPRoute", "spec": {"rules": [{"matches": matches}]}}
    return [everything, probe], [list(own), [Authorization(EVERYWHERE), *own]]


def _orders(objects: Sequence[Manifest]) -> Iterator[Sequence[Manifest]]:
    """Every order by age, then by name, group and kind, that the objects' timestamps allow."""
    for order in permutations(objects):
        if all(_may_precede(one, two) for place, one in enumerate(order) for two in order[place + 1 :]):
            yield order


def _may_precede(one: Manifest, two: Manifest) -> bool:
    ages = [each["metadata"].get("creationTimestamp") for each in (one, two)]
    if None in ages:
        return True
    keys = [(each["metadata"]["name"], each["apiVersion"].partition("/")[0], each["kind"]) for each in (one, two)]
    return (ages[0], keys[0]) <= (ages[1], keys[1])


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """k8s/api/src/labels.rs::matches."""
    for one in selector.get("matchExpressions", ()):
        value, values = labels.get(one["key"]), one.get("values", ())
        fits = {
            "In": value is not None and value in values,
            "NotIn": value is None or value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not fits[one["operator"]]:
            return False
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
