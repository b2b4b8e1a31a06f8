"""Gateways of the Gateway API that istiod serves: what it makes for each, and whose pods carry its traffic.

A Gateway is istiod's by the controller of its class: `istio.io/gateway-controller`, or `istio.io/mesh-controller` for a
waypoint. The classes `istio` and `istio-waypoint` are, too, where no GatewayClass says anything else. By what it asks
for in `spec.addresses`:

    nothing, or one IP address   istiod makes a Deployment, a Service and a ServiceAccount in the Gateway's namespace
    one or more host names       they are Services that exist: their pods serve it (manual deployment)

    name         GATEWAY-CLASS, of a waypoint GATEWAY, both of Deployment and account; annotations
                 `gateway.istio.io/name-override` and `gateway.istio.io/service-account` say otherwise
    pod labels   gateway-name, gateway-class-name (`gateway.networking.k8s.io/`) and `gateway.istio.io/managed`, over
                 `spec.infrastructure.labels`, else the Gateway's own labels, over sidecar.istio.io/inject and the like;
                 where there is an ambient plane also istio.io/dataplane-mode: none, unless the Gateway says otherwise
    annotations  `spec.infrastructure.annotations`, else the Gateway's own
    Service      selects the pods by gateway-name; a LoadBalancer, of a waypoint ClusterIP, unless the annotation
                 `networking.istio.io/service-type` says otherwise; ports 15021 and those of the listeners, unchanged

Each that no file holds is added to the objects as istiod would make it, so that everything after this asks one kind of
cluster; what a file holds under that name, or with that gateway's label, is used as it is. A ConfigMap of parameters
(`parametersRef`, or the class's own) may change any of it: what is made for such a Gateway is not known.

Sources: istio `pilot/pkg/config/kube/gateway/deploymentcontroller.go`, `conversion.go` (`extractGatewayServices`),
`kube-gateway.yaml` and `waypoint.yaml` in `manifests/charts/istio-control/istio-discovery/files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ringfence.layers import istio_waypoint
from ringfence.layers.istio_hosts import full
from ringfence.layers.istio_waypoint import GATEWAY_NAME, MANAGED
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.resources.kubernetes import (
    Container,
    ContainerPort,
    Gateway,
    KubernetesObjects,
    ObjectMeta,
    PodTemplate,
    Service,
    ServicePort,
    Workload,
)
from ringfence.topology.mesh.istio_membership import MODE, NOT_AMBIENT, ambient_in_use

CLASS_NAME = "gateway.networking.k8s.io/gateway-class-name"
NAME_OVERRIDE, ACCOUNT = "gateway.istio.io/name-override", "gateway.istio.io/service-account"
SERVICE_TYPE, CLASS_DEFAULTS = "networking.istio.io/service-type", "gateway.istio.io/defaults-for-class"
OWN = (
    NAME_OVERRIDE,
    ACCOUNT,
    "gateway.istio.io/controller-version",
    "kubectl.kubernetes.io/last-applied-configuration",
)
OF_THE_API = "gateway.networking.k8s.io/"
PROXY_PORTS = (("metrics", 15020), ("status-port", 15021), ("http-envoy-prom", 15090))
IP_ADDRESS, HOSTNAME, STATUS_PORT = "IPAddress", "Hostname", 15021
IN_CLUSTER = ".svc.cluster.local"

ASSUMED = "no file holds the pods of Gateways that istiod deploys: they are taken as its own template makes them"
PARAMETERS = "Gateway {name}: what {what} changes of its Deployment and Service is not read, so that they are not known"
REMEDY = "add the Deployment and the Service as they run (kubectl get deployment,service -o yaml)"


@dataclass(frozen=True, slots=True)
class Product:
    """What istiod makes for the Gateways of one controller. `name`: its class where no GatewayClass says so.

    `role`: as what the proxy runs; `suffix`: whether names end with the class.
    """

    name: str
    controller: str
    role: str
    managed_by: str
    service_type: str
    suffix: bool = False
    labels: tuple[tuple[str, str], ...] = ()


GATEWAY = Product("istio", "istio.io/gateway-controller", "router", "istio.io-gateway-controller", "LoadBalancer", True)
WAYPOINT = Product(
    istio_waypoint.CLASS,
    istio_waypoint.CONTROLLER,
    "waypoint",
    istio_waypoint.MANAGED_BY[0],
    "ClusterIP",
    labels=((MODE, NOT_AMBIENT),),
)


@dataclass(frozen=True, slots=True)
class Deployed:
    """The objects with what istiod makes, what to tell the user of it, and what was taken for granted."""

    objects: KubernetesObjects
    diagnostics: tuple[Diagnostic, ...] = ()
    assumed: tuple[str, ...] = ()


def product(gateway: Gateway, objects: KubernetesObjects) -> Product | None:
    """What istiod serves it with; None where it does not."""
    name = gateway.gateway_class_name
    found = [one.controller_name for one in objects.gateway_classes if one.metadata.name == name]
    return next((one for one in (GATEWAY, WAYPOINT) if (one.controller in found if found else one.name == name)), None)


def deployed(objects: KubernetesObjects) -> Deployed:
    """The objects with what istiod makes for their Gateways, where it is not among them."""
    workloads: list[Workload] = []
    services: list[Service] = []
    complaints: list[Diagnostic] = []
    labelled = {(place, one.labels.get(GATEWAY_NAME)) for place, one in objects.pod_templates()}
    named = {(one.metadata.namespace, one.metadata.name) for one in objects.workloads if one.kind == "Deployment"}
    listed = {(one.metadata.namespace, one.metadata.name) for one in objects.services}
    ambient = ambient_in_use(objects)
    for gateway in objects.gateways:
        kind = product(gateway, objects)
        if kind is None or not _managed(gateway):
            continue
        place, name = gateway.metadata.namespace, _name(gateway, kind)
        running = (place, gateway.metadata.name) in labelled or (place, name) in named
        if running and (place, name) in listed:
            continue
        parameters = _parameters(gateway, objects)
        if parameters:
            message = PARAMETERS.format(name=gateway.metadata.qualified_name, what=parameters)
            complaints.append(warning(message, gateway.span, REMEDY))
            continue
        told = _out_of_ambient(gateway) if ambient and kind is GATEWAY else gateway
        if not running:
            workloads.append(_workload(told, name, kind))
        if (place, name) not in listed:
            services.append(_service(told, name, kind))
    everything = replace(objects, workloads=(*objects.workloads, *workloads), services=(*objects.services, *services))
    return Deployed(everything, tuple(complaints), (ASSUMED,) if workloads else ())


def carriers(gateway: Gateway, objects: KubernetesObjects) -> tuple[str, ...]:
    """The workloads whose pods carry the traffic of a Gateway of istiod's; empty where the files do not hold them."""
    kind = product(gateway, objects)
    wanted = set(_services(gateway, kind)) if kind is not None else set()
    found = (
        one.title
        for service in objects.services
        if (service.metadata.namespace, service.metadata.name) in wanted and service.selector
        for one in objects.workloads
        if one.metadata.namespace == service.metadata.namespace
        and any(service.selector.items() <= template.labels.items() for template in one.every_template)
    )
    return tuple(dict.fromkeys(found))


def _out_of_ambient(gateway: Gateway) -> Gateway:
    """The Gateway with what istiod says for it, that ztunnel shall leave its pods alone."""
    said, own = gateway.infrastructure.labels, gateway.metadata.labels
    if MODE in own or MODE in (said or ()):
        return gateway
    return replace(
        gateway, infrastructure=replace(gateway.infrastructure, labels=_given(said, own) | {MODE: NOT_AMBIENT})
    )


def _services(gateway: Gateway, kind: Product) -> Iterator[tuple[str, str]]:
    """The Services whose pods get the Gateway's configuration, by namespace and name."""
    place = gateway.metadata.namespace
    if _managed(gateway):
        yield place, _name(gateway, kind)
        return
    for one in gateway.requested:
        host = full(one.value, place)
        name, _, namespace = host.removesuffix(IN_CLUSTER).partition(".")
        if one.type == HOSTNAME and host.endswith(IN_CLUSTER):
            yield namespace, name


def _managed(gateway: Gateway) -> bool:
    """Whether istiod makes its pods."""
    asked = gateway.requested
    return not asked or (len(asked) == 1 and asked[0].type == IP_ADDRESS)


def _name(gateway: Gateway, kind: Product) -> str:
    return gateway.metadata.annotations.get(NAME_OVERRIDE, _default_name(gateway, kind))


def _default_name(gateway: Gateway, kind: Product) -> str:
    return f"{gateway.metadata.name}-{gateway.gateway_class_name}" if kind.suffix else gateway.metadata.name


def _parameters(gateway: Gateway, objects: KubernetesObjects) -> str:
    """The ConfigMap that changes what is made, as text; empty without one."""
    if gateway.infrastructure.parameters:
        return gateway.infrastructure.parameters
    of_class = (
        one.metadata.qualified_name
        for one in objects.config_maps
        if one.metadata.labels.get(CLASS_DEFAULTS) == gateway.gateway_class_name
    )
    return next((f"ConfigMap {name}" for name in of_class), "")


def _workload(gateway: Gateway, name: str, kind: Product) -> Workload:
    metadata, span = gateway.metadata, gateway.span
    own = {
        "sidecar.istio.io/inject": "false",
        "service.istio.io/canonical-name": name,
        "service.istio.io/canonical-revision": "latest",
        **dict(kind.labels),
    }
    ports = tuple(ContainerPort(number, port) for port, number in PROXY_PORTS)
    probes = ((STATUS_PORT, "/healthz/ready"),)
    proxy = Container("istio-proxy", args=("proxy", kind.role), ports=ports, http_probes=probes, span=span)
    template = PodTemplate(
        own | _labels(gateway, kind),
        _without(_given(gateway.infrastructure.annotations, metadata.annotations), OWN),
        (proxy,),
        service_account_name=metadata.annotations.get(ACCOUNT, _default_name(gateway, kind)),
        span=span,
    )
    made = ObjectMeta(name, metadata.namespace, _labels(gateway, kind))
    return Workload("Deployment", made, (template,), 1, span=span)


def _service(gateway: Gateway, name: str, kind: Product) -> Service:
    """Of several listeners on one port the first gives it its name."""
    metadata = gateway.metadata
    status = ServicePort(STATUS_PORT, STATUS_PORT, "status-port", app_protocol="tcp", span=gateway.span)
    ports = {STATUS_PORT: status}
    for one in gateway.listeners:
        port = ServicePort(one.port, one.port, one.name, app_protocol=one.protocol.lower(), span=one.span)
        ports.setdefault(one.port, port)
    return Service(
        ObjectMeta(name, metadata.namespace, _labels(gateway, kind)),
        metadata.annotations.get(SERVICE_TYPE, kind.service_type),
        {GATEWAY_NAME: metadata.name},
        tuple(ports.values()),
        span=gateway.span,
    )


def _labels(gateway: Gateway, kind: Product) -> dict[str, str]:
    """What its Deployment, pods and Service have in common."""
    of_gateway = {GATEWAY_NAME: gateway.metadata.name, CLASS_NAME: gateway.gateway_class_name, MANAGED: kind.managed_by}
    return _given(gateway.infrastructure.labels, gateway.metadata.labels) | of_gateway


def _given(said: Mapping[str, str] | None, own: Mapping[str, str]) -> dict[str, str]:
    """What the infrastructure says, without the API's own; else what the Gateway has itself."""
    if said is None:
        return dict(own)
    return {key: value for key, value in said.items() if not key.startswith(OF_THE_API)}


def _without(texts: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {key: value for key, value in texts.items() if key not in names}
