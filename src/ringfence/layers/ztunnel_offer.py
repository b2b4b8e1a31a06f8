"""What ztunnel sends for the pods of an ambient mesh: HBONE to whoever can take it, plaintext to all others.

A waypoint sends the same for itself.

A Service is not needed, and neither PeerAuthentication nor DestinationRule is asked: the peer alone decides. It takes
HBONE where ztunnel captures it, and where its sidecar listens for HBONE, which injection makes sure of in a mesh that
has an ambient plane; the label `networking.istio.io/tunnel` with another value than `http` takes that back.

Source: ztunnel `src/proxy/outbound.rs`, istiod `pilot/pkg/serviceregistry/ambient/workloads.go` and the injection
templates (`networking.istio.io/tunnel`).
"""

from __future__ import annotations

from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.mesh_facets import AMBIENT, SIDECAR, WAYPOINT, of_planes
from ringfence.layers.ztunnel_authorization import LAYER
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS, ALL_TCP
from ringfence.model.rules import Action, Chain, Direction, Peer, Purpose, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, AnyOf, Comparison, Label, Not

TUNNEL = "networking.istio.io/tunnel"

_SPEAKS = AnyOf(
    (Label(POD, TUNNEL, Comparison.ABSENT), Label(POD, TUNNEL, Comparison.IN, frozenset(("http",)))),
)
TAKES_HBONE = AnyOf((of_planes(AMBIENT, WAYPOINT), AllOf((of_planes(SIDECAR), _SPEAKS))))
"""The peers to which mutual TLS is sent."""


def chain() -> Chain:
    """What leaves every ambient pod and every waypoint."""
    rules = (
        Rule(
            Action.DENY,
            (Peer(TAKES_HBONE),),
            Bounds.exactly(ALL_TCP - ALL_MTLS),
            name="(HBONE, as the peer is in the mesh)",
        ),
        Rule(
            Action.DENY,
            (Peer(Not(TAKES_HBONE)),),
            Bounds.exactly(ALL_MTLS),
            name="(plaintext, as the peer takes no HBONE)",
        ),
        Rule(Action.ALLOW),
    )
    stage = Stage("transport", (Scope("ztunnel", of_planes(AMBIENT, WAYPOINT), rules),), Action.ALLOW)
    return Chain(LAYER, Direction.EGRESS, (stage,), Action.ALLOW, purpose=Purpose.OFFER)
