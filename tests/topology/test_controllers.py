"""Who serves an Ingress or a route."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import Gateway, GatewayClass, Ingress, IngressClass
from ringfence.topology.controllers import CONTROLLER, carrying, running, serving
from tests.layers.clusters import cluster, meta, template, workload


def controller(name, image):
    return workload(f"infra/{name}", template(image=image))


NGINX = controller("nginx", "registry.k8s.io/ingress-nginx/controller:v1.9.0@sha256:abc")
TRAEFIK = controller("traefik", "docker.io/library/traefik:v3")


@pytest.mark.parametrize(
    ("image", "known"),
    [
        ("registry.k8s.io/ingress-nginx/controller:v1.9.0@sha256:abc", True),
        ("localhost:5000/ingress-nginx/controller", True),
        ("quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.33", True),
        ("nginx/nginx-ingress:3", True),
        ("traefik", True),
        ("traefik:v3", True),
        ("haproxytech/kubernetes-ingress", True),
        ("kong:3", True),
        ("kong/kong-gateway:3", True),
        ("traefik/whoami", False),
        ("nginx", False),
        ("example.com/mytraefik:1", False),
        ("", False),
    ],
)
def test_controllers_are_known_by_the_repository_of_their_image(image, known):
    assert bool(running(cluster(controller("c", image)))) is known


def ingress_class(name, of, default=False):
    return IngressClass(meta(name), of, default)


DEFAULT = ingress_class("t", "traefik.io/ingress-controller", True)


@pytest.mark.parametrize(
    ("things", "name", "expected"),
    [
        ([], None, [CONTROLLER]),
        ([], "nginx", [CONTROLLER]),
        ([NGINX], None, ["infra/nginx[Deployment]"]),
        ([NGINX, TRAEFIK], None, ["infra/nginx[Deployment]", "infra/traefik[Deployment]"]),
        # The usual names of classes tell, where no class object does.
        ([NGINX, TRAEFIK], "traefik", ["infra/traefik[Deployment]"]),
        ([NGINX, TRAEFIK], "alb", [CONTROLLER]),
        ([NGINX, TRAEFIK], "internal", ["infra/nginx[Deployment]", "infra/traefik[Deployment]"]),
        # A class object tells in any case.
        ([NGINX, TRAEFIK, ingress_class("internal", "k8s.io/ingress-nginx")], "internal", ["infra/nginx[Deployment]"]),
        ([NGINX, ingress_class("nginx", "ingress.k8s.aws/alb")], "nginx", [CONTROLLER]),
        (
            [NGINX, TRAEFIK, ingress_class("t", "traefik.io/ingress-controller", True)],
            None,
            ["infra/traefik[Deployment]"],
        ),
        (
            [NGINX, TRAEFIK, ingress_class("t", "traefik.io/ingress-controller", True)],
            "nginx",
            ["infra/nginx[Deployment]"],
        ),
    ],
)
def test_the_class_says_who_serves_an_ingress(things, name, expected):
    objects = cluster(*things)
    assert list(serving(Ingress(meta("x/i"), name), objects, running(objects))) == expected


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ([], [CONTROLLER]),
        # It serves no routes.
        ([NGINX], [CONTROLLER]),
        ([NGINX, TRAEFIK], ["infra/traefik[Deployment]"]),
        (
            [TRAEFIK, Gateway(meta("x/g"), "c"), GatewayClass(meta("c"), "traefik.io/gateway-controller")],
            ["infra/traefik[Deployment]"],
        ),
        (
            [TRAEFIK, Gateway(meta("x/g"), "c"), GatewayClass(meta("c"), "istio.io/gateway-controller")],
            [CONTROLLER],
        ),
    ],
)
def test_the_gateway_class_says_who_serves_a_route(things, expected):
    objects = cluster(*things)
    gateway = next(iter(objects.gateways), None)
    assert list(carrying(gateway, objects, running(objects))) == expected
