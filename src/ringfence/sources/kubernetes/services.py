"""Services, Endpoints and EndpointSlices, checked and defaulted as the API server does it.

What only a server can decide is left alone: whether a cluster address is free and inside the service range, and
whether a node port is in its range.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

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
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.metadata import object_meta
from ringfence.sources.kubernetes.parts import Part

TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
POLICIES = ("Cluster", "Local")
FAMILIES = ("IPv4", "IPv6")
FAMILY_POLICIES = ("SingleStack", "PreferDualStack", "RequireDualStack")
ADDRESS_TYPES = ("IPv4", "IPv6", "FQDN")
SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
"""The annotation that stands for `loadBalancerSourceRanges` where the field is empty."""


def service(part: Part) -> Service:
    """A `v1` Service."""
    metadata = object_meta(part["metadata"], namespaced=True, rule=syntax.DNS_SERVICE)
    spec = part["spec"]
    kind = _default(spec["type"], TYPES, "ClusterIP")
    cluster_ips = _cluster_ips(spec, kind)
    ports = _ports(spec["ports"], kind)
    if not ports and kind != "ExternalName" and "None" not in cluster_ips:
        spec["ports"].refuse("is empty", "only a headless Service (clusterIP: None) needs no port")
    external_ips = tuple(_ordinary(item) for item in spec["externalIPs"].items())
    return Service(
        metadata=metadata,
        type=kind,
        selector=syntax.labels(spec["selector"]) if spec["selector"].present else None,
        ports=ports,
        cluster_ips=cluster_ips,
        ip_families=tuple(item.one_of(FAMILIES) for item in spec["ipFamilies"].items()),
        ip_family_policy=spec["ipFamilyPolicy"].one_of(FAMILY_POLICIES),
        external_traffic_policy=_external_policy(spec, kind, external_ips),
        internal_traffic_policy=spec["internalTrafficPolicy"].one_of(POLICIES, "Cluster"),
        load_balancer_source_ranges=_source_ranges(part, kind),
        load_balancer_class=spec["loadBalancerClass"].text(),
        load_balancer_ingress=load_balancer_ingress(part["status"]["loadBalancer"]),
        allocate_load_balancer_node_ports=spec["allocateLoadBalancerNodePorts"].boolean(True),
        external_ips=external_ips,
        external_name=_external_name(spec["externalName"], kind),
        publish_not_ready_addresses=spec["publishNotReadyAddresses"].boolean(),
        span=part.span,
    )


def _ordinary(part: Part) -> str:
    """An address that may be somebody else's: not this machine's, this link's, or that of a group."""
    text = syntax.address(part)
    if not part.present:
        part.refuse("is missing")
    elif text:
        value = ip_address(text)
        if value.is_unspecified or value.is_loopback or value.is_link_local or value.is_multicast:
            part.refuse(f"{text} is a loopback, link-local, multicast or unspecified address")
    return text


def _default(part: Part, allowed: tuple[str, ...], default: str) -> str:
    """One of a closed list, where an empty text stands for the default."""
    return default if part.value == "" else part.one_of(allowed, default)


def _cluster_ips(spec: Part, kind: str) -> tuple[str, ...]:
    listed = spec["clusterIPs"].items()
    parts = listed or ([spec["clusterIP"]] if spec["clusterIP"].text() else [])
    if listed and spec["clusterIP"].present and spec["clusterIP"].value != listed[0].value:
        spec["clusterIPs"].refuse("its first entry must be the same as clusterIP")
    found = tuple("None" if part.value == "None" else syntax.address(part) for part in parts)
    if "None" in found and (len(found) > 1 or kind in ("NodePort", "LoadBalancer")):
        parts[0].refuse("'None' (headless) stands alone, and not for a NodePort or LoadBalancer")
    if found and kind == "ExternalName":
        parts[0].refuse("must not be set for ExternalName")
    return found


def _ports(part: Part, kind: str) -> tuple[ServicePort, ...]:
    items = part.items()
    ports = tuple(_port(item) for item in items)
    names: set[str] = set()
    seen: set[tuple[str, str, int]] = set()
    for item, port in zip(items, ports, strict=True):
        if not port.name and len(ports) > 1:
            item["name"].slip("is missing", "each of several ports needs a name")
        if port.name and port.name in names:
            item["name"].refuse(f"{port.name!r} is the name of two ports")
        names.add(port.name)
        if ("port", port.protocol, port.port) in seen:
            item["port"].refuse(f"{port.protocol} {port.port} stands here twice")
        seen.add(("port", port.protocol, port.port))
        if port.node_port:
            if ("node", port.protocol, port.node_port) in seen:
                item["nodePort"].refuse(f"{port.protocol} {port.node_port} stands here twice")
            seen.add(("node", port.protocol, port.node_port))
            if kind == "ClusterIP":
                item["nodePort"].refuse("needs type NodePort or LoadBalancer")
    return ports


def _port(part: Part) -> ServicePort:
    number = syntax.port_number(part["port"])
    target = part["targetPort"]
    # The API server defaults a target of 0 and an empty one to the port.
    target_port = number if target.value in (None, 0, "") and target.value is not False else syntax.port(target)
    return ServicePort(
        port=number,
        target_port=number if target_port is None else target_port,
        name=syntax.optional_name(part["name"], syntax.DNS_LABEL),
        protocol=syntax.protocol(part["protocol"]),
        node_port=part["nodePort"].integer(),
        app_protocol=part["appProtocol"].text(),
        span=part.span,
    )


def _external_policy(spec: Part, kind: str, external_ips: tuple[str, ...]) -> str:
    part = spec["externalTrafficPolicy"]
    if part.value == "":
        return "Cluster"
    policy = part.one_of(POLICIES, "Cluster")
    if part.present and not external_ips and kind not in ("NodePort", "LoadBalancer"):
        part.refuse("needs a Service that is reachable from outside (NodePort, LoadBalancer, externalIPs)")
    return policy


def _source_ranges(part: Part, kind: str) -> tuple[str, ...]:
    place = part["spec"]["loadBalancerSourceRanges"]
    written: list[tuple[Part, str]] = [(item, item.text()) for item in place.items()]
    if not written:
        place = part["metadata"]["annotations"][SOURCE_RANGES]
        text = place.value if isinstance(place.value, str) else ""
        written = [(place, one) for one in text.split(",")] if text.strip() else []
    if written and kind != "LoadBalancer":
        place.refuse("needs type LoadBalancer")
    blocks = [syntax.cidr(item, text.strip()) for item, text in written]
    return tuple(str(block) for block in blocks if block is not None)


def _external_name(part: Part, kind: str) -> str:
    text = part.text()
    if kind == "ExternalName":
        name = text.removesuffix(".")
        if not name:
            part.refuse("is missing", "type ExternalName needs a host name")
        elif len(name) > 253 or not syntax.SUBDOMAIN.fullmatch(name):
            part.refuse(f"{text!r} is not a host name in lower case")
    return text


def load_balancer_ingress(part: Part) -> tuple[LoadBalancerIngress, ...]:
    """The addresses in the `status.loadBalancer` of a Service or Ingress."""
    found = []
    for item in part["ingress"].items():
        ip = syntax.address(item["ip"]) if item["ip"].value else ""
        found.append(LoadBalancerIngress(ip, item["hostname"].text()))
    return tuple(one for one in found if one.ip or one.hostname)


def endpoints(part: Part) -> Endpoints:
    """A `v1` Endpoints."""
    metadata = object_meta(part["metadata"], namespaced=True)
    subsets = []
    for subset in part["subsets"].items():
        ready = [_endpoint(item, [item["ip"]], _ordinary, True) for item in subset["addresses"].items()]
        waiting = [_endpoint(item, [item["ip"]], _ordinary, False) for item in subset["notReadyAddresses"].items()]
        subsets.append(EndpointSubset((*ready, *waiting), _endpoint_ports(subset["ports"], required=True)))
    return Endpoints(metadata, tuple(subsets), part.span)


def endpoint_slice(part: Part) -> EndpointSlice:
    """A `discovery.k8s.io/v1` EndpointSlice. An endpoint that does not say whether it is ready counts as ready."""
    metadata = object_meta(part["metadata"], namespaced=True)
    kind = part["addressType"].one_of(ADDRESS_TYPES)
    if not part["addressType"].present:
        part["addressType"].refuse("is missing")
    read = (lambda item: item.text()) if kind == "FQDN" else _ordinary
    found = tuple(
        _endpoint(item, item["addresses"].items(), read, item["conditions"]["ready"].boolean(True))
        for item in part["endpoints"].items()
    )
    ports = _endpoint_ports(part["ports"], required=False)
    return EndpointSlice(metadata, kind, (EndpointSubset(found, ports),) if found else (), part.span)


def _endpoint(part: Part, addresses: list[Part], read: Callable[[Part], str], ready: bool) -> EndpointAddress:
    if not addresses:
        part["addresses"].refuse("is empty")
    target = part["targetRef"]
    reference = None
    if target.present:
        reference = ObjectReference(target["kind"].text(), target["namespace"].text(), target["name"].text())
    return EndpointAddress(tuple(read(item) for item in addresses), ready, reference, part["nodeName"].text())


def _endpoint_ports(part: Part, *, required: bool) -> tuple[EndpointPort, ...]:
    return tuple(
        EndpointPort(
            syntax.port_number(item["port"]) if required or item["port"].present else None,
            item["name"].text(),
            syntax.protocol(item["protocol"]),
        )
        for item in part.items()
    )
