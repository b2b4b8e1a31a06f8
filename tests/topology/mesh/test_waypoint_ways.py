"""Pods behind a waypoint for workloads: who goes through it, who past it, and what each of the three decides."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from ringfence import load
from ringfence.engine.outcomes import Outcome
from ringfence.layers.istio_waypoint import GATEWAY_NAME
from tests.checks.manifests import app, deployment, namespace, policy, service

PROXY = "cluster.local/ns/shop/sa/wp"
AMBIENT_MESH = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient%s}}}"
USES = ", istio.io/use-waypoint: wp"
PLAIN = namespace("plain")
SIDECARS = "{apiVersion: v1, kind: Namespace, metadata: {name: cars, labels: {istio-injection: enabled}}}"


def gateway(traffic: str) -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: wp, namespace: shop, labels: {{istio.io/waypoint-for: {traffic}}}}}
spec: {{gatewayClassName: istio-waypoint, listeners: [{{name: mesh, port: 15008, protocol: HBONE}}]}}
"""


def authorization(principal: str, of: str = "", more: str = "", name: str = "p") -> str:
    return f"""
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: shop}}
spec: {{{of}rules: [{{from: [{{source: {{principals: [{principal}]}}}}]{more}}}]}}
"""


AT_GATEWAY = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: wp}], "
GET = ", to: [{operation: {methods: [GET]}}]"
PORT = ", to: [{operation: {ports: ['8080']}}]"
SOMEBODY = "cluster.local/ns/shop/sa/somebody"
DEFAULT = "cluster.local/ns/shop/sa/default"
DIRECT = authorization(DEFAULT)
FROM_PROXY = authorization(PROXY)
ALLOWED, DENIED, UNKNOWN = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNKNOWN


def admits(*labels: str) -> str:
    """A NetworkPolicy of the web's pods that admits pods with these labels alone."""
    peer = f"{{podSelector: {{matchLabels: {{{', '.join(labels)}}}}}}}"
    return policy(select=app("web"), ingress=f"[{{from: [{peer}]}}]")


def flow(tmp_path, manifests, source="shop/client", traffic="workload", port="tcp/8080", uses=USES, **asked):
    things = [AMBIENT_MESH % uses, PLAIN, SIDECARS, gateway(traffic)]
    for place in ("shop", "plain", "cars"):
        things.append(deployment("client", namespace=place))
    things += [deployment("web", "[{containerPort: 8080}]"), service("web", "[{port: 80, targetPort: 8080}]")]
    (tmp_path / "k8s.yaml").write_text("---\n".join(one.strip() + "\n" for one in (*things, *manifests)))
    return load(tmp_path / "k8s.yaml").reach(source, "shop/web", port, **asked)


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([], ALLOWED),
        # The pod sees the waypoint, and the waypoint the client.
        ([FROM_PROXY], ALLOWED),
        ([DIRECT], DENIED),
        ([authorization(DEFAULT, AT_GATEWAY)], ALLOWED),
        ([authorization(SOMEBODY, AT_GATEWAY)], DENIED),
        ([authorization(PROXY, AT_GATEWAY)], DENIED),
        ([authorization(DEFAULT, AT_GATEWAY), authorization(PROXY, name="q")], ALLOWED),
        # Its port is the pod's.
        ([authorization(DEFAULT, AT_GATEWAY, PORT)], ALLOWED),
        ([authorization(DEFAULT, AT_GATEWAY, PORT.replace("8080", "80"))], DENIED),
        # A Service's policies are for who dials the Service.
        ([authorization(SOMEBODY, "targetRefs: [{group: '', kind: Service, name: web}], ")], ALLOWED),
        # A NetworkPolicy sees two connections.
        ([admits("app: client")], DENIED),
        ([admits(f"{GATEWAY_NAME}: wp")], ALLOWED),
        ([policy(select=f"{{matchLabels: {{{GATEWAY_NAME}: wp}}}}")], DENIED),
    ],
)
def test_who_dials_a_pod_behind_a_waypoint_for_workloads_goes_through_it(tmp_path, manifests, expected):
    assert flow(tmp_path, manifests).outcome is expected
    assert flow(tmp_path, manifests, traffic="all").outcome is expected


@pytest.mark.parametrize(
    ("source", "manifests", "asked", "expected"),
    [
        # Past it: the client's own identity, and none.
        ("cars/client", [authorization("cluster.local/ns/cars/sa/default")], {}, ALLOWED),
        ("cars/client", [FROM_PROXY], {}, DENIED),
        ("cars/client", [authorization(SOMEBODY, AT_GATEWAY)], {}, ALLOWED),
        ("plain/client", [FROM_PROXY], {}, DENIED),
        ("plain/client", [authorization(SOMEBODY, AT_GATEWAY)], {}, ALLOWED),
        # Around its own ztunnel, and what ztunnel does not carry.
        ("shop/client", [authorization(SOMEBODY, AT_GATEWAY)], {"client_tls": "plaintext"}, ALLOWED),
        ("shop/client", [authorization(SOMEBODY, AT_GATEWAY)], {"port": "udp/53"}, ALLOWED),
        ("shop/client", [authorization(SOMEBODY, AT_GATEWAY)], {"client_tls": "mtls"}, DENIED),
        # No waypoint of the pod's.
        ("shop/client", [DIRECT], {"uses": ""}, ALLOWED),
        ("shop/client", [DIRECT], {"traffic": "service"}, ALLOWED),
        ("shop/client", [DIRECT], {"traffic": "none"}, ALLOWED),
    ],
)
def test_who_does_not_go_through_it(tmp_path, source, manifests, asked, expected):
    assert flow(tmp_path, manifests, source, **asked).outcome is expected


@pytest.mark.parametrize(("method", "expected"), [("GET", ALLOWED), ("POST", DENIED), (None, Outcome.CONDITIONAL)])
def test_requests_are_decided_there(tmp_path, method, expected):
    at_waypoint = [authorization(DEFAULT, AT_GATEWAY, GET), authorization(PROXY, name="q")]
    request = None if method is None else {"method": method, "path": "/"}
    assert flow(tmp_path, at_waypoint, request=request).outcome is expected


def test_the_address_that_is_dialled_is_not_followed(tmp_path):
    asking = authorization(DEFAULT, AT_GATEWAY, ", when: [{key: destination.ip, values: [10.0.0.0/8]}]")
    assert flow(tmp_path, [asking]).outcome is UNKNOWN


def test_whether_it_reaches_a_pod_outside_the_mesh_is_not_known(tmp_path):
    outside = deployment("other", "[]", **{"istio.io/dataplane-mode": "none"})
    found = flow(tmp_path, [outside]).network
    assert found.reach("shop/client", "shop/other", "tcp/8080").outcome is UNKNOWN
    assert found.reach("cars/client", "shop/other", "tcp/8080").outcome is ALLOWED


def test_a_sidecar_may_stand_behind_it(tmp_path):
    car = deployment("car", "[]", **{"sidecar.istio.io/inject": "'true'"})
    for identity, expected in ((PROXY, ALLOWED), (DEFAULT, DENIED)):
        found = flow(tmp_path, [car, authorization(identity)]).network
        assert found.reach("shop/client", "shop/car", "tcp/8080").outcome is expected
        found = flow(tmp_path, [car, authorization(identity)], traffic="service").network
        assert (
            found.reach("shop/client", "shop/car", "tcp/8080").outcome is {ALLOWED: DENIED, DENIED: ALLOWED}[expected]
        )


def test_a_service_past_it_leaves_open_which_way_it_was(tmp_path):
    """A waypoint for workloads alone stands before no Service, and a packet does not say what was dialled."""
    network = flow(tmp_path, [DIRECT]).network
    assert network.via_service("shop/client", "shop/web", "tcp", 80).outcome is UNKNOWN
    network = flow(tmp_path, [FROM_PROXY], traffic="all").network
    assert network.via_service("shop/client", "shop/web", "tcp", 80).outcome is ALLOWED


def test_an_intent_is_held_against_the_way_through_it(tmp_path):
    posture = tmp_path / "ringfence.yaml"
    posture.write_text(
        "version: 1\nintents:\n"
        "  - {name: served, allow: {from: shop/client, to: shop/web, ports: [tcp/8080]}, reason: x}\n"
    )
    for manifests, expected in (([FROM_PROXY], "proved"), ([DIRECT], "unknown")):
        flow(tmp_path, manifests)
        proofs, _ = load(tmp_path / "k8s.yaml", posture=posture).proofs
        assert [one.status for one in proofs] == [expected]


def test_what_is_dialled_is_no_side_of_an_intent_and_the_waypoint_is(tmp_path):
    posture = tmp_path / "ringfence.yaml"
    posture.write_text(
        "version: 1\nintents:\n"
        "  - {name: a, deny: {from: shop/wp, to: shop/web, ports: [tcp/8080]}, reason: x}\n"
        "  - {name: b, deny: {from: everything, to: shop/web, ports: [tcp/8080]}, reason: x}\n"
        "  - {name: c, allow: {from: shop/client, to: {cidr: 10.0.0.0/8}, ports: [tcp/8080]}, reason: x}\n"
    )
    flow(tmp_path, [FROM_PROXY], traffic="all")
    proofs, wrong = load(tmp_path / "k8s.yaml", posture=posture).proofs
    assert not wrong
    assert [one.status for one in proofs][:2] == ["violated", "violated"]
    assert not any(one.because.startswith("{waypoints}") or "reaches {waypoints}" in one.because for one in proofs)


SHOP = Path(__file__).parents[3] / "examples" / "storefront"
IN_THE_SHOP = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: orders}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: payment-at-waypoint, namespace: orders}
spec:
  targetRefs: [{kind: Service, group: "", name: payment}]
  rules:
    - from: [{source: {principals: [cluster.local/ns/orders/sa/orders]}}]
      to: [{operation: {methods: [POST]}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: waypoint-alone, namespace: orders}
spec:
  selector: {matchLabels: {app: payment}}
  rules: [{from: [{source: {principals: [cluster.local/ns/orders/sa/waypoint]}}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: hbone, namespace: orders}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress: [{ports: [{port: 15008}], from: [{podSelector: {}}]}]
  egress: [{ports: [{port: 15008}], to: [{podSelector: {}}]}]
"""


def test_a_waypoint_in_the_cloud_of_the_example(tmp_path):
    """A copy of the shop whose namespace of orders is ambient, with a waypoint before the payment."""
    shop = tmp_path / "shop"
    copytree(SHOP, shop)
    orders = (shop / "k8s" / "orders.yaml").read_text()
    changes = {
        "istio-injection: enabled": "istio.io/dataplane-mode: ambient",
        "metadata: {name: payment, namespace: orders}\nspec:\n  selector: {app: payment}\n  ports": (
            "metadata: {name: payment, namespace: orders, labels: {istio.io/use-waypoint: waypoint}}\n"
            "spec:\n  selector: {app: payment}\n  ports"
        ),
    }
    for old, new in changes.items():
        assert old in orders
        orders = orders.replace(old, new)
    (shop / "k8s" / "orders.yaml").write_text(orders)
    (shop / "k8s" / "waypoint.yaml").write_text(IN_THE_SHOP)
    network = load(shop)
    assert len(network.topology.waypoints.dialled("orders/payment")) == 3  # one in each zone

    def through(source: str, method: str) -> Outcome:
        asked = {"method": method, "path": "/payments"}
        return network.via_service(source, "orders/payment", "tcp", 80, asked).outcome

    assert through("orders/orders", "POST") is ALLOWED
    assert through("orders/orders", "GET") is DENIED
    assert through("orders/queue", "POST") is DENIED
    past = network.reach("orders/orders", "orders/payment", "tcp/8080", {"method": "POST", "path": "/payments"})
    assert past.outcome is DENIED
