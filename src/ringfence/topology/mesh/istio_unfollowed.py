"""What Istio does and is not followed here, as what leaves verdicts open (`layers.unmodelled`).

    gateways      that reach a Service through its waypoint: the label `istio.io/ingress-use-waypoint` of the Service,
                  else of its namespace, is `true` in any letters, and a waypoint stands before the Service
    captured      gateways whose pods ztunnel redirects, too: those of ambient namespaces that no injector marked
                  (`sidecar.istio.io/status`) and that are not labelled `istio.io/dataplane-mode: none`
    waypoints     that are named and not known (in no file, refused, of another controller), and those that a namespace
                  may name whose labels nobody knows

Everything between those pods and whoever would take the other way is open, packet filters included: a waypoint that
stands in between is another client to them. A direct way may be shut where the one through a waypoint is open.

Sources: istiod `pilot/pkg/xds/endpoints/endpoint_builder.go` (`findServiceWaypoint`; on unless
`ENABLE_INGRESS_WAYPOINT_ROUTING` is false), `pilot/pkg/serviceregistry/ambient/services.go`; istio
`cni/pkg/util/podutil.go` (`PodRedirectionEnabled`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ringfence.layers import istio_waypoint
from ringfence.layers.istio_facets import GATEWAY_KIND, KIND, PROXY
from ringfence.layers.istio_waypoint import NOT_USED, USE, USE_NAMESPACE, Waypoint
from ringfence.layers.kubernetes_selectors import POD, pods
from ringfence.layers.mesh_facets import AMBIENT, SIDECAR, of_planes
from ringfence.layers.network_policy import PortNumbers
from ringfence.layers.own_node import HOST
from ringfence.layers.unmodelled import Unmodelled
from ringfence.model.headers import ALL_TCP, HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import Direction, Purpose
from ringfence.model.selectors import Addressed, AllOf, AnyOf, Comparison, Has, InNamespace, Label, Selector
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import KubernetesObjects, LabelSelector, Service
from ringfence.topology.mesh import istio_membership
from ringfence.topology.mesh.waypoint_ways import served
from ringfence.topology.services import Target, selected, targets

INGRESS_USES, TRUE = "istio.io/ingress-use-waypoint", "true"

THROUGH = "gateways go to Service {name} through its waypoint ({label}), and that way is not followed"
CAPTURED = "ztunnel may capture the pods of gateway {name} as well, and what becomes of their traffic is not known"
UNDECLARED = "which waypoint stands before namespace {name} is not known: no file tells its labels"
NO_WAYPOINT = "{title} uses the waypoint {waypoint}, of which the files do not say what it is"

EVERY_PURPOSE = frozenset(Purpose)

GATEWAYS = AnyOf(
    (
        Label(PROXY, KIND, Comparison.IN, frozenset((GATEWAY_KIND,))),
        AllOf((of_planes(SIDECAR), Label(PROXY, KIND, Comparison.ABSENT))),
    )
)
"""Istio's gateways; open for a controller that no file holds, which may be one."""

CAPTURED_CLIENTS = of_planes(AMBIENT)
"""Whose connections ztunnel brings to waypoints."""


def unfollowed(objects: KubernetesObjects, numbers: PortNumbers) -> Iterator[Unmodelled]:
    """All of it, objects in the order of reading."""
    yield from _by_waypoints(objects, numbers)
    if istio_membership.ambient_in_use(objects):
        yield from _captured(objects)
        yield from _unknown_waypoints(objects)


def between(
    title: str, because: str, servers: Selector, clients: Selector, span: Span, headers: HeaderSet = ALL_TCP
) -> Iterator[Unmodelled]:
    """Leaves open what these clients send these servers, whatever decides about it."""
    for subjects, peers, direction in ((servers, clients, Direction.INGRESS), (clients, servers, Direction.EGRESS)):
        yield Unmodelled(title, because, subjects, span, True, EVERY_PURPOSE, peers, direction, headers)


def _by_waypoints(objects: KubernetesObjects, numbers: PortNumbers) -> Iterator[Unmodelled]:
    labels = {one.metadata.name: one.metadata.labels for one in objects.namespaces}
    for service, _ in served(objects):
        if not _ingress_uses(service.metadata.labels, labels.get(service.metadata.namespace, {})):
            continue
        found = [
            one for port in service.ports if port.protocol == "TCP" for one in targets(service, port, objects, numbers)
        ]
        name = service.metadata.qualified_name
        because = THROUGH.format(name=name, label=INGRESS_USES)
        reached = ports("tcp", IntervalSet.of(*(one.port for one in found)))
        behind = AnyOf(tuple(map(_members, found)))
        yield from between(f"Service {name}", because, behind, GATEWAYS, service.span, reached)


def _ingress_uses(*holders: Mapping[str, str]) -> bool:
    """Whether the first that has the label says so."""
    return next((one[INGRESS_USES] for one in holders if INGRESS_USES in one), "").lower() == TRUE


def _members(target: Target) -> Selector:
    return target.selector if target.addresses is None else AllOf((target.selector, Addressed(target.addresses)))


def _captured(objects: KubernetesObjects) -> Iterator[Unmodelled]:
    declared = {one.metadata.name: one for one in objects.namespaces if one.declared}
    for workload in objects.workloads:
        place = workload.metadata.namespace
        for template in workload.every_template:
            if istio_membership.gateway_in_ambient(template, place, declared.get(place)):
                because = CAPTURED.format(name=workload.title)
                its = pods(place, LabelSelector(tuple(sorted(template.labels.items()))))
                everybody = AnyOf((Has(POD), Has(HOST)))
                for subjects, peers in ((its, None), (everybody, its)):
                    yield Unmodelled(
                        workload.title, because, subjects, template.span, True, EVERY_PURPOSE, peers, headers=ALL_TCP
                    )


def _unknown_waypoints(objects: KubernetesObjects) -> Iterator[Unmodelled]:
    gone = {one.name for one in objects.refused if one.kind == "GatewayClass"}
    found = istio_waypoint.waypoints(objects.gateways, objects.gateway_classes)
    known = {title: one for title, one in found.items() if one.class_name not in gone}
    clients = AnyOf((CAPTURED_CLIENTS, GATEWAYS))
    for one in objects.namespaces:
        name = one.metadata.name
        if not one.declared and any(_may_take(waypoint, name) for waypoint in known.values()):
            span = next(waypoint.span for waypoint in known.values() if _may_take(waypoint, name))
            because = UNDECLARED.format(name=name)
            yield from between(f"Namespace {name}", because, _of_namespace(name), clients, span)
    for title, place, labels, members, span in _holders(objects):
        used = f"{labels.get(USE_NAMESPACE, place)}/{labels[USE]}"
        if labels[USE] != NOT_USED and used not in known:
            because = NO_WAYPOINT.format(title=title, waypoint=used)
            whose = clients if title.startswith(("Namespace", "Service")) else CAPTURED_CLIENTS
            yield from between(title, because, members, whose, span)


def _may_take(waypoint: Waypoint, namespace: str) -> bool:
    """Whether a waypoint may take in a namespace whose labels nobody knows."""
    return waypoint.routes_from in ("All", "Selector") or waypoint.namespace == namespace


Holder = tuple[str, str, Mapping[str, str], Selector, Span]


def _holders(objects: KubernetesObjects) -> Iterator[Holder]:
    """What names a waypoint: its title, namespace and labels, and the pods that it speaks of."""
    everything: Iterable[Holder] = (
        *(
            (f"Namespace {name}", name, one.metadata.labels, _of_namespace(name), one.span)
            for one in objects.namespaces
            for name in (one.metadata.name,)
        ),
        *(_of_service(one) for one in objects.services if one.type != "ExternalName" and not one.headless),
        *(
            (workload.title, place, template.labels, pods(place, LabelSelector(tuple(template.labels.items()))), span)
            for workload in objects.workloads
            for place in (workload.metadata.namespace,)
            for template in workload.every_template
            for span in (template.span,)
        ),
    )
    return (one for one in everything if USE in one[2])


def _of_service(one: Service) -> Holder:
    metadata = one.metadata
    return f"Service {metadata.qualified_name}", metadata.namespace, metadata.labels, selected(one), one.span


def _of_namespace(name: str) -> Selector:
    return AllOf((Has(POD), InNamespace(name)))
