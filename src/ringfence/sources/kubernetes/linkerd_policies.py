"""AuthorizationPolicy, the authentications that it names, and EgressNetwork (`policy.linkerd.io/v1alpha1`).

A policy targets a Server, a route or its own namespace, and requires at most one identity authentication
(MeshTLSAuthentication or ServiceAccount) and at most one NetworkAuthentication. Whether what it names exists is not
admission's affair: the layer ignores a policy with a missing reference, as the controller does.
"""

from __future__ import annotations

from ringfence.resources.linkerd import (
    AuthorizationPolicy,
    EgressNetwork,
    MeshTLSAuthentication,
    NetworkAuthentication,
    TargetReference,
)
from ringfence.sources.kubernetes.gateways import GROUP as GATEWAY
from ringfence.sources.kubernetes.linkerd_parts import GROUP, TOP, identity, networks, reference
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part

TARGETS = ((GROUP, "Server"), (GROUP, "HTTPRoute"), (GATEWAY, "HTTPRoute"), (GATEWAY, "GRPCRoute"), ("", "Namespace"))
IDENTITIES = ((GROUP, "MeshTLSAuthentication"), ("", "ServiceAccount"))
NETWORK = (GROUP, "NetworkAuthentication")
TRAFFIC_POLICIES = ("Allow", "Deny")


def authorization_policy(part: Part) -> AuthorizationPolicy:
    """An AuthorizationPolicy."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("targetRef", "requiredAuthenticationRefs")
    metadata = object_meta(part["metadata"], namespaced=True)
    written = spec["requiredAuthenticationRefs"]
    if not written.present:
        written.refuse("is missing", "an empty list authorizes everyone")
    references = tuple(reference(item, namespace=metadata.namespace) for item in written.items())
    _countable(written, references)
    return AuthorizationPolicy(metadata, _target(spec["targetRef"], metadata.namespace), references, part.span)


def _target(part: Part, namespace: str) -> TargetReference:
    target = reference(part, namespace=namespace, local=True)
    if target.kind and not any(target.is_a(*kind) for kind in TARGETS):
        kinds = ", ".join(f"{kind}.{group}" if group else kind for group, kind in TARGETS)
        part["kind"].refuse(f"{_kind(target)} cannot be a target", f"{kinds} can; group and kind go together")
    elif target.is_a("", "Namespace") and target.name and target.name != namespace:
        part["name"].refuse(f"is another namespace than the policy's own, {namespace}")
    return target


def _countable(part: Part, references: tuple[TargetReference, ...]) -> None:
    """At most one reference for the identity and one for the network, and none to anything else."""
    identities = [one for one in references if any(one.is_a(*kind) for kind in IDENTITIES)]
    ranges = [one for one in references if one.is_a(*NETWORK)]
    others = [one for one in references if one.kind and one not in identities and one not in ranges]
    if len(identities) > 1:
        part.refuse("requires more than one identity", "one MeshTLSAuthentication, or one ServiceAccount")
    if len(ranges) > 1:
        part.refuse("requires more than one NetworkAuthentication", "put the networks into one")
    if others:
        part.refuse(
            f"{', '.join(map(_kind, others))} is no authentication",
            "MeshTLSAuthentication, NetworkAuthentication (both with group: policy.linkerd.io), ServiceAccount",
        )


def _kind(target: TargetReference) -> str:
    return f"{target.kind}.{target.group}" if target.group else target.kind


def mesh_tls_authentication(part: Part) -> MeshTLSAuthentication:
    """A MeshTLSAuthentication: identities, or references to those of others."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("identities", "identityRefs")
    metadata = object_meta(part["metadata"], namespaced=True)
    if spec["identities"].present == spec["identityRefs"].present:
        both = spec["identities"].present
        spec.refuse("has identities beside identityRefs" if both else "names no identity", "write one of the two")
    references = tuple(_identity_reference(item, metadata.namespace) for item in spec["identityRefs"].items())
    return MeshTLSAuthentication(metadata, tuple(map(identity, spec["identities"].items())), references, part.span)


def _identity_reference(part: Part, namespace: str) -> TargetReference:
    found = reference(part)
    if found.is_a("", "Namespace"):
        if found.namespace:
            part["namespace"].refuse("a Namespace has none")
        return found
    if found.kind and not found.is_a("", "ServiceAccount"):
        part["kind"].refuse(f"{_kind(found)} has no identity", "ServiceAccount and Namespace have")
    return reference(part, namespace=namespace)


def network_authentication(part: Part) -> NetworkAuthentication:
    """A NetworkAuthentication."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("networks")
    metadata = object_meta(part["metadata"], namespaced=True)
    if not spec["networks"].items():
        spec["networks"].refuse("holds no network")
    return NetworkAuthentication(metadata, networks(spec["networks"]), part.span)


def egress_network(part: Part) -> EgressNetwork:
    """An EgressNetwork."""
    part.only(*TOP)
    spec = part["spec"]
    spec.only("trafficPolicy", "networks")
    metadata = object_meta(part["metadata"], namespaced=True)
    policy = spec["trafficPolicy"].one_of(TRAFFIC_POLICIES)
    if not spec["trafficPolicy"].present:
        spec["trafficPolicy"].refuse("is missing", "Allow or Deny")
    written = spec["networks"]
    if written.present and not written.items():
        written.refuse("holds no network", "leave it out for all that is outside the cluster")
    return EgressNetwork(metadata, policy, networks(written) if written.present else None, part.span)
