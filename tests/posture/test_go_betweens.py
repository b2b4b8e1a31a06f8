"""A deny does not miss the way through somebody who sends packets on."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.engine.connectivity import Connectivity
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Witnesses
from ringfence.model.addresses import AddressSet
from ringfence.model.headers import ALL_HEADERS, PORT_PLANES, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Network, PortMap, Rewrite
from ringfence.model.rules import Action, Chain, Direction, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, Comparison, Label, Unsure
from ringfence.model.spans import Span
from ringfence.posture.document import read
from ringfence.posture.go_betweens import around, from_own_ports
from ringfence.posture.intents import prove
from ringfence.posture.proofs import Part, Scene

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


def status(made: Network, claim: dict[str, Any]) -> tuple[str, str]:
    intent = {"name": "apart", "reason": "a test", **claim}
    posture, wrong = read({"intents": [intent]}, Span("ringfence.yaml"))
    assert not wrong
    reach = Reachability(made)
    (proof,), complaints = prove(
        posture, Span("ringfence.yaml"), lambda _: Scene(Connectivity(reach), Witnesses(reach))
    )
    assert not complaints
    return proof.status, proof.because


@pytest.mark.parametrize(
    ("made", "target", "port", "expected"),
    [
        (network(), "server", "tcp/8080", "violated"),
        (network(), "server", "any", "violated"),
        # The port is the one at which the packet ends, not the one that was dialled.
        (network(), "server", "tcp/443", "proved"),
        (network(), "other", "any", "proved"),
        (network(closed=True), "server", "any", "proved"),
        (network(Unsure("whether it is sent on")), "server", "any", "unknown"),
    ],
)
def test_a_deny_sees_the_way_through_the_front(made, target, port, expected):
    found, because = status(made, {"deny": {"from": "client", "to": target, "ports": [port]}})
    assert found == expected
    assert expected == "proved" or because.endswith("server through front")


def test_through_says_which_headers_end_where():
    reach = Reachability(network())
    (front,) = reach.go_betweens
    client = reach.network.endpoints[0]
    (whole,) = reach.through(client, front, {"server": ALL_HEADERS})
    assert str(whole.headers.may.tcp.some()) == "443"
    assert reach.through(client, front, {"other": ALL_HEADERS}) == ()
    assert not any(one.headers.may for one in reach.between(client, reach.network.endpoints[2]))


@pytest.mark.parametrize(
    ("towards", "wanted", "sure"),
    [
        (FRONT, ports("tcp", IntervalSet.of(8080)), True),
        (FRONT, ports("tcp", IntervalSet.of(443)), None),
        (Unsure("whether it is sent on"), ALL_HEADERS, False),
    ],
)
def test_the_way_around_and_what_is_dialled_there(towards, wanted, sure):
    reach = Reachability(network(towards))
    client, front, server, _ = reach.network.endpoints
    found = around(reach, Part("client", (client,)), Part("server", (server,)), wanted)
    assert (None if found is None else found.sure) is sure
    if found is not None:
        assert (found.via, found.field.targets) == (front, (front,))
        assert str(found.headers.tcp.some()) == "443"


def test_headers_from_a_clients_own_ports():
    client = network().endpoints[0]
    own = from_own_ports(client, ALL_HEADERS)
    assert own == ALL_HEADERS.map(
        lambda name, _: getattr(ports(name, source=client.ephemeral), name) if name in PORT_PLANES else _
    )


@pytest.mark.parametrize(
    ("made", "target", "port", "expected", "because"),
    [
        (network(), "server", "tcp/443", "proved", ""),
        (network(), "server", "tcp/80", "violated", "client is not led to server through front"),
        (network(), "server", "tcp/443-444", "unknown", "client is not certainly led to server through front"),
        (network(), "other", "tcp/443", "violated", "client is not led to other through front"),
        (network(closed=True), "server", "tcp/443", "violated", "client is not led to server through front"),
        (
            network(Unsure("whether it is sent on")),
            "server",
            "tcp/443",
            "unknown",
            "client is not certainly led to server through front",
        ),
    ],
)
def test_an_allow_follows_what_is_dialled(made, target, port, expected, because):
    flow = {"from": "client", "to": target, "via": "front", "ports": [port]}
    assert status(made, {"allow": flow}) == (expected, because)


@pytest.mark.parametrize("kind", ["deny", "only", "encrypted"])
def test_only_an_allow_goes_by_a_way_of_its_own(kind):
    flow = {"from": "client", "to": "server", "via": "front"}
    _, (wrong,) = read({"intents": [{"name": "n", "reason": "r", kind: flow}]}, Span("ringfence.yaml"))
    assert wrong.message == "intent 'n': via is for allow; a deny counts every way"
