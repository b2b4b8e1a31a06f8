"""What belongs to a mesh and is in no file of this cluster: other clusters and machines, and namespaces left aside.

    ExternalWorkload (Linkerd)            a machine somewhere outside that proves an identity and takes mutual TLS
    Service, `mirror.linkerd.io/exported`, and a gateway, `config.linkerd.io/enable-gateway`
                                          pods of other clusters come with identities of the same root
    Link, `mirror.linkerd.io/mirrored-service`
                                          what members send to other clusters may be mutual TLS
    Gateway of Istio with AUTO_PASSTHROUGH, of class `istio-east-west` or `istio-remote`, and a Secret labelled
    `istio/multiCluster: "true"`          clusters of one mesh: their pods prove identities, straight or by a gateway
    ServiceEntry of Istio with endpoints that have a `serviceAccount` or the label `security.istio.io/tlsMode: istio`
                                          machines of the mesh, as WorkloadEntries are
    `discoverySelectors` of Istio's mesh  istiod reads no policies of the namespaces that none of them selects

Who comes from outside may then prove an identity, so what the mesh's policies let in from there is open; what arrives
through such a gateway carries the identity of whoever sent it. Only mutual TLS is meant, yet in this model nobody
outside has an identity, so the verdicts of plaintext are open, too.

Sources: Linkerd's reference of multicluster and ExternalWorkload; Istio's `Gateway` reference (`AUTO_PASSTHROUGH`) and
`MeshConfig.discoverySelectors`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.layers.istio_facets import GATEWAY_KIND, KIND, PROXIED, PROXY, TLS_LABEL
from ringfence.layers.istio_mesh_config import KEY, configuration
from ringfence.layers.kubernetes_selectors import POD, pods
from ringfence.layers.mesh_facets import AMBIENT, LINKERD, SIDECAR, WAYPOINT, of_planes
from ringfence.layers.mesh_values import label_selector
from ringfence.layers.own_node import HOST
from ringfence.layers.unmodelled import Unmodelled
from ringfence.model.headers import ALL_TCP
from ringfence.model.rules import Direction, Purpose
from ringfence.model.selectors import AllOf, AnyOf, Comparison, Has, InNamespace, Label, Not, Selector
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import KubernetesObjects, LabelSelector
from ringfence.topology.services import selected

OUTSIDERS = Not(AnyOf((Has(POD), Has(HOST))))
"""Who may be a machine that no file describes."""

OF_ISTIO, OF_LINKERD = of_planes(SIDECAR, AMBIENT, WAYPOINT), of_planes(LINKERD)
GATEWAYS = Label(PROXY, KIND, Comparison.IN, frozenset((GATEWAY_KIND,)))

EXPORTED, MIRRORED = "mirror.linkerd.io/exported", "mirror.linkerd.io/mirrored-service"
GATEWAY = "config.linkerd.io/enable-gateway"
REMOTE_SECRET, TRUE = "istio/multiCluster", "true"
BETWEEN_CLUSTERS = ("istio-east-west", "istio-remote")

TAKEN = frozenset((Purpose.ACCEPTANCE, Purpose.POLICY))
SENT = frozenset((Purpose.OFFER,))

OTHER_CLUSTERS = "{title} is for other clusters of the mesh, whose pods may prove identities"
ITS_MACHINE = "{title} is a machine of the mesh that is not modelled"
ITS_MACHINES = "endpoints of {title} are machines of the mesh and may prove identities"
LEFT_ASIDE = "no discoverySelector of Istio's mesh selects namespace {name} for certain"


def beyond(objects: KubernetesObjects) -> Iterator[Unmodelled]:
    """All of it, by mesh."""
    yield from _linkerd(objects)
    yield from _istio(objects)
    yield from _machines(objects)
    yield from _left_aside(objects)


def _linkerd(objects: KubernetesObjects) -> Iterator[Unmodelled]:
    for one in objects.others:
        title = f"{one.kind} {one.metadata.qualified_name}"
        if (one.group, one.kind) == ("workload.linkerd.io", "ExternalWorkload"):
            because = ITS_MACHINE.format(title=title)
            yield _taken(title, because, OF_LINKERD, OUTSIDERS, one.span)
            yield _sent(title, because, OF_LINKERD, OUTSIDERS, one.span)
        elif (one.group, one.kind) == ("multicluster.linkerd.io", "Link"):
            yield _sent(title, OTHER_CLUSTERS.format(title=title), OF_LINKERD, OUTSIDERS, one.span)
    for service in objects.services:
        title = f"Service {service.metadata.qualified_name}"
        because = OTHER_CLUSTERS.format(title=title)
        if EXPORTED in service.metadata.labels and service.selector:
            yield _taken(title, because, AllOf((OF_LINKERD, selected(service))), OUTSIDERS, service.span)
        if MIRRORED in service.metadata.labels:
            yield _sent(title, because, OF_LINKERD, OUTSIDERS, service.span)
    for workload in objects.workloads:
        for template in workload.every_template:
            if template.annotations.get(GATEWAY) == TRUE:
                its = pods(workload.metadata.namespace, LabelSelector(tuple(sorted(template.labels.items()))))
                because = OTHER_CLUSTERS.format(title=workload.title)
                yield _taken(workload.title, because, AllOf((OF_LINKERD, its)), OUTSIDERS, template.span)


def _istio(objects: KubernetesObjects) -> Iterator[Unmodelled]:
    """One thing that speaks of other clusters is enough: all pods of the mesh are then reached alike."""
    found = [
        *(
            (f"Gateway {one.metadata.qualified_name}", one.span)
            for one in objects.istio_gateways
            if any(server.tls_mode == "AUTO_PASSTHROUGH" for server in one.servers)
        ),
        *(
            (f"Gateway {one.metadata.qualified_name}", one.span)
            for one in objects.gateways
            if one.gateway_class_name in BETWEEN_CLUSTERS
        ),
        *(
            (f"Secret {one.metadata.qualified_name}", one.span)
            for one in objects.others
            if one.kind == "Secret" and one.metadata.labels.get(REMOTE_SECRET) == TRUE
        ),
    ]
    for title, span in found[:1]:
        because = OTHER_CLUSTERS.format(title=title)
        yield _taken(title, because, OF_ISTIO, AnyOf((OUTSIDERS, GATEWAYS)), span)
        yield _sent(title, because, OF_ISTIO, OUTSIDERS, span)


def _machines(objects: KubernetesObjects) -> Iterator[Unmodelled]:
    for one in objects.service_entries:
        if any(each.service_account or (TLS_LABEL, PROXIED) in each.labels for each in one.endpoints):
            title = f"ServiceEntry {one.metadata.qualified_name}"
            yield _taken(title, ITS_MACHINES.format(title=title), OF_ISTIO, OUTSIDERS, one.span)


def _left_aside(objects: KubernetesObjects) -> Iterator[Unmodelled]:
    mesh = configuration(objects.config_maps)
    written = mesh.parsed[KEY].get("discoverySelectors") if mesh is not None else None
    if mesh is None or not isinstance(written, list) or not written:
        return
    selectors = tuple(map(label_selector, written))
    for one in objects.namespaces:
        known = one.declared and any(each is not None and each.matches(one.metadata.labels) for each in selectors)
        if not known:
            name = one.metadata.name
            where = AllOf((Has(POD), InNamespace(name)))
            because = LEFT_ASIDE.format(name=name)
            yield Unmodelled(f"Namespace {name}", because, where, mesh.span, False, frozenset(Purpose), headers=ALL_TCP)


def _taken(title: str, because: str, subjects: Selector, peers: Selector, span: Span) -> Unmodelled:
    where = AllOf((Has(POD), subjects))
    return Unmodelled(title, because, where, span, False, TAKEN, peers, Direction.INGRESS, ALL_TCP)


def _sent(title: str, because: str, subjects: Selector, peers: Selector, span: Span) -> Unmodelled:
    where = AllOf((Has(POD), subjects))
    return Unmodelled(title, because, where, span, False, SENT, peers, Direction.EGRESS, ALL_TCP)
