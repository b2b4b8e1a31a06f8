"""Istio's traffic objects (`networking.istio.io`), as far as they decide who reaches whom and in which transport.

What absence and emptiness mean (`istio.io/api/networking/v1alpha3`):

    export_to empty                   exported to every namespace; "." is the object's own, "*" every one
    a host without a dot              a Service of the object's own namespace (`Host` of the field is as written)
    DestinationRule, tls None         the rule says nothing: auto-mTLS decides
    PortTraffic, tls None             the port has settings without tls, and inherits none
    workload_selector None            every client of the namespace, and of those that the object is exported to
    VirtualService, gateways empty    the sidecars of the mesh (`mesh`)
    Sidecar, egress empty             everything that is exported to the namespace is known
    Sidecar, ingress empty            the proxy takes the ports that Services and ServiceEntries lead to
    Sidecar, outbound_traffic_policy  what happens to destinations that the proxy does not know; empty: the mesh's
    ServiceEntry, resolution NONE     the client's own destination address is kept
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import ObjectMeta

Labels = tuple[tuple[str, str], ...]
"""Labels that must be there, sorted by key."""

MESH_GATEWAY = "mesh"
"""Stands among a VirtualService's gateways for every sidecar."""

REDIRECTED, BOUND = "IPTABLES", "NONE"
"""How an ingress listener gets its connections: as its pod's are redirected, or at a socket of its own."""

ALLOW_ANY, REGISTRY_ONLY = "ALLOW_ANY", "REGISTRY_ONLY"


class TlsMode(StrEnum):
    """What a client's proxy sends: with `SIMPLE` no certificate, with `MUTUAL` the user's, `ISTIO_MUTUAL` Istio's."""

    DISABLE = "DISABLE"
    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"


@dataclass(frozen=True, slots=True)
class PortTraffic:
    """Settings for one port of a Service (not of its pods)."""

    port: int
    tls: TlsMode | None = None
    passthrough: bool = False


@dataclass(frozen=True, slots=True)
class TrafficPolicy:
    """How clients talk to a host. `passthrough`: the load balancer keeps the client's own destination address."""

    tls: TlsMode | None = None
    ports: tuple[PortTraffic, ...] = ()
    passthrough: bool = False

    def at(self, port: int) -> PortTraffic | None:
        """The settings of one port, the first ones that name it."""
        return next((one for one in self.ports if one.port == port), None)


@dataclass(frozen=True, slots=True)
class Subset:
    """Some of a host's endpoints by their labels, and how clients talk to them."""

    name: str
    labels: Labels = ()
    policy: TrafficPolicy | None = None


@dataclass(frozen=True, slots=True)
class DestinationRule:
    """How clients talk to a host."""

    metadata: ObjectMeta
    host: str
    policy: TrafficPolicy | None = None
    subsets: tuple[Subset, ...] = ()
    export_to: tuple[str, ...] = ()
    workload_selector: Labels | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a route leads. `port` 0: the Service's only port, or the one that was dialled."""

    host: str
    subset: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class TrafficRoute:
    """One route of a VirtualService: `protocol` is `http`, `tls` or `tcp`.

    `ports`: the ports of the dialled host that it is for (empty: all). `certain`: it has no other condition; `matched`:
    it has any at all; `sourced`: it may be for some clients alone, so that the proxies of others do not have it.
    `delegated`: another VirtualService says where it leads, `delegate` by its namespace and name.
    `destinations` empty otherwise: the proxy answers by itself (a redirect, a direct response). `gateways`: those that
    follow it, as they are written; of a sidecars' route none.
    """

    protocol: str
    destinations: tuple[Destination, ...] = ()
    ports: tuple[int, ...] = ()
    certain: bool = True
    delegated: bool = False
    delegate: str = ""
    matched: bool = False
    sourced: bool = False
    gateways: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class VirtualService:
    """Where requests for some hosts go instead: by sidecars (`routes`), and by gateways (`gateway_routes`)."""

    metadata: ObjectMeta
    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    routes: tuple[TrafficRoute, ...] = ()
    export_to: tuple[str, ...] = ()
    gateway_routes: tuple[TrafficRoute, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def in_mesh(self) -> bool:
        """Whether sidecars follow it."""
        return not self.gateways or MESH_GATEWAY in self.gateways


@dataclass(frozen=True, slots=True)
class EntryPort:
    """A port of a ServiceEntry; `target_port` 0: the same."""

    number: int
    protocol: str = ""
    name: str = ""
    target_port: int = 0


@dataclass(frozen=True, slots=True)
class EntryEndpoint:
    """One backend that a ServiceEntry lists: an address, a name or a socket; its ports by the entry's port names."""

    address: str = ""
    labels: Labels = ()
    ports: tuple[tuple[str, int], ...] = ()
    service_account: str = ""


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A destination that the mesh's registry holds beside the cluster's Services."""

    metadata: ObjectMeta
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ports: tuple[EntryPort, ...] = ()
    location: str = "MESH_EXTERNAL"
    resolution: str = "NONE"
    endpoints: tuple[EntryEndpoint, ...] = ()
    workload_selector: Labels | None = None
    export_to: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SidecarListener:
    """An egress listener: the hosts (`namespace/host`) that it knows, on one port (0: any)."""

    hosts: tuple[str, ...] = ()
    port: int = 0


@dataclass(frozen=True, slots=True)
class IngressListener:
    """A port that the proxy listens on for its own pods. `capture_mode` DEFAULT: as the pod's interception is.

    `tls`: whether the user's own TLS may end here (istiod heeds it behind a flag). Where the requests go then
    (`defaultEndpoint`) is inside of the pod.
    """

    port: int
    protocol: str = ""
    bind: str = ""
    capture_mode: str = "DEFAULT"
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the proxies of some workloads know of the mesh."""

    metadata: ObjectMeta
    workload_selector: Labels | None = None
    egress: tuple[SidecarListener, ...] = ()
    outbound_traffic_policy: str = ""
    ingress: tuple[IngressListener, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class GatewayServer:
    """A port that a gateway's proxy serves. `tls_mode` empty: none. `redirects`: plaintext is only redirected."""

    port: int
    protocol: str
    hosts: tuple[str, ...] = ()
    tls_mode: str = ""
    redirects: bool = False


@dataclass(frozen=True, slots=True)
class IstioGateway:
    """`Gateway` of `networking.istio.io`: what the proxies with these labels serve; without labels, every gateway."""

    metadata: ObjectMeta
    selector: Labels = ()
    servers: tuple[GatewayServer, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)
