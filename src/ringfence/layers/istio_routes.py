"""VirtualServices: over which subsets a client's own proxy reaches the ports of a host.

A client dials a port of a host. The VirtualService for that host (the most specific one; of several the client's own
namespace's private ones first, then those exported to it by name, then the public ones, the oldest first) says where
the request goes; without one, or without a route of the port's protocol, it goes to the host itself. Routes are tried
in order, up to the first that has no condition. An HTTP request that none takes is answered by the proxy; a TCP
connection goes to the host itself.

    http   the `http` routes            tcp   the `tcp` routes
    tls    the `tls` routes             ""    (detected at run time) the `http` and `tcp` routes, and the host itself

So from the server's side, a port of a host is reached over the subsets that some route leads to (`Reached.subsets`, the
empty name for the host itself), or over any (`anything`: a delegate says where).

Sources: istio `pilot/pkg/model/push_context.go` (`VirtualServicesForGateway`), `core/route/route.go`,
`core/networkfilter.go`; `GetDestinationCluster` for the port of a destination.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ringfence.layers.istio_destination_rules import EVERYBODY, OWN
from ringfence.layers.istio_hosts import Hosts, covers, full
from ringfence.layers.istio_modes import by_age
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import Destination, TrafficRoute, VirtualService

ITSELF = ""
"""The subset that stands for all endpoints of a host."""

HTTP, TLS, TCP, DETECTED = "http", "tls", "tcp", ""
ROUTES = {HTTP: (HTTP,), TLS: (TLS,), TCP: (TCP,), DETECTED: (HTTP, TCP)}


@dataclass(slots=True)
class Reached:
    """How one port of a host is reached."""

    subsets: set[str] = field(default_factory=set)
    anything: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a host and its protocol: `http`, `tls`, `tcp`, or empty where it is detected at run time."""

    host: str
    port: int
    protocol: str


class Routing:
    """The VirtualServices of one mesh, over the ports of its hosts."""

    def __init__(self, services: Iterable[VirtualService], ports: Iterable[Port], config: MeshConfig) -> None:
        self._all = by_age(services)
        self._default = frozenset(config.default_virtual_service_export_to)
        self._ports = tuple(dict.fromkeys(ports))
        self._numbers: dict[str, set[int]] = {}
        for one in self._ports:
            self._numbers.setdefault(one.host, set()).add(one.port)
        named = {name for one in self._all for name in self._exports(one)}
        self._named = tuple(sorted(named - {EVERYBODY}))
        self._differing: dict[bool, tuple[str, ...]] = {}
        self._found: dict[tuple[bool, tuple[int, ...]], Mapping[tuple[str, int], Reached]] = {}

    def reached(self, client: str, gateway: bool = False) -> Mapping[tuple[str, int], Reached]:
        """How clients of a namespace reach the ports of all hosts; what is not in here is not reached.

        A gateway follows VirtualServices of its own, which are not told apart: each may be followed, or none.
        """
        visible = self._visible(client, gateway)
        key = gateway, tuple(map(id, visible))
        if key not in self._found:
            self._found[key] = self._work_out(visible, gateway)
        return self._found[key]

    def differing(self, gateway: bool = False) -> tuple[str, ...]:
        """The namespaces whose clients follow other VirtualServices than the rest."""
        if gateway not in self._differing:
            rest = self.reached("", gateway)
            found = (one for one in self._named if self.reached(one, gateway) is not rest)
            self._differing[gateway] = tuple(found)
        return self._differing[gateway]

    def _exports(self, service: VirtualService) -> frozenset[str]:
        own = service.metadata.namespace
        return frozenset(own if one == OWN else one for one in service.export_to or self._default)

    def _visible(self, client: str, gateway: bool) -> list[VirtualService]:
        """The VirtualServices that the clients of a namespace follow, the first to count first."""
        private, exported, public = [], [], []
        for one in self._all:
            names = self._exports(one)
            if not gateway and not one.in_mesh:
                continue
            if EVERYBODY in names:
                public.append(one)
            elif names == {one.metadata.namespace} and client in names:
                private.append(one)
            elif client in names:
                exported.append(one)
        return [*private, *exported, *public]

    def _work_out(self, visible: list[VirtualService], gateway: bool) -> Mapping[tuple[str, int], Reached]:
        by_host: Hosts[VirtualService] = Hosts()
        for one in visible:
            for host in one.hosts:
                by_host.setdefault(full(host, one.metadata.namespace), one)
        found: dict[tuple[str, int], Reached] = {}
        for port in self._ports:
            service = by_host.match(port.host)
            taken = [] if service is None else self._taken(service, port, gateway)
            itself = not taken or gateway or (port.protocol != HTTP and not any(one.certain for one in taken))
            if itself or port.protocol == DETECTED:
                found.setdefault((port.host, port.port), Reached()).subsets.add(ITSELF)
            for route in taken:
                assert service is not None
                if route.delegated:
                    for number in self._numbers[port.host]:
                        found.setdefault((port.host, number), Reached()).anything = True
                for target in route.destinations:
                    for key in self._led_to(target, service.metadata.namespace, port.port):
                        found.setdefault(key, Reached()).subsets.add(target.subset)
        listed = {port.host for port in self._ports}
        for host, service in by_host.items():
            if not any(covers(host, one) for one in listed):  # a name that only VirtualServices know
                for route in _followed(service, gateway):
                    for target in route.destinations:
                        for key in self._led_to(target, service.metadata.namespace, None):
                            found.setdefault(key, Reached()).subsets.add(target.subset)
        return found

    def _taken(self, service: VirtualService, port: Port, gateway: bool) -> list[TrafficRoute]:
        """The routes that may take what is dialled, up to the first that is certain to."""
        found = []
        for protocol in ROUTES[port.protocol]:
            for route in _followed(service, gateway):
                if route.protocol == protocol and (not route.ports or port.port in route.ports):
                    found.append(route)
                    if route.certain and not gateway:
                        break
        return found

    def _led_to(self, destination: Destination, namespace: str, dialled: int | None) -> Iterator[tuple[str, int]]:
        """The ports of hosts that a destination is."""
        host = full(destination.host, namespace)
        numbers = self._numbers.get(host, set())
        if destination.port or len(numbers) == 1 or dialled is None:
            yield from ((host, number) for number in numbers if destination.port in (0, number))
        elif dialled in numbers:
            yield host, dialled


def _followed(service: VirtualService, gateway: bool) -> tuple[TrafficRoute, ...]:
    """The routes that sidecars follow; gateways may follow either kind."""
    return (*service.routes, *service.gateway_routes) if gateway else service.routes
