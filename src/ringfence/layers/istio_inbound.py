"""What a sidecar makes of its pod's inbound ports, and which policies of a kind apply there: one facet a pod.

    ports      `http 80,8080; tcp 9000; either 7000`: how the proxy reads a port that a Service lists. A port that none
               lists, or whose Service does not say, is read as HTTP or as TCP, as its bytes look
    tokens     the RequestAuthentications that apply, by name
    providers  the external authorizers that CUSTOM policies name there, dry runs included
    past       the ports whose connections go past the proxy

A gateway's ports are what its Gateway objects make of them, so that all of them are read as their bytes look.

A Service's port says its protocol by `appProtocol`, else by its name up to a hyphen (`http`, `http2`, `grpc`,
`grpc-web`; `tcp`, `tls`, `https`, `mongo`, `redis`, `mysql`, `udp`); the ports 25, 53, 3306 and 27017 are TCP where
nothing is said. A ServiceEntry that selects the pod says it by `protocol`. Two of them with one target port: the oldest
decides, of equally old ones the first by host; where the files do not tell their ages, the port is `either`. A Sidecar
with ingress listeners goes before all of them (`istio_listeners`).

The pods of one template share the facet, so that rules speak of it and never of single pods. Sources: istio
`pkg/config/kube/conversion.go`, `pilot/pkg/networking/core/listener_inbound.go`, `pilot/pkg/model/context.go`
(`SetServiceTargets`), `pilot/pkg/serviceregistry/serviceentry/conversion.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ringfence.layers.istio_captured import ALWAYS_PAST
from ringfence.layers.istio_hosts import full, of_service
from ringfence.layers.istio_waypoint import GATEWAY_NAME
from ringfence.model.bounds import Bounds
from ringfence.model.headers import PORTS as PORTS_THERE_ARE
from ringfence.model.intervals import IntervalSet
from ringfence.resources.istio.networking import EntryPort, ServiceEntry
from ringfence.resources.kubernetes import PodTemplate, Service, ServicePort

FACET = "istio inbound"
PORTS, TOKENS, PROVIDERS, PAST = "ports", "tokens", "providers", "past"

HTTP, TCP, EITHER, DETECTED = "http", "tcp", "either", "detected"
"""How a port is read: as the one or the other; as one of them and nobody knows which; as its bytes look."""

HTTP_NAMES = frozenset(("http", "http2", "http_proxy", "grpc", "grpc-web"))
TCP_NAMES = frozenset(("tcp", "tls", "https", "mongo", "redis", "mysql", "udp"))
STANDARD = {"kubernetes.io/h2c": HTTP, "kubernetes.io/ws": HTTP, "kubernetes.io/wss": TCP}
NEVER_DETECTED = (25, 53, 3306, 27017)

TEMPLATES = "inject.istio.io/templates"

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inbound:
    """What one kind of pod does with inbound connections. `ports` is sorted; what it does not list is detected.

    A gateway's `ports` are empty.
    """

    ports: tuple[tuple[int, str], ...] = ()
    tokens: Names = ()
    providers: Names = ()
    past: Bounds[IntervalSet] = ALWAYS_PAST
    gateway: bool = False

    @property
    def facet(self) -> Mapping[str, str]:
        """The pod's facet `FACET`."""
        return {
            PORTS: self.reading,
            TOKENS: ",".join(self.tokens),
            PROVIDERS: ",".join(self.providers),
            PAST: past_key(self.past),
        }

    @property
    def reading(self) -> str:
        """The ports as one text."""
        if self.gateway:
            return "gateway"
        kinds = {kind: ",".join(str(port) for port, how in self.ports if how == kind) for kind in (HTTP, TCP, EITHER)}
        return "; ".join(f"{kind} {listed}" for kind, listed in kinds.items() if listed)

    def read_as(self, kind: str) -> IntervalSet:
        """The ports that are read so."""
        if kind == DETECTED:
            return PORTS_THERE_ARE - IntervalSet.of(*(port for port, _ in self.ports))
        return IntervalSet.of(*(port for port, how in self.ports if how == kind))


def protocol(port: ServicePort) -> str:
    """How a Service says that its port is read."""
    name = port.app_protocol or port.name
    if port.app_protocol in STANDARD:
        return STANDARD[port.app_protocol]
    name = name.lower()
    name = "grpc-web" if name.startswith("grpc-web") else name.partition("-")[0]
    if name in HTTP_NAMES:
        return HTTP
    if name in TCP_NAMES or port.port in NEVER_DETECTED:
        return TCP
    return DETECTED


def read_as(name: str) -> str:
    """How a port is read whose protocol is written as one of Istio's names."""
    name = name.lower()
    return HTTP if name in HTTP_NAMES else TCP if name in TCP_NAMES else DETECTED


def ports(
    services: Iterable[Service], template: PodTemplate, entries: Iterable[ServiceEntry] = ()
) -> tuple[tuple[int, str], ...]:
    """How the ports of a pod are read that Services and ServiceEntries of its namespace list, those that select it."""
    said: dict[int, list[tuple[str, str, str]]] = {}
    for service in services:
        wanted = (service.selector or {}).items()
        if service.type == "ExternalName" or not wanted or not wanted <= template.labels.items():
            continue
        for port in service.ports:
            if port.protocol == "TCP":
                host = of_service(service.metadata.name, service.metadata.namespace)
                age = service.metadata.creation_timestamp, host
                for number in _targets(port, template):
                    said.setdefault(number, []).append((*age, protocol(port)))
    for entry in entries:
        if entry.workload_selector and dict(entry.workload_selector).items() <= template.labels.items():
            host = min(full(one, entry.metadata.namespace) for one in entry.hosts)
            for one in entry.ports:
                age = entry.metadata.creation_timestamp, host
                said.setdefault(entry_target(one, template), []).append((*age, read_as(one.protocol)))
    decided = ((number, _decided(found)) for number, found in sorted(said.items()))
    return tuple((number, how) for number, how in decided if how != DETECTED)


def _targets(port: ServicePort, template: PodTemplate) -> Iterable[int]:
    if isinstance(port.target_port, int):
        return (port.target_port,)
    return {one.container_port for one in template.ports if one.name == port.target_port and one.protocol == "TCP"}


def entry_target(port: EntryPort, template: PodTemplate) -> int:
    """The port of a selected pod behind a ServiceEntry's: its container's of that name, else what the entry says."""
    named = (one.container_port for one in template.ports if one.name == port.name and one.protocol == "TCP")
    return next(named, port.target_port or port.number)


def _decided(found: list[tuple[str, str, str]]) -> str:
    time, _, how = min(found)
    return how if time or len({one for _, _, one in found}) == 1 else EITHER


def is_gateway(template: PodTemplate) -> bool:
    """Whether the proxy is all there is in a pod: it serves what Gateway objects say."""
    return (
        GATEWAY_NAME in template.labels
        or template.labels.get("istio", "").endswith("gateway")
        or "gateway" in template.annotations.get(TEMPLATES, "").split(",")
    )


def past_key(ports: Bounds[IntervalSet]) -> str:
    """These ports as the facet says them."""
    return f"{ports.must.pairs}" if ports.known else f"{ports.must.pairs} or {ports.may.pairs}"
