"""RF101: which ways in lead to a sensitive port, and for whom."""

from __future__ import annotations

import pytest

from ringfence.checks import exposed_port
from ringfence.checks.finding import Severity
from ringfence.engine.outcomes import Outcome

from .manifests import deployment, found, ingress, messages, policy, service

LOCAL = "\n  externalTrafficPolicy: Local"
RANGES = "\n  loadBalancerSourceRanges: [198.51.100.0/24]"
LB = "type: LoadBalancer"
PORT = "[{port: 5432}]"
OPEN = "PostgreSQL of shop/db[Deployment] (tcp/5432) is open to the outside through "

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: shop}
spec: {gatewayClassName: x, listeners: [{name: l, port: 80, protocol: HTTP}]}
"""
ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: g}]
  rules: [{backendRefs: [{name: db, port: 80}]}]
"""
EXTERNAL_NAME = """
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {type: ExternalName, externalName: db.example, ports: [{port: 5432}]}
"""


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([service("db", PORT, LB)], [OPEN + "LoadBalancer shop/db"]),
        ([service("db", PORT, LB + LOCAL)], [OPEN + "LoadBalancer shop/db"]),
        ([service("db", "[{port: 5432, nodePort: 30000}]", "type: NodePort")], [OPEN + "NodePort shop/db"]),
        ([service("db", PORT, "externalIPs: [203.0.113.9]")], [OPEN + "externalIPs shop/db"]),
        ([service("db", "[{port: 80, targetPort: 5432}]"), ingress("db")], [OPEN + "Ingress shop/front"]),
        ([service("db", "[{port: 80, targetPort: 5432}]"), GATEWAY, ROUTE], [OPEN + "HTTPRoute shop/r"]),
        # What is dialled tells as much as the pod's own port.
        (
            [service("db", "[{port: 5432, targetPort: 6000}]", LB)],
            ["PostgreSQL of shop/db[Deployment] (tcp/6000) is open to the outside through LoadBalancer shop/db"],
        ),
        ([service("db", PORT)], []),
        ([service("db", PORT, "clusterIP: None")], []),
        ([EXTERNAL_NAME], []),
        ([service("db", "[{port: 443}]", LB)], []),
        ([service("db", "[{port: 5432, protocol: UDP}]", LB)], []),
        ([service("other", PORT, LB)], []),
        # A policy at the pod refuses clients whose address is kept; a node may be the pod's own, and that gets in.
        ([service("db", PORT, LB + LOCAL), policy()], []),
        ([service("db", PORT, LB), policy()], [OPEN.replace(" is ", " may be ") + "LoadBalancer shop/db"]),
    ],
)
def test_what_is_open(manifests, expected):
    assert messages(exposed_port, deployment("db"), *manifests) == expected


def test_a_named_target_port_is_the_number_that_the_pod_has():
    pods = deployment("db", "[{name: pg, containerPort: 5432}]")
    open_ports = messages(exposed_port, pods, service("db", "[{port: 80, targetPort: pg}]", LB))
    assert open_ports == [OPEN + "LoadBalancer shop/db"]


@pytest.mark.parametrize("spec", ["", "hostNetwork: true, "])
def test_a_host_port_is_a_way_in_of_its_own(spec):
    pods = deployment("db", "[{containerPort: 5432, hostPort: 5432}]", spec=spec)
    expected = [] if spec else [OPEN + "hostPort of shop/db[Deployment]"]
    assert messages(exposed_port, pods) == expected


@pytest.mark.parametrize("more", [LB, LB + LOCAL])
@pytest.mark.parametrize(
    ("ranges", "severity", "whom"),
    [
        ("198.51.100.0/24", Severity.LOW, "198.51.100.0/24"),
        ("13.0.0.0/8", Severity.LOW, "13.0.0.0/8"),
        ("10.0.0.0/8, 192.168.0.0/16", Severity.LOW, "10.0.0.0/8,192.168.0.0/16"),
        ("0.0.0.0/0", Severity.HIGH, "the outside"),
        ("0.0.0.0/1, 128.0.0.0/1", Severity.HIGH, "the outside"),
        ("12.0.0.0/7", Severity.HIGH, "the outside"),
    ],
)
def test_source_ranges_limit_who_it_is_open_to(more, ranges, severity, whom):
    balancer = service("db", PORT, more + f"\n  loadBalancerSourceRanges: [{ranges}]")
    (one,) = found(exposed_port, deployment("db"), balancer)
    assert (one.severity, f"is open to {whom} through" in one.message) == (severity, True)


def test_the_finding_stands_at_the_port_and_shows_a_packet_that_arrives():
    (one,) = found(exposed_port, deployment("db"), service("db", PORT, LB + LOCAL + RANGES))
    assert str(one.span) == "k8s.yaml:17:11"
    assert one.witness is not None
    assert one.witness.trace.outcome is Outcome.ALLOWED
    assert (one.witness.packet.source, one.witness.packet.header.y) == ("external-ipv4", 5432)
