"""Istio as a whole: presence, identities, facets, the chains of each plane, and what the user is told."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_options import IstioOptions
from ringfence.model.rules import Direction, Purpose
from ringfence.network import Network
from ringfence.resources.kubernetes import PodTemplate
from ringfence.topology.mesh.istio import IstioMesh
from ringfence.topology.options import Options
from tests.layers.istio_worlds import (
    NETWORKING,
    PEOPLE,
    PLAIN,
    SECURITY,
    World,
    destination,
    namespace,
    peer,
    pod,
    service,
    thing,
    virtual,
)

TO_NOBODY = {"egress": [{"hosts": ["./*"]}]}
TO_WEB = {"http": [{"route": [{"destination": {"host": "web"}}]}]}


def mesh(*things: dict, options: IstioOptions | None = None) -> IstioMesh:
    return IstioMesh(World(*things).objects, Options(istio=options or IstioOptions()))


def config(text: str, name: str = "istio") -> dict:
    metadata = {"name": name, "namespace": "istio-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mesh": text}}


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((PLAIN, pod("plain/a"), service("plain/a")), False),
        ((namespace("x", istio_injection="disabled"),), False),
        ((PEOPLE[0],), True),
        ((namespace("x", **{"istio.io/dataplane-mode": "ambient"}),), True),
        ((pod("a", {"sidecar.istio.io/inject": "true"}),), True),
        ((pod("a", {"sidecar.istio.io/inject": "false"}),), False),
        ((pod("a", containers=[{"name": "istio-proxy", "image": "p"}]),), True),
        ((peer("p", "STRICT"),), True),
        ((destination("d", "web"),), True),
        ((virtual("v", "web", **TO_WEB),), True),
        ((thing(SECURITY, "AuthorizationPolicy", "a", {}),), True),
        ((thing(NETWORKING, "Sidecar", "s", {"egress": [{"hosts": ["./*"]}]}),), True),
        ((config("{}"),), True),
        ((config("{}", "unrelated"),), False),
    ],
)
def test_presence(things, expected):
    assert mesh(*things).present is expected


def test_without_a_mesh_pods_have_no_facet_of_one():
    world = World(PLAIN, pod("plain/a"))
    assert "mesh" not in world.pod("plain/a").facets
    assert {one.purpose for one in world.topology.network.locations["pods"].chains} <= {Purpose.POLICY}


@pytest.mark.parametrize(
    ("things", "options", "expected"),
    [
        ((), None, "spiffe://cluster.local/ns/shop/sa/default"),
        ((config("trustDomain: td"),), None, "spiffe://td/ns/shop/sa/default"),
        ((config("trustDomain: td"),), IstioOptions(trust_domain="x"), "spiffe://x/ns/shop/sa/default"),
    ],
)
def test_identities(things, options, expected):
    found = mesh(*PEOPLE, *things, options=options).member("shop", PodTemplate())
    assert found is not None
    assert (found.plane, found.identity, found.sure) == ("sidecar", expected, True)
    assert "istio-injection" in found.because


def test_endpoints_have_identity_only_inside():
    world = World(*PEOPLE, pod("a", serviceAccountName="acc"), pod("plain/n"), pod("nobody/x"))
    assert [world.pod(one).identity for one in ("a", "plain/n", "nobody/x")] == [
        "spiffe://cluster.local/ns/shop/sa/acc",
        "",
        "?",
    ]
    assert "mesh" in world.pod("nobody/x").unknown_facets


def test_ambient_chains_stand_only_where_the_plane_is():
    def layers(*things: dict) -> set[tuple[str, Direction, Purpose]]:
        found = mesh(*PEOPLE, pod("a"), *things).chains()
        return {(one.layer, one.direction, one.purpose) for one in found if one.purpose is not Purpose.POLICY}

    own = {
        ("Istio mTLS", Direction.EGRESS, Purpose.OFFER),
        ("Istio mTLS", Direction.INGRESS, Purpose.ACCEPTANCE),
    }
    assert layers() == own
    ambient = namespace("amb", **{"istio.io/dataplane-mode": "ambient"})
    both = layers(ambient, pod("amb/a"))
    assert both - own == {
        ("ztunnel", Direction.EGRESS, Purpose.OFFER),
        ("ztunnel", Direction.INGRESS, Purpose.ACCEPTANCE),
    }


def test_the_root_namespace_may_be_another():
    policy = peer("mesh/default", "STRICT")
    things = (*PEOPLE, pod("web"), pod("plain/n"), policy)
    assert World(*things).taken("web", "plain/n") == "either"
    chosen = Options(istio=IstioOptions(root_namespace="mesh"))
    assert World(*things, options=chosen).taken("web", "plain/n") == "mtls"
    assert World(*things, config("rootNamespace: mesh")).taken("web", "plain/n") == "mtls"


def test_what_is_ignored_or_cannot_be_read_is_said():
    found = mesh(peer("istio-system/p", "STRICT", "web"), peer("q", "STRICT", "web"), config("trustDomain: 1"))
    said = sorted(str(one) for one in found.diagnostics)
    assert [one.partition(": warning: ")[2] for one in said] == [
        "PeerAuthentication istio-system/p has a selector and lives in the root namespace: Istio ignores it",
        "trustDomain: 1 is no text: what holds instead is not known",
    ]
    assert all(one[0] in "02" for one in said)


def test_a_request_is_seen_with_its_path_normalized():
    assert mesh(config("{}")).request({"path": "/a/../b"})["path"] == ("/b",)
    kept = mesh(config("pathNormalization: {normalization: NONE}"))
    assert kept.request({"path": "/a/../b"})["path"] == ("/a/../b",)


def test_facets_are_those_of_pods_with_a_proxy():
    made = mesh(*PEOPLE)
    assert {"istio mtls", "istio mtls policy", "istio auto mtls", "istio proxy"} <= set(
        made.facets("shop", PodTemplate())
    )
    assert made.facets("plain", PodTemplate()) == {}


LISTENING = {"ingress": [{"port": {"number": 8080, "protocol": "HTTP"}, "defaultEndpoint": "127.0.0.1:9000"}]}
ON_TCP = service("web", (80, 8080), (90, 9090))
ENTRY = {
    "hosts": ["web.example"], "location": "MESH_INTERNAL", "resolution": "STATIC",
    "ports": [{"number": 80, "name": "x", "protocol": "HTTP", "targetPort": 8080}],
    "workloadSelector": {"labels": {"app": "web"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ((ON_TCP,), "tcp 8080,9090"),
        ((ON_TCP, thing(NETWORKING, "Sidecar", "s", LISTENING)), "http 8080"),
        ((ON_TCP, thing(NETWORKING, "Sidecar", "s", {"egress": [{"hosts": ["./*"]}]})), "tcp 8080,9090"),
        ((ON_TCP, thing(NETWORKING, "Sidecar", "istio-system/s", LISTENING)), "http 8080"),
        ((ON_TCP, thing(NETWORKING, "Sidecar", "other/s", LISTENING)), "tcp 8080,9090"),
        (
            (
                ON_TCP,
                thing(NETWORKING, "Sidecar", "a", LISTENING),
                thing(NETWORKING, "Sidecar", "b", {"ingress": [{"port": {"number": 8080, "protocol": "TCP"}}]}),
            ),
            "either 8080",
        ),
        ((thing(NETWORKING, "ServiceEntry", "e", ENTRY),), "http 8080"),
        ((ON_TCP, thing(NETWORKING, "ServiceEntry", "e", ENTRY)), "tcp 9090; either 8080"),
        ((thing(NETWORKING, "ServiceEntry", "other/e", ENTRY),), ""),
    ],
)
def test_how_ports_are_read(things, expected):
    made = mesh(*PEOPLE, pod("web"), *things)
    space, template = next(iter(made.objects.pod_templates()))
    assert made.facets(space, template)["istio inbound"]["ports"] == expected


ONLY_GET = {"selector": {"matchLabels": {"app": "web"}}, "rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]}


@pytest.mark.parametrize(
    ("sidecars", "outcome"),
    [
        ((), "denied"),
        ((thing(NETWORKING, "Sidecar", "s", LISTENING),), "conditional"),
        ((thing(NETWORKING, "Sidecar", "s", LISTENING), thing(NETWORKING, "Sidecar", "b", TO_NOBODY)), "unknown"),
    ],
)
def test_a_rule_of_http_meets_the_ports_of_the_sidecar(sidecars, outcome):
    policy = thing(SECURITY, "AuthorizationPolicy", "a", ONLY_GET)
    world = World(*PEOPLE, pod("web"), pod("client"), ON_TCP, policy, *sidecars)
    assert Network(world.topology).reach("shop/client", "shop/web", "tcp/8080").explain().outcome == outcome


def subsets(**modes: str) -> dict:
    policies = {name: {"tls": {"mode": mode}} for name, mode in modes.items()}
    made = [{"name": name, "labels": {"app": "web"}, "trafficPolicy": one} for name, one in policies.items()]
    return destination("d", "web", subsets=made)


def to(subset: str, **match: object) -> dict:
    when = {"match": [match]} if match else {}
    return {**when, "route": [{"destination": {"host": "web", "subset": subset}}]}


BY_HEADER = {"headers": {"x": {"exact": "y"}}}
DELEGATED = {"delegate": {"name": "rest"}}


@pytest.mark.parametrize(
    ("modes", "routes", "delegate", "sent"),
    [
        ({"a": "ISTIO_MUTUAL", "b": "ISTIO_MUTUAL"}, [to("a", **BY_HEADER), to("b")], [], "mtls"),
        ({"a": "DISABLE", "b": "SIMPLE"}, [to("a", **BY_HEADER), to("b")], [], "plaintext"),
        ({"a": "ISTIO_MUTUAL", "b": "DISABLE"}, [to("a", **BY_HEADER), to("b")], [], "either"),
        ({"a": "ISTIO_MUTUAL", "b": "DISABLE"}, [to("a"), to("b", **BY_HEADER)], [], "mtls"),
        ({"a": "DISABLE", "b": "ISTIO_MUTUAL"}, [DELEGATED], [to("a")], "plaintext"),
        ({"a": "DISABLE", "b": "ISTIO_MUTUAL"}, [DELEGATED], [to("a", **BY_HEADER), to("b")], "either"),
        ({"a": "DISABLE", "b": "ISTIO_MUTUAL"}, [DELEGATED], [], "either"),
    ],
)
def test_where_all_that_may_be_taken_send_alike_it_is_known(modes, routes, delegate, sent):
    things = [virtual("v", "web", http=routes), subsets(**modes), service("web", port_name="http")]
    if delegate:
        things.append(thing(NETWORKING, "VirtualService", "rest", {"http": delegate}))
    world = World(*PEOPLE, pod("web"), pod("client"), *things)
    assert world.sent("client", "web") == sent
