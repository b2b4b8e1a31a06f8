"""Services through their waypoints: who is asked for what, as whom, and on which port."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.engine.reach import Reachability
from ringfence.engine.reference import Reference
from ringfence.layers import ztunnel_authorization
from ringfence.layers.istio_authorization import Settings
from ringfence.layers.istio_waypoint import FACET, GATEWAY_NAME, MANAGED, MANAGED_BY, USE
from ringfence.layers.istio_waypoint_authorization import AtWaypoints
from ringfence.layers.mesh_facets import AMBIENT, MESH, NO_PLANE, PLANE
from ringfence.model.conditions import Request
from ringfence.model.headers import Header
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Packet
from ringfence.model.rules import UNKNOWN_IDENTITY, Action, Chain, Direction
from ringfence.resources.istio.authorization import (
    AuthorizationPolicy,
    Operation,
    PolicyRule,
    Source,
    TargetReference,
)
from ringfence.resources.kubernetes import Gateway, Infrastructure, Listener, ObjectMeta, Service
from ringfence.topology.kubernetes import build
from ringfence.topology.mesh import waypoint_ways, waypoints
from ringfence.topology.mesh.istio_gateways import deployed
from ringfence.topology.pods import PODS
from ringfence.topology.services import port_numbers
from tests.layers.clusters import cluster, has, meta, namespace, pod, pods, policy, rule, service

ROOT = "istio-system"
WAYPOINT = {GATEWAY_NAME: "wp", MANAGED: MANAGED_BY[0]}
CLIENT = "cluster.local/ns/shop/sa/client"
PROXY = "cluster.local/ns/shop/sa/wp"


def web(name="shop/web", *ports, **more):
    found = service(name, *(ports or ("tcp/80=8080",)), selector={"app": "web"}, **more)
    return replace(found, metadata=replace(found.metadata, labels={USE: "wp"}))


def gateway():
    return Gateway(meta("shop/wp"), "istio-waypoint", (Listener("mesh", 15008, "HBONE"),))


THINGS = (
    namespace("shop"),
    pod("shop/client", ip="10.0.0.1", app="client"),
    pod("shop/web", ip="10.0.0.2", app="web"),
    pod("shop/wp", ip="10.0.0.3", **WAYPOINT),
    gateway(),
    web(),
)


def allow(namespace, *principals, targets=()):
    sources = (Source(principals=principals),) if principals else ()
    rules = (PolicyRule(sources),) if sources else ()
    return AuthorizationPolicy(ObjectMeta("p", namespace), rules=rules, target_refs=targets)


def network(*things, policies=(), outside=()):
    """The cluster with every pod captured but the waypoint's and those named; its own waypoints are left out."""
    objects = deployed(cluster(*things)).objects
    found = build(objects).network
    people = []
    for one in found.endpoints:
        if FACET in one.facets:
            continue
        captured = one.id.removesuffix("[Pod]") not in outside and one.location == PODS
        name = one.id.partition("[")[0].replace("/", "/sa/")
        facets = (
            {**one.facets, MESH: {PLANE: AMBIENT if captured else NO_PLANE}} if one.location == PODS else one.facets
        )
        people.append(replace(one, facets=facets, identity=f"spiffe://cluster.local/ns/{name}" if captured else ""))
    links = tuple(one for one in found.links if not {one.source, one.target} & {waypoints.PLACE, waypoints.LEAVING})
    at_pods = (
        *found.locations[PODS].chains,
        ztunnel_authorization.chain([one for one in policies if not one.target_refs], ROOT),
    )
    bound = AtWaypoints(policies, (), Settings(ROOT))
    ways = waypoint_ways.build(objects, people, port_numbers(objects), bound, at_pods, PODS)
    there = {**found.locations, PODS: replace(found.locations[PODS], chains=at_pods)}
    return ways, ways.joined(replace(found, endpoints=tuple(people), locations=there, links=links))


def outcome(ways, net, source="shop/client[Pod]", port=80, service="shop/web", plane="mtls", request=None):
    """What the reference evaluator says, which the engine must not contradict."""
    (dialled,) = ways.dialled(service)
    sender = next(one for one in net.endpoints if one.id == source)
    packet = Packet(
        source, sender.addresses.first(), dialled.id, dialled.addresses.first(), Header(plane, 40000, port), request
    )
    found = Reference(net).trace(packet).outcome
    (slice_,) = Reachability(net, request).between(sender, dialled)
    passes = [
        port in getattr(bound, plane).some(IntervalSet.of(40000)) for bound in (slice_.headers.must, slice_.headers.may)
    ]
    expected = {Outcome.ALLOWED: [True, True], Outcome.DENIED: [False, False], Outcome.NO_ROUTE: [False, False]}
    assert passes == expected.get(found, [False, True])
    return found


def test_without_policies_it_leads_to_the_pods():
    ways, net = network(*THINGS)
    assert outcome(ways, net) is Outcome.ALLOWED
    assert outcome(ways, net, port=8080) is Outcome.NO_ROUTE
    assert outcome(ways, net, plane="tcp") is Outcome.NO_ROUTE


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([allow("shop", PROXY)], Outcome.ALLOWED),
        ([allow("shop", CLIENT)], Outcome.DENIED),
        ([allow("shop", CLIENT, targets=(TargetReference("", "Service", "web"),))], Outcome.ALLOWED),
        ([allow("shop", PROXY, targets=(TargetReference("", "Service", "web"),))], Outcome.DENIED),
        ([allow("shop", PROXY, targets=(TargetReference("", "Service", "other"),))], Outcome.ALLOWED),
        ([allow("shop", targets=(TargetReference("x", "Gateway", "wp"),))], Outcome.DENIED),
        ([allow(ROOT, targets=(TargetReference("x", "GatewayClass", "istio-waypoint"),))], Outcome.DENIED),
        ([allow("shop", targets=(TargetReference("x", "GatewayClass", "istio-waypoint"),))], Outcome.ALLOWED),
    ],
)
def test_the_waypoint_sees_the_client_and_the_pod_sees_the_waypoint(policies, expected):
    assert outcome(*network(*THINGS, policies=policies)) is expected


@pytest.mark.parametrize(("name", "told"), [("http", True), ("tcp", False)])
def test_http_is_decided_at_the_waypoint_where_the_service_says_http(name, told):
    dialled = web()
    dialled = replace(dialled, ports=tuple(replace(one, name=name) for one in dialled.ports))
    things = [one for one in THINGS if not isinstance(one, Service)]
    reading = AuthorizationPolicy(
        ObjectMeta("p", "shop"),
        rules=(PolicyRule((), (Operation(methods=("GET",), ports=("80",)),)),),
        target_refs=(TargetReference("", "Service", "web"),),
    )
    ways, net = network(*things, dialled, policies=[reading])
    get, post = (Request({"method": (method,), "protocol": ("http",)}) for method in ("GET", "POST"))
    assert outcome(ways, net, request=get) is (Outcome.ALLOWED if told else Outcome.DENIED)
    assert outcome(ways, net, request=post) is Outcome.DENIED
    assert outcome(ways, net) is (Outcome.CONDITIONAL if told else Outcome.DENIED)


@pytest.mark.parametrize(
    ("isolated", "peer", "expected"),
    [
        ("web", has(**WAYPOINT), Outcome.ALLOWED),
        ("web", has(app="client"), Outcome.DENIED),
        ("wp", has(app="client"), Outcome.ALLOWED),
        ("wp", has(app="web"), Outcome.DENIED),
    ],
)
def test_network_policy_sees_two_connections(isolated, peer, expected):
    selector = has(**WAYPOINT) if isolated == "wp" else has(app=isolated)
    found = policy("shop/p", selector, ingress=(rule(pods(peer)),))
    assert outcome(*network(*THINGS, found)) is expected


@pytest.mark.parametrize(
    ("leaving", "peer", "expected"),
    [
        ("client", has(**WAYPOINT), Outcome.ALLOWED),
        ("client", has(app="web"), Outcome.DENIED),
        ("wp", has(app="web"), Outcome.ALLOWED),
        ("wp", has(app="client"), Outcome.DENIED),
    ],
)
def test_so_does_its_egress(leaving, peer, expected):
    selector = has(**WAYPOINT) if leaving == "wp" else has(app=leaving)
    found = policy("shop/p", selector, egress=(rule(pods(peer)),))
    assert outcome(*network(*THINGS, found)) is expected


def test_its_own_chains_are_changed_and_those_of_pods_are_not():
    at_pods, own = (Chain(name, Direction.INGRESS, (), Action.ALLOW) for name in ("pods", "waypoint"))
    found = waypoints.Waypoints(at_pods=(at_pods,), own=(own,)).changed(lambda one: replace(one, layer="changed"))
    assert ([one.layer for one in found.at_pods], [one.layer for one in found.own]) == (["pods"], ["changed"])


def test_a_client_may_be_behind_a_waypoint_itself():
    ways, net = network(*THINGS)
    behind = [
        replace(one, facets={**one.facets, FACET: {"workload": "shop/other"}}) if one.id == "shop/client[Pod]" else one
        for one in net.endpoints
    ]
    assert outcome(ways, replace(net, endpoints=tuple(behind))) is Outcome.ALLOWED


def test_two_services_and_two_pods():
    other = pod("shop/web2", ip="10.0.0.4", app="web")
    ways, net = network(*THINGS, other, web("shop/again", "tcp/81=8080", "udp/80=8080"))
    assert outcome(ways, net) is Outcome.ALLOWED
    assert outcome(ways, net, port=81, service="shop/again") is Outcome.ALLOWED
    assert outcome(ways, net, port=80, service="shop/again") is Outcome.NO_ROUTE
    refusing = policy("shop/p", has(app="web"), ingress=())
    assert outcome(*network(*THINGS, other, refusing)) is Outcome.DENIED


def test_a_pod_outside_the_mesh_gets_plaintext():
    ways, net = network(*THINGS, outside=("shop/web",), policies=[allow("shop", CLIENT)])
    assert {one.transport for one in ways.onward} == {"tcp"}
    assert outcome(ways, net) is Outcome.ALLOWED


NOT_THERE = tuple(one for one in THINGS if one.metadata.name != "wp")


def test_an_instance_that_no_file_holds():
    ways, _ = network(*NOT_THERE, gateway(), policies=[allow("shop", PROXY)])
    (dialled,) = ways.dialled("shop/web")
    assert dialled.identity == f"spiffe://{PROXY}"
    assert WAYPOINT.items() <= dialled.facets["pod"].items()
    assert {one.workload for one in ways.endpoints} == {waypoints.WAYPOINTS, "shop/wp[Deployment]"}


def test_an_instance_of_which_nothing_is_known():
    """Parameters may change its labels, so that a policy that names some may admit it."""
    changed = replace(gateway(), infrastructure=Infrastructure(parameters="ConfigMap own"))
    ways, net = network(*NOT_THERE, changed)
    (dialled,) = ways.dialled("shop/web")
    assert (dialled.identity, "pod" in dialled.unknown_facets) == (UNKNOWN_IDENTITY, True)
    assert {one.workload for one in ways.endpoints} == {waypoints.WAYPOINTS, "shop/wp[Gateway]"}
    assert outcome(ways, net) is Outcome.ALLOWED
    admitting = policy("shop/p", has(app="web"), ingress=(rule(pods(has(team="red"))),))
    assert outcome(*network(*NOT_THERE, changed, admitting)) is Outcome.UNKNOWN
    assert outcome(*network(*NOT_THERE, gateway(), admitting)) is Outcome.DENIED


def test_accounts_that_differ_prove_nothing_certain():
    second = pod("shop/wp2", ip="10.0.0.9", **WAYPOINT)
    own = replace(second, templates=tuple(replace(one, service_account_name="b") for one in second.templates))
    ways, _ = network(*THINGS, own, outside=("shop/wp", "shop/wp2"))
    assert {one.identity for one in ways.dialled("shop/web")} == {UNKNOWN_IDENTITY}


@pytest.mark.parametrize(
    "gone",
    [
        {"metadata": meta("shop/web")},
        {"type": "ExternalName"},
        {"cluster_ips": ("None",)},
    ],
)
def test_services_without_a_waypoint(gone):
    things = [replace(one, **gone) if isinstance(one, Service) else one for one in THINGS]
    ways, _ = network(*things)
    assert ways == waypoints.Waypoints()


def test_nobody_is_at_a_waypoint_but_its_own_pod():
    ways, _ = network(*THINGS)
    assert {one.workload for one in ways.endpoints} == {waypoints.WAYPOINTS, "shop/wp[Pod]"}
    assert {one.workload for one in ways.dialled("shop/web")} == {waypoints.WAYPOINTS}
    assert {one.namespace for one in ways.endpoints} == {"shop"}
