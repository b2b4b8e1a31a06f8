"""Services and the endpoints behind them (`v1` Service and Endpoints, `discovery.k8s.io/v1` EndpointSlice).

Values are as the API server would store them: `target_port` defaults to `port`, `type` to ClusterIP, the protocol to
TCP. What only a running cluster can say (cluster IPs, node ports, the load balancer's address) is empty in manifests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import ObjectMeta


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service. `target_port` is a number or a container port's name; `node_port` 0: not known or none."""

    port: int
    target_port: int | str
    name: str = ""
    protocol: str = "TCP"
    node_port: int = 0
    app_protocol: str = ""
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LoadBalancerIngress:
    """An address at which a load balancer answers, from an object's status; one of the two is set."""

    ip: str = ""
    hostname: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A Service.

    `type`: ClusterIP, NodePort, LoadBalancer, ExternalName.
    `selector` None or empty: endpoints come from Endpoints or EndpointSlice objects, not from pods.
    `load_balancer_source_ranges` empty: no limit. Addresses and CIDRs are canonical.
    """

    metadata: ObjectMeta
    type: str = "ClusterIP"
    selector: Mapping[str, str] | None = field(default=None, hash=False)
    ports: tuple[ServicePort, ...] = ()
    cluster_ips: tuple[str, ...] = ()
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str = ""
    external_traffic_policy: str = "Cluster"
    internal_traffic_policy: str = "Cluster"
    load_balancer_source_ranges: tuple[str, ...] = ()
    load_balancer_class: str = ""
    load_balancer_ingress: tuple[LoadBalancerIngress, ...] = ()
    allocate_load_balancer_node_ports: bool = True
    external_ips: tuple[str, ...] = ()
    external_name: str = ""
    publish_not_ready_addresses: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def headless(self) -> bool:
        """Whether DNS answers with the pods themselves (`clusterIP: None`)."""
        return "None" in self.cluster_ips


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """What an endpoint address belongs to: usually a Pod."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class EndpointAddress:
    """One backend: its addresses (one, or per EndpointSlice entry several that are the same backend)."""

    addresses: tuple[str, ...]
    ready: bool = True
    target_ref: ObjectReference | None = None
    node_name: str = ""


@dataclass(frozen=True, slots=True)
class EndpointPort:
    """A port that the backends serve; `name` is the Service port's. `port` None (EndpointSlice): every port."""

    port: int | None
    name: str = ""
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class EndpointSubset:
    """Backends that all serve the same ports."""

    endpoints: tuple[EndpointAddress, ...]
    ports: tuple[EndpointPort, ...]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The `v1` Endpoints object; it belongs to the Service of the same name and namespace."""

    metadata: ObjectMeta
    subsets: tuple[EndpointSubset, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def service_name(self) -> str:
        """The Service it belongs to, in its own namespace."""
        return self.metadata.name


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """One slice of a Service's backends; `address_type` is IPv4, IPv6 or FQDN."""

    metadata: ObjectMeta
    address_type: str
    subsets: tuple[EndpointSubset, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def service_name(self) -> str:
        """The Service it belongs to, in its own namespace; empty for a slice that belongs to none."""
        return self.metadata.labels.get("kubernetes.io/service-name", "")
