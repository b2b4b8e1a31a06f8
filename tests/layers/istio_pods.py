"""A sidecar's pod, the policies at it and one packet: what tests of Istio's authorization share."""

from __future__ import annotations

from typing import Any

from ringfence.engine.decisions import Side, decide
from ringfence.layers.istio_authorization import Settings, authorization, kind
from ringfence.layers.istio_inbound import FACET
from ringfence.layers.istio_requests import request_subjects
from ringfence.layers.istio_rules import asked_subjects
from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.mesh_facets import MESH, PLANE, SIDECAR
from ringfence.model.addresses import AddressSet, number
from ringfence.model.conditions import Request
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action
from ringfence.resources.istio.authorization import (
    AuthorizationPolicy,
    JWTRule,
    Operation,
    PolicyAction,
    PolicyRule,
    RequestAuthentication,
    Source,
    When,
)
from ringfence.resources.kubernetes import ObjectMeta, PodTemplate, Service, ServicePort

ALLOW, DENY, CUSTOM, AUDIT = (PolicyAction(name) for name in ("ALLOW", "DENY", "CUSTOM", "AUDIT"))

HTTP_PORT, TCP_PORT, UNLISTED = 8080, 5432, 7000
WEB = PodTemplate(labels={"app": "web"})
SERVICE = Service(
    ObjectMeta("web", "shop"),
    selector={"app": "web"},
    ports=(ServicePort(80, HTTP_PORT, "http"), ServicePort(5432, TCP_PORT, "tcp-db")),
)
CLIENT = "spiffe://cluster.local/ns/front/sa/cart"
GET = {"method": "GET", "path": "/", "host": "web.shop"}
ISSUER = JWTRule("https://issuer.example")
TOKENS = RequestAuthentication(ObjectMeta("tokens", "shop"), (ISSUER,))


def policy(action, *rules, name="p", namespace="shop", **more):
    return AuthorizationPolicy(ObjectMeta(name, namespace), action, rules, **more)


def rule(source=None, operation=None, *when):
    return PolicyRule((source,) if source else (), (operation,) if operation else (), when)


def source(**fields):
    chosen: Any = {name: tuple(values) for name, values in fields.items()}
    return rule(Source(**chosen))


def operation(**fields):
    chosen: Any = {name: tuple(values) for name, values in fields.items()}
    return rule(None, Operation(**chosen))


def when(key, *values, but=()):
    return rule(None, None, When(key, values, tuple(but)))


def decided(
    policies=(),
    *,
    requests=(),
    http=GET,
    port=HTTP_PORT,
    identity=CLIENT,
    address="10.1.0.9",
    template=WEB,
    namespace="shop",
    services=(SERVICE,),
    settings=None,
    plane=SIDECAR,
    transport=None,
    own_address="10.3.0.2",
    unknown=frozenset(),
):
    """Every decision that is possible: `{True}`, `{False}` or both. `http` None: nothing is known of a request."""
    settings = settings or Settings()
    policies = tuple(policies)
    here = kind(namespace, template, services, policies, requests, settings.root_namespace)
    facets = {POD: template.labels, NAMESPACE: {}, MESH: {PLANE: plane}, FACET: here.inbound.facet}
    place = AddressSet.of(own_address)
    pod = Endpoint("pod", "pods", place, namespace=namespace, facets=facets, unknown_facets=unknown)
    asked = asked_subjects(one for policy in policies for one in policy.rules)
    request = None if http is None else Request(request_subjects(http, asked=asked))
    header = Header(transport or ("mtls" if identity else "tcp"), 40000, port)
    outcomes = {True}
    for chain in authorization(policies, requests, (here,), settings):
        side = Side(None, number(address), identity)
        found = decide(chain, "pods", pod, side, header, request)
        outcomes = {one.action is Action.ALLOW for one in found.possible}
    return outcomes
