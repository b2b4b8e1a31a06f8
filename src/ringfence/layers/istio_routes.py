"""VirtualServices: over which subsets a client's own proxy reaches the ports of a host.

A client dials a port of a host. The VirtualService for that host (of several the client's own namespace's private ones
first, then those exported to it by name, then the public ones, the oldest first) says where the request goes: for HTTP
the first of the most specific ones that has a route for the port at all, for TLS and TCP all of them one after the
other. Without one, or without a route of the port's
protocol, it goes to the host itself. A route that names no port leads to the dialled one; for TLS and TCP, to the only
one where the host has no other. Routes are tried in order, up to the first that has no condition. An HTTP request that
none takes is answered by the proxy; a TCP connection goes to the host itself, but for one at a port of TLS, which goes
out as it is (`Reached.bare`).

    http   the `http` routes            tcp   the `tcp` routes
    tls    the `tls` routes             ""    (detected at run time) the `http` or the `tcp` routes

So from the server's side, a port of a host is reached over the subsets that some route leads to (`Reached.subsets`, the
empty name for the host itself), or over any (`anything`: a delegate says where), and over those that routes of other
ports and hosts lead to (`foreign`). A route to a port that keeps the client's own destination address leads to the pods
and the port that were dialled, sent to as the other one says (`instead`). A client's Sidecar limits which
VirtualServices it follows (`istio_egress`).

A host of a VirtualService that is no host which the client knows has a name all the same: at port 80, and for HTTP
alone, whatever address was dialled (`Lead.by_name`).

Sources: istio `pilot/pkg/model/push_context.go` (`VirtualServicesForGateway`), `core/httproute.go`, `core/tls.go`,
`core/route/route.go` (also `separateVSHostsAndServices`; `GetDestinationCluster` for the port of a destination).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ringfence.layers.istio_destination_rules import EVERYBODY, OWN
from ringfence.layers.istio_egress import imports
from ringfence.layers.istio_hosts import Hosts, covers, full
from ringfence.layers.istio_modes import by_age
from ringfence.layers.istio_reached import DETECTED, HTTP, ITSELF, NOT_REACHED, TCP, TLS, Key, Lead, Port, Reached
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import Destination, Sidecar, TrafficRoute, VirtualService

ROUTES = {HTTP: (HTTP,), TLS: (TLS,), TCP: (TCP,), DETECTED: (HTTP, TCP)}
NAMES_AT = 80
"""The port at which clients may use names that only VirtualServices know."""


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
        self._differing: dict[tuple[bool, int], tuple[str, ...]] = {}
        self._found: dict[tuple[bool, tuple[int, ...]], Mapping[Key, Reached]] = {}

    def reached(self, client: str, gateway: bool = False, sidecar: Sidecar | None = None) -> Mapping[Key, Reached]:
        """How clients of a namespace reach the ports of all hosts; what is not in here is not reached.

        `sidecar` limits them. A gateway follows VirtualServices of its own, which are not told apart: each may be
        followed, or none.
        """
        visible = self._visible(client, gateway)
        if sidecar is not None:
            visible = [one for one in visible if imports(sidecar, client, one)]
        key = gateway, tuple(map(id, visible))
        if key not in self._found:
            self._found[key] = self._work_out(visible, gateway)
        return self._found[key]

    def differing(self, gateway: bool = False, sidecar: Sidecar | None = None) -> tuple[str, ...]:
        """The namespaces whose clients follow other VirtualServices than the rest."""
        key = gateway, id(sidecar)
        if key not in self._differing:
            rest = self.reached("", gateway, sidecar)
            places = {one.metadata.namespace for one in self._all} if sidecar is not None else set()
            found = (one for one in sorted({*self._named, *places}) if self.reached(one, gateway, sidecar) is not rest)
            self._differing[key] = tuple(found)
        return self._differing[key]

    def limited(self, sidecar: Sidecar, root_namespace: str, host: str, port: int) -> bool:
        """Whether some client under a Sidecar reaches a port of a host otherwise than without."""
        places, key = self._places(sidecar, root_namespace), (host, port)
        return any(self.reached(one, False, sidecar).get(key) != self.reached(one).get(key) for one in places)

    def apart(
        self, host: str, port: int, gateway: bool = False, sidecar: Sidecar | None = None
    ) -> tuple[frozenset[Lead], frozenset[Key]]:
        """What leads from elsewhere to a port of a host, and where its own routes lead instead, for some client."""
        places, key = {"", *self.differing(gateway, sidecar)}, (host, port)
        if sidecar is not None:
            places |= {sidecar.metadata.namespace, *self.differing()}
        found = [self.reached(one, gateway, sidecar).get(key, NOT_REACHED) for one in places]
        leads = frozenset(lead for one in found for lead in (*one.foreign, *(lead for _, lead in one.named)))
        return leads, frozenset(
            key for one in found for key in (*(there[:2] for there in one.instead), *dict(one.named))
        )

    def _places(self, sidecar: Sidecar, root_namespace: str) -> tuple[str, ...]:
        """The namespaces whose clients may be under a Sidecar, one of those that are alike."""
        if sidecar.metadata.namespace != root_namespace:
            return (sidecar.metadata.namespace,)
        return "", *self.differing(), *self.differing(False, sidecar)

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

    def _work_out(self, visible: list[VirtualService], gateway: bool) -> Mapping[Key, Reached]:
        places: Hosts[list[int]] = Hosts()
        for place, one in enumerate(visible):
            for host in one.hosts:
                places.setdefault(full(host, one.metadata.namespace), []).append(place)
        exact = {host for host, _ in places.items()}
        found: dict[Key, Reached] = {}
        for port in self._ports:
            specific = [visible[place] for place in places.match(port.host) or ()]
            if port.host not in exact:
                specific = specific[:1]  # of those for one name with a star, no second is looked at
            covering = sorted({place for found_places in places.covering(port.host) for place in found_places})
            taken: list[tuple[VirtualService, TrafficRoute]] = []
            for protocol in ROUTES[port.protocol]:
                if protocol == HTTP:
                    these = list(_first(specific, port.port, gateway))
                else:
                    these = list(_taken([visible[place] for place in covering], protocol, port.port, gateway))
                taken += these
                open_end = protocol != HTTP and not any(route.certain for _, route in these)
                if gateway or all(route.sourced for _, route in these) or (open_end and protocol != TLS):
                    found.setdefault((port.host, port.port), Reached()).subsets.add(ITSELF)
                if open_end and protocol == TLS and these and not gateway:
                    found.setdefault((port.host, port.port), Reached()).bare = True
            for service, route in taken:
                if route.delegated:
                    for number in self._numbers[port.host]:
                        found.setdefault((port.host, number), Reached()).anything = True
                if route.sourced:
                    found.setdefault((port.host, port.port), Reached()).sourced = True
                for target in route.destinations:
                    alone = route.protocol != HTTP
                    keys = list(self._led_to(target, service.metadata.namespace, port.port, alone))
                    if keys != [(port.host, port.port)]:
                        found.setdefault((port.host, port.port), Reached()).astray = True
                    for key in keys:
                        there = found.setdefault(key, Reached())
                        if key == (port.host, port.port):
                            there.subsets.add(target.subset)
                        else:
                            there.foreign.add(Lead(target.subset, ((port.host, port.port),)))
                            found.setdefault((port.host, port.port), Reached()).instead.add((*key, target.subset))
        for host, found_places in places.items():
            for key, lead in self._by_name(host, [visible[place] for place in found_places], gateway):
                found.setdefault(key, Reached()).foreign.add(lead)
                for dialled in lead.dialled:
                    found.setdefault(dialled, Reached()).named.add((key, lead))
        return found

    def _by_name(self, host: str, services: list[VirtualService], gateway: bool) -> Iterator[tuple[Key, Lead]]:
        """What requests for a host of VirtualServices lead to where the client knows no such host."""
        same = tuple((one.host, one.port) for one in self._ports if covers(host, one.host))
        if gateway and same:
            return
        dialled = tuple(one for one in same if one[1] == NAMES_AT)
        number = None if gateway else NAMES_AT
        every = ((service, route) for service in services for route in _followed(service, gateway))
        for service, route in every if gateway else _first(services, NAMES_AT, gateway):
            for target in route.destinations:
                for key in self._led_to(target, service.metadata.namespace, number, gateway):
                    yield key, Lead(target.subset, dialled, by_name=True)

    def _led_to(
        self, destination: Destination, namespace: str, dialled: int | None, alone: bool = True
    ) -> Iterator[Key]:
        """The ports of hosts that a destination is. `alone`: a host's only port need not be said."""
        host = full(destination.host, namespace)
        numbers = self._numbers.get(host, set())
        if destination.port or (alone and len(numbers) == 1) or dialled is None:
            yield from ((host, number) for number in numbers if destination.port in (0, number))
        elif dialled in numbers:
            yield host, dialled


def _followed(service: VirtualService, gateway: bool) -> tuple[TrafficRoute, ...]:
    """The routes that sidecars follow; gateways may follow either kind."""
    return (*service.routes, *service.gateway_routes) if gateway else service.routes


def _first(
    services: Iterable[VirtualService], port: int, gateway: bool
) -> Iterator[tuple[VirtualService, TrafficRoute]]:
    """The routes for HTTP that may take what is dialled: of the first VirtualService that has any for the client."""
    for service in services:
        found = list(_taken([service], HTTP, port, gateway))
        yield from found
        if not gateway and not all(route.sourced for _, route in found):
            return


def _taken(
    services: Iterable[VirtualService], protocol: str, port: int, gateway: bool
) -> Iterator[tuple[VirtualService, TrafficRoute]]:
    """The routes of a protocol that may take what is dialled, up to the first that is certain to."""
    for service in services:
        for route in _followed(service, gateway):
            if route.protocol == protocol and (not route.ports or port in route.ports):
                yield service, route
                if route.certain and not gateway:
                    return
