"""Server and ServerAuthorization (`policy.linkerd.io`), checked as custom resource definitions and admission do it.

    Server               v1alpha1, v1beta1: `podSelector`; from v1beta2 on one of two selectors; v1beta3: `accessPolicy`
    ServerAuthorization  v1alpha1, v1beta1: the same fields

That two Servers may not select one port of one pod depends on what is in the cluster already, so it is not refused
here: the layer lets the oldest win, as the controller does.
"""

from __future__ import annotations

from ringfence.resources.linkerd import (
    DEFAULT_POLICIES,
    GRPC,
    OPAQUE,
    TLS,
    UNKNOWN,
    Client,
    MeshTLS,
    Server,
    ServerAuthorization,
    ServiceAccountReference,
)
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.linkerd_parts import GROUP, TOP, identity, networks, required
from ringfence.sources.kubernetes.metadata import label_selector, object_meta, optional_selector
from ringfence.sources.kubernetes.parts import Part

PROTOCOLS = (UNKNOWN, "HTTP/1", "HTTP/2", GRPC, OPAQUE, TLS)
SELECTORS = ("podSelector", "externalWorkloadSelector")

SPEC_FIELDS = {
    "v1alpha1": ("podSelector", "port", "proxyProtocol"),
    "v1beta1": ("podSelector", "port", "proxyProtocol"),
    "v1beta2": (*SELECTORS, "port", "proxyProtocol"),
    "v1beta3": (*SELECTORS, "port", "proxyProtocol", "accessPolicy"),
}
SERVER_VERSIONS = tuple(f"{GROUP}/{version}" for version in reversed(SPEC_FIELDS))


def server(part: Part) -> Server:
    """A Server of any served version."""
    part.only(*TOP)
    spec = part["spec"]
    version = part["apiVersion"].text().rpartition("/")[2]
    spec.only(*SPEC_FIELDS[version])
    pods, machines = (optional_selector(spec[name]) for name in SELECTORS)
    if pods is None and machines is None:
        spec["podSelector"].refuse("is missing", "podSelector: {} is every pod of the namespace")
    elif pods is not None and machines is not None:
        spec["externalWorkloadSelector"].refuse("stands beside podSelector", "make two Servers of it")
    elif version == "v1alpha1" and len(spec["podSelector"].entries()) != 1:
        spec["podSelector"].refuse("needs matchLabels or matchExpressions, and not both, in v1alpha1")
    return Server(
        metadata=object_meta(part["metadata"], namespaced=True),
        port=_port(spec["port"]),
        pod_selector=pods,
        external_workload_selector=machines,
        proxy_protocol=spec["proxyProtocol"].one_of(PROTOCOLS, UNKNOWN),
        access_policy=spec["accessPolicy"].one_of(DEFAULT_POLICIES, "deny"),
        span=part.span,
    )


def _port(part: Part) -> int | str:
    if not isinstance(part.value, str):
        return syntax.port_number(part)
    if not syntax.PORT_NAME.fullmatch(part.value) or len(part.value) > 15:
        part.warn("no container port can have this name: the Server selects no port", "a number goes without quotes")
    return part.value


def server_authorization(part: Part) -> ServerAuthorization:
    """A ServerAuthorization."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("server", "client")
    metadata = object_meta(part["metadata"], namespaced=True)
    target = spec["server"]
    target.only("name", "selector")
    named, selected = target["name"].present, target["selector"].present
    if named == selected:
        target.refuse("names both a Server and a selector" if named else "names no Server", "write name or selector")
    return ServerAuthorization(
        metadata=metadata,
        client=_client(spec["client"], metadata.namespace),
        server_name=syntax.name(target["name"], syntax.DNS_LABEL) if named else "",
        server_selector=label_selector(target["selector"]) if selected and not named else None,
        span=part.span,
    )


def _client(part: Part, namespace: str) -> Client:
    if not part.present:
        part.refuse("is missing")
    part.only("networks", "unauthenticated", "meshTLS")
    open_to_all = part["unauthenticated"].boolean()
    mesh = _mesh_tls(part["meshTLS"], namespace) if part["meshTLS"].present else None
    if mesh is not None and open_to_all:
        part["unauthenticated"].refuse("cannot be true beside meshTLS")
    return Client(networks(part["networks"]), open_to_all, mesh)


def _mesh_tls(part: Part, namespace: str) -> MeshTLS:
    part.only("unauthenticatedTLS", "identities", "serviceAccounts")
    found = MeshTLS(
        part["unauthenticatedTLS"].boolean(),
        tuple(map(identity, part["identities"].items())),
        tuple(_account(item, namespace) for item in part["serviceAccounts"].items()),
    )
    if found.unauthenticated_tls and (found.identities or found.service_accounts):
        part["unauthenticatedTLS"].refuse("cannot be true beside identities or serviceAccounts")
    return found


def _account(part: Part, namespace: str) -> ServiceAccountReference:
    part.only("name", "namespace")
    return ServiceAccountReference(required(part["name"]), part["namespace"].text() or namespace)
