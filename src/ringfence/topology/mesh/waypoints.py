"""Services and pods that a waypoint stands before, as ambient clients dial them.

    client --> fabric --policies--> waypoints --rewrite--> leaving waypoints --policies--> fabric --> pod

What is dialled is an endpoint of its own, one for each Service or pod and instance of its waypoint: it has the
instance's address and labels (a NetworkPolicy sees the tunnel to the instance) and the facet `waypoint`, by which
policies with `targetRefs` find it. A waypoint takes mutual TLS alone. What leaves it comes from the instance, with its
identity and address, and goes to any pod of the Service on its target port, by mutual TLS where the pod takes HBONE; to
a pod that was dialled itself on the same port. So that replies find the way back through it, the origin is an endpoint
too, one more of the instance's workload.

Only clients whose data plane is ambient dial what stands behind a waypoint; all others go past it, to the pods. What is
dialled is owned by `WAYPOINTS`, which is nobody's workload.

A waypoint has its places where its pods have theirs, with the same links, so that beside a cloud its packets cross the
groups of its node and the edges of its subnet. Where no file holds its pods, they are what istiod makes
(`istio_gateways`), or, where that is not known either, something with any labels and any account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from ringfence.layers import istio_waypoint
from ringfence.layers.istio_waypoint import FACET, GATEWAY_NAME, SERVICE, Waypoint
from ringfence.layers.istio_waypoint_authorization import AtWaypoints
from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.mesh_facets import MESH, PLANE, WAYPOINT
from ringfence.layers.network_policy import PortNumbers
from ringfence.layers.ztunnel_offer import TAKES_HBONE
from ringfence.model.addresses import ALL_IPV4, EVERYWHERE, NO_ADDRESS, V6
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import EPHEMERAL, Endpoint, Link, Location, Network, PortMap, Rewrite, Source
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Chain
from ringfence.model.selectors import AllOf, Comparison, Label, Not, Selector
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import KubernetesObjects, Service
from ringfence.topology.services import Target, targets

WAYPOINTS = "{waypoints}"
"""The workload of what is dialled at waypoints; a placeholder."""

UNKNOWN = frozenset((POD,))
"""What is not known of a waypoint whose pods nobody knows."""

DIALLED, PLACE, LEAVING = "services behind waypoints", "waypoints", "leaving waypoints"
"""Where dialled Services stand (no link leads there), where all waypoints take connections, and where theirs begin."""


OUTSIDE_THE_MESH = "whether a waypoint reaches a pod that takes no HBONE, when its address is dialled, is not known"


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
        yield Location(_beside(PLACE, home), (*self.at_pods, *self.own), transit=True, kind="waypoint")
        yield Location(_beside(LEAVING, home), self.at_pods, transit=True, kind="waypoint")

    def _links(self) -> Iterator[Link]:
        for way in self.onward:
            source = Source(way.origin.addresses, way.origin.id, way.origin.identity, EPHEMERAL)
            ways = () if way.ports is None else (PortMap("mtls", IntervalSet.of(way.ports[0]), way.ports[1]),)
            change = Rewrite(source, way.pod.id, ways, way.transport)
            home = _home(way.dialled)
            place, leaving = _beside(PLACE, home), _beside(LEAVING, home)
            perhaps = Bounds(NO_ADDRESS, EVERYWHERE, way.doubt) if way.doubt else None
            here = _itself(way.dialled)
            yield Link(way.title, place, leaving, perhaps, here, ALL_MTLS, rewrite=change, span=way.span)


@dataclass(frozen=True, slots=True)
class _Instance:
    """One endpoint of a waypoint's pods, and what its mutual TLS proves."""

    waypoint: Waypoint
    endpoint: Endpoint


NO_WAYPOINTS = Waypoints()


def served(objects: KubernetesObjects) -> tuple[tuple[Service, Waypoint], ...]:
    """The Services that a waypoint stands before."""
    found = istio_waypoint.waypoints(objects.gateways, objects.gateway_classes)
    labels = {one.metadata.name: one.metadata.labels for one in objects.namespaces}
    behind = (
        (one, istio_waypoint.before(found, SERVICE, place, one.metadata.labels, labels.get(place, {})))
        for one in objects.services
        for place in (one.metadata.namespace,)
        if one.type != "ExternalName" and not one.headless
    )
    return tuple((service, waypoint) for service, waypoint in behind if waypoint is not None)


def build(
    objects: KubernetesObjects,
    people: Iterable[Endpoint],
    numbers: PortNumbers,
    policies: AtWaypoints,
    at_pods: tuple[Chain, ...],
    home: str,
) -> Waypoints:
    """The waypoints of a cluster. `people` are its endpoints, `home` is where its pods stand."""
    people = tuple(people)
    dialled = served(objects)
    services: dict[Waypoint, list[Service]] = {}
    for service, waypoint in dialled:
        services.setdefault(waypoint, []).append(service)
    pods = _pods_behind(objects, people)
    labels = {one.metadata.name: one.metadata.labels for one in objects.namespaces}
    trust_domain = policies.settings.trust_domains[0]
    endpoints: list[Endpoint] = []
    onward: list[Onward] = []
    for waypoint in dict.fromkeys((*services, *pods)):
        labels_there = labels.get(waypoint.namespace, {})
        for instance in _instances(waypoint, objects, people, labels_there, trust_domain, home):
            origin = _origin(instance)
            endpoints.append(origin)
            for service in services.get(waypoint, ()):
                asked = _dialled(
                    instance, f"Service {service.metadata.qualified_name}", policies.facets(service, waypoint)
                )
                endpoints.append(asked)
                onward += _onward(waypoint, asked, origin, service, objects, people, numbers)
            for pod in pods.get(waypoint, ()):
                if not _one_family(pod, origin):
                    continue
                facets = policies.facets_of_pods(waypoint)
                asked = _dialled(
                    instance, f"the address of {pod.id}", {**facets, FACET: {**facets[FACET], "pod": pod.id}}
                )
                endpoints.append(asked)
                onward += _onward_to(pod, waypoint, asked, origin)
    return (
        Waypoints(tuple(endpoints), tuple(onward), at_pods, policies.chains(dialled, pods))
        if endpoints
        else NO_WAYPOINTS
    )


def _pods_behind(objects: KubernetesObjects, people: Iterable[Endpoint]) -> dict[Waypoint, list[Endpoint]]:
    """The pods that stand behind waypoints for workloads."""
    known = istio_waypoint.waypoints(objects.gateways, objects.gateway_classes)
    found: dict[Waypoint, list[Endpoint]] = {}
    for one in people:
        waypoint = known.get(one.facets.get(FACET, {}).get("workload", ""))
        if waypoint is not None:
            found.setdefault(waypoint, []).append(one)
    return found


def _instances(
    waypoint: Waypoint,
    objects: KubernetesObjects,
    people: tuple[Endpoint, ...],
    namespace_labels: Mapping[str, str],
    trust_domain: str,
    home: str,
) -> Iterator[_Instance]:
    """The endpoints of a waypoint's pods; where nobody knows them, one that may have any labels and account."""
    accounts = {
        template.service_account_name
        for namespace, template in objects.pod_templates()
        if namespace == waypoint.namespace and template.labels.get(GATEWAY_NAME) == waypoint.name
    }
    proven = UNKNOWN_IDENTITY
    if len(accounts) == 1:
        proven = f"spiffe://{trust_domain}/ns/{waypoint.namespace}/sa/{accounts.pop()}"
    running = [
        one
        for one in people
        if one.namespace == waypoint.namespace and one.facets.get(POD, {}).get(GATEWAY_NAME) == waypoint.name
    ]
    if not running:
        nobody = Endpoint(
            f"{waypoint.title}[Gateway]",
            home,
            ALL_IPV4,
            workload=f"{waypoint.title}[Gateway]",
            namespace=waypoint.namespace,
            facets={NAMESPACE: namespace_labels},
            unknown_facets=UNKNOWN,
            span=waypoint.span,
        )
        running = [nobody]
    for one in running:
        facets = {**one.facets, MESH: {PLANE: WAYPOINT}}
        identity = proven if one.identity in (NO_IDENTITY, UNKNOWN_IDENTITY) else one.identity
        unknown = one.unknown_facets - {MESH}
        own = replace(one, facets=facets, unknown_facets=unknown, identity=identity, single=False)
        yield _Instance(waypoint, own)


def _origin(instance: _Instance) -> Endpoint:
    """Whom the connections that leave a waypoint come from."""
    one = instance.endpoint
    asked = {"origin": one.id, "home": one.location}
    return replace(
        one, id=f"{one.id} as a waypoint", location=_beside(LEAVING, one.location), facets={**one.facets, FACET: asked}
    )


def _dialled(instance: _Instance, what: str, asked: Mapping[str, Mapping[str, str]]) -> Endpoint:
    one = instance.endpoint
    facets = {**one.facets, **asked, FACET: {**asked[FACET], "instance": one.id, "home": one.location}}
    return replace(one, id=f"{what} by {one.id}", location=DIALLED, facets=facets, workload=WAYPOINTS)


def _home(one: Endpoint) -> str:
    """Where the pods of an endpoint stand: the location of a waypoint's own pod, or that of the pod itself."""
    return one.facets[FACET].get("home", one.location) if FACET in one.facets else one.location


def _at(part: Endpoint, one: Endpoint) -> Endpoint:
    """A part of an endpoint, which stands where pods do, at the place of its own."""
    if FACET not in one.facets or "home" not in one.facets[FACET]:
        return part
    asked = {**one.facets[FACET], "home": part.location}
    place = DIALLED if one.location == DIALLED else _beside(LEAVING, part.location)
    return replace(part, location=place, facets={**part.facets, FACET: asked})


def _beside(place: str, home: str) -> str:
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
    place, leaving = _beside(PLACE, home), _beside(LEAVING, home)
    for link in links:
        if link.target == home:
            kept = ALL_MTLS if link.headers is None else link.headers & ALL_MTLS
            towards = AllOf((link.towards, dialled))
            yield replace(link, id="to a waypoint", target=place, towards=towards, headers=kept)
            yield replace(link, id="back to a waypoint", target=leaving, towards=AllOf((link.towards, origin)))
        if link.source == home:
            yield replace(link, id="back from a waypoint", source=place, towards=AllOf((link.towards, Not(dialled))))
            yield replace(link, id="from a waypoint", source=leaving)


def _onward(
    waypoint: Waypoint,
    dialled: Endpoint,
    origin: Endpoint,
    service: Service,
    objects: KubernetesObjects,
    people: tuple[Endpoint, ...],
    numbers: PortNumbers,
) -> Iterator[Onward]:
    """The ways from the waypoint to each pod of a Service, by port."""
    title = f"Service {service.metadata.qualified_name} by waypoint {waypoint.title}"
    for port in service.ports:
        if port.protocol != "TCP":
            continue
        for target in targets(service, port, objects, numbers):
            for pod in _behind(target, people):
                if not _one_family(pod, origin):
                    continue
                for transport in _transports(pod):
                    yield Onward(title, dialled, origin, pod, (port.port, target.port), transport, port.span)


def _onward_to(pod: Endpoint, waypoint: Waypoint, dialled: Endpoint, origin: Endpoint) -> Iterator[Onward]:
    """The ways from the waypoint to a pod that was dialled by its address."""
    title = f"{pod.title} by waypoint {waypoint.title}"
    if TAKES_HBONE.matches(pod):
        yield Onward(title, dialled, origin, pod, None, "mtls", waypoint.span)
        return
    for transport in ("mtls", "tcp"):
        yield Onward(title, dialled, origin, pod, None, transport, waypoint.span, OUTSIDE_THE_MESH)


def _one_family(one: Endpoint, other: Endpoint) -> bool:
    return (one.addresses.first() < V6) == (other.addresses.first() < V6)


def _behind(target: Target, people: tuple[Endpoint, ...]) -> Iterator[Endpoint]:
    place = target.namespace
    return (one for one in people if (place is None or one.namespace == place) and target.holds(one))


def _transports(pod: Endpoint) -> tuple[str, ...]:
    """What a waypoint sends to a pod; both where it is not known what the pod takes."""
    takes = TAKES_HBONE.matches(pod)
    return ("mtls", "tcp") if takes is None else ("mtls",) if takes else ("tcp",)
