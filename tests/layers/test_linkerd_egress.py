"""EgressNetworks: which counts for whom, and what nobody can say. One that refuses leaves open what passes."""

from __future__ import annotations

import pytest

from ringfence.layers.linkerd_egress import chain
from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.linkerd_settings import Settings
from ringfence.layers.mesh_facets import NO_PLANE
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action
from ringfence.resources.kubernetes import ParentReference, Route
from ringfence.resources.linkerd import EgressNetwork, Network
from tests.layers.linkerd_clusters import ALLOWED, GATEWAY, GROUP, INSTALLED, OPEN, meta, pod, says

PLAIN = Settings("deny")
CLIENT = pod("shop/client", PLAIN)
NEAR, FAR, V6 = "10.9.9.9", "192.0.2.9", "2001:db8::1"


def network(name: str, policy: str, *cidrs: str, created: str = "") -> EgressNetwork:
    blocks = tuple(Network(cidr.partition("!")[0], tuple(cidr.split("!")[1:])) for cidr in cidrs)
    return EgressNetwork(meta(name, created), policy, blocks or None)


def attached(name: str, kind: str = "TLSRoute") -> Route:
    parent = ParentReference(name, "shop", GROUP, "EgressNetwork", port=443)
    return Route(kind, meta("r"), (parent,), group=GATEWAY)


def answer(
    networks: list[EgressNetwork],
    peer: Endpoint | str,
    client: Endpoint = CLIENT,
    routes: tuple[Route, ...] = (),
    port: int = 443,
) -> frozenset[Action]:
    made = chain(networks, routes, (PLAIN, Settings("deny", skip_outbound=port_set("25"))), INSTALLED)
    assert made is not None
    return says(made, client, peer, f"tcp/{port}")


def test_without_networks_there_is_no_chain() -> None:
    assert chain([], (), (PLAIN,), INSTALLED) is None


@pytest.mark.parametrize(
    ("networks", "peer", "expected"),
    [
        ([network("a", "Deny")], FAR, OPEN),
        ([network("a", "Deny")], V6, OPEN),
        ([network("a", "Deny")], NEAR, ALLOWED),
        ([network("a", "Allow")], FAR, ALLOWED),
        ([network("a", "Deny", "192.0.2.0/24")], FAR, OPEN),
        ([network("a", "Deny", "192.0.2.0/24")], "198.51.100.1", ALLOWED),
        ([network("a", "Deny", "192.0.2.0/24!192.0.2.9/32")], FAR, ALLOWED),
        ([network("a", "Deny"), network("b", "Allow", "192.0.2.0/24")], FAR, ALLOWED),
        ([network("a", "Allow", "192.0.0.0/16"), network("b", "Deny", "192.0.2.0/24")], FAR, OPEN),
        ([network("b", "Deny", "192.0.2.0/24"), network("a", "Allow", "192.0.2.0/24")], FAR, ALLOWED),
        (
            [
                network("a", "Allow", "192.0.2.0/24", created="2026-01-02T00:00:00Z"),
                network("b", "Deny", "192.0.2.0/24", created="2026-01-01T00:00:00Z"),
            ],
            FAR,
            OPEN,
        ),
        ([network("a", "Deny", "192.0.2.9/32!192.0.2.9/32"), network("b", "Allow")], FAR, ALLOWED),
        ([network("other/a", "Deny")], FAR, ALLOWED),
        ([network("linkerd-egress/a", "Deny")], FAR, OPEN),
        ([network("linkerd-egress/a", "Deny"), network("b", "Deny", "198.51.100.0/24")], FAR, ALLOWED),
        ([network("linkerd-egress/a", "Deny"), network("other/b", "Allow")], FAR, OPEN),
    ],
)
def test_which_network_counts(networks: list[EgressNetwork], peer: str, expected: frozenset[Action]) -> None:
    assert answer(networks, peer) == expected


def test_members_alone_are_bound() -> None:
    found = [network("a", "Deny")]
    assert answer(found, FAR, pod("shop/plain", plane=NO_PLANE)) == ALLOWED
    assert answer(found, FAR, pod("shop/unsure", PLAIN, plane=None)) == OPEN
    assert answer(found, FAR, pod("data/db", PLAIN)) == ALLOWED


def test_a_skipped_port_passes_by_the_proxy() -> None:
    skipping = pod("shop/client", Settings("deny", skip_outbound=port_set("25")))
    assert answer([network("a", "Deny")], FAR, skipping, port=25) == ALLOWED
    assert answer([network("a", "Deny")], FAR, skipping, port=26) == OPEN
    assert answer([network("a", "Deny")], FAR, port=25) == OPEN


def test_only_tcp_is_bound() -> None:
    made = chain([network("a", "Deny")], (), (PLAIN,), INSTALLED)
    assert made is not None
    assert says(made, CLIENT, FAR, Header("udp", 1, 53)) == ALLOWED


@pytest.mark.parametrize(
    ("policy", "to", "expected"), [("Deny", "a", OPEN), ("Deny", "b", OPEN), ("Allow", "a", ALLOWED)]
)
def test_attached_routes_leave_it_open(policy: str, to: str, expected: frozenset[Action]) -> None:
    assert answer([network("a", policy)], FAR, routes=(attached(to),)) == expected


def test_a_pod_in_a_network_depends_on_how_it_is_dialled() -> None:
    near, odd = pod("shop/web", PLAIN), pod("shop/odd", PLAIN, ip="192.0.2.1")
    assert answer([network("a", "Deny")], near) == ALLOWED
    assert answer([network("a", "Deny")], odd) == OPEN
    assert answer([network("a", "Deny", "10.0.0.0/8")], near) == OPEN
    assert answer([network("a", "Deny", "10.0.0.0/8")], NEAR) == OPEN
