"""Policies at waypoints: which bind for a Service, how its ports are read, and what is shared."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from ringfence.engine.decisions import Side, decide
from ringfence.layers.istio_authorization import Settings
from ringfence.layers.istio_inbound import FACET as INBOUND
from ringfence.layers.istio_waypoint import LAYER, Waypoint
from ringfence.layers.istio_waypoint_authorization import AtWaypoints
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
    TargetReference,
    When,
)
from ringfence.resources.kubernetes import ObjectMeta, Service, ServicePort

ROOT = "istio-system"
WAYPOINT = Waypoint("infra", "wp")
WEB, OTHER = (TargetReference("", "Service", name) for name in ("web", "other"))
GATEWAY = TargetReference("gateway.networking.k8s.io", "Gateway", "wp")
CLASS = TargetReference("gateway.networking.k8s.io", "GatewayClass", "istio-waypoint")
ALLOWED, DENIED, BOTH = {Action.ALLOW}, {Action.DENY}, {Action.ALLOW, Action.DENY}


def service(name="web"):
    ports = (
        ServicePort(80, 8080, "http"),
        ServicePort(90, 9090, "tcp"),
        ServicePort(70, 7070),
        ServicePort(53, 53, "dns", "UDP"),
    )
    return Service(ObjectMeta(name, "shop"), selector={"app": name}, ports=ports)


def policy(target, *rules, action=PolicyAction.ALLOW, namespace="shop", **more):
    return AuthorizationPolicy(ObjectMeta("p", namespace), action, rules, target_refs=(target,), **more)


def decided(policies, port=80, identity="spiffe://cluster.local/ns/shop/sa/a", requests=(), name="web", **subjects):
    at = AtWaypoints(policies, requests, Settings(ROOT))
    both = [(service(), WAYPOINT), (service("other"), WAYPOINT)]
    dialled = Endpoint("x", "x", AddressSet.of("10.0.0.1"), facets=at.facets(service(name), WAYPOINT))
    request = Request({key: (value,) for key, value in subjects.items()}) if subjects else None
    outcomes = {Action.ALLOW}
    for chain in at.chains(both):
        assert chain.layer == LAYER
        side = Side(None, number("10.0.0.2"), identity)
        found = {one.action for one in decide(chain, "w", dialled, side, Header("mtls", 8, port), request).possible}
        outcomes = {Action.DENY if Action.DENY in pair else Action.ALLOW for pair in product(outcomes, found)}
    return outcomes


@pytest.mark.parametrize(
    ("found", "web", "other"),
    [
        (policy(WEB), DENIED, ALLOWED),
        (policy(OTHER), ALLOWED, DENIED),
        (policy(GATEWAY, namespace="infra"), DENIED, DENIED),
        (policy(GATEWAY), ALLOWED, ALLOWED),
        (policy(CLASS, namespace=ROOT), DENIED, DENIED),
        (policy(CLASS), ALLOWED, ALLOWED),
        (replace(policy(WEB), target_refs=()), ALLOWED, ALLOWED),
        (policy(WEB, dry_run=True), ALLOWED, ALLOWED),
        (policy(WEB, PolicyRule(), action=PolicyAction.AUDIT), ALLOWED, ALLOWED),
    ],
)
def test_where_a_policy_binds(found, web, other):
    assert decided([found]) == web
    assert decided([found], name="other") == other


def test_policies_of_all_levels_add_up():
    by = [
        policy(WEB, PolicyRule((Source(principals=("*/sa/a",)),))),
        policy(GATEWAY, PolicyRule((Source(principals=("*/sa/b",)),)), namespace="infra"),
        policy(CLASS, PolicyRule((Source(principals=("*/sa/c",)),)), action=PolicyAction.DENY, namespace=ROOT),
    ]
    for account, expected in (("a", ALLOWED), ("b", ALLOWED), ("c", DENIED), ("d", DENIED)):
        assert decided(by, identity=f"spiffe://cluster.local/ns/shop/sa/{account}") == expected


def test_a_bare_account_is_of_the_policys_namespace():
    found = policy(GATEWAY, PolicyRule((Source(service_accounts=("a",)),)), namespace="infra")
    assert decided([found], identity="spiffe://cluster.local/ns/infra/sa/a") == ALLOWED
    assert decided([found]) == DENIED


@pytest.mark.parametrize(
    ("port", "subjects", "expected"),
    [
        (80, {"method": "GET"}, ALLOWED),
        (80, {"method": "POST"}, DENIED),
        (80, {}, BOTH),
        (90, {"method": "GET"}, DENIED),
        (70, {"method": "GET", "protocol": "http"}, ALLOWED),
        (70, {"method": "GET", "protocol": "tcp"}, DENIED),
    ],
)
def test_ports_are_read_as_the_service_says(port, subjects, expected):
    found = policy(WEB, PolicyRule((), (Operation(methods=("GET",)),)))
    assert decided([found], port, **subjects) == expected


def test_the_ports_are_the_services():
    found = policy(WEB, PolicyRule((), (Operation(ports=("80",)),)))
    assert decided([found]) == ALLOWED
    assert decided([found], 8080) == DENIED


def test_an_authorizer_that_nobody_knows_refuses_or_not():
    found = policy(WEB, PolicyRule(), action=PolicyAction.CUSTOM, provider="x")
    assert decided([found]) == BOTH


def test_what_binds_alike_is_shared():
    at = AtWaypoints([policy(GATEWAY, namespace="infra")], (), Settings(ROOT))
    assert len(at.chains([(service(), WAYPOINT), (service("other"), WAYPOINT)])) == 1
    assert at.chains([(service(), Waypoint("infra", "another"))]) == ()


def test_tokens_that_bind():
    token = RequestAuthentication(ObjectMeta("t", "shop"), (JWTRule("issuer"),), target_refs=(WEB,))
    at = AtWaypoints((), (token, replace(token, target_refs=())), Settings(ROOT))
    assert at.facets(service(), WAYPOINT)[INBOUND]["tokens"] == "shop/t"
    assert at.facets(service("other"), WAYPOINT)[INBOUND]["tokens"] == ""
    assert decided((), requests=(token,)) == BOTH
    assert decided((), requests=(token,), name="other") == ALLOWED


@pytest.mark.parametrize(
    ("found", "idle"),
    [
        (policy(WEB), False),
        (policy(TargetReference("", "Service", "third")), True),
        (policy(WEB, namespace="elsewhere"), True),
        (policy(CLASS, namespace=ROOT), False),
        (policy(CLASS), True),
        (policy(GATEWAY), False),
        (replace(policy(WEB), target_refs=()), False),
    ],
)
def test_what_binds_nowhere(found, idle):
    at = AtWaypoints([found], (), Settings(ROOT))
    assert [one for one, _, _ in at.idle([(service(), WAYPOINT)])] == ([found] if idle else [])


def decided_for_a_pod(policies, port=8080, waypoint=WAYPOINT, identity="spiffe://cluster.local/ns/shop/sa/a"):
    """What becomes of a pod that is dialled by its address, through a waypoint for workloads."""
    at = AtWaypoints(policies, (), Settings(ROOT))
    dialled = Endpoint("x", "x", AddressSet.of("10.0.0.1"), facets=at.facets_of_pods(waypoint))
    outcomes = {Action.ALLOW}
    for chain in at.chains([(service(), WAYPOINT)], [WAYPOINT]):
        side = Side(None, number("10.0.0.2"), identity)
        found = {one.action for one in decide(chain, "w", dialled, side, Header("mtls", 8, port), None).possible}
        outcomes = {Action.DENY if Action.DENY in pair else Action.ALLOW for pair in product(outcomes, found)}
    return outcomes


FROM_A = Source(principals=("cluster.local/ns/shop/sa/a",))
FROM_B = Source(principals=("cluster.local/ns/shop/sa/b",))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (policy(WEB), ALLOWED),  # those of a Service are for who dials it
        (policy(GATEWAY), ALLOWED),
        (policy(GATEWAY, namespace="infra"), DENIED),
        (policy(CLASS, namespace=ROOT), DENIED),
        (policy(GATEWAY, PolicyRule((FROM_A,)), namespace="infra"), ALLOWED),
        (policy(GATEWAY, PolicyRule((FROM_B,)), namespace="infra"), DENIED),
        (policy(GATEWAY, PolicyRule((), (Operation(ports=("8080",)),)), namespace="infra"), ALLOWED),
        (policy(GATEWAY, PolicyRule((), (Operation(ports=("80",)),)), namespace="infra"), DENIED),
        # As its bytes look, so that a method may be asked for.
        (policy(GATEWAY, PolicyRule((), (Operation(methods=("GET",)),)), namespace="infra"), BOTH),
    ],
)
def test_what_binds_for_pods(found, expected):
    assert decided_for_a_pod([found]) == expected
    assert decided_for_a_pod([found], waypoint=Waypoint("infra", "other")) == ALLOWED


@pytest.mark.parametrize("listed", [("10.0.0.0/8",), ("192.0.2.0/24",)])
def test_the_address_that_was_dialled_is_left_open(listed):
    when = (When("destination.ip", listed),)
    asking = policy(GATEWAY, PolicyRule(when=when), namespace="infra")
    assert decided_for_a_pod([asking]) == BOTH
    assert decided([asking]) == BOTH
