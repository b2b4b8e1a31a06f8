"""Which waypoints stand before which Services and pods, and where each leads.

    a Service   to any pod of the Service on its target port: by mutual TLS where the pod takes HBONE, else in plaintext
    a pod       to the pod, on the same port, always by mutual TLS. Whether one that takes no HBONE is reached is not
                known

A waypoint's pods are those that have its name as their label; where no file holds them, they are what istiod makes
(`istio_gateways`), or, where that is not known either, something with any labels and any account.

Sources: those of `layers.istio_waypoint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ringfence.layers import istio_waypoint
from ringfence.layers.istio_waypoint import FACET, GATEWAY_NAME, SERVICE, Waypoint
from ringfence.layers.istio_waypoint_authorization import AtWaypoints
from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.mesh_facets import MESH, PLANE, WAYPOINT
from ringfence.layers.network_policy import PortNumbers
from ringfence.layers.ztunnel_offer import TAKES_HBONE
from ringfence.model.addresses import ALL_IPV4, V6
from ringfence.model.networks import Endpoint
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Chain
from ringfence.resources.kubernetes import KubernetesObjects, Service
from ringfence.topology.mesh.waypoints import DIALLED, LEAVING, NO_WAYPOINTS, WAYPOINTS, Onward, Waypoints, beside
from ringfence.topology.services import Target, targets

UNKNOWN = frozenset((POD,))
"""What is not known of a waypoint whose pods nobody knows."""

OUTSIDE_THE_MESH = "whether a waypoint reaches a pod that takes no HBONE, when its address is dialled, is not known"


@dataclass(frozen=True, slots=True)
class _Instance:
    """One endpoint of a waypoint's pods, and what its mutual TLS proves."""

    waypoint: Waypoint
    endpoint: Endpoint


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
        one, id=f"{one.id} as a waypoint", location=beside(LEAVING, one.location), facets={**one.facets, FACET: asked}
    )


def _dialled(instance: _Instance, what: str, asked: Mapping[str, Mapping[str, str]]) -> Endpoint:
    one = instance.endpoint
    facets = {**one.facets, **asked, FACET: {**asked[FACET], "instance": one.id, "home": one.location}}
    return replace(one, id=f"{what} by {one.id}", location=DIALLED, facets=facets, workload=WAYPOINTS)


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
