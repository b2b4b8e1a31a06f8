"""Who serves Ingress objects and Gateway routes: the workloads that policies see as their source.

A controller's pods are known by their image's repository (a part of its name is not enough: `traefik/whoami` is a
demonstration server). The class says which controller is meant, by the name that its class object holds:

    class known, its controller's pods in the files       those pods
    class known, of another controller (a cloud's)        `{ingress-controller}`, of which nothing is known
    class not known                                       every controller in the files, else `{ingress-controller}`

What istiod deploys for a Gateway is known by the Gateway (`topology.mesh.istio_gateways`). Other controllers whose
proxies are other pods than they themselves (Contour, Envoy Gateway) are not in the table.
Names: the installation manifests of each project.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.resources.kubernetes import Gateway, Ingress, IngressClass, KubernetesObjects, Workload
from ringfence.topology.mesh.istio_gateways import carriers, product

CONTROLLER = "{ingress-controller}"
"""The workload that stands for a controller of which the files hold no pod."""


@dataclass(frozen=True, slots=True)
class Product:
    """A controller whose own pods carry the traffic.

    `repositories`: how its image's repository ends, whole path parts. `ingress` and `gateway`: its name in IngressClass
    and GatewayClass objects (how it begins); empty: it serves no such. `classes`: what its class is usually called.
    """

    repositories: tuple[str, ...]
    ingress: str
    gateway: str = ""
    classes: tuple[str, ...] = ()


PRODUCTS = (
    Product(("ingress-nginx/controller", "nginx-ingress-controller"), "k8s.io/ingress-nginx", classes=("nginx",)),
    Product(("nginx/nginx-ingress", "nginx/nginx-ingress-plus"), "nginx.org/ingress-controller", classes=("nginx",)),
    Product(("traefik",), "traefik.io/ingress-controller", "traefik.io/gateway-controller", ("traefik",)),
    Product(("haproxytech/kubernetes-ingress",), "haproxy.org/ingress-controller", "haproxy.org/", ("haproxy",)),
    Product(("jcmoraisjr/haproxy-ingress",), "haproxy-ingress.github.io/controller", classes=("haproxy",)),
    Product(("kong", "kong/kong-gateway"), "ingress-controllers.konghq.com/kong", "konghq.com/", ("kong",)),
)
"""What runs in pods of the cluster, by image."""

BALANCERS = frozenset({"alb", "gce", "gce-internal", "azure-application-gateway", "azure-alb-external"})
"""Usual class names of what a cloud's load balancer serves by itself, where no IngressClass object says so."""

BALANCER_CONTROLLERS = (
    "ingress.k8s.aws/",
    "gateway.k8s.aws/",
    "application-networking.k8s.aws/",
    "ingress.gke.io/",
    "networking.gke.io/",
    "azure/application-gateway",
    "alb.networking.azure.io/",
)
"""How the names of their controllers begin in IngressClass and GatewayClass objects."""

BALANCER_GATEWAYS = ("gke-l7-", "amazon-vpc-lattice", "azure-alb-")
"""How their GatewayClasses are called, where no object says whose they are."""

OF_CLOUDS = BALANCERS | {"cilium", "istio"}
"""Usual class names of what is no pod of these."""


Running = list[tuple[Product, str]]
"""The controllers in the files, and the workloads that run them."""


def running(objects: KubernetesObjects) -> Running:
    """The controllers among the workloads."""
    return [(product, one.title) for one in objects.workloads for product in PRODUCTS if _runs(one, product)]


def serving(ingress: Ingress, objects: KubernetesObjects, found: Running) -> tuple[str, ...]:
    """The workloads that serve an Ingress, of those that run; never empty."""
    return _titles(_of_class(ingress, objects, found))


def carrying(gateway: Gateway | None, objects: KubernetesObjects, found: Running) -> tuple[str, ...]:
    """The workloads that carry a Gateway's traffic; None: a Gateway that is not in the files. Never empty."""
    found = [(one, title) for one, title in found if one.gateway]
    if gateway is None:
        return _titles(found)
    if product(gateway, objects) is not None:
        return carriers(gateway, objects) or (CONTROLLER,)
    name = gateway.gateway_class_name
    controllers = [one.controller_name for one in objects.gateway_classes if one.metadata.name == name]
    if controllers:
        found = [(one, title) for one, title in found if any(name.startswith(one.gateway) for name in controllers)]
    return _titles(found)


def by_balancer(served: Ingress | Gateway, objects: KubernetesObjects) -> bool:
    """Whether a load balancer of the cloud serves an Ingress or a Gateway, and no pod does."""
    if isinstance(served, Ingress):
        controllers = [one.controller for one in _declared(served, objects)]
        usual = served.ingress_class_name in BALANCERS
    else:
        name = served.gateway_class_name
        controllers = [one.controller_name for one in objects.gateway_classes if one.metadata.name == name]
        usual = name.startswith(BALANCER_GATEWAYS)
    return any(one.startswith(BALANCER_CONTROLLERS) for one in controllers) if controllers else usual


def _titles(found: Running) -> tuple[str, ...]:
    return tuple(dict.fromkeys(title for _, title in found)) or (CONTROLLER,)


def _of_class(ingress: Ingress, objects: KubernetesObjects, found: Running) -> Running:
    name, declared = ingress.ingress_class_name, _declared(ingress, objects)
    if declared:
        return [(one, title) for one, title in found if any(c.controller.startswith(one.ingress) for c in declared)]
    if name is None or not found:
        return found
    named = [(one, title) for one, title in found if name in one.classes]
    return named or ([] if name in OF_CLOUDS else found)


def _declared(ingress: Ingress, objects: KubernetesObjects) -> list[IngressClass]:
    """The objects of its class; those of the default class where it names none."""
    name = ingress.ingress_class_name
    return [one for one in objects.ingress_classes if (one.is_default if name is None else one.metadata.name == name)]


def _runs(workload: Workload, product: Product) -> bool:
    repositories = (_repository(one.image) for template in workload.templates for one in template.containers)
    return any(f"/{name}".endswith(f"/{ending}") for name in repositories for ending in product.repositories)


def _repository(image: str) -> str:
    """An image's name without digest and tag (the registry may have a port)."""
    name = image.partition("@")[0]
    head, _, last = name.rpartition("/")
    last = last.partition(":")[0]
    return f"{head}/{last}" if head else last
