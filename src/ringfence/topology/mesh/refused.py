"""What was refused or cannot be read and would have had a say in a mesh, beside its policies.

    Service          which ports clients know and how they are sent; how ports are read; a gateway's own ports; a
                     waypoint that may stand before it
    Endpoints,       which addresses clients know by a Service without selector
    EndpointSlice
    WorkloadEntry,   a machine of the mesh at some address outside: whoever comes from there may prove an identity, and
    WorkloadGroup    come by mutual TLS
    ConfigMap        a control plane's: trust domain, defaults, root namespace

What is of the mesh and beyond this cluster's files (`beyond`) comes with it. Policies are in `layers.unmodelled`, ways
in are in `topology.entries`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.layers import istio_mesh_config, linkerd_values
from ringfence.layers.istio_facets import GATEWAY_KIND, KIND, PROXY
from ringfence.layers.istio_machines import MACHINE
from ringfence.layers.istio_waypoint import ALL, SERVICE, waypoints
from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.mesh_facets import LINKERD, SIDECAR, of_planes
from ringfence.layers.unmodelled import Unmodelled
from ringfence.model.rules import Direction, Purpose
from ringfence.model.selectors import ANYTHING, AllOf, AnyOf, Comparison, Has, InNamespace, Label, Selector
from ringfence.resources.kubernetes import ConfigMap, KubernetesObjects, RefusedObject
from ringfence.topology.mesh.beyond import OF_ISTIO, OF_LINKERD, OUTSIDERS, beyond
from ringfence.topology.mesh.istio_unfollowed import CAPTURED_CLIENTS, EVERY_PURPOSE, GATEWAYS, between
from ringfence.topology.options import Options

BACKENDS = ("Endpoints", "EndpointSlice")
MACHINES = ("WorkloadEntry", "WorkloadGroup")
REFUSED = "{title} was refused"
UNREADABLE = "what ConfigMap {name} says of the mesh is not known: {what}"
NO_MAPPING = "it is no YAML mapping"


def of_refused(objects: KubernetesObjects, options: Options) -> Iterator[Unmodelled]:
    """What all of it leaves open, in the order of reading."""
    for gone in objects.refused:
        if gone.kind == "Service":
            yield from _service(gone, objects)
        elif gone.kind in BACKENDS:
            yield from _backends(gone)
        elif gone.kind in MACHINES:
            yield from _machine(gone)
        elif gone.kind == "ConfigMap":
            for name, planes in ((istio_mesh_config.NAME, OF_ISTIO), (linkerd_values.NAME, OF_LINKERD)):
                if gone.name in ("", name) or (gone.name.startswith(f"{name}-") and planes is OF_ISTIO):
                    yield from _everything(_title(gone), REFUSED.format(title=_title(gone)), planes, gone)
    yield from _configurations(objects, options)
    yield from beyond(objects)


def _title(gone: RefusedObject) -> str:
    return f"{gone.kind} {gone.namespace}/{gone.name}"


def _service(gone: RefusedObject, objects: KubernetesObjects) -> Iterator[Unmodelled]:
    title = _title(gone)
    because, span = REFUSED.format(title=title), gone.span
    place = InNamespace(gone.namespace) if gone.namespace else ANYTHING
    here = AllOf((AnyOf((Has(POD), Has(MACHINE))), place))
    # What is dialled under its name may be led to anything, where anything leads elsewhere at all.
    reached = None if objects.virtual_services else here
    senders = AllOf((Has(POD), of_planes(SIDECAR, LINKERD)))
    sent, taken, said = (frozenset((one,)) for one in (Purpose.OFFER, Purpose.ACCEPTANCE, Purpose.POLICY))
    yield Unmodelled(title, because, senders, span, False, sent, reached)
    yield Unmodelled(title, because, AllOf((here, of_planes(SIDECAR))), span, False, said)
    gateways = Label(PROXY, KIND, Comparison.IN, frozenset((GATEWAY_KIND,)))
    yield Unmodelled(title, because, AllOf((here, gateways)), span, False, taken)
    if any(one.traffic in (SERVICE, ALL) for one in waypoints(objects.gateways, objects.gateway_classes).values()):
        yield from between(title, because, here, AnyOf((CAPTURED_CLIENTS, GATEWAYS)), span)


def _backends(gone: RefusedObject) -> Iterator[Unmodelled]:
    """A Service without selector may lead to any address by them."""
    title = _title(gone)
    sent = frozenset((Purpose.OFFER,))
    yield Unmodelled(title, REFUSED.format(title=title), AllOf((Has(POD), of_planes(SIDECAR))), gone.span, False, sent)


def _machine(gone: RefusedObject) -> Iterator[Unmodelled]:
    title = _title(gone)
    purposes = frozenset((Purpose.ACCEPTANCE, Purpose.POLICY))
    because = f"{title} was refused, and whoever is at its address may be of the mesh"
    yield Unmodelled(title, because, Has(POD), gone.span, False, purposes, OUTSIDERS, Direction.INGRESS)


def _configurations(objects: KubernetesObjects, options: Options) -> Iterator[Unmodelled]:
    """Control planes' ConfigMaps with something that nobody can read and no option says instead."""
    istio = istio_mesh_config.configuration(objects.config_maps)
    wrong = istio_mesh_config.mesh_config(istio, options.istio).wrong
    said = istio_mesh_config.by_option(options.istio)
    unsaid = [one for one in wrong if one.partition(":")[0] not in said]
    linkerd = linkerd_values.configuration(objects.config_maps)
    unread = linkerd_values.values(linkerd, options.linkerd).wrong
    for one, planes, why in ((istio, OF_ISTIO, unsaid), (linkerd, OF_LINKERD, unread)):
        if one is not None and (what := next(iter(why), NO_MAPPING if one.unreadable else "")):
            name = one.metadata.qualified_name
            yield from _everything(f"ConfigMap {name}", UNREADABLE.format(name=name, what=what), planes, one)


def _everything(title: str, because: str, planes: Selector, of: RefusedObject | ConfigMap) -> Iterator[Unmodelled]:
    yield Unmodelled(title, because, AllOf((Has(POD), planes)), of.span, False, EVERY_PURPOSE)
