"""All objects of one set of manifests or of one cluster, by kind: what the reader hands to layers and topology.

Invariants: no two objects of one kind share namespace and name; order is the order of reading; every object that was
read is in exactly one of the tuples, or part of a `Workload` in `workloads`; `counts` counts what was read, by
`group/Kind`, before collapsing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.cluster_policies import ClusterPolicy
from ringfence.resources.kubernetes.ingresses import (
    Gateway,
    GatewayClass,
    Ingress,
    IngressClass,
    ReferenceGrant,
    Route,
)
from ringfence.resources.kubernetes.metadata import ObjectMeta, RawObject, RefusedObject
from ringfence.resources.kubernetes.policies import NetworkPolicy
from ringfence.resources.kubernetes.services import Endpoints, EndpointSlice, Service
from ringfence.resources.kubernetes.workloads import Namespace, Node, PodTemplate, Workload

if TYPE_CHECKING:  # the meshes' objects are built on Kubernetes' own
    from ringfence.resources.istio import authorization as istio
    from ringfence.resources.istio.authentication import PeerAuthentication
    from ringfence.resources.istio.machines import Machine
    from ringfence.resources.istio.networking import (
        DestinationRule,
        IstioGateway,
        ServiceEntry,
        Sidecar,
        VirtualService,
    )
    from ringfence.resources.linkerd import (
        AuthorizationPolicy,
        EgressNetwork,
        MeshTLSAuthentication,
        NetworkAuthentication,
        Server,
        ServerAuthorization,
    )


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """A ConfigMap; `data` is text by key (binary entries are left out).

    `parsed` holds the YAML of a mesh's control plane under the key that holds it as text (`mesh`, `values`), nothing
    where that is `unreadable`.
    """

    metadata: ObjectMeta
    data: Mapping[str, str] = field(default_factory=dict, hash=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    parsed: Mapping[str, Any] = field(default_factory=dict, hash=False)
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class KubernetesObjects:
    """Everything that was read.

    `namespaces` holds one for every namespace that any object lives in, whether a file declares it or not.
    `refused` holds what was left out because the API server would refuse it. `others` holds every kind without a type.
    """

    namespaces: tuple[Namespace, ...] = ()
    nodes: tuple[Node, ...] = ()
    workloads: tuple[Workload, ...] = ()
    network_policies: tuple[NetworkPolicy, ...] = ()
    cluster_policies: tuple[ClusterPolicy, ...] = ()
    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoints, ...] = ()
    endpoint_slices: tuple[EndpointSlice, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    ingress_classes: tuple[IngressClass, ...] = ()
    gateway_classes: tuple[GatewayClass, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    routes: tuple[Route, ...] = ()
    reference_grants: tuple[ReferenceGrant, ...] = ()
    config_maps: tuple[ConfigMap, ...] = ()
    istio_authorization_policies: tuple[istio.AuthorizationPolicy, ...] = ()
    istio_request_authentications: tuple[istio.RequestAuthentication, ...] = ()
    linkerd_servers: tuple[Server, ...] = ()
    linkerd_server_authorizations: tuple[ServerAuthorization, ...] = ()
    linkerd_authorization_policies: tuple[AuthorizationPolicy, ...] = ()
    linkerd_mesh_tls_authentications: tuple[MeshTLSAuthentication, ...] = ()
    linkerd_network_authentications: tuple[NetworkAuthentication, ...] = ()
    linkerd_http_routes: tuple[Route, ...] = ()
    linkerd_egress_networks: tuple[EgressNetwork, ...] = ()
    peer_authentications: tuple[PeerAuthentication, ...] = ()
    destination_rules: tuple[DestinationRule, ...] = ()
    virtual_services: tuple[VirtualService, ...] = ()
    service_entries: tuple[ServiceEntry, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()
    istio_gateways: tuple[IstioGateway, ...] = ()
    istio_machines: tuple[Machine, ...] = ()
    others: tuple[RawObject, ...] = ()
    refused: tuple[RefusedObject, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict, hash=False)

    def pod_templates(self) -> Iterator[tuple[str, PodTemplate]]:
        """Every template of every workload and pod, with its namespace."""
        for workload in self.workloads:
            for template in workload.every_template:
                yield workload.metadata.namespace, template

    @property
    def policies(self) -> int:
        """How many objects say who may reach whom, and in which transport."""
        kinds: tuple[tuple[object, ...], ...] = (
            self.network_policies,
            self.cluster_policies,
            self.peer_authentications,
            self.istio_authorization_policies,
            self.istio_request_authentications,
            self.linkerd_servers,
            self.linkerd_server_authorizations,
            self.linkerd_authorization_policies,
        )
        return sum(map(len, kinds))
