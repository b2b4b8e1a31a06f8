"""What checks ask of a mesh: members, ports, strangers; and how names and ports are shown."""

from __future__ import annotations

import pytest

from ringfence.checks import mesh
from ringfence.layers.mesh_facets import AMBIENT as AMBIENT_PLANE
from ringfence.layers.mesh_facets import LINKERD as LINKERD_PLANE
from ringfence.layers.mesh_facets import SIDECAR
from ringfence.model.intervals import IntervalSet

from .manifests import deployment, ingress, namespace, policy, service, view
from .meshes import AMBIENT, annotated, authorization, meshed, peer_authentication, workload

SHOP = meshed(), workload("db", 5432)
DB = "shop/db[Deployment]"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([deployment()], []),
        (SHOP, [(DB, SIDECAR)]),
        ([meshed("shop", labels=AMBIENT), SHOP[1]], [(DB, AMBIENT_PLANE)]),
        ([annotated(), SHOP[1]], [(DB, LINKERD_PLANE)]),
        ([*SHOP, namespace("out"), workload("x", namespace="out")], [(DB, SIDECAR), ("out/x[Deployment]", None)]),
    ],
)
def test_pods_and_their_planes(manifests, expected):
    found = mesh.pods(view(*manifests))
    assert [(one.title, one.member.plane if one.member else None) for one in found] == expected
    assert all(one.on(plane) for one, (_, plane) in zip(found, expected, strict=True) if plane)


def test_a_member_that_nobody_is_sure_of_is_on_no_plane():
    (sure, unsure) = mesh.pods(view(*SHOP, workload("x", namespace="undeclared")))
    assert sure.on(SIDECAR)
    assert unsure.member is not None
    assert not unsure.on(SIDECAR)


def test_gateways_are_on_no_plane():
    gateway = workload("gw", 8080, istio="ingressgateway")
    assert [one.on(SIDECAR) for one in mesh.pods(view(*SHOP, gateway))] == [True, False]


def test_ports_that_are_served():
    two = service("db", "[{port: 80, targetPort: 5433}]")
    assert mesh.listening(view(*SHOP, two)) == {DB: IntervalSet.of(5432, 5433)}


@pytest.mark.parametrize(
    ("more", "stranger"),
    [
        ([], None),
        ([namespace("out"), workload("x", namespace="out")], "out/x[Deployment]"),
        ([service("db", "[{port: 5432}]", "type: NodePort")], "{node}"),
        # Whether the controller is a member nobody knows.
        ([service("db", "[{port: 5432}]"), ingress("db", "{number: 5432}")], None),
        ([namespace("kube-system"), workload("dns", namespace="kube-system")], None),
        ([namespace("out"), workload("x", namespace="out"), policy()], None),
        ([namespace("out"), workload("x", namespace="out"), peer_authentication("d", "STRICT")], None),
    ],
)
def test_strangers(more, stranger):
    found = mesh.stranger(view(*SHOP, *more), DB, IntervalSet.of(5432))
    assert (found.packet.source if found else None) == stranger


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], IntervalSet.of((0, 15019), (15022, 15089), (15091, 65535))),
        ([peer_authentication("d", "STRICT")], IntervalSet()),
        ([peer_authentication("d", "STRICT", select="db", ports="{5432: {mode: DISABLE}}")], IntervalSet.of(5432)),
    ],
)
def test_ports_that_take_plaintext(policies, expected):
    seen = view(*SHOP, *policies)
    assert mesh.plaintext_ports(seen, mesh.pods(seen)[0]) == expected


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (authorization("p", select="db"), 1),
        (authorization("p", select="web"), 0),
        (authorization("p"), 1),
        (authorization("p", namespace="out"), 0),
        (authorization("p", namespace="istio-system"), 1),
    ],
)
def test_pods_that_a_policy_selects(manifest, expected):
    seen = view(*SHOP, namespace("out"), manifest)
    (policy_of_istio,) = seen.topology.objects.istio_authorization_policies
    assert len(mesh.selected(seen, policy_of_istio, SIDECAR)) == expected
    assert mesh.selected(seen, policy_of_istio, AMBIENT_PLANE) == ()


@pytest.mark.parametrize(
    ("ports", "shown"),
    [
        (IntervalSet.of((0, 65535)), "every port"),
        (IntervalSet.of((1, 65535)), "every port"),
        (IntervalSet.of(80), "port 80"),
        (IntervalSet.of(80, 443), "ports 80, 443"),
        (IntervalSet.of((8000, 8010)), "ports 8000-8010"),
        (IntervalSet.of(1, 3, 5, 7), "ports 1, 3, 5 ..."),
    ],
)
def test_how_ports_are_shown(ports, shown):
    assert mesh.numbers(ports) == shown


@pytest.mark.parametrize(
    ("names", "shown"),
    [("a", "a"), ("aa", "a"), ("abc", "a, b, c"), ("abcde", "a, b, c and 2 more")],
)
def test_how_names_are_shown(names, shown):
    assert mesh.named(names) == shown
