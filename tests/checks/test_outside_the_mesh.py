"""RF411: clients without a proxy, grouped by the server that they may reach."""

from __future__ import annotations

import pytest

from ringfence.checks import outside_the_mesh
from ringfence.checks.finding import Severity

from .manifests import deployment, found, messages, namespace, node, policy, service
from .meshes import AMBIENT, annotated, meshed, peer_authentication, workload

SHOP = meshed(), workload("db", 5432)
OUTSIDER = namespace("out"), workload("probe", namespace="out")
DB, PROBE = "shop/db[Deployment]", "out/probe[Deployment]"
TALKS = f"{PROBE} may send plaintext to port 5432 of {DB}, which is in the mesh"
STRICT = peer_authentication("default", "STRICT")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([], []),
        (OUTSIDER, [TALKS]),
        ([*OUTSIDER, STRICT], []),
        ([*OUTSIDER, policy(ingress="[{from: [{podSelector: {}}]}]")], []),
        ([workload("web")], []),
        # Nobody knows the namespace: its pods may be members.
        ([workload("probe", namespace="undeclared")], []),
        ([node()], []),
        ([namespace("kube-system"), workload("dns", namespace="kube-system")], []),
        ([namespace("istio-system"), workload("istiod", namespace="istio-system")], []),
        ([service("db", "[{port: 5432}]", "type: LoadBalancer")], []),
    ],
)
def test_who_counts(more, expected):
    assert messages(outside_the_mesh, *SHOP, *more) == expected


@pytest.mark.parametrize("mesh", [annotated(), meshed("shop", labels=AMBIENT)], ids=["linkerd", "ambient"])
def test_other_meshes(mesh):
    assert messages(outside_the_mesh, mesh, SHOP[1], *OUTSIDER) == [TALKS]


def test_one_finding_for_each_server():
    clients = [workload(f"c{place}", namespace="out") for place in range(5)]
    result = found(outside_the_mesh, *SHOP, workload("web"), namespace("out"), *clients)
    shown = "out/c0[Deployment], out/c1[Deployment], out/c2[Deployment] and 2 more may send plaintext to port"
    assert [one.message for one in result] == [
        f"{shown} 5432 of {DB}, which is in the mesh",
        f"{shown} 8080 of shop/web[Deployment], which is in the mesh",
    ]
    assert {one.severity for one in result} == {Severity.LOW}
    assert all(one.witness is not None and one.witness.packet.header.plane == "tcp" for one in result)


def test_ports_that_nobody_serves_do_not_count():
    admin = policy(ingress="[{from: [{podSelector: {}}]}, {ports: [{port: 9999}]}]")
    assert messages(outside_the_mesh, *SHOP, *OUTSIDER, admin) == []


@pytest.mark.parametrize("manifests", [[deployment()], [namespace(), workload("db", 5432), *OUTSIDER]])
def test_without_a_mesh_it_is_quiet(manifests):
    assert messages(outside_the_mesh, *manifests) == []
