"""Which kinds are read to typed values, in which API versions, and which kinds live outside namespaces.

A kind is written under the group that serves it today; `extensions/v1beta1` and other versions that no supported
server serves any more are read with a warning, because files outlive servers. A kind that the groups of `CLOSED` do
not have is an error: no server takes it, and it may well be a misspelt policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.resources.kubernetes import GroupKind
from ringfence.sources.kubernetes import (
    cluster_policies,
    config_maps,
    gateways,
    ingresses,
    istio_authentication,
    istio_authorization,
    istio_machines,
    istio_networking,
    istio_parts,
    istio_request_authentication,
    istio_routing,
    istio_sidecars,
    linkerd_parts,
    linkerd_policies,
    linkerd_routes,
    linkerd_servers,
    network_policies,
    pods,
    services,
)
from ringfence.sources.kubernetes.controllers import controller
from ringfence.sources.kubernetes.parts import Part


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind is read.

    `served`: `group/version` that servers take today; `retired`: those that they took once.
    `room`: the field of `KubernetesObjects`, or `controllers` and `pods`, which are joined to workloads.
    """

    group: str
    kind: str
    room: str
    read: Callable[[Part], Any]
    served: tuple[str, ...]
    retired: tuple[str, ...] = ()


GATEWAY = gateways.GROUP
LINKERD = linkerd_parts.GROUP
_ISTIO_TRAFFIC_VERSIONS = tuple(f"{istio_parts.NETWORKING}/{version}" for version in ("v1", "v1beta1", "v1alpha3"))
_ISTIO_SECURITY_VERSIONS = tuple(f"{istio_parts.SECURITY}/{version}" for version in ("v1", "v1beta1"))
_GATEWAY_VERSIONS = tuple(f"{GATEWAY}/{version}" for version in ("v1", "v1beta1", "v1alpha3", "v1alpha2"))
_OLD_APPS = ("apps/v1beta2", "apps/v1beta1", "extensions/v1beta1")
_OLD_INGRESS = ("networking.k8s.io/v1beta1", "extensions/v1beta1")

KINDS = (
    Kind("", "Namespace", "namespaces", pods.namespace, ("v1",)),
    Kind("", "Node", "nodes", pods.node, ("v1",)),
    Kind("", "Pod", "pods", pods.pod, ("v1",)),
    Kind("", "ReplicationController", "controllers", controller, ("v1",)),
    Kind("", "Service", "services", services.service, ("v1",)),
    Kind("", "Endpoints", "endpoints", services.endpoints, ("v1",)),
    Kind("", "ConfigMap", "config_maps", config_maps.config_map, ("v1",)),
    *(
        Kind("apps", kind, "controllers", controller, ("apps/v1",), _OLD_APPS)
        for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
    ),
    Kind("batch", "Job", "controllers", controller, ("batch/v1",)),
    Kind("batch", "CronJob", "controllers", controller, ("batch/v1",), ("batch/v1beta1", "batch/v2alpha1")),
    Kind("argoproj.io", "Rollout", "controllers", controller, ("argoproj.io/v1alpha1",)),
    Kind(
        "networking.k8s.io", "NetworkPolicy", "network_policies", network_policies.network_policy,
        ("networking.k8s.io/v1",), ("extensions/v1beta1",),
    ),
    *(
        Kind(cluster_policies.GROUP, kind, "cluster_policies", cluster_policies.cluster_policy, (version,))
        for kind, version in (
            ("AdminNetworkPolicy", f"{cluster_policies.GROUP}/v1alpha1"),
            ("BaselineAdminNetworkPolicy", f"{cluster_policies.GROUP}/v1alpha1"),
            ("ClusterNetworkPolicy", f"{cluster_policies.GROUP}/v1alpha2"),
        )
    ),
    Kind("networking.k8s.io", "Ingress", "ingresses", ingresses.ingress, ("networking.k8s.io/v1",), _OLD_INGRESS),
    Kind(
        "networking.k8s.io", "IngressClass", "ingress_classes", ingresses.ingress_class, ("networking.k8s.io/v1",),
        ("networking.k8s.io/v1beta1",),
    ),
    Kind(
        "discovery.k8s.io", "EndpointSlice", "endpoint_slices", services.endpoint_slice, ("discovery.k8s.io/v1",),
        ("discovery.k8s.io/v1beta1",),
    ),
    Kind(GATEWAY, "GatewayClass", "gateway_classes", gateways.gateway_class, _GATEWAY_VERSIONS),
    Kind(GATEWAY, "Gateway", "gateways", gateways.gateway, _GATEWAY_VERSIONS),
    *(
        Kind(GATEWAY, kind, "routes", gateways.route, _GATEWAY_VERSIONS)
        for kind in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
    ),
    Kind(GATEWAY, "ReferenceGrant", "reference_grants", gateways.reference_grant, _GATEWAY_VERSIONS),
    Kind(
        istio_parts.SECURITY, "AuthorizationPolicy", "istio_authorization_policies",
        istio_authorization.authorization_policy, _ISTIO_SECURITY_VERSIONS,
    ),
    Kind(
        istio_parts.SECURITY, "RequestAuthentication", "istio_request_authentications",
        istio_request_authentication.request_authentication, _ISTIO_SECURITY_VERSIONS,
    ),
    Kind(LINKERD, "Server", "linkerd_servers", linkerd_servers.server, linkerd_servers.SERVER_VERSIONS),
    Kind(
        LINKERD, "ServerAuthorization", "linkerd_server_authorizations", linkerd_servers.server_authorization,
        (f"{LINKERD}/v1beta1", f"{LINKERD}/v1alpha1"),
    ),
    Kind(
        LINKERD, "AuthorizationPolicy", "linkerd_authorization_policies", linkerd_policies.authorization_policy,
        (f"{LINKERD}/v1alpha1",),
    ),
    Kind(
        LINKERD, "MeshTLSAuthentication", "linkerd_mesh_tls_authentications",
        linkerd_policies.mesh_tls_authentication, (f"{LINKERD}/v1alpha1",),
    ),
    Kind(
        LINKERD, "NetworkAuthentication", "linkerd_network_authentications",
        linkerd_policies.network_authentication, (f"{LINKERD}/v1alpha1",),
    ),
    Kind(LINKERD, "HTTPRoute", "linkerd_http_routes", linkerd_routes.http_route, linkerd_routes.HTTP_ROUTE_VERSIONS),
    Kind(
        LINKERD, "EgressNetwork", "linkerd_egress_networks", linkerd_policies.egress_network,
        (f"{LINKERD}/v1alpha1",),
    ),
    Kind(
        istio_parts.SECURITY, "PeerAuthentication", "peer_authentications", istio_authentication.peer_authentication,
        _ISTIO_SECURITY_VERSIONS,
    ),
    *(
        Kind(istio_parts.NETWORKING, kind, room, read, _ISTIO_TRAFFIC_VERSIONS)
        for kind, room, read in (
            ("DestinationRule", "destination_rules", istio_networking.destination_rule),
            ("VirtualService", "virtual_services", istio_routing.virtual_service),
            ("ServiceEntry", "service_entries", istio_networking.service_entry),
            ("Sidecar", "sidecars", istio_sidecars.sidecar),
            ("Gateway", "istio_gateways", istio_networking.gateway),
            ("WorkloadEntry", "istio_machines", istio_machines.workload_entry),
            ("WorkloadGroup", "istio_machines", istio_machines.workload_group),
        )
    ),
)  # fmt: skip

BY_VERSION: Mapping[tuple[str, str], Kind] = {
    (version, one.kind): one for one in KINDS for version in (*one.served, *one.retired)
}
"""The kind that an object's `apiVersion` and `kind` name."""
BY_GROUP: Mapping[GroupKind, Kind] = {(one.group, one.kind): one for one in KINDS}

CLOSED: Mapping[str, frozenset[str]] = {
    "": frozenset({
        "Binding", "ComponentStatus", "ConfigMap", "Endpoints", "Event", "LimitRange", "Namespace", "Node",
        "PersistentVolume", "PersistentVolumeClaim", "Pod", "PodTemplate", "ReplicationController", "ResourceQuota",
        "Secret", "Service", "ServiceAccount",
    }),
    "apps": frozenset({"ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"}),
    "batch": frozenset({"CronJob", "Job"}),
    "extensions": frozenset({
        "DaemonSet", "Deployment", "Ingress", "NetworkPolicy", "PodSecurityPolicy", "ReplicaSet",
    }),
    "networking.k8s.io": frozenset({"IPAddress", "Ingress", "IngressClass", "NetworkPolicy", "ServiceCIDR"}),
    "discovery.k8s.io": frozenset({"EndpointSlice"}),
}  # fmt: skip
"""All kinds of some groups."""

CLUSTER_SCOPED: frozenset[GroupKind] = frozenset({
    ("", "Namespace"), ("", "Node"), ("", "PersistentVolume"), ("", "ComponentStatus"),
    ("networking.k8s.io", "IngressClass"), ("networking.k8s.io", "IPAddress"), ("networking.k8s.io", "ServiceCIDR"),
    (GATEWAY, "GatewayClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"), ("apiregistration.k8s.io", "APIService"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("storage.k8s.io", "StorageClass"), ("storage.k8s.io", "CSIDriver"), ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "VolumeAttachment"), ("scheduling.k8s.io", "PriorityClass"), ("node.k8s.io", "RuntimeClass"),
    ("policy", "PodSecurityPolicy"), ("extensions", "PodSecurityPolicy"),
    ("certificates.k8s.io", "CertificateSigningRequest"), ("certificates.k8s.io", "ClusterTrustBundle"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"), ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
    *((group, kind) for group in ("projectcalico.org", "crd.projectcalico.org") for kind in (
        "BGPConfiguration", "BGPFilter", "BGPPeer", "ClusterInformation", "FelixConfiguration", "GlobalNetworkPolicy",
        "GlobalNetworkSet", "HostEndpoint", "IPPool", "IPReservation", "KubeControllersConfiguration", "Profile",
        "StagedGlobalNetworkPolicy", "Tier",
    )),
    ("operator.tigera.io", "Installation"), ("operator.tigera.io", "APIServer"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"), ("cilium.io", "CiliumCIDRGroup"), ("cilium.io", "CiliumNode"),
    ("cilium.io", "CiliumIdentity"), ("cilium.io", "CiliumEgressGatewayPolicy"),
    ("cilium.io", "CiliumLoadBalancerIPPool"), ("cilium.io", "CiliumClusterwideEnvoyConfig"),
    ("crd.antrea.io", "ClusterNetworkPolicy"), ("crd.antrea.io", "Tier"), ("crd.antrea.io", "ClusterGroup"),
    ("crd.antrea.io", "Egress"), ("crd.antrea.io", "ExternalIPPool"),
    ("network.openshift.io", "NetNamespace"), ("network.openshift.io", "HostSubnet"),
    ("network.openshift.io", "ClusterNetwork"), ("networking.k8s.aws", "ClusterNetworkPolicy"),
    ("cert-manager.io", "ClusterIssuer"), ("trust.cert-manager.io", "Bundle"),
})  # fmt: skip
"""Kinds without a namespace. Custom resource definitions among the files add theirs."""


def group_of(api_version: str) -> str:
    """The API group of an `apiVersion`; empty for the core."""
    return api_version.rpartition("/")[0]


def counted(group: str, kind: str) -> str:
    """How `counts` names a kind: `apps/Deployment`; the core's kinds without a group."""
    return f"{group}/{kind}" if group else kind
