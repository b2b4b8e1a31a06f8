"""A network in which one end gets to another only through a third that sends packets on."""

from __future__ import annotations

from ringfence.model.addresses import AddressSet
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Network, PortMap, Rewrite
from ringfence.model.rules import Action, Chain, Direction, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, Comparison, Label

FRONT = Label("kind", "is", Comparison.IN, frozenset(("front",)))


def network(towards=FRONT, closed: bool = False) -> Network:
    """A client that can only dial the front, which sends port 443 on to the server's 8080."""
    people = (
        Endpoint("client", "left", AddressSet.of("10.0.0.1"), workload="client"),
        Endpoint("front", "itself", AddressSet.of("10.0.0.2"), workload="front", facets={"kind": {"is": "front"}}),
        Endpoint("server", "right", AddressSet.of("10.0.0.3"), workload="server"),
        Endpoint("other", "right", AddressSet.of("10.0.0.4"), workload="other"),
    )
    refusing = Stage("s", (Scope("closed", ANYTHING, (Rule(Action.DENY),)),), Action.DENY)
    chains = (Chain("layer", Direction.INGRESS, (refusing,), Action.DENY),) if closed else ()
    places = {
        "left": Location("left"),
        "middle": Location("middle", transit=True),
        "itself": Location("itself"),
        "right": Location("right", chains),
    }
    rewrite = Rewrite(target="server", ports=(PortMap("tcp", IntervalSet.of(443), 8080),))
    links = (
        Link("out", "left", "middle", towards=FRONT),
        Link("on", "middle", "right", towards=towards, enters=True, rewrite=rewrite),
        Link("back", "right", "middle"),
        Link("home", "middle", "left"),
    )
    return Network(people, places, links)
