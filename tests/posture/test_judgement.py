"""Claims about encryption, identity and requests, in a cluster with a mesh: grids of proved, violated and unknown."""

from __future__ import annotations

import pytest

from ringfence.posture.proofs import PROVED, UNKNOWN, VIOLATED
from tests.checks.manifests import deployment, policy

from .clusters import proofs, status

MESH = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
"""
STRICT = MESH.replace("enabled}", "enabled, config.linkerd.io/default-inbound-policy: all-authenticated}")
MAYBE = ""  # nobody declares the namespace, so nobody knows what it asks for
WEB, DB = deployment("web"), deployment("db")
OUTSIDER = deployment("cron").replace("namespace: shop", "namespace: batch")
BATCH = MESH.replace("shop", "batch").replace(", annotations: {linkerd.io/inject: enabled}", "")
FLOW = "from: shop/web, to: shop/db, ports: [tcp/5432]"
WEB_ID = "default.shop.serviceaccount.identity.linkerd.cluster.local"


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        ([WEB, DB], VIOLATED),
        ([MESH, WEB, DB], VIOLATED),  # the server would take plaintext
        ([STRICT, WEB, DB], PROVED),
        ([STRICT, WEB, DB, policy("deny")], PROVED),  # nothing passes, so nothing passes in plaintext
    ],
)
def test_encrypted(cluster, expected):
    assert status(cluster, f"encrypted: {{{FLOW}}}") == expected


def test_encrypted_speaks_of_tcp_unless_it_is_told_otherwise():
    (proof,), _ = proofs([STRICT, WEB, DB], "intents: [{name: n, reason: r, encrypted: {from: shop/web, to: shop/db}}]")
    assert proof.because.endswith("takes plaintext as well on tcp 4191"), "the proxy's own port, and no word of UDP"
    (proof,), _ = proofs(
        [STRICT, WEB, DB],
        "intents: [{name: n, reason: r, encrypted: {from: shop/web, to: shop/db, ports: [udp/53]}}]",
    )
    assert proof.status == VIOLATED
    assert "which a mesh does not encrypt" in proof.because


def test_encrypted_names_the_fallback_and_shows_a_plaintext_packet():
    (proof,), _ = proofs([MESH, WEB, DB], f"intents: [{{name: n, reason: r, encrypted: {{{FLOW}}}}}]")
    assert proof.because == (
        "shop/web[Deployment] sends mutual TLS to shop/db[Deployment], which takes plaintext as well on tcp 5432"
    )
    assert proof.witness is not None
    assert proof.witness.packet.header.plane == "tcp"


@pytest.mark.parametrize(
    ("cluster", "identity", "expected"),
    [
        ([STRICT, WEB, DB], WEB_ID, PROVED),
        ([MESH, WEB, DB], WEB_ID, PROVED),  # it is what the client sends that counts
        ([STRICT, WEB, DB], "*.shop.serviceaccount.identity.linkerd.cluster.local", PROVED),
        ([STRICT, WEB, DB], "other.shop.*", VIOLATED),
        ([WEB, DB], "*", VIOLATED),
    ],
)
def test_an_identity_that_the_client_proves(cluster, identity, expected):
    assert status(cluster, f"allow: {{{FLOW}, identity: '{identity}'}}") == expected


@pytest.mark.parametrize(
    ("identity", "expected"), [(WEB_ID, VIOLATED), ("other.shop.*", PROVED), ("*.shop.*", VIOLATED)]
)
def test_a_deny_of_an_identity(identity, expected):
    assert status([STRICT, WEB, DB], f"deny: {{{FLOW}, identity: '{identity}'}}") == expected


def test_only_with_an_identity_leaves_no_plaintext_to_the_sources():
    assert status([MESH, WEB, DB], f"only: {{{FLOW}, identity: '{WEB_ID}'}}") == VIOLATED


REQUESTS = FLOW.replace("5432", "8080")  # clients take 5432 for opaque, and send no requests there
ROUTE = """
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, port: 8080, proxyProtocol: HTTP/1}
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: read, namespace: shop}
spec:
  parentRefs: [{group: policy.linkerd.io, kind: Server, name: db}]
  rules: [{matches: [{method: GET, path: {type: PathPrefix, value: /items}}]}]
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: read, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: HTTPRoute, name: read}
  requiredAuthenticationRefs: [{group: policy.linkerd.io, kind: MeshTLSAuthentication, name: shop}]
---
apiVersion: policy.linkerd.io/v1alpha1
kind: MeshTLSAuthentication
metadata: {name: shop, namespace: shop}
spec: {identities: ['*.shop.serviceaccount.identity.linkerd.cluster.local']}
"""


@pytest.mark.parametrize(
    ("http", "allow", "deny"),
    [
        ("{methods: [GET], paths: [/items/1]}", PROVED, VIOLATED),
        ("{methods: [POST], paths: [/items/1]}", VIOLATED, PROVED),
        ("{methods: [GET], paths: [/admin]}", VIOLATED, PROVED),
        ("{methods: [GET, POST], paths: [/items/1]}", VIOLATED, VIOLATED),
        ("{methods: [GET]}", UNKNOWN, UNKNOWN),
        ("{methods: [POST]}", VIOLATED, PROVED),
        ("{methods: [GET], paths: ['/items/*']}", UNKNOWN, UNKNOWN),
    ],
)
def test_single_requests(http, allow, deny):
    cluster = [MESH, WEB, DB, *ROUTE.split("---")]
    assert status(cluster, f"allow: {{{REQUESTS}, http: {http}}}") == allow
    assert status(cluster, f"deny: {{{REQUESTS}, http: {http}}}") == deny


def test_a_request_is_named_where_it_does_not_pass():
    (proof,), _ = proofs(
        [MESH, WEB, DB, *ROUTE.split("---")],
        f"intents: [{{name: n, reason: r, allow: {{{REQUESTS}, http: {{methods: [POST], paths: [/items]}}}}}}]",
    )
    assert proof.because == "shop/web[Deployment] does not reach shop/db[Deployment] with POST /items"


@pytest.mark.parametrize(
    ("cluster", "allow", "deny"),
    [
        ([BATCH, STRICT, OUTSIDER, DB], VIOLATED, PROVED),  # a client outside the mesh
        ([STRICT, OUTSIDER, DB], UNKNOWN, UNKNOWN),  # one that may be a member: mutual TLS passes, plaintext does not
        ([BATCH, MESH, OUTSIDER, DB], PROVED, VIOLATED),
        ([MESH, OUTSIDER, DB], PROVED, VIOLATED),  # either arrives
    ],
)
def test_a_client_that_may_be_a_member_breaks_no_intent_for_certain_where_transports_differ(cluster, allow, deny):
    flow = "{from: batch/cron, to: shop/db, ports: [tcp/5432]}"
    assert (status(cluster, f"allow: {flow}"), status(cluster, f"deny: {flow}")) == (allow, deny)


AMBIENT = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: wp}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: wp, namespace: shop, labels: {istio.io/waypoint-for: service}}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: waypoint-alone, namespace: shop}
spec: {selector: {matchLabels: {app: db}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/wp]}}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: get, namespace: shop}
spec: {targetRefs: [{kind: Service, group: "", name: db}], rules: [{to: [{operation: {methods: [GET]}}]}]}
"""
GET = ", http: {methods: [GET], paths: [/]}"


@pytest.mark.parametrize(
    ("client", "port", "http", "expected"),
    [
        ("shop/web", 8080, GET, PROVED),
        ("shop/web", 8080, "", UNKNOWN),
        ("shop/web", 8080, GET.replace("GET", "POST"), VIOLATED),
        ("shop/web", 80, GET, VIOLATED),  # the Service's port, and no pod's
        ("batch/cron", 8080, GET, VIOLATED),  # who is not in the mesh dials the pods
    ],
)
def test_what_arrives_through_the_waypoint_of_a_service_is_allowed(client, port, http, expected):
    flow = f"{{from: {client}, to: shop/db, ports: [tcp/{port}]{http}}}"
    assert status([AMBIENT, BATCH, WEB, DB, OUTSIDER], f"allow: {flow}") == expected


REGISTRY = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{name: tcp, port: 5432}]}
"""


@pytest.mark.parametrize(
    ("flow", "allow", "deny"),
    [
        ("from: shop/web, to: shop/db, ports: [tcp/5432]", PROVED, VIOLATED),
        ("from: shop/web, to: shop/db, ports: [tcp/5433]", UNKNOWN, VIOLATED),
        ("from: shop/web, to: internet, ports: [tcp/443]", UNKNOWN, VIOLATED),
        ("from: shop/web, to: internet, ports: [udp/443]", PROVED, VIOLATED),
        ("from: batch/cron, to: internet, ports: [tcp/443]", PROVED, VIOLATED),  # no proxy
    ],
)
def test_a_proxy_that_closes_what_is_not_listed_proves_neither(flow, allow, deny):
    cluster = [REGISTRY, BATCH, WEB, DB, OUTSIDER]
    assert (status(cluster, f"allow: {{{flow}}}"), status(cluster, f"deny: {{{flow}}}")) == (allow, deny)


def test_what_a_proxy_may_not_send_is_said():
    flow = "{from: shop/web, to: internet, ports: [tcp/443]}"
    (proof,), _ = proofs([REGISTRY, WEB], f"intents: [{{name: n, reason: r, allow: {flow}}}]")
    assert proof.because.endswith("its own proxy may send nothing of it, as it knows no such destination")
