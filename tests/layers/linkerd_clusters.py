"""Linkerd's objects in few words, and what chains say of one packet: for the tests of its layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ringfence.engine.decisions import Side, decide
from ringfence.layers.kubernetes_selectors import POD, PORT
from ringfence.layers.linkerd_requests import request_subjects
from ringfence.layers.linkerd_settings import FACET, Settings
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.layers.mesh_facets import LINKERD, MESH, PLANE
from ringfence.model.addresses import AddressSet, number
from ringfence.model.conditions import Request
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import UNKNOWN_IDENTITY, Action, Chain
from ringfence.resources.kubernetes import (
    KubernetesObjects,
    LabelSelector,
    ObjectMeta,
    ParentReference,
    Route,
    RouteMatch,
    RouteRule,
)
from ringfence.resources.linkerd import (
    AuthorizationPolicy,
    MeshTLSAuthentication,
    Network,
    NetworkAuthentication,
    Server,
    TargetReference,
)

GROUP, GATEWAY = "policy.linkerd.io", "gateway.networking.k8s.io"
INSTALLED = LinkerdValues(cluster_networks=AddressSet.of("10.0.0.0/8"))

ALLOWED, DENIED, OPEN = frozenset({Action.ALLOW}), frozenset({Action.DENY}), frozenset({Action.ALLOW, Action.DENY})


def meta(name: str, created: str = "", **labels: str) -> ObjectMeta:
    """From `namespace/name`, or a name in namespace `shop`."""
    namespace, _, short = name.rpartition("/")
    return ObjectMeta(short, namespace or "shop", labels, creation_timestamp=created)


def server(
    name: str, port: int | str = 80, selector: LabelSelector | None = None, created: str = "", **rest: Any
) -> Server:
    return Server(meta(name, created), port, LabelSelector() if selector is None else selector, **rest)


def target(text: str, namespace: str = "shop") -> TargetReference:
    """`Server/web`, `Namespace/shop`, `HTTPRoute/r` (Linkerd's), `GRPCRoute/r`, `ServiceAccount/other/web`."""
    kind, *names = text.split("/")
    group = {"Namespace": "", "ServiceAccount": "", "GRPCRoute": GATEWAY}.get(kind, GROUP)
    return TargetReference(group, kind, names[-1], names[0] if len(names) > 1 else namespace)


def policy(name: str, to: str, *required: str) -> AuthorizationPolicy:
    return AuthorizationPolicy(meta(name), target(to), tuple(map(target, required)))


def identities(name: str, *texts: str) -> MeshTLSAuthentication:
    return MeshTLSAuthentication(meta(name), texts)


def networks(name: str, *cidrs: str) -> NetworkAuthentication:
    return NetworkAuthentication(meta(name), tuple(map(Network, cidrs)))


def route(name: str, parent: str, *paths: str, kind: str = "HTTPRoute", redirects: bool = False) -> Route:
    """A route of exact paths for one Server (`web`, or `other/web` of another namespace)."""
    namespace, _, short = parent.rpartition("/")
    matches = tuple(RouteMatch("Exact", path) for path in paths)
    group = GATEWAY if kind == "GRPCRoute" else GROUP
    parents = (ParentReference(short, namespace or "shop", GROUP, "Server"),)
    return Route(kind, meta(name), parents, (), (RouteRule(matches=matches, redirects=redirects),), group)


def objects(**rooms: Iterable[Any]) -> KubernetesObjects:
    """Rooms without `linkerd_` in front where they are Linkerd's."""
    fields = KubernetesObjects.__dataclass_fields__
    chosen: Any = {(room if room in fields else f"linkerd_{room}"): tuple(found) for room, found in rooms.items()}
    return KubernetesObjects(**chosen)


def pod(
    name: str = "shop/web",
    settings: Settings | None = None,
    plane: str | None = LINKERD,
    ip: str = "10.0.0.1",
    ports: dict[str, str] | None = None,
    **labels: str,
) -> Endpoint:
    """A pod as the population builds it; `plane` None: nobody knows whether it is a member."""
    namespace, _, short = name.rpartition("/")
    facets: dict[str, Mapping[str, str]] = {POD: labels, PORT: ports or {}}
    if plane is not None:
        facets[MESH] = {PLANE: plane}
    if plane in (LINKERD, None):
        facets[FACET] = (settings or Settings("all-unauthenticated")).facet
    proves = INSTALLED.identity(short, namespace) if plane == LINKERD else UNKNOWN_IDENTITY if plane is None else ""
    unknown = frozenset() if plane is not None else frozenset((MESH,))
    return Endpoint(
        name, "pods", AddressSet.of(ip), namespace=namespace, facets=facets, unknown_facets=unknown, identity=proves
    )


def says(
    chain: Chain, subject: Endpoint, peer: Endpoint | str, header: Header | str = "mtls/80", request: str | None = None
) -> frozenset[Action]:
    """Everything that a chain may decide; the peer as a pod or as an address outside; the request as `GET /path`."""
    where = (
        header if isinstance(header, Header) else Header(header.partition("/")[0], 40000, int(header.partition("/")[2]))
    )
    if isinstance(peer, str):
        side = Side(None, number(peer))
    else:
        side = Side(peer, peer.addresses.first(), peer.identity if where.plane == "mtls" else "")
    asked = None
    if request is not None:
        method, _, path = request.partition(" ")
        asked = Request(request_subjects({"method": method, "path": path, "host": "web"}))
    return frozenset(one.action for one in decide(chain, "pods", subject, side, where, asked).possible)
