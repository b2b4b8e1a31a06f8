"""Services that a waypoint stands before, as ambient clients dial them.

    client --> fabric --policies--> waypoints --rewrite--> leaving waypoints --policies--> fabric --> pod

What is dialled is an endpoint of its own, one for each Service and instance of its waypoint: it has the instance's
address and labels (a NetworkPolicy sees the tunnel to the instance) and the facet `waypoint`, by which policies with
`targetRefs` find it. The waypoint takes mutual TLS alone. What leaves it comes from the instance, with its identity and
address, and goes to any pod of the Service on its target port, by mutual TLS where the pod takes HBONE. So that replies
find the way back through it, the origin is an endpoint too, which nobody dials.

Only clients whose data plane is ambient dial these endpoints; all others go past waypoints, to the pods. Both kinds of
endpoint are owned by `WAYPOINTS`, which is nobody's workload.

Where no file holds an instance, one is assumed, with the labels and the service account that istiod gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ringfence.layers import istio_waypoint
from ringfence.layers.istio_waypoint import FACET, GATEWAY_NAME, MANAGED, MANAGED_BY, SERVICE, Waypoint
from ringfence.layers.istio_waypoint_authorization import AtWaypoints
from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.mesh_facets import MESH, PLANE, WAYPOINT
from ringfence.layers.network_policy import PortNumbers
from ringfence.layers.ztunnel_offer import TAKES_HBONE
from ringfence.model.addresses import ALL_IPV4, V6
from ringfence.model.headers import ALL_MTLS
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import EPHEMERAL, Endpoint, Link, Location, Network, PortMap, Rewrite, Source
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Chain
from ringfence.model.selectors import AllOf, Comparison, Label, Not
from ringfence.resources.kubernetes import KubernetesObjects, Service
from ringfence.topology.services import Target, targets

WAYPOINTS = "{waypoints}"
"""The workload of all endpoints that stand for waypoints; a placeholder."""

DIALLED, PLACE, LEAVING = "services behind waypoints", "waypoints", "leaving waypoints"
"""Where dialled Services stand (no link leads there), where all waypoints take connections, and where theirs begin."""


@dataclass(frozen=True)
class Waypoints:
    """The waypoints of a cluster: what they add to its network, and how to dial a Service through one.

    `unplaced` are the Services behind waypoints that stand nowhere in the network.
    """

    endpoints: tuple[Endpoint, ...] = ()
    locations: tuple[Location, ...] = ()
    links: tuple[Link, ...] = ()
    unplaced: frozenset[str] = frozenset()

    def joined(self, network: Network) -> Network:
        """The network with these waypoints in it."""
        places = {**network.locations, **{one.id: one for one in self.locations}}
        endpoints, links = (*network.endpoints, *self.endpoints), (*network.links, *self.links)
        return replace(network, endpoints=endpoints, locations=places, links=links)

    def beside_a_cloud(self) -> Waypoints:
        """The same where the cluster's places are the cloud's: which of them a waypoint stands in is not modelled."""
        return Waypoints(unplaced=frozenset(one.facets[FACET].get("service", "") for one in self.endpoints) - {""})

    def changed(self, change: Callable[[Chain], Chain], at_pods: tuple[Chain, ...]) -> Waypoints:
        """The same with each chain that is a waypoint's own changed; those at every pod stand before them."""
        kept = len(at_pods)
        found = ((one, (*one.chains[:kept], *map(change, one.chains[kept:]))) for one in self.locations)
        return replace(self, locations=tuple(replace(one, chains=chains) for one, chains in found))

    def dialled(self, service: str) -> tuple[Endpoint, ...]:
        """A Service (`namespace/name`) as ambient clients dial it; empty where no waypoint stands before it."""
        return tuple(one for one in self.endpoints if one.facets[FACET].get("service") == service)


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
    fabric: str,
) -> Waypoints:
    """The waypoints that stand before Services.

    `people` are the cluster's endpoints, `at_pods` the chains at every pod: they hold for a waypoint's pods, too.
    """
    people = tuple(people)
    dialled = served(objects)
    at_waypoints = policies.chains(dialled)
    behind: dict[Waypoint, list[Service]] = {}
    for service, waypoint in dialled:
        behind.setdefault(waypoint, []).append(service)
    labels = {one.metadata.name: one.metadata.labels for one in objects.namespaces}
    trust_domain = policies.settings.trust_domains[0]
    if not behind:
        return Waypoints()
    endpoints: list[Endpoint] = []
    links = list(_around(fabric))
    for waypoint, services in behind.items():
        for instance in _instances(waypoint, objects, people, labels.get(waypoint.namespace, {}), trust_domain):
            origin = _origin(instance)
            endpoints.append(origin)
            for service in services:
                endpoints.append(_dialled(instance, service, policies))
                links += _onward(instance, origin, service, objects, people, numbers)
    locations = (
        Location(DIALLED, kind="waypoint"),
        Location(PLACE, (*at_pods, *at_waypoints), transit=True, kind="waypoint"),
        Location(LEAVING, at_pods, transit=True, kind="waypoint"),
    )
    return Waypoints(tuple(endpoints), locations, tuple(links))


def _instances(
    waypoint: Waypoint,
    objects: KubernetesObjects,
    people: tuple[Endpoint, ...],
    namespace_labels: Mapping[str, str],
    trust_domain: str,
) -> Iterator[_Instance]:
    """The endpoints of a waypoint's pods; where there is none, one that istiod would make."""
    accounts = {
        template.service_account_name
        for namespace, template in objects.pod_templates()
        if namespace == waypoint.namespace and template.labels.get(GATEWAY_NAME) == waypoint.name
    } or {waypoint.name}
    proven = UNKNOWN_IDENTITY
    if len(accounts) == 1:
        proven = f"spiffe://{trust_domain}/ns/{waypoint.namespace}/sa/{accounts.pop()}"
    running = [
        one
        for one in people
        if one.namespace == waypoint.namespace and one.facets.get(POD, {}).get(GATEWAY_NAME) == waypoint.name
    ]
    if not running:
        facets = {POD: {GATEWAY_NAME: waypoint.name, MANAGED: MANAGED_BY[0]}, NAMESPACE: namespace_labels}
        name = f"{waypoint.title}[Gateway]"
        running = [Endpoint(name, "", ALL_IPV4, namespace=waypoint.namespace, facets=facets, span=waypoint.span)]
    for one in running:
        facets = {**one.facets, MESH: {PLANE: WAYPOINT}}
        identity = proven if one.identity in (NO_IDENTITY, UNKNOWN_IDENTITY) else one.identity
        unknown = one.unknown_facets - {MESH}
        yield _Instance(
            waypoint,
            replace(one, facets=facets, unknown_facets=unknown, identity=identity, workload=WAYPOINTS, single=False),
        )


def _origin(instance: _Instance) -> Endpoint:
    """Whom the connections that leave a waypoint come from."""
    one = instance.endpoint
    facets = {**one.facets, FACET: {"origin": one.id}}
    return replace(one, id=f"{one.id} as a waypoint", location=LEAVING, facets=facets)


def _dialled(instance: _Instance, service: Service, policies: AtWaypoints) -> Endpoint:
    one, name = instance.endpoint, service.metadata.qualified_name
    asked = policies.facets(service, instance.waypoint)
    facets = {**one.facets, **asked, FACET: {**asked[FACET], "instance": one.id}}
    return replace(one, id=f"Service {name} by {one.id}", location=DIALLED, facets=facets)


def _around(fabric: str) -> Iterator[Link]:
    """The ways to waypoints, of replies back to their clients, from them to pods, and of replies back to them."""
    dialled, origin = (Label(FACET, key, Comparison.PRESENT) for key in ("instance", "origin"))
    yield Link("to a waypoint", fabric, PLACE, None, dialled, ALL_MTLS, enters=True)
    yield Link("back from a waypoint", PLACE, fabric, None, Not(dialled), exits=True)
    yield Link("from a waypoint", LEAVING, fabric, exits=True)
    yield Link("back to a waypoint", fabric, LEAVING, None, origin, enters=True)


def _onward(
    instance: _Instance,
    origin: Endpoint,
    service: Service,
    objects: KubernetesObjects,
    people: tuple[Endpoint, ...],
    numbers: PortNumbers,
) -> Iterator[Link]:
    """The links from the waypoint to each pod of a Service, by port."""
    source = Source(origin.addresses, origin.id, origin.identity, EPHEMERAL)
    asked = (("service", service.metadata.qualified_name), ("instance", instance.endpoint.id))
    wanted = AllOf(tuple(Label(FACET, key, Comparison.IN, frozenset((value,))) for key, value in asked))
    for port in service.ports:
        if port.protocol != "TCP":
            continue
        for target in targets(service, port, objects, numbers):
            for pod in _behind(target, people):
                if (pod.addresses.first() < V6) != (origin.addresses.first() < V6):
                    continue
                ways = PortMap("mtls", IntervalSet.of(port.port), target.port)
                for transport in _transports(pod):
                    change = Rewrite(source, pod.id, (ways,), transport)
                    title = f"Service {service.metadata.qualified_name} by waypoint {instance.waypoint.title}"
                    yield Link(title, PLACE, LEAVING, None, wanted, rewrite=change, span=port.span)


def _behind(target: Target, people: tuple[Endpoint, ...]) -> Iterator[Endpoint]:
    place = target.namespace
    return (one for one in people if (place is None or one.namespace == place) and target.holds(one))


def _transports(pod: Endpoint) -> tuple[str, ...]:
    """What a waypoint sends to a pod; both where it is not known what the pod takes."""
    takes = TAKES_HBONE.matches(pod)
    return ("mtls", "tcp") if takes is None else ("mtls",) if takes else ("tcp",)
