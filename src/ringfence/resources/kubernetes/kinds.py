"""Which kinds there are: scopes, and the closed list of kinds that enforce something.

A kind is named by API group and kind; the version is left out, because one object is served under several.
"""

from __future__ import annotations

from collections.abc import Mapping

GroupKind = tuple[str, str]
"""API group (empty for the core) and kind."""

NAMESPACE = "Namespace"
NETWORK_POLICY: GroupKind = ("networking.k8s.io", "NetworkPolicy")

OPENING_KINDS: frozenset[GroupKind] = frozenset(
    {
        ("networking.k8s.io", "Ingress"),
        ("networking.istio.io", "Gateway"),
        ("networking.istio.io", "VirtualService"),
        *(
            ("gateway.networking.k8s.io", kind)
            for kind in ("Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
        ),
    }
)
"""Kinds that open ways in: of one that was refused nobody knows where it leads."""

DECIDING_KINDS: frozenset[GroupKind] = frozenset(
    {
        ("", "ConfigMap"),
        ("", "Endpoints"),
        ("", "Service"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("gateway.networking.k8s.io", "ReferenceGrant"),
    }
)
"""Kinds that enforce nothing and open nothing by themselves, but say what meshes and ways in come to."""

ENFORCING_KINDS: dict[GroupKind, str] = {
    ("policy.networking.k8s.io", "AdminNetworkPolicy"): "cluster policy that goes before NetworkPolicy",
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"): "cluster policy for what no NetworkPolicy selects",
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"): "cluster policy of the Admin or Baseline tier",
    ("projectcalico.org", "NetworkPolicy"): "Calico policy of one namespace",
    ("projectcalico.org", "GlobalNetworkPolicy"): "Calico policy of the whole cluster",
    ("projectcalico.org", "Tier"): "Calico tier: order and default action of policies",
    ("projectcalico.org", "Profile"): "Calico profile: what applies where no policy does",
    ("projectcalico.org", "HostEndpoint"): "Calico host endpoint: denies node traffic once it exists",
    ("projectcalico.org", "NetworkSet"): "addresses that Calico policies select by label",
    ("projectcalico.org", "GlobalNetworkSet"): "addresses that Calico policies select by label",
    ("projectcalico.org", "StagedNetworkPolicy"): "Calico policy that is staged, not enforced",
    ("projectcalico.org", "StagedGlobalNetworkPolicy"): "Calico policy that is staged, not enforced",
    ("projectcalico.org", "StagedKubernetesNetworkPolicy"): "NetworkPolicy that Calico stages, not enforced",
    ("crd.projectcalico.org", "NetworkPolicy"): "Calico policy of one namespace",
    ("crd.projectcalico.org", "GlobalNetworkPolicy"): "Calico policy of the whole cluster",
    ("crd.projectcalico.org", "Tier"): "Calico tier: order and default action of policies",
    ("crd.projectcalico.org", "HostEndpoint"): "Calico host endpoint: denies node traffic once it exists",
    ("crd.projectcalico.org", "NetworkSet"): "addresses that Calico policies select by label",
    ("crd.projectcalico.org", "GlobalNetworkSet"): "addresses that Calico policies select by label",
    ("crd.projectcalico.org", "StagedNetworkPolicy"): "Calico policy that is staged, not enforced",
    ("crd.projectcalico.org", "StagedGlobalNetworkPolicy"): "Calico policy that is staged, not enforced",
    ("crd.projectcalico.org", "StagedKubernetesNetworkPolicy"): "NetworkPolicy that Calico stages, not enforced",
    ("cilium.io", "CiliumNetworkPolicy"): "Cilium policy of one namespace",
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): "Cilium policy of the whole cluster",
    ("cilium.io", "CiliumCIDRGroup"): "addresses that Cilium policies refer to",
    ("cilium.io", "CiliumLocalRedirectPolicy"): "sends a Service's traffic to a pod on the same node",
    ("crd.antrea.io", "NetworkPolicy"): "Antrea policy of one namespace",
    ("crd.antrea.io", "ClusterNetworkPolicy"): "Antrea policy of the whole cluster",
    ("crd.antrea.io", "Tier"): "Antrea tier: order of policies",
    ("crd.antrea.io", "Group"): "pods and addresses that Antrea policies refer to",
    ("crd.antrea.io", "ClusterGroup"): "pods and addresses that Antrea policies refer to",
    ("security.istio.io", "AuthorizationPolicy"): "Istio authorization: which identities and requests a workload takes",
    ("security.istio.io", "PeerAuthentication"): "Istio mTLS mode of a workload",
    ("security.istio.io", "RequestAuthentication"): "Istio: which request tokens are valid",
    ("networking.istio.io", "Sidecar"): "Istio: which destinations a proxy knows",
    ("networking.istio.io", "DestinationRule"): "Istio: whether a client offers mTLS",
    ("networking.istio.io", "VirtualService"): "Istio: where a client's requests go, and so in which transport",
    ("networking.istio.io", "ServiceEntry"): "Istio: destinations that the mesh admits to its registry",
    ("networking.istio.io", "WorkloadEntry"): "Istio: a machine of the mesh outside of the cluster",
    ("networking.istio.io", "WorkloadGroup"): "Istio: machines that may join the mesh",
    ("networking.istio.io", "EnvoyFilter"): "Istio: changes the proxy's own configuration, its authorization included",
    ("extensions.istio.io", "WasmPlugin"): "Istio: code in the proxy, which may refuse requests",
    ("extensions.istio.io", "TrafficExtension"): "Istio: code in the proxy, which may refuse requests",
    ("policy.linkerd.io", "Server"): "Linkerd: a port of pods that has authorization",
    ("policy.linkerd.io", "ServerAuthorization"): "Linkerd: who may use a Server",
    ("policy.linkerd.io", "AuthorizationPolicy"): "Linkerd: who may use a Server, route or namespace",
    ("policy.linkerd.io", "MeshTLSAuthentication"): "Linkerd: identities that an authorization names",
    ("policy.linkerd.io", "NetworkAuthentication"): "Linkerd: networks that an authorization names",
    ("policy.linkerd.io", "EgressNetwork"): "Linkerd: whether traffic out of the cluster passes",
    ("k8s.cni.cncf.io", "MultiNetworkPolicy"): "policy on secondary pod networks",
    ("k8s.ovn.org", "EgressFirewall"): "OVN-Kubernetes: which addresses outside a namespace may reach",
    ("network.openshift.io", "EgressNetworkPolicy"): "OpenShift: which addresses outside a namespace may reach",
    ("network.openshift.io", "NetNamespace"): "OpenShift SDN: joins or isolates namespaces",
    ("networking.k8s.aws", "ApplicationNetworkPolicy"): "Amazon EKS policy by DNS name and application",
    ("networking.k8s.aws", "ClusterNetworkPolicy"): "Amazon EKS policy of the whole cluster",
}
"""Kinds that enforce, or that decide what enforcing kinds mean, and what each does.

Closed list. Where one is present and no layer lowers it, what it could select is unknown; a kind that is not in here
and has no type is only counted.
"""

REVISION = "istio.io/rev"
REVISED = ("security.istio.io", "networking.istio.io", "extensions.istio.io")
"""The groups whose objects a control plane passes over where their label `REVISION` is of another."""


def revised(kind: GroupKind, labels: Mapping[str, str]) -> bool:
    """Whether an object that enforces counts for the control planes of one revision alone.

    Source: istio `pkg/config/model.go` (`ObjectInRevision`).
    """
    return REVISION in labels and kind[0] in REVISED and kind in ENFORCING_KINDS
