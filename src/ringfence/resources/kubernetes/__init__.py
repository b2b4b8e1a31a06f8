"""Kubernetes' own objects, as frozen values with Kubernetes' own names in snake case.

    metadata    ObjectMeta, label selectors, objects without a type, refused objects
    workloads   Namespace, Node, Pod, and the workloads that own pods
    policies    NetworkPolicy
    services    Service, Endpoints, EndpointSlice
    ingresses   Ingress, IngressClass, Gateway API
    kinds       which kinds enforce something
    objects     the collection of all of them

Values are valid and defaulted: the reader checked them against what the API server accepts and filled in what it fills
in. Every object has a lazy `span`, which takes no part in equality; a part's place is `span.at("spec", ...)`.
"""

from ringfence.resources.kubernetes.ingresses import (
    BackendReference,
    Gateway,
    GatewayAddress,
    GatewayClass,
    GrantFrom,
    GrantTo,
    Infrastructure,
    Ingress,
    IngressBackend,
    IngressClass,
    IngressPath,
    IngressRule,
    IngressTLS,
    Listener,
    MethodMatch,
    NamedMatch,
    ParentReference,
    ReferenceGrant,
    Route,
    RouteMatch,
    RouteRule,
)
from ringfence.resources.kubernetes.kinds import ENFORCING_KINDS, NETWORK_POLICY, GroupKind
from ringfence.resources.kubernetes.metadata import (
    SELECT_EVERYTHING,
    LabelSelector,
    LabelSelectorRequirement,
    ObjectMeta,
    OwnerReference,
    RawObject,
    RefusedObject,
    SelectorOperator,
    mapping_at,
)
from ringfence.resources.kubernetes.objects import ConfigMap, KubernetesObjects
from ringfence.resources.kubernetes.policies import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from ringfence.resources.kubernetes.services import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    LoadBalancerIngress,
    ObjectReference,
    Service,
    ServicePort,
)
from ringfence.resources.kubernetes.workloads import (
    NODE_OPERATORS,
    WORKLOAD_KINDS,
    Container,
    ContainerPort,
    Namespace,
    Node,
    NodeRequirement,
    NodeTerm,
    Pod,
    PodTemplate,
    Toleration,
    Workload,
)

__all__ = [
    "ENFORCING_KINDS",
    "NETWORK_POLICY",
    "NODE_OPERATORS",
    "SELECT_EVERYTHING",
    "WORKLOAD_KINDS",
    "BackendReference",
    "ConfigMap",
    "Container",
    "ContainerPort",
    "EndpointAddress",
    "EndpointPort",
    "EndpointSlice",
    "EndpointSubset",
    "Endpoints",
    "Gateway",
    "GatewayAddress",
    "GatewayClass",
    "GrantFrom",
    "GrantTo",
    "GroupKind",
    "IPBlock",
    "Infrastructure",
    "Ingress",
    "IngressBackend",
    "IngressClass",
    "IngressPath",
    "IngressRule",
    "IngressTLS",
    "KubernetesObjects",
    "LabelSelector",
    "LabelSelectorRequirement",
    "Listener",
    "LoadBalancerIngress",
    "MethodMatch",
    "NamedMatch",
    "Namespace",
    "NetworkPolicy",
    "NetworkPolicyPeer",
    "NetworkPolicyPort",
    "NetworkPolicyRule",
    "Node",
    "NodeRequirement",
    "NodeTerm",
    "ObjectMeta",
    "ObjectReference",
    "OwnerReference",
    "ParentReference",
    "Pod",
    "PodTemplate",
    "PolicyType",
    "RawObject",
    "ReferenceGrant",
    "RefusedObject",
    "Route",
    "RouteMatch",
    "RouteRule",
    "SelectorOperator",
    "Service",
    "ServicePort",
    "Toleration",
    "Workload",
    "mapping_at",
]
