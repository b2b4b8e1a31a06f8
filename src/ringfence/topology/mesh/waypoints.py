"""Services and pods that a waypoint stands before, as ambient clients dial them.

    client --> fabric --policies--> waypoints --rewrite--> leaving waypoints --policies--> fabric --> pod

What is dialled is an endpoint of its own, one for each Service or pod and instance of its waypoint: it has the
instance's address and labels (a NetworkPolicy sees the tunnel to the instance) and the facet `waypoint`, by which
policies with `targetRefs` find it. A waypoint takes mutual TLS alone. What leaves it comes from the instance, with its
identity and address. So that replies find the way back through it, the origin is an endpoint too, one more of the
instance's workload.

Only clients whose data plane is ambient dial what stands behind a waypoint; all others go past it, to the pods. What is
dialled is owned by `WAYPOINTS`, which is nobody's workload.

A waypoint has its places where its pods have theirs, with the same links, so that beside a cloud its packets cross the
groups of its node and the edges of its subnet. Which ways there are is worked out in `waypoint_ways`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from ringfence.layers.istio_waypoint import FACET
from ringfence.model.addresses import EVERYWHERE, NO_ADDRESS
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import EPHEMERAL, Endpoint, Link, Location, Network, PortMap, Rewrite, Source
from ringfence.model.rules import Chain
from ringfence.model.selectors import AllOf, Comparison, Label, Not, Selector
from ringfence.model.spans import Span

WAYPOINTS = "{waypoints}"
"""The workload of what is dialled at waypoints; a placeholder."""

DIALLED, PLACE, LEAVING = "services behind waypoints", "waypoints", "leaving waypoints"
"""Where dialled Services stand (no link leads there), where all waypoints take connections, and where theirs begin."""


@dataclass(frozen=True, slots=True)
class Onward:
    """A way from what is dialled at a waypoint to a pod behind it, from one of its ports to one of the pod's.

    `dialled` and `origin` are of one instance; `transport` is what the pod takes, `mtls` or `tcp`. `ports` None: from
    every port to the same. `doubt` says why nobody knows whether it is taken.
    """

    title: str
    dialled: Endpoint
    origin: Endpoint
    pod: Endpoint
    ports: tuple[int, int] | None
    transport: str
    span: Span
    doubt: str = ""


@dataclass(frozen=True)
class Waypoints:
    """The waypoints of a cluster: what they add to its network, and how to dial a Service or pod through one.

    `at_pods` are the chains at every pod, which hold for a waypoint's pods, too; `own` stand at waypoints alone.
    """

    endpoints: tuple[Endpoint, ...] = ()
    onward: tuple[Onward, ...] = ()
    at_pods: tuple[Chain, ...] = ()
    own: tuple[Chain, ...] = ()

    def joined(self, network: Network) -> Network:
        """The network with these waypoints in it. Where a link leads to their pods or from them, one of theirs does."""
        if not self.endpoints:
            return network
        homes = tuple(dict.fromkeys(_home(one) for one in self.endpoints))
        found = (Location(DIALLED, kind="waypoint"), *(place for home in homes for place in self._places(home)))
        places = {**network.locations, **{one.id: one for one in found}}
        links = (*network.links, *(link for home in homes for link in _around(home, network.links)), *self._links())
        return replace(network, endpoints=(*network.endpoints, *self.endpoints), locations=places, links=links)

    def split(self, parts: Callable[[Endpoint], Iterable[Endpoint]]) -> Waypoints:
        """The same where each pod has several endpoints: `parts` says which, for one that stands where pods do."""
        known: dict[str, tuple[Endpoint, ...]] = {}

        def of(one: Endpoint) -> tuple[Endpoint, ...]:
            if one.id not in known:
                found = parts(replace(one, location=_home(one)) if FACET in one.facets else one)
                known[one.id] = tuple(_at(part, one) for part in found)
            return known[one.id]

        onward = tuple(
            replace(way, dialled=dialled, origin=origin, pod=pod)
            for way in self.onward
            for dialled, origin, pod in product(of(way.dialled), of(way.origin), of(way.pod))
            if _home(dialled) == _home(origin)
        )
        return replace(self, endpoints=tuple(part for one in self.endpoints for part in of(one)), onward=onward)

    def changed(self, change: Callable[[Chain], Chain]) -> Waypoints:
        """The same with each chain that is a waypoint's own changed."""
        return replace(self, own=tuple(map(change, self.own)))

    def dialled(self, service: str) -> tuple[Endpoint, ...]:
        """A Service (`namespace/name`) as ambient clients dial it; empty where no waypoint stands before it."""
        return tuple(one for one in self.endpoints if one.facets[FACET].get("service") == service)

    def of_pods(self, pods: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
        """These pods as ambient clients dial them by address, as far as waypoints stand before them."""
        return tuple(dialled for one in pods for dialled in self._by_pod.get(one.id, ()))

    @cached_property
    def _by_pod(self) -> dict[str, tuple[Endpoint, ...]]:
        found: dict[str, dict[str, Endpoint]] = {}
        for way in self.onward:
            if way.ports is None:
                found.setdefault(way.pod.id, {})[way.dialled.id] = way.dialled
        return {pod: tuple(dialled.values()) for pod, dialled in found.items()}

    def _places(self, home: str) -> Iterator[Location]:
        yield Location(beside(PLACE, home), (*self.at_pods, *self.own), transit=True, kind="waypoint")
        yield Location(beside(LEAVING, home), self.at_pods, transit=True, kind="waypoint")

    def _links(self) -> Iterator[Link]:
        for way in self.onward:
            source = Source(way.origin.addresses, way.origin.id, way.origin.identity, EPHEMERAL)
            ways = () if way.ports is None else (PortMap("mtls", IntervalSet.of(way.ports[0]), way.ports[1]),)
            change = Rewrite(source, way.pod.id, ways, way.transport)
            home = _home(way.dialled)
            place, leaving = beside(PLACE, home), beside(LEAVING, home)
            perhaps = Bounds(NO_ADDRESS, EVERYWHERE, way.doubt) if way.doubt else None
            here = _itself(way.dialled)
            yield Link(way.title, place, leaving, perhaps, here, ALL_MTLS, rewrite=change, span=way.span)


NO_WAYPOINTS = Waypoints()


def _home(one: Endpoint) -> str:
    """Where the pods of an endpoint stand: the location of a waypoint's own pod, or that of the pod itself."""
    return one.facets[FACET].get("home", one.location) if FACET in one.facets else one.location


def _at(part: Endpoint, one: Endpoint) -> Endpoint:
    """A part of an endpoint, which stands where pods do, at the place of its own."""
    if FACET not in one.facets or "home" not in one.facets[FACET]:
        return part
    asked = {**one.facets[FACET], "home": part.location}
    place = DIALLED if one.location == DIALLED else beside(LEAVING, part.location)
    return replace(part, location=place, facets={**part.facets, FACET: asked})


def beside(place: str, home: str) -> str:
    """The name of a place of the waypoints whose pods stand there (`pods`, `pods in SUBNET`)."""
    _, space, where = home.partition(" ")
    return f"{place}{space}{where}"


def _said(key: str, value: str) -> Label:
    return Label(FACET, key, Comparison.IN, frozenset((value,)))


def _itself(dialled: Endpoint) -> Selector:
    """What selects one dialled endpoint."""
    return AllOf(tuple(_said(key, value) for key, value in dialled.facets[FACET].items()))


def _around(home: str, links: Iterable[Link]) -> Iterator[Link]:
    """The ways to waypoints, of replies back to their clients, from them to pods, and of replies back to them.

    They are those of the pods that stand there.
    """
    here = _said("home", home)
    dialled, origin = (AllOf((here, Label(FACET, key, Comparison.PRESENT))) for key in ("instance", "origin"))
    place, leaving = beside(PLACE, home), beside(LEAVING, home)
    for link in links:
        if link.target == home:
            kept = ALL_MTLS if link.headers is None else link.headers & ALL_MTLS
            towards = AllOf((link.towards, dialled))
            yield replace(link, id="to a waypoint", target=place, towards=towards, headers=kept)
            yield replace(link, id="back to a waypoint", target=leaving, towards=AllOf((link.towards, origin)))
        if link.source == home:
            yield replace(link, id="back from a waypoint", source=place, towards=AllOf((link.towards, Not(dialled))))
            yield replace(link, id="from a waypoint", source=leaving)
