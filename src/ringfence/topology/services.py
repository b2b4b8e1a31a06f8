"""What stands behind a Service: which pods, on which of their ports.

A Service is a name for pods: kube-proxy (or what replaces it) rewrites the destination before any policy looks, so a
policy sees the pod and its target port. A headless Service rewrites nothing: its clients dial the pods themselves, on
the port that they name. An ExternalName leads out of the cluster; a Service without selector leads to what Endpoints or
EndpointSlice objects list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from ringfence.layers.kubernetes_selectors import POD, labels, named_port
from ringfence.layers.network_policy import PortNumbers
from ringfence.layers.own_node import HOST_POD, HOST_POD_PORT
from ringfence.model.addresses import AddressSet
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.selectors import ANYTHING, AllOf, AnyOf, Comparison, Has, InNamespace, Label, Selector
from ringfence.resources.kubernetes import (
    Endpoints,
    EndpointSlice,
    KubernetesObjects,
    LabelSelector,
    Service,
    ServicePort,
)


@dataclass(frozen=True, slots=True)
class Target:
    """Endpoints on one port: those that the selector selects and, where `addresses` is given, that have one of them."""

    selector: Selector
    protocol: str
    port: int
    addresses: AddressSet | None = None

    @property
    def namespace(self) -> str | None:
        """The namespace that all of them are in, where the selector says so."""
        return _namespace(self.selector)

    def holds(self, endpoint: Endpoint) -> bool:
        """Whether the endpoint is surely one of them."""
        inside = self.addresses is None or (not endpoint.every and endpoint.addresses <= self.addresses)
        return inside and self.selector.matches(endpoint) is True

    def may_hold(self, endpoint: Endpoint) -> bool:
        """Whether the endpoint may be one of them: its labels or its address may be what is asked for."""
        inside = self.addresses is None or bool(endpoint.addresses & self.addresses)
        return inside and self.selector.matches(endpoint) is not False


def _namespace(selector: Selector) -> str | None:
    if isinstance(selector, InNamespace):
        return selector.namespace
    parts = selector.parts if isinstance(selector, AllOf) else ()
    return next((found for part in parts if (found := _namespace(part)) is not None), None)


def port_numbers(objects: KubernetesObjects) -> PortNumbers:
    """The numbers that each named container port has on some pod."""
    found: dict[tuple[str, str], set[int]] = {}
    for _, template in objects.pod_templates():
        for port in template.ports:
            if port.name:
                found.setdefault((port.protocol.lower(), port.name), set()).add(port.container_port)
    return {key: frozenset(numbers) for key, numbers in found.items()}


def targets(
    service: Service, port: ServicePort, objects: KubernetesObjects, numbers: PortNumbers, dialled: bool = True
) -> Iterator[Target]:
    """Where one port of a Service leads; nothing where it leads out of the cluster or nowhere.

    `dialled`: by its name, so that a headless one leads to the port that the client says; else by its endpoints.
    """
    protocol = port.protocol.lower()
    if service.type == "ExternalName":
        return
    if not service.selector:
        yield from _listed(service, port, objects)
        return
    chosen = selected(service)
    if service.headless and dialled:
        yield Target(chosen, protocol, port.port)
    elif isinstance(port.target_port, int):
        yield Target(chosen, protocol, port.target_port)
    else:
        for number in sorted(numbers.get((protocol, port.target_port), ())):
            on_host = Label(HOST_POD_PORT, f"{protocol}/{port.target_port}", Comparison.IN, frozenset((str(number),)))
            named = AnyOf((named_port(protocol, port.target_port, number), on_host))
            yield Target(AllOf((chosen, named)), protocol, number)


NODE_PORTS = IntervalSet.of((30000, 32767))
"""Where the API server takes node ports from, unless it is told otherwise."""

NO_PORTS = IntervalSet()


def node_ports(service: Service, port: ServicePort) -> IntervalSet:
    """The ports of nodes of which one is this port's; none where it has none.

    One that the Service asks for by number it gets, whether others are allocated or not.
    """
    if service.type not in ("NodePort", "LoadBalancer"):
        return NO_PORTS
    if port.node_port:
        return IntervalSet.of(port.node_port)
    given = service.type == "NodePort" or service.allocate_load_balancer_node_ports
    return NODE_PORTS if given else NO_PORTS


def selected(service: Service) -> Selector:
    """The pods that a Service selects, those on their node's network included."""
    wanted = LabelSelector(tuple(sorted((service.selector or {}).items())))
    either = (AllOf((Has(facet), *labels(facet, wanted))) for facet in (POD, HOST_POD))
    return AllOf((InNamespace(service.metadata.namespace), AnyOf(tuple(either))))


def without_pods(objects: KubernetesObjects) -> Iterator[Service]:
    """The Services whose selector selects no pod that is there or may come."""
    holders: dict[tuple[str, str, str], list[Mapping[str, str]]] = {}
    for namespace, template in objects.pod_templates():
        for key, value in template.labels.items():
            holders.setdefault((namespace, key, value), []).append(template.labels)
    for service in objects.services:
        if not service.selector or service.type == "ExternalName":
            continue
        wanted = service.selector.items()
        by_label = (holders.get((service.metadata.namespace, key, value), []) for key, value in wanted)
        if not any(wanted <= labels.items() for labels in min(by_label, key=len)):
            yield service


def _listed(service: Service, port: ServicePort, objects: KubernetesObjects) -> Iterator[Target]:
    """The backends that Endpoints and EndpointSlices of the Service list for this port."""
    namespace, name = service.metadata.namespace, service.metadata.name
    lists: tuple[Endpoints | EndpointSlice, ...] = (*objects.endpoints, *objects.endpoint_slices)
    for one in lists:
        if one.metadata.namespace != namespace or one.service_name != name:
            continue
        for subset in one.subsets:
            texts = [text for endpoint in subset.endpoints for text in endpoint.addresses if _is_address(text)]
            for entry in subset.ports:
                if entry.name == port.name and entry.protocol == port.protocol and texts:
                    number = port.port if entry.port is None else entry.port
                    yield Target(ANYTHING, port.protocol.lower(), number, AddressSet.of(*texts))


def _is_address(text: str) -> bool:
    """An EndpointSlice may list host names."""
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
