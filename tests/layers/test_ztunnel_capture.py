"""What goes past ztunnel."""

from __future__ import annotations

import pytest

from ringfence.engine.decisions import Side, decide
from ringfence.layers import ztunnel_authorization, ztunnel_peer_authentication
from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.mesh_facets import AMBIENT, MESH, NO_PLANE, PLANE
from ringfence.layers.own_node import HOST, NODE
from ringfence.layers.ztunnel_capture import ANNOTATION, pod_facet
from ringfence.model.addresses import AddressSet, number
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action
from ringfence.resources.istio.authentication import MutualTlsMode, PeerAuthentication
from ringfence.resources.istio.authorization import AuthorizationPolicy
from ringfence.resources.kubernetes import ObjectMeta

NODES = ["n1", "n2"]
STRICT = PeerAuthentication(ObjectMeta("p", "shop"), MutualTlsMode.STRICT)
CHAINS = [
    ztunnel_authorization.chain([AuthorizationPolicy(ObjectMeta("p", "shop"))], "root", NODES),
    ztunnel_peer_authentication.chain([STRICT], "root", NODES),
]


def passes(chain, peer=None, plane="tcp", mesh=AMBIENT, **annotations):
    facets = {POD: {}, MESH: {PLANE: mesh}, NODE: {"name": "n1"}, **pod_facet(annotations)}
    pod = Endpoint("x", "pods", AddressSet.of("10.0.0.1"), namespace="shop", facets=facets)
    found = decide(chain, "pods", pod, Side(peer, number("10.0.0.2")), Header(plane, 8, 80), None).possible
    (action,) = {one.action for one in found}
    return action is Action.ALLOW


@pytest.mark.parametrize("chain", CHAINS)
def test_plaintext_is_captured_unless_the_pod_says_otherwise(chain):
    assert not passes(chain)
    assert not passes(chain, **{ANNOTATION: "false"})
    assert passes(chain, **{ANNOTATION: "true"})
    assert passes(chain, mesh=NO_PLANE)


def test_hbone_goes_through_all_the_same():
    assert not passes(CHAINS[0], plane="mtls", **{ANNOTATION: "true"})


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize(("node", "expected"), [("n1", True), ("n2", False)])
def test_the_own_node(chain, node, expected):
    host = Endpoint(node, "nodes", AddressSet.of("10.0.0.9"), facets={HOST: {"name": node}})
    assert passes(chain, host) is expected
