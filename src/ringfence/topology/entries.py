"""Ways into the cluster from outside: Ingress, routes of gateways, NodePort, LoadBalancer, externalIPs, hostPort.

An entry is a fact of the files, so exposure through it is a finding and not an assumption. What a policy at the pod
sees as the source differs:

| entry | source |
|---|---|
| Ingress, Gateway route | who serves it (`topology.controllers`): of a route, the pods of each Gateway that takes it |
| VirtualService of an Istio Gateway | the pods that the Gateway selects (`topology.mesh.istio_entries`) |
| NodePort, LoadBalancer, externalIPs with `externalTrafficPolicy: Cluster` | a node, which may be the pod's own |
| the same with `Local` | the client, whose address is kept |
| hostPort | the client |

Of what was refused nobody knows where it leads, nor of a VirtualService that delegates to one that is in no file:
`{ingress-controller}` may then reach every pod (`lost`); where the Service is in no file or was refused, every pod of
its namespace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.layers.kubernetes_selectors import HOST_PORT, pods
from ringfence.layers.network_policy import PortNumbers
from ringfence.model.addresses import AddressSet
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.intervals import IntervalSet
from ringfence.model.selectors import AllOf, Label
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import (
    BackendReference,
    Ingress,
    KubernetesObjects,
    LabelSelector,
    Route,
    Service,
    ServicePort,
    Workload,
)
from ringfence.resources.kubernetes.kinds import OPENING_KINDS
from ringfence.topology.attachments import attached, doubted, granted
from ringfence.topology.controllers import CONTROLLER, by_balancer, carrying, running, serving
from ringfence.topology.mesh.istio_entries import Lead, elsewhere, leads, missing, undelegated
from ringfence.topology.mesh.waypoints import WAYPOINTS
from ringfence.topology.services import NO_PORTS, Target, node_ports, targets

SOME_NODE, OUTSIDE = "{node}", "external"
"""The workloads that stand for the sources of entries, beside `CONTROLLER`."""

PLACEHOLDERS = frozenset({OUTSIDE, CONTROLLER, SOME_NODE, WAYPOINTS})
"""Workloads that no file holds."""

AT_NODES = ("NodePort", "LoadBalancer", "externalIPs")
"""The kinds of the entries that begin at the cluster's nodes, or at what the cluster has put before them."""

HOST_PORTS = "hostPort"
"""The kind of the entries that are ports of nodes which a pod has for itself."""

LOOPBACK = ("127.0.0.1", "::1")
"""Where a host port answers its own node only."""

LOST = "{title} was refused: where it leads is not known"
NO_SERVICE = "the files do not say what Service {service} is, to which {title} leads"
UNSETTLED = "whether a listener takes {title} is not known: no file tells the labels of its namespace"
GRANT = "ReferenceGrant"
ELSEWHERE = "where ServiceEntry {entry} takes {host}, to which {title} leads, is not followed"
UNDELEGATED = "no file holds VirtualService {delegate}, to which {title} delegates"

__all__ = ["CONTROLLER", "OUTSIDE", "PLACEHOLDERS", "SOME_NODE", "Entry", "Lost", "entries", "lost"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One way in.

    `sources` are workloads; `port` is what the client dials (0: not known). `source_ranges` are the clients that the
    load balancer lets in, None: whoever; where its traffic comes from a node, the pod does not see which client it is.
    `past_ranges`: clients may come past the load balancer, to a node's port or an external address, where no node asks
    whether the ranges hold them. `node_ports` are the ports of nodes at which it takes connections, or may.
    `by_balancer`: a load balancer of the cloud serves it, and no pod does.
    """

    kind: str
    title: str
    span: Span
    sources: tuple[str, ...]
    targets: tuple[Target, ...]
    port: int
    source_ranges: AddressSet | None = None
    past_ranges: bool = False
    node_ports: IntervalSet = NO_PORTS
    by_balancer: bool = False


def entries(
    objects: KubernetesObjects, numbers: PortNumbers, diagnostics: list[Diagnostic], astray: list[Lost]
) -> Iterator[Entry]:
    """All entries, in the order of their kinds and of reading.

    References that lead nowhere become warnings; to `astray` goes what leads to a Service that is not in the files.
    """
    finder = _Finder(objects, numbers, diagnostics, astray)
    for ingress in objects.ingresses:
        yield from finder.ingress(ingress)
    for route in objects.routes:
        yield from finder.route(route)
    diagnostics += missing(objects)
    for lead in leads(objects):
        yield from finder.lead(lead)
    for service in objects.services:
        yield from finder.service(service)
    for workload in objects.workloads:
        yield from _host_ports(workload)


@dataclass(frozen=True, slots=True)
class Lost:
    """A way in of which nobody knows where it leads, and why. `namespace`: that of what it leads to, empty: any."""

    title: str
    because: str
    span: Span
    namespace: str = ""


def lost(objects: KubernetesObjects) -> Iterator[Lost]:
    """What was refused and may have been a way in, and what leads to what no file holds."""
    kinds = frozenset(kind for _, kind in OPENING_KINDS)
    for one in objects.refused:
        if one.kind in kinds:
            title = f"{one.kind} {one.namespace}/{one.name}"
            yield Lost(title, LOST.format(title=title), one.span)
    for service, route in undelegated(objects):
        title = f"VirtualService {service.metadata.qualified_name}"
        yield Lost(title, UNDELEGATED.format(title=title, delegate=route.delegate), route.span)
    for title, host, entry, span in elsewhere(objects):
        because = ELSEWHERE.format(title=title, host=host, entry=entry.metadata.qualified_name)
        yield Lost(title, because, span, "" if entry.workload_selector is None else entry.metadata.namespace)


class _Finder:
    def __init__(
        self,
        objects: KubernetesObjects,
        numbers: PortNumbers,
        diagnostics: list[Diagnostic],
        astray: list[Lost],
    ) -> None:
        self._objects = objects
        self._numbers = numbers
        self._diagnostics = diagnostics
        self._astray = astray
        self._running = running(objects)
        self._services = {one.metadata.qualified_name: one for one in objects.services}
        self._disputed = {f"{one.namespace}/{one.name}" for one in objects.refused if one.kind == "Service"}

    def ingress(self, ingress: Ingress) -> Iterator[Entry]:
        sources, without_pods = serving(ingress, self._objects, self._running), by_balancer(ingress, self._objects)
        for backend in ingress.backends:
            if not backend.service_name:
                continue
            title = f"Ingress {ingress.metadata.qualified_name}"
            place, name = ingress.metadata.namespace, backend.service_name
            found = self._backend(title, sources, place, name, backend.port, backend.span)
            if found:
                dialled = 443 if ingress.tls else 80
                yield Entry("Ingress", title, backend.span, sources, found, dialled, by_balancer=without_pods)

    def route(self, route: Route) -> Iterator[Entry]:
        if not any(parent.kind == "Gateway" for parent in route.parent_refs):
            return
        gateways = attached(route, self._objects)
        name = f"{route.kind} {route.metadata.qualified_name}"
        doubts = doubted(route, self._objects)
        if any(CONTROLLER in carrying(one, self._objects, self._running) for one in doubts):
            self._astray.append(Lost(name, UNSETTLED.format(title=name), route.span))
        if not gateways and not doubts:
            self._diagnostics.append(warning(f"{name} attaches to no listener: none admits it", route.span))
            return
        # Gateways of one source are one way in; each other is its own, as one may be cut off and another not.
        objects = self._objects
        sources = dict.fromkeys(
            (carrying(one, objects, self._running), one is not None and by_balancer(one, objects)) for one in gateways
        )
        everybody = tuple(dict.fromkeys(one for some, _ in sources for one in some))
        for rule in route.rules:
            for backend in rule.backend_refs:
                if backend.kind != "Service" or backend.weight == 0:
                    continue
                if not granted(route, backend, self._objects):
                    self._ungranted(name, everybody, backend)
                    continue
                place, service = backend.namespace, backend.name
                found = self._backend(name, everybody, place, service, backend.port, backend.span)
                if found:
                    for one, without_pods in sources:
                        yield Entry(route.kind, name, backend.span, one, found, 0, by_balancer=without_pods)

    def _ungranted(self, title: str, sources: tuple[str, ...], backend: BackendReference) -> None:
        service = f"{backend.namespace}/{backend.name}"
        self._diagnostics.append(warning(f"no ReferenceGrant lets it lead to Service {service}", backend.span))
        for gone in self._objects.refused:
            if gone.kind == GRANT and gone.namespace in ("", backend.namespace) and CONTROLLER in sources:
                because = f"{GRANT} {gone.namespace}/{gone.name} was refused"
                self._astray.append(Lost(title, because, gone.span, backend.namespace))

    def lead(self, lead: Lead) -> Iterator[Entry]:
        found = self._backend(lead.title, lead.sources, lead.namespace, lead.service, lead.port or None, lead.span)
        if found:
            yield Entry("VirtualService", lead.title, lead.span, lead.sources, found, lead.dialled)

    def service(self, service: Service) -> Iterator[Entry]:
        if service.type not in ("NodePort", "LoadBalancer") and not service.external_ips:
            return
        kind = service.type if service.type in ("NodePort", "LoadBalancer") else "externalIPs"
        keeps_client = service.external_traffic_policy == "Local"
        ranges = AddressSet.of(*service.load_balancer_source_ranges) if service.load_balancer_source_ranges else None
        for port in service.ports:
            found = tuple(targets(service, port, self._objects, self._numbers))
            if found:
                title = f"{kind} {service.metadata.qualified_name}"
                sources = (OUTSIDE,) if keeps_client else (SOME_NODE,)
                dialled = port.node_port if kind == "NodePort" else port.port
                at_nodes = node_ports(service, port)
                past = bool(at_nodes or service.external_ips)
                yield Entry(kind, title, port.span, sources, found, dialled, ranges, past, at_nodes)

    def _backend(
        self, title: str, sources: tuple[str, ...], namespace: str, name: str, port: int | str | None, span: Span
    ) -> tuple[Target, ...]:
        service = self._services.get(f"{namespace}/{name}")
        astray = CONTROLLER in sources and (service is None or f"{namespace}/{name}" in self._disputed)
        if astray:
            because = NO_SERVICE.format(service=f"{namespace}/{name}", title=title)
            self._astray.append(Lost(title, because, span, namespace))
        if service is None:
            self._diagnostics.append(warning(f"leads to Service {namespace}/{name}, which is not in the files", span))
        if service is None or astray:
            return ()
        chosen = [one for one in service.ports if port in (None, one.port, one.name)]
        if not chosen:
            self._diagnostics.append(warning(f"Service {namespace}/{name} has no port {port}", span))
        return tuple(target for one in chosen for target in self._targets(service, one))

    def _targets(self, service: Service, port: ServicePort) -> Iterator[Target]:
        """Controllers dial the endpoints of a Service, so its target port counts, headless or not."""
        return targets(service, port, self._objects, self._numbers, dialled=False)


def _host_ports(workload: Workload) -> Iterator[Entry]:
    for template in workload.templates:
        if template.host_network:
            continue
        chosen = pods(workload.metadata.namespace, LabelSelector(tuple(sorted(template.labels.items()))))
        for port in template.ports:
            if port.host_port and port.host_ip not in LOOPBACK:
                protocol = port.protocol.lower()
                holders = AllOf((chosen, Label(HOST_PORT, f"{protocol}/{port.container_port}")))
                target = Target(holders, protocol, port.container_port)
                title = f"hostPort of {workload.title}"
                yield Entry(HOST_PORTS, title, template.span, (OUTSIDE,), (target,), port.host_port)
