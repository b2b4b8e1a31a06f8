"""AuthorizationPolicies, authentications and EgressNetworks: what is filled in, and what is refused where."""

from __future__ import annotations

import pytest

from ringfence.resources.linkerd import Network, TargetReference
from tests.sources.kubernetes.texts import good, read, thing

API = "policy.linkerd.io/v1alpha1"
GROUP, GATEWAY = "policy.linkerd.io", "gateway.networking.k8s.io"

SERVER = f"{{group: {GROUP}, kind: Server, name: web}}"
TLS = f"{{group: {GROUP}, kind: MeshTLSAuthentication, name: ids}}"
NETWORK = f"{{group: {GROUP}, kind: NetworkAuthentication, name: nets, namespace: linkerd}}"
ACCOUNT = "{kind: ServiceAccount, name: web}"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (SERVER, TargetReference(GROUP, "Server", "web", "shop")),
        ("{kind: Namespace, name: shop}", TargetReference("", "Namespace", "shop", "shop")),
        ("{group: core, kind: namespace, name: shop}", TargetReference("", "namespace", "shop", "shop")),
        (f"{{group: {GROUP}, kind: HttpRoute, name: r}}", TargetReference(GROUP, "HttpRoute", "r", "shop")),
        (f"{{group: {GATEWAY}, kind: HTTPRoute, name: r}}", TargetReference(GATEWAY, "HTTPRoute", "r", "shop")),
        (f"{{group: {GATEWAY}, kind: GRPCRoute, name: r}}", TargetReference(GATEWAY, "GRPCRoute", "r", "shop")),
    ],
)
def test_targets(target: str, expected: TargetReference) -> None:
    spec = f"{{targetRef: {target}, requiredAuthenticationRefs: []}}"
    [found] = good(thing(API, "AuthorizationPolicy", spec)).linkerd_authorization_policies
    assert (found.target_ref, found.required_authentication_refs) == (expected, ())


def test_references() -> None:
    spec = f"{{targetRef: {SERVER}, requiredAuthenticationRefs: [{TLS}, {NETWORK}]}}"
    [found] = good(thing(API, "AuthorizationPolicy", spec)).linkerd_authorization_policies
    assert found.required_authentication_refs == (
        TargetReference(GROUP, "MeshTLSAuthentication", "ids", "shop"),
        TargetReference(GROUP, "NetworkAuthentication", "nets", "linkerd"),
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (f"{{targetRef: {SERVER}}}", "spec.requiredAuthenticationRefs: is missing"),
        ("{requiredAuthenticationRefs: []}", "spec.targetRef.kind: is missing"),
        ("{targetRef: {kind: Server, name: web}, requiredAuthenticationRefs: []}", "Server cannot be a target"),
        (
            f"{{targetRef: {{group: {GATEWAY}, kind: TLSRoute, name: r}}, requiredAuthenticationRefs: []}}",
            "cannot be a target",
        ),
        (
            "{targetRef: {kind: Namespace, name: other}, requiredAuthenticationRefs: []}",
            "another namespace than the policy's own",
        ),
        (f"{{targetRef: {SERVER}, requiredAuthenticationRefs: [{TLS}, {ACCOUNT}]}}", "more than one identity"),
        (f"{{targetRef: {SERVER}, requiredAuthenticationRefs: [{TLS}, {TLS}]}}", "more than one identity"),
        (f"{{targetRef: {SERVER}, requiredAuthenticationRefs: [{ACCOUNT}, {ACCOUNT}]}}", "more than one identity"),
        (
            f"{{targetRef: {SERVER}, requiredAuthenticationRefs: [{NETWORK}, {NETWORK}]}}",
            "more than one NetworkAuthentication",
        ),
        (
            f"{{targetRef: {SERVER}, requiredAuthenticationRefs: [{{kind: NetworkAuthentication, name: n}}]}}",
            "NetworkAuthentication is no authentication",
        ),
        (
            f"{{targetRef: {SERVER}, requiredAuthenticationRefs: [], action: ALLOW}}",
            "spec.action: there is no such field",
        ),
    ],
)
def test_no_policies(spec: str, message: str) -> None:
    objects, said = read(thing(API, "AuthorizationPolicy", spec))
    assert objects.linkerd_authorization_policies == ()
    assert [one.kind for one in objects.refused] == ["AuthorizationPolicy"]
    assert any(message in one for one in said), said


def test_identities() -> None:
    [found] = good(thing(API, "MeshTLSAuthentication", "{identities: ['*', a.b]}")).linkerd_mesh_tls_authentications
    assert (found.identities, found.identity_refs) == (("*", "a.b"), ())


def test_references_to_identities() -> None:
    accounts = "{kind: ServiceAccount, name: web}, {kind: ServiceAccount, name: db, namespace: data}"
    spec = f"{{identityRefs: [{accounts}, {{kind: Namespace, name: data}}]}}"
    [found] = good(thing(API, "MeshTLSAuthentication", spec)).linkerd_mesh_tls_authentications
    assert found.identity_refs == (
        TargetReference("", "ServiceAccount", "web", "shop"),
        TargetReference("", "ServiceAccount", "db", "data"),
        TargetReference("", "Namespace", "data"),
    )


@pytest.mark.parametrize(
    ("kind", "spec", "message"),
    [
        ("MeshTLSAuthentication", "{}", "spec: names no identity"),
        ("MeshTLSAuthentication", "{identities: ['*'], identityRefs: []}", "spec: has identities beside identityRefs"),
        ("MeshTLSAuthentication", "{identities: [null]}", "spec.identities[0]: is missing"),
        (
            "MeshTLSAuthentication",
            "{identityRefs: [{kind: Pod, name: web}]}",
            "identityRefs[0].kind: Pod has no identity",
        ),
        ("MeshTLSAuthentication", "{identityRefs: [{kind: Namespace, name: a, namespace: b}]}", "a Namespace has none"),
        ("MeshTLSAuthentication", "{identityRefs: [{kind: Namespace}]}", "identityRefs[0].name: is missing"),
        ("NetworkAuthentication", "{}", "spec.networks: holds no network"),
        ("NetworkAuthentication", "{networks: []}", "spec.networks: holds no network"),
        ("NetworkAuthentication", "{networks: [{cidr: x}]}", "networks[0].cidr"),
        ("EgressNetwork", "{}", "spec.trafficPolicy: is missing"),
        ("EgressNetwork", "{trafficPolicy: deny}", "spec.trafficPolicy: 'deny' is not one of Allow, Deny"),
        ("EgressNetwork", "{trafficPolicy: Deny, networks: []}", "spec.networks: holds no network"),
    ],
)
def test_refused(kind: str, spec: str, message: str) -> None:
    objects, said = read(thing(API, kind, spec))
    assert [one.kind for one in objects.refused] == [kind]
    assert any(message in one for one in said), said


def test_networks() -> None:
    spec = "{networks: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}, {cidr: '::/0'}]}"
    [found] = good(thing(API, "NetworkAuthentication", spec)).linkerd_network_authentications
    assert found.networks == (Network("10.0.0.0/8", ("10.1.0.0/16",)), Network("::/0"))


@pytest.mark.parametrize(
    ("spec", "policy", "networks"),
    [
        ("{trafficPolicy: Allow}", "Allow", None),
        ("{trafficPolicy: Deny, networks: [{cidr: 10.0.0.1}]}", "Deny", (Network("10.0.0.1/32"),)),
    ],
)
def test_egress_networks(spec: str, policy: str, networks: tuple[Network, ...] | None) -> None:
    [found] = good(thing(API, "EgressNetwork", spec)).linkerd_egress_networks
    assert (found.traffic_policy, found.networks) == (policy, networks)
