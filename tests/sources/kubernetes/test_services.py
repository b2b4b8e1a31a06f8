"""Services and endpoints: defaults and refusals beyond the grid of the API server."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import (
    EndpointAddress,
    EndpointPort,
    EndpointSubset,
    LoadBalancerIngress,
    ObjectReference,
    ServicePort,
)
from tests.sources.kubernetes.texts import good, read, thing


def test_defaults() -> None:
    [found] = good(thing("v1", "Service", "{ports: [{port: 80}]}")).services
    assert found.ports == (ServicePort(80, 80),)
    assert (found.type, found.selector, found.cluster_ips) == ("ClusterIP", None, ())
    assert (found.external_traffic_policy, found.internal_traffic_policy) == ("Cluster", "Cluster")
    assert found.allocate_load_balancer_node_ports
    assert not found.headless


def test_all_fields() -> None:
    spec = """{type: LoadBalancer, selector: {app: web}, clusterIPs: [10.96.0.10, 'fd00::0a'], clusterIP: 10.96.0.10,
  ipFamilies: [IPv4, IPv6], ipFamilyPolicy: PreferDualStack, externalTrafficPolicy: Local, internalTrafficPolicy: Local,
  loadBalancerSourceRanges: [' 10.1.2.3/8 '], loadBalancerClass: a/b, allocateLoadBalancerNodePorts: false,
  externalIPs: [192.0.2.010], publishNotReadyAddresses: true, ports: [{port: 53, targetPort: dns, name: d,
  protocol: UDP, nodePort: 30053, appProtocol: x}, {port: 54, targetPort: 0, name: e}]}"""
    status = "status: {loadBalancer: {ingress: [{ip: 192.0.2.1}, {hostname: lb.example}, {}]}}\n"
    [found] = good(thing("v1", "Service", spec, status)).services
    assert found.ports == (ServicePort(53, "dns", "d", "UDP", 30053, "x"), ServicePort(54, 54, "e"))
    assert found.selector == {"app": "web"}
    assert found.cluster_ips == ("10.96.0.10", "fd00::a")
    assert found.ip_families == ("IPv4", "IPv6")
    assert found.ip_family_policy == "PreferDualStack"
    assert (found.external_traffic_policy, found.internal_traffic_policy) == ("Local", "Local")
    assert found.load_balancer_source_ranges == ("10.0.0.0/8",)
    assert (found.load_balancer_class, found.allocate_load_balancer_node_ports) == ("a/b", False)
    assert found.load_balancer_ingress == (LoadBalancerIngress("192.0.2.1"), LoadBalancerIngress("", "lb.example"))
    assert found.external_ips == ("192.0.2.10",)
    assert found.publish_not_ready_addresses


def test_source_ranges_from_the_annotation() -> None:
    text = """
        apiVersion: v1
        kind: Service
        metadata:
          name: x
          annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: '10.0.0.0/8, 192.0.2.0/24'}
        spec: {type: LoadBalancer, ports: [{port: 80}]}
    """
    assert good(text).services[0].load_balancer_source_ranges == ("10.0.0.0/8", "192.0.2.0/24")
    _, said = read(text.replace("LoadBalancer,", "NodePort,"))
    assert [one.partition(": error: ")[2] for one in said] == [
        "metadata.annotations.service.beta.kubernetes.io/load-balancer-source-ranges: needs type LoadBalancer"
    ]


def test_headless() -> None:
    [found] = good(thing("v1", "Service", "{clusterIP: None}")).services
    assert found.headless


@pytest.mark.parametrize(
    ("spec", "column", "message"),
    [
        ("{}", 1, "spec.ports: is empty (only a headless Service (clusterIP: None) needs no port)"),
        (
            "{clusterIP: None, type: NodePort, ports: [{port: 1}]}",
            8,
            "spec.clusterIP: 'None' (headless) stands alone, and not for a NodePort or LoadBalancer",
        ),
        ("{clusterIP: x, ports: [{port: 1}]}", 8, "spec.clusterIP: 'x' is not an address"),
        (
            "{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.2], ports: [{port: 1}]}",
            29,
            "spec.clusterIPs: its first entry must be the same as clusterIP",
        ),
        (
            "{externalIPs: [127.0.0.1], ports: [{port: 1}]}",
            22,
            "spec.externalIPs[0]: 127.0.0.1 is a loopback, link-local, multicast or unspecified address",
        ),
        (
            "{type: NodePort, ports: [{port: 1, nodePort: 5, name: a}, {port: 2, nodePort: 5, name: b}]}",
            75,
            "spec.ports[1].nodePort: TCP 5 stands here twice",
        ),
        ("{type: ExternalName}", 1, "spec.externalName: is missing (type ExternalName needs a host name)"),
        (
            "{type: Clusterip, ports: [{port: 1}]}",
            8,
            "spec.type: 'Clusterip' is not one of ClusterIP, NodePort, LoadBalancer, ExternalName (did you mean "
            "ClusterIP?)",
        ),
    ],
)
def test_refusals(spec: str, column: int, message: str) -> None:
    objects, said = read(thing("v1", "Service", spec))
    assert said == [f"f:4:{column}: error: {message}"]
    assert objects.services == ()


def test_endpoints() -> None:
    text = """
        apiVersion: v1
        kind: Endpoints
        metadata: {name: db, namespace: shop}
        subsets:
        - addresses: [{ip: 10.1.0.1, nodeName: n, targetRef: {kind: Pod, namespace: shop, name: db-0}}]
          notReadyAddresses: [{ip: 10.1.0.2}]
          ports: [{port: 5432, name: pg}]
    """
    [found] = good(text).endpoints
    one = EndpointAddress(("10.1.0.1",), True, ObjectReference("Pod", "shop", "db-0"), "n")
    subset = EndpointSubset((one, EndpointAddress(("10.1.0.2",), False)), (EndpointPort(5432, "pg"),))
    assert found.subsets == (subset,)
    assert found.service_name == "db"


def test_endpoint_slices() -> None:
    text = """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}}
        addressType: IPv4
        endpoints:
        - {addresses: [10.1.0.1]}
        - {addresses: [10.1.0.2], conditions: {ready: false}}
        ports: [{name: all}, {port: 53, protocol: UDP}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: db-2, namespace: shop}
        addressType: FQDN
        endpoints: [{addresses: [db.example.org]}]
    """
    first, second = good(text).endpoint_slices
    ready, waiting = EndpointAddress(("10.1.0.1",)), EndpointAddress(("10.1.0.2",), False)
    ports = (EndpointPort(None, "all"), EndpointPort(53, "", "UDP"))
    assert first.subsets == (EndpointSubset((ready, waiting), ports),)
    assert (first.address_type, first.service_name) == ("IPv4", "db")
    assert second.subsets == (EndpointSubset((EndpointAddress(("db.example.org",)),), ()),)
    assert second.service_name == ""


def test_endpoints_without_an_address() -> None:
    text = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: x}\nsubsets:\n- addresses: [{}]\n  ports: [{port: 0}]\n"
    assert read(text)[1] == [
        "f:5:15: error: subsets[0].addresses[0].ip: is missing",
        "f:6:12: error: subsets[0].ports[0].port: 0 is not a port (1 to 65535)",
    ]
