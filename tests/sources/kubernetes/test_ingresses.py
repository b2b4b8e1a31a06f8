"""Ingresses of today and of old, and their classes."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import IngressBackend, IngressPath, IngressRule, IngressTLS, LoadBalancerIngress
from tests.sources.kubernetes.texts import good, read, thing

V1, BETA = "networking.k8s.io/v1", "networking.k8s.io/v1beta1"
WEB = "service: {name: web, port: {number: 80}}"


def test_all_fields() -> None:
    spec = f"""{{ingressClassName: nginx, defaultBackend: {{service: {{name: all, port: {{name: http}}}}}},
  tls: [{{hosts: ['*.a.b', 10.0.0.1], secretName: s}}, {{}}], rules: [{{host: a.b, http: {{paths: [
  {{path: /, pathType: Exact, backend: {{{WEB}}}}}, {{pathType: ImplementationSpecific, backend: {{resource: {{kind: B,
  name: c}}}}}}]}}}}, {{host: c.d}}]}}"""
    status = "status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}\n"
    [found] = good(thing(V1, "Ingress", spec, status)).ingresses
    assert found.ingress_class_name == "nginx"
    assert found.default_backend == IngressBackend("all", "http")
    exact, any_ = IngressPath("/", "Exact", IngressBackend("web", 80)), IngressBackend("", None)
    paths = (exact, IngressPath("", "ImplementationSpecific", any_))
    assert found.rules == (IngressRule("a.b", paths), IngressRule("c.d"))
    assert found.tls == (IngressTLS(("*.a.b", "10.0.0.1"), "s"), IngressTLS())
    assert found.load_balancer_ingress == (LoadBalancerIngress("192.0.2.1"),)


def test_the_old_way_of_writing() -> None:
    text = """
        apiVersion: extensions/v1beta1
        kind: Ingress
        metadata: {name: x, annotations: {kubernetes.io/ingress.class: nginx}}
        spec:
          backend: {serviceName: all, servicePort: http}
          rules: [{http: {paths: [{backend: {serviceName: web, servicePort: 80}}]}}]
    """
    objects, said = read(text)
    assert said == [
        "f:1:1: warning: apiVersion: no server serves Ingress in extensions/v1beta1 any more (write "
        "networking.k8s.io/v1)"
    ]
    [found] = objects.ingresses
    assert found.ingress_class_name == "nginx"
    assert found.backends == (IngressBackend("all", "http"), IngressBackend("web", 80))
    assert found.rules[0].paths[0].path_type == "ImplementationSpecific"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{}", "spec: has neither rules nor defaultBackend"),
        ("{rules: [{hosts: a.b}]}", "spec.rules[0].hosts: there is no such field (did you mean host?)"),
        ("{rules: [{http: {}}]}", "spec.rules[0].http.paths: is empty"),
        ("{defaultBackend: {}}", "spec.defaultBackend: names no service"),
        (
            "{defaultBackend: {service: {name: a, port: {}}}}",
            "spec.defaultBackend.service.port: has neither a name nor a number",
        ),
        (
            "{defaultBackend: {service: {name: a, port: {name: b, number: 1}}}}",
            "spec.defaultBackend.service.port: has both a name and a number",
        ),
        (
            f"{{defaultBackend: {{{WEB}, resource: {{kind: a, name: b}}}}}}",
            "spec.defaultBackend: names both a service and a resource",
        ),
        (
            f"{{rules: [{{http: {{paths: [{{path: /, backend: {{{WEB}}}}}]}}}}]}}",
            "spec.rules[0].http.paths[0].pathType: is missing (one of Exact, Prefix, ImplementationSpecific)",
        ),
        (
            f"{{rules: [{{http: {{paths: [{{path: a, pathType: Exact, backend: {{{WEB}}}}}]}}}}]}}",
            "spec.rules[0].http.paths[0].path: 'a' does not begin with '/'",
        ),
        (
            f"{{rules: [{{http: {{paths: [{{path: /a//, pathType: Exact, backend: {{{WEB}}}}}]}}}}]}}",
            "spec.rules[0].http.paths[0].path: '/a//' holds '//'",
        ),
        (
            f"{{defaultBackend: {{{WEB}}}, tls: [{{hosts: ['']}}]}}",
            "spec.tls[0].hosts: holds an empty host (leave the list out for the controller's default)",
        ),
    ],
)
def test_refusals(spec: str, message: str) -> None:
    objects, said = read(thing(V1, "Ingress", spec))
    assert [one.partition(" error: ")[2] for one in said] == [message]
    assert len(objects.refused) == 1


def test_annotation_and_field_must_agree() -> None:
    text = f"""
        apiVersion: {V1}
        kind: Ingress
        metadata: {{name: x, annotations: {{kubernetes.io/ingress.class: a}}}}
        spec: {{ingressClassName: b, defaultBackend: {{{WEB}}}}}
    """
    assert read(text)[1] == [
        "f:3:35: error: metadata.annotations.kubernetes.io/ingress.class: differs from ingressClassName 'b'"
    ]
    assert good(text.replace("class: a", "class: b")).ingresses[0].ingress_class_name == "b"


@pytest.mark.parametrize(("value", "default"), [("'true'", True), ("'false'", False), ("'yes'", False)])
def test_classes(value: str, default: bool) -> None:
    text = f"""
        apiVersion: {V1}
        kind: IngressClass
        metadata: {{name: nginx, annotations: {{ingressclass.kubernetes.io/is-default-class: {value}}}}}
        spec: {{controller: k8s.io/ingress-nginx}}
    """
    [found] = good(text).ingress_classes
    assert (found.metadata.qualified_name, found.controller) == ("nginx", "k8s.io/ingress-nginx")
    assert found.is_default is default
