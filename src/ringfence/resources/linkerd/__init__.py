"""Linkerd's own objects (`policy.linkerd.io`), as frozen values with Linkerd's own names in snake case.

    servers          Server: a port of pods (or of machines outside the cluster) that has policy of its own
    authorizations   ServerAuthorization, AuthorizationPolicy, MeshTLSAuthentication, NetworkAuthentication
    egress           EgressNetwork: whether traffic out of the cluster passes

HTTPRoute exists in Linkerd's group, too; it has the shape of the Gateway API's and is read to the same `Route`.
Values are valid and defaulted, as for Kubernetes' own objects; blocks of addresses are canonical.
"""

from ringfence.resources.linkerd.authorizations import (
    AuthorizationPolicy,
    Client,
    MeshTLS,
    MeshTLSAuthentication,
    NetworkAuthentication,
    ServerAuthorization,
    ServiceAccountReference,
    TargetReference,
)
from ringfence.resources.linkerd.egress import EgressNetwork
from ringfence.resources.linkerd.networks import Network
from ringfence.resources.linkerd.servers import DEFAULT_POLICIES, GRPC, OPAQUE, TLS, UNKNOWN, Server

__all__ = [
    "DEFAULT_POLICIES",
    "GRPC",
    "OPAQUE",
    "TLS",
    "UNKNOWN",
    "AuthorizationPolicy",
    "Client",
    "EgressNetwork",
    "MeshTLS",
    "MeshTLSAuthentication",
    "Network",
    "NetworkAuthentication",
    "Server",
    "ServerAuthorization",
    "ServiceAccountReference",
    "TargetReference",
]
