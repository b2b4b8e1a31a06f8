"""Waypoints: which one stands before a Service or a pod of an ambient mesh, and which policies bind there.

A waypoint is a Gateway of class `istio-waypoint` (or of another class of its controller). What uses it says so by the
label `istio.io/use-waypoint` (`istio.io/use-waypoint-namespace` where it is another namespace's): a Service or pod for
itself, a namespace for all of them. The value `none` takes a Service or pod out. A label that names no waypoint, or one
that does not take the namespace in (`allowedRoutes` of its HBONE listener; its own alone where nothing is said), leaves
its holder without any; the namespace's label does not stand in for it.

    traffic   `istio.io/waypoint-for`, on the Gateway, else on its class, else `service`: what was dialled, a `service`,
              a `workload` (a pod by its address), `all` or `none` of them
    clients   ztunnel alone brings its pods' connections to a waypoint. Sidecars, gateways and whoever is outside the
              mesh go to the pods past it
    policies  those whose `targetRefs` name the dialled Service or the Gateway (of the policy's own namespace), or the
              GatewayClass (from the root namespace); a policy with a selector, or with neither, never binds there.
              They see the client's identity and the Service's port
    after it  the server sees a connection of the waypoint's: its identity, its address
    pods      of a waypoint for workloads: who dials the pod's address goes through it, on any TCP port, be the pod in
              the mesh or not; who dials a Service that has no waypoint of its own goes past it. A packet to the pod
              itself does not say which of the two it was: it is left open, and what was dialled is an endpoint of its
              own (`topology.mesh.waypoints`)

A waypoint's service account is that of its pods; where no file holds them, istiod's: the name of the Gateway.

Sources: istiod `pilot/pkg/serviceregistry/ambient/waypoints.go`, `pilot/pkg/model/policyattachment.go`,
`pilot/pkg/networking/core/listener_waypoint.go`; ztunnel `src/proxy/outbound.rs`; Istio's pages on the ambient data
plane and on waypoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ringfence.layers.mesh_facets import AMBIENT, of_planes
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, Comparison, Label, Unsure
from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.istio.authorization import TargetReference
from ringfence.resources.kubernetes import Gateway, GatewayClass, LabelSelector

LAYER = "waypoint"

CLASS, CONTROLLER = "istio-waypoint", "istio.io/mesh-controller"
USE, USE_NAMESPACE, FOR = "istio.io/use-waypoint", "istio.io/use-waypoint-namespace", "istio.io/waypoint-for"
GATEWAY_NAME, MANAGED = "gateway.networking.k8s.io/gateway-name", "gateway.istio.io/managed"
MANAGED_BY = ("istio.io-mesh-controller", "istio.io-eastwest-controller")
NOT_USED = "none"
SERVICE, WORKLOAD, ALL = "service", "workload", "all"
HBONE, HBONE_PORT = "HBONE", 15008

FACET = "waypoint"
"""The facet of what is dialled through a waypoint (`service`: its `namespace/name`, or `pods`: the waypoint, and `pod`;
`instance`: the waypoint's pod), of whom what leaves a waypoint comes from (`origin`: its pod), and of a pod behind a
waypoint for workloads (`workload`: the waypoint). `home` is where the waypoint's pod stands."""


@dataclass(frozen=True, slots=True)
class Waypoint:
    """One waypoint. `routes_from` Same, All, Selector (then `routes_selector`) or None: whose labels may name it."""

    namespace: str
    name: str
    class_name: str = CLASS
    traffic: str = SERVICE
    routes_from: str = "Same"
    routes_selector: LabelSelector | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def title(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    def takes(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether what is in a namespace with these labels may use it."""
        if self.routes_from == "All":
            return True
        if self.routes_from == "Selector" and self.routes_selector is not None:
            return self.routes_selector.matches(labels)
        return namespace == self.namespace


def waypoints(gateways: Iterable[Gateway], classes: Iterable[GatewayClass]) -> dict[str, Waypoint]:
    """All waypoints by their titles."""
    by_name = {one.metadata.name: one for one in classes}
    found = (_waypoint(one, by_name.get(one.gateway_class_name)) for one in gateways)
    return {one.title: one for one in found if one is not None}


def _waypoint(gateway: Gateway, class_: GatewayClass | None) -> Waypoint | None:
    controller = class_.controller_name if class_ is not None else ""
    if controller != CONTROLLER and (controller or gateway.gateway_class_name != CLASS):
        return None
    metadata = gateway.metadata
    inherited = class_.metadata.labels.get(FOR, SERVICE) if class_ is not None else SERVICE
    listener = next((one for one in gateway.listeners if one.protocol == HBONE and one.port == HBONE_PORT), None)
    return Waypoint(
        metadata.namespace,
        metadata.name,
        gateway.gateway_class_name,
        metadata.labels.get(FOR, inherited),
        "Same" if listener is None else listener.routes_from,
        None if listener is None else listener.routes_selector,
        gateway.span,
    )


def before(
    found: Mapping[str, Waypoint],
    traffic: str,
    namespace: str,
    labels: Mapping[str, str],
    namespace_labels: Mapping[str, str],
) -> Waypoint | None:
    """The waypoint before a Service (`traffic` is `service`) or a pod (`workload`) with these labels."""
    if labels.get(MANAGED) in MANAGED_BY:
        return None
    for holder in (labels, namespace_labels):
        used = holder.get(USE)
        if used is None:
            continue
        if used == NOT_USED:
            return None
        one = found.get(f"{holder.get(USE_NAMESPACE, namespace)}/{used}")
        if one is None or one.traffic not in (traffic, ALL) or not one.takes(namespace, namespace_labels):
            return None
        return one
    return None


def pod_facet(
    found: Mapping[str, Waypoint], namespace: str, labels: Mapping[str, str], namespace_labels: Mapping[str, str]
) -> Mapping[str, Mapping[str, str]]:
    """The facet of a pod with these labels: `workload` where it stands behind a waypoint for workloads, else none."""
    one = before(found, WORKLOAD, namespace, labels, namespace_labels)
    return {} if one is None else {FACET: {"workload": one.title}}


def binds(
    namespace: str, targets: Iterable[TargetReference], service: str, waypoint: Waypoint, root_namespace: str
) -> bool:
    """Whether a policy of this namespace with these `targetRefs` decides who may dial a Service (`namespace/name`)."""
    for one in targets:
        title = f"{namespace}/{one.name}"
        if one.kind == "GatewayClass" and namespace == root_namespace and one.name == waypoint.class_name:
            return True
        if (one.kind, title) in (("Service", service), ("Gateway", waypoint.title)):
            return True
    return False


BEHIND = Label(FACET, "workload", Comparison.PRESENT)
"""The pods behind a waypoint for workloads."""

NOT_FOLLOWED = "who dials the pod's address goes through its waypoint, and who dials a Service past it"

_FROM_ZTUNNEL = (Peer(AllOf((of_planes(AMBIENT), Unsure(NOT_FOLLOWED)))),)


def workload_chain() -> Chain:
    """Leaves open what arrives from ambient pods at a pod behind a waypoint for workloads.

    (Its own policies, which would see the waypoint's identity, are left open by `workload_stage`.)
    """
    rule = Rule(Action.DENY, _FROM_ZTUNNEL, Bounds.exactly(ALL_MTLS), name="(not followed)")
    scope = Scope("waypoint for workloads", BEHIND, (rule,))
    return Chain(LAYER, Direction.INGRESS, (Stage("waypoint", (scope,), Action.ALLOW),), Action.ALLOW)


def workload_stage() -> Stage:
    """The first stage of the policies of a pod behind a waypoint for workloads."""
    rule = Rule(Action.ALLOW, _FROM_ZTUNNEL, Bounds.exactly(ALL_MTLS), name="(through its waypoint)")
    return Stage("waypoint", (Scope("waypoint for workloads", BEHIND, (rule,)),), Action.PASS)
