"""Which Services send connections on to which workloads, beside the links of the network."""

from __future__ import annotations

import pytest

from ringfence.topology.relays import relays
from tests.checks.manifests import deployment, ingress, service, view

NODE, BALANCER, BOTH = (True, False), (False, True), (True, True)
LOCAL = "externalTrafficPolicy: Local"


@pytest.mark.parametrize(
    ("more", "alone", "placed"),
    [
        ("type: ClusterIP", None, None),
        ("type: NodePort", NODE, NODE),
        (f"type: NodePort; {LOCAL}", None, None),
        # The balancer is the cluster's own, and in no file of the cloud.
        ("type: LoadBalancer", NODE, BOTH),
        (f"type: LoadBalancer; {LOCAL}", BALANCER, BALANCER),
        ("type: LoadBalancer; allocateLoadBalancerNodePorts: false", NODE, BOTH),
        ("externalIPs: [192.0.2.7]", NODE, NODE),
        (f"externalIPs: [192.0.2.7]; {LOCAL}", None, None),
    ],
)
def test_who_sends_on(more: str, alone: tuple[bool, bool] | None, placed: tuple[bool, bool] | None) -> None:
    made = view(deployment(), service(more=more.replace("; ", "\n  ")), deployment("other")).topology
    for known, expected in ((False, alone), (True, placed)):
        found = relays(made, known)
        shown = {name: [(bool(one.nodes), one.made) for one in some] for name, some in found.items()}
        assert shown == ({} if expected is None else {"shop/web[Deployment]": [expected]})


@pytest.mark.parametrize(
    ("kind", "placed", "linked"), [("NodePort", False, False), ("NodePort", True, True), ("LoadBalancer", True, False)]
)
def test_links_lead_to_the_ports_of_nodes_that_have_a_place(kind: str, placed: bool, linked: bool) -> None:
    ((one,),) = relays(view(deployment(), service(more=f"type: {kind}")).topology, placed).values()
    assert one.linked == linked


def test_controllers_are_ends_of_their_own() -> None:
    assert relays(view(deployment(), service(), ingress()).topology, False) == {}


CLASS = """
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: outer}
spec: {controller: CONTROLLER}
"""


@pytest.mark.parametrize(
    ("name", "controller", "expected"),
    [
        ("alb", "", True),
        ("nginx", "", False),
        ("outer", "ingress.k8s.aws/alb", True),
        ("outer", "k8s.io/ingress-nginx", False),
    ],
)
def test_a_load_balancer_of_the_cloud_is_nobody(name: str, controller: str, expected: bool) -> None:
    served = ingress().replace("spec:", f"spec:\n  ingressClassName: {name}")
    declared = [CLASS.replace("CONTROLLER", controller)] if controller else []
    found = relays(view(deployment(), service(), served, *declared).topology, True)
    assert [one.made for some in found.values() for one in some] == ([True] if expected else [])


@pytest.mark.parametrize(
    ("more", "ports", "at_nodes", "at_addresses"),
    [
        ("type: NodePort", "nodePort: 30001", "30001", ""),
        ("type: NodePort", "name: a", "30000-32767", ""),
        ("type: LoadBalancer", "nodePort: 30001", "30001", "80"),
        ("type: LoadBalancer\n  allocateLoadBalancerNodePorts: false", "name: a", "", "80"),
        ("externalIPs: [192.0.2.7]", "name: a", "", "80"),
    ],
)
def test_what_clients_dial(more: str, ports: str, at_nodes: str, at_addresses: str) -> None:
    made = view(deployment(), service(ports=f"[{{port: 80, targetPort: 8080, {ports}}}]", more=more)).topology
    ((one,),) = relays(made, False).values()
    assert (str(one.at_nodes.tcp.some()), str(one.at_addresses.tcp.some())) == (at_nodes, at_addresses)
    assert str(one.headers.tcp.some()) == "8080"


@pytest.mark.parametrize(("more", "limited"), [("", False), ("\n  allocateLoadBalancerNodePorts: false", True)])
def test_ranges_hold_at_the_balancer_alone(more: str, limited: bool) -> None:
    ranges = service(more=f"type: LoadBalancer\n  loadBalancerSourceRanges: [198.51.100.0/24]{more}")
    ((one,),) = relays(view(deployment(), ranges).topology, False).values()
    assert (one.clients is not None) == limited


def test_of_a_refused_service_nothing_is_known() -> None:
    broken = service("other", ports="[{port: banana}]")
    made = view(deployment(), deployment("far", "data"), broken, readable=False).topology
    for placed in (False, True):
        (name, (one,)), *others = relays(made, placed).items()
        assert (name, one.known, others) == ("shop/web[Deployment]", False, [])


GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec: {gatewayClassName: CLASS, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {parentRefs: [{name: front}], rules: [{backendRefs: [{name: web, port: 80}]}]}
"""
GATEWAY_CLASS = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: outer}
spec: {controllerName: CONTROLLER}
"""


@pytest.mark.parametrize(
    ("name", "controller", "expected"),
    [
        ("gke-l7-global-external-managed", "", True),
        ("nginx", "", False),
        ("outer", "gateway.k8s.aws/alb", True),
        ("outer", "gateway.nginx.org/nginx-gateway-controller", False),
    ],
)
def test_and_so_is_one_behind_a_gateway(name: str, controller: str, expected: bool) -> None:
    declared = [GATEWAY_CLASS.replace("CONTROLLER", controller)] if controller else []
    found = relays(view(deployment(), service(), GATEWAY.replace("CLASS", name), *declared).topology, True)
    assert [one.made for some in found.values() for one in some] == ([True] if expected else [])
