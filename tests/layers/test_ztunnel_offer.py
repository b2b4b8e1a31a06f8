"""What ztunnel sends to whom."""

from __future__ import annotations

import pytest

from ringfence.engine.decisions import Side, decide
from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.mesh_facets import AMBIENT, LINKERD, MESH, NO_PLANE, PLANE, SIDECAR, WAYPOINT
from ringfence.layers.ztunnel_offer import TUNNEL, chain
from ringfence.model.addresses import AddressSet, number
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Purpose


def pod(plane, **labels):
    known = {POD: labels, MESH: {PLANE: plane}}
    hazy = frozenset((MESH,)) if plane is None else frozenset()
    return Endpoint("x", "pods", AddressSet.of("10.0.0.1"), facets=known, unknown_facets=hazy)


def sent(peer, plane, client=AMBIENT):
    side = Side(peer, number("10.0.0.1"))
    found = decide(chain(), "pods", pod(client), side, Header(plane, 8, 80), None).possible
    return {one.action for one in found}


@pytest.mark.parametrize(
    ("peer", "encrypted"),
    [
        (pod(AMBIENT), True),
        (pod(SIDECAR), True),
        (pod(WAYPOINT), True),
        (pod(SIDECAR, **{TUNNEL: "http"}), True),
        (pod(SIDECAR, **{TUNNEL: "none"}), False),
        (pod(NO_PLANE), False),
        (pod(LINKERD), False),
        (None, False),
    ],
)
def test_hbone_to_whoever_takes_it(peer, encrypted):
    assert sent(peer, "mtls") == {Action.ALLOW if encrypted else Action.DENY}
    assert sent(peer, "tcp") == {Action.DENY if encrypted else Action.ALLOW}
    assert sent(peer, "udp") == {Action.ALLOW}


def test_who_is_not_known_may_get_either():
    both = {Action.ALLOW, Action.DENY}
    assert sent(pod(None), "mtls") == both
    assert sent(pod(None), "tcp") == both


def test_a_waypoint_sends_the_same():
    assert sent(pod(AMBIENT), "tcp", WAYPOINT) == sent(pod(NO_PLANE), "mtls", WAYPOINT) == {Action.DENY}


@pytest.mark.parametrize("client", [SIDECAR, LINKERD, NO_PLANE])
def test_others_choose_for_themselves(client):
    assert sent(pod(AMBIENT), "mtls", client) == sent(pod(AMBIENT), "tcp", client) == {Action.ALLOW}
    assert chain().purpose is Purpose.OFFER
