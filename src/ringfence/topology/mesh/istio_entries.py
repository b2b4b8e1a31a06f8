"""Where Istio's own gateways lead: VirtualServices that are bound to Gateways, as ways into the cluster.

A VirtualService is bound by the names in its `gateways` (`mesh` means sidecars), and admitted where a server of that
Gateway has one of its hosts, for its namespace. Who carries the traffic are the pods that the Gateway selects, in any
namespace; where the files hold none, or not even the Gateway, `CONTROLLER` stands for them. A match may be for some of
the gateways alone. A route that another VirtualService continues is followed to what that says (`istio_delegates`); a
host that is no Service of the cluster is not: one of a ServiceEntry may be anything (`elsewhere`).

Source: Istio's reference of `Gateway` (`selector`, `servers[].hosts`) and `VirtualService` (`gateways`, `delegate`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from ringfence.layers.istio_delegates import merged
from ringfence.layers.istio_hosts import covers, full
from ringfence.layers.istio_mesh_config import configuration, mesh_config
from ringfence.layers.istio_options import IstioOptions
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.spans import Span
from ringfence.resources.istio.networking import GatewayServer, IstioGateway, ServiceEntry, TrafficRoute, VirtualService
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.topology.controllers import CONTROLLER

IN_CLUSTER = ".svc.cluster.local"


@dataclass(frozen=True, slots=True)
class Lead:
    """One destination of a VirtualService: a Service and its port (0: any), from these workloads.

    `dialled` is the gateway's own port, 0 where it is not known.
    """

    title: str
    sources: tuple[str, ...]
    namespace: str
    service: str
    port: int
    dialled: int
    span: Span


def leads(objects: KubernetesObjects) -> Iterator[Lead]:
    """Where all gateways lead, in the order of reading."""
    gateways = {one.metadata.qualified_name: one for one in objects.istio_gateways}
    for one in _whole(objects):
        home = one.metadata.namespace
        for name in dict.fromkeys(name for route in one.gateway_routes for name in route.gateways):
            gateway = gateways.get(name if "/" in name else f"{home}/{name}")
            ports = [0] if gateway is None else [s.port for s in gateway.servers if _admits(s, gateway, one)]
            if ports:
                yield from _destinations(one, name, _pods(gateway, objects), ports[0])


def undelegated(objects: KubernetesObjects) -> Iterator[tuple[VirtualService, TrafficRoute]]:
    """The gateways' routes of which nobody knows where they lead: no file holds the delegate."""
    return ((one, route) for one in _whole(objects) for route in one.gateway_routes if route.delegated)


def elsewhere(objects: KubernetesObjects) -> Iterator[tuple[str, str, ServiceEntry, Span]]:
    """What leads from gateways whose pods no file holds to hosts of ServiceEntries: title, host, entry and place."""
    of_host = {full(host, one.metadata.namespace): one for one in objects.service_entries for host in one.hosts}
    gateways = {one.metadata.qualified_name: one for one in objects.istio_gateways}
    for one in _whole(objects) if of_host else ():
        home = one.metadata.namespace
        for route in one.gateway_routes:
            named = (gateways.get(name if "/" in name else f"{home}/{name}") for name in route.gateways)
            unknown = any(_pods(gateway, objects) == (CONTROLLER,) for gateway in named)
            for host in dict.fromkeys(full(target.host, home) for target in route.destinations if unknown):
                if host in of_host:
                    yield f"VirtualService {one.metadata.qualified_name}", host, of_host[host], route.span


def missing(objects: KubernetesObjects) -> Iterator[Diagnostic]:
    """A warning for each Gateway that a VirtualService names and no file holds, and for each that selects no pod.

    Nobody may have meant another one, so the ways through it are taken to be there (`CONTROLLER`).
    """
    known = {one.metadata.qualified_name for one in objects.istio_gateways}
    known |= {f"{one.namespace}/{one.name}" for one in objects.refused if one.kind == "Gateway"}
    for one in objects.virtual_services:
        names = dict.fromkeys(name for route in one.gateway_routes for name in route.gateways)
        for name in (name if "/" in name else f"{one.metadata.namespace}/{name}" for name in names):
            if name not in known:
                title = f"VirtualService {one.metadata.qualified_name}"
                yield warning(
                    f"{title} is bound to Gateway {name}, which is not in the files", one.span, _near(name, known)
                )
    for gateway in objects.istio_gateways:
        if gateway.selector and _pods(gateway, objects) == (CONTROLLER,):
            labels = ", ".join(f"{key}: {value}" for key, value in sorted(dict(gateway.selector).items()))
            message = f"Gateway {gateway.metadata.qualified_name} selects pods with {labels}, and no file holds one"
            yield warning(message, gateway.span)


def _near(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, sorted(known), 1)
    return f"did you mean {near[0]}?" if near else ""


def _whole(objects: KubernetesObjects) -> tuple[VirtualService, ...]:
    return merged(objects.virtual_services, mesh_config(configuration(objects.config_maps), IstioOptions()))


def _destinations(one: VirtualService, gateway: str, sources: tuple[str, ...], dialled: int) -> Iterator[Lead]:
    title = f"VirtualService {one.metadata.qualified_name}"
    for route in one.gateway_routes:
        for target in route.destinations if gateway in route.gateways else ():
            host = full(target.host, one.metadata.namespace)
            name, _, namespace = host.removesuffix(IN_CLUSTER).partition(".")
            if host.endswith(IN_CLUSTER) and namespace:
                yield Lead(title, sources, namespace, name, target.port, dialled, route.span)


def _pods(gateway: IstioGateway | None, objects: KubernetesObjects) -> tuple[str, ...]:
    """The workloads that a Gateway selects; never empty."""
    wanted = dict(gateway.selector) if gateway is not None else {}
    found = (
        one.title
        for one in objects.workloads
        if wanted and any(wanted.items() <= template.labels.items() for template in one.templates)
    )
    return tuple(found) or (CONTROLLER,)


def _admits(server: GatewayServer, gateway: IstioGateway, one: VirtualService) -> bool:
    """Whether a server takes one of the VirtualService's hosts, of its namespace."""
    for text in server.hosts:
        place, slash, host = text.rpartition("/")
        namespace = gateway.metadata.namespace if place == "." else place
        if slash and namespace not in ("*", one.metadata.namespace):
            continue
        if any(covers(host, other) or covers(other, host) for other in one.hosts):
            return True
    return False
