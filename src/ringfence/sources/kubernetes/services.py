"""Services and the endpoints behind them, defaulted as the API server does."""

from __future__ import annotations

from ringfence.resources.kubernetes import (
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
from ringfence.sources.kubernetes.fields import Item
from ringfence.sources.kubernetes.metadata import metadata
from ringfence.sources.kubernetes.policies import PROTOCOLS
from ringfence.sources.kubernetes.syntax import address, network, port_name_problem

TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
TRAFFIC_POLICIES = ("Cluster", "Local")


def service(document: Item) -> Service:
    """One Service."""
    meta = metadata(document, namespaced=True, label_names=True)
    spec = document.part("spec")
    kind = _one_of(spec, "type", TYPES)
    ports = tuple(_port(one) for one in spec.items("ports"))
    headless = spec.text("clusterIP") == "None" or "None" in spec.texts("clusterIPs")
    if not ports and kind != "ExternalName" and not headless:
        spec.problem("ports", "must not be empty")
    if len(ports) > 1:
        names = [one.name for one in ports]
        if "" in names or len(set(names)) < len(names):
            spec.slip("ports", "each of several ports needs a name of its own")
    ips = spec.texts("clusterIPs") or ((spec.text("clusterIP"),) if spec.text("clusterIP") else ())
    return Service(
        meta,
        kind,
        spec.labels("selector") if spec.has("selector") else None,
        ports,
        tuple(one if one == "None" else _address(spec, "clusterIPs", one) for one in ips),
        spec.texts("ipFamilies"),
        spec.text("ipFamilyPolicy"),
        _one_of(spec, "externalTrafficPolicy", TRAFFIC_POLICIES),
        _one_of(spec, "internalTrafficPolicy", TRAFFIC_POLICIES),
        tuple(_block(spec, one.strip()) for one in spec.texts("loadBalancerSourceRanges")),
        spec.text("loadBalancerClass"),
        load_balancer(document),
        spec.flag("allocateLoadBalancerNodePorts", True),
        tuple(_address(spec, "externalIPs", one) for one in spec.texts("externalIPs")),
        spec.text("externalName"),
        spec.flag("publishNotReadyAddresses"),
        document.span,
    )


def load_balancer(document: Item) -> tuple[LoadBalancerIngress, ...]:
    """The addresses of a load balancer from an object's status."""
    listed = document.part("status").part("loadBalancer").items("ingress")
    return tuple(LoadBalancerIngress(one.text("ip"), one.text("hostname")) for one in listed)


def endpoints(document: Item) -> Endpoints:
    """A `v1` Endpoints object."""
    subsets = []
    for item in document.items("subsets"):
        found = tuple(
            _endpoint(one, (one.text("ip"),), ready)
            for key, ready in (("addresses", True), ("notReadyAddresses", False))
            for one in item.items(key)
        )
        subsets.append(EndpointSubset(found, tuple(_endpoint_port(one) for one in item.items("ports"))))
    return Endpoints(metadata(document, namespaced=True), tuple(subsets), document.span)


def endpoint_slice(document: Item) -> EndpointSlice:
    """An EndpointSlice."""
    found = tuple(
        _endpoint(one, one.texts("addresses"), one.part("conditions").flag("ready", True))
        for one in document.items("endpoints")
    )
    ports = tuple(_endpoint_port(one) for one in document.items("ports"))
    meta = metadata(document, namespaced=True)
    return EndpointSlice(meta, document.text("addressType"), (EndpointSubset(found, ports),), document.span)


def _endpoint(item: Item, addresses: tuple[str, ...], ready: bool) -> EndpointAddress:
    reference = item.item("targetRef")
    target = None
    if reference is not None:
        target = ObjectReference(reference.text("kind"), reference.text("namespace"), reference.text("name"))
    return EndpointAddress(addresses, ready, target, item.text("nodeName"))


def _endpoint_port(item: Item) -> EndpointPort:
    return EndpointPort(item.port("port"), item.text("name"), item.text("protocol") or "TCP")


def _port(item: Item) -> ServicePort:
    protocol = item.text("protocol") or "TCP"
    if protocol not in PROTOCOLS:
        item.problem("protocol", f"{protocol!r} is not one of {', '.join(PROTOCOLS)}")
    port = item.port("port")
    if port is None and not item.has("port"):
        item.problem("port", "is missing")
    target = item.number_or_text("targetPort")
    if isinstance(target, str) and target and port_name_problem(target):
        item.problem("targetPort", f"{target!r} {port_name_problem(target)}")
    if isinstance(target, int) and not 0 <= target <= 65535:
        item.problem("targetPort", f"{target} is not a port: 1 to 65535")
    number = port or 0
    return ServicePort(
        number,
        target or number,
        item.text("name"),
        protocol,
        item.integer("nodePort") or 0,
        item.text("appProtocol"),
        item.span,
    )


def _one_of(spec: Item, key: str, words: tuple[str, ...]) -> str:
    found = spec.text(key) or words[0]
    if found not in words:
        spec.problem(key, f"{found!r} is not one of {', '.join(words)}")
        return words[0]
    return found


def _address(spec: Item, key: str, text: str) -> str:
    try:
        return address(text)
    except ValueError:
        spec.problem(key, f"{text!r} is not an address")
        return "0.0.0.0"


def _block(spec: Item, text: str) -> str:
    try:
        return str(network(text))
    except ValueError as wrong:
        spec.problem("loadBalancerSourceRanges", str(wrong))
        return "0.0.0.0/0"
