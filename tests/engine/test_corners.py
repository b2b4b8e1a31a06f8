"""Engine and reference on the corners of the language: small networks in which every part matters to some packet.

The random networks of `networks.py` may hold anything, and much of it meets no packet. Here two endpoints talk over a
transit location, each place has a chain that tells ports apart, and each link may cross, rewrite or be doubled. The
draw is seeded; every header is asked of both evaluators.
"""

from __future__ import annotations

import random

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.engine.reach import Reachability
from ringfence.engine.reference import Reference
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import ALWAYS, Atom, Operator
from ringfence.model.headers import ALL_HEADERS, HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Network, Packet, PortMap, Rewrite, Source
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, Comparison, Has, Label, Not, Selector, Unsure

from .networks import HEADERS, samples

SOME = IntervalSet.of((0, 15))
ANY = IntervalSet.of((0, 65535))

GET = Atom("method", Operator.EXACT, "GET")

HEADER_SETS = [
    ALL_HEADERS,
    ports("tcp"),
    ports("tcp", SOME),
    ports("tcp", ANY, SOME),
    ports("tcp", SOME, SOME),
    ports("mtls"),
    ports("udp", IntervalSet.of((10, 20))),
]
PEERS = [
    (Peer(),),
    (Peer(),),
    (Peer(Has("pod")),),
    (Peer(Not(Has("pod"))),),
    (Peer(Label("pod", "app", Comparison.IN, frozenset("x"))),),
    (Peer(addresses=Bounds.exactly(AddressSet.of("10.0.0.0/30"))),),
    (Peer(addresses=Bounds(AddressSet.of("10.0.0.1"), AddressSet.of("10.0.0.0/30"))),),
    (Peer(Unsure("who knows")),),
]
REWRITES = [
    Rewrite(),
    Rewrite(target="other"),
    Rewrite(Source(origin="")),
    Rewrite(Source(AddressSet.of("10.0.0.9"), "other")),
    Rewrite(Source(ports=IntervalSet.of(5, 25))),
    Rewrite(Source(ports=IntervalSet.of((10, 30)), identity="ns/a")),
    Rewrite(ports=(PortMap("tcp", SOME, 25), PortMap("tcp", IntervalSet.of((10, 30)), 5))),
    Rewrite(ports=(PortMap("udp", ANY, 10), PortMap("mtls", ANY, 5)), transport="tcp"),
    Rewrite(transport="mtls"),
]


def bounded(draw: random.Random, sets: list[HeaderSet]) -> Bounds[HeaderSet]:
    may = draw.choice(sets)
    return Bounds.exactly(may) if draw.random() < 0.8 else Bounds(may & draw.choice(sets), may, "not known")


def chain(draw: random.Random, direction: Direction) -> Chain:
    """Two scopes over a rule or two each; half of the chains are stateless."""

    def rule() -> Rule:
        action = draw.choice([Action.ALLOW, Action.ALLOW, Action.ALLOW, Action.DENY, Action.PASS])
        condition = GET if draw.random() < 0.1 else ALWAYS
        return Rule(action, draw.choice(PEERS), bounded(draw, HEADER_SETS), condition)

    subjects: list[Selector] = [ANYTHING, ANYTHING, ANYTHING, Has("pod"), Unsure("whom")]
    scopes = tuple(
        Scope(
            f"s{place}", draw.choice(subjects), tuple(rule() for _ in range(draw.randint(1, 2))), draw.choice([0, 0, 1])
        )
        for place in range(draw.randint(1, 2))
    )
    ends = [Action.ALLOW, Action.DENY, Action.PASS]
    stages = (Stage("tier", scopes, draw.choice(ends)),)
    return Chain(
        "layer", direction, stages, draw.choice([Action.ALLOW, Action.ALLOW, Action.DENY]), draw.random() < 0.5
    )


def corner(draw: random.Random) -> Network:
    """A network of one client, one server and one more, over one transit location."""
    spread = AddressSet.of("10.0.0.0/29")
    client = Endpoint("client", "left", AddressSet.of("10.0.0.1"), facets={"pod": {"app": "x"}}, identity="ns/a")
    server = Endpoint("server", "right", AddressSet.of("10.0.0.2"), facets={"pod": {"app": "y"}})
    other = Endpoint("other", "right", AddressSet.of("10.0.0.6"))
    world = Endpoint("world", draw.choice(["left", "right"]), spread, every=True)

    def location(name: str, transit: bool = False) -> Location:
        wanted = [one for one in Direction if draw.random() < 0.6]
        return Location(name, tuple(chain(draw, one) for one in wanted), transit)

    def link(name: str, source: str, target: str, rewrites: bool) -> Link:
        return Link(
            name,
            source,
            target,
            Bounds.exactly(spread) if draw.random() < 0.3 else None,
            exits=draw.random() < 0.7,
            enters=draw.random() < 0.7,
            headers=draw.choice(HEADER_SETS) if draw.random() < 0.15 else None,
            rewrite=draw.choice(REWRITES) if rewrites and draw.random() < 0.4 else None,
        )

    links = [
        link("out", "left", "middle", True),
        link("on", "middle", "right", True),
        link("back", "right", "middle", False),
        link("home", "middle", "left", False),
    ]
    if draw.random() < 0.4:
        links.append(link("also", *draw.choice([("left", "middle"), ("middle", "right"), ("left", "right")]), True))
    places = (location("left"), location("middle", transit=True), location("right"))
    return Network((client, server, other, world), {place.id: place for place in places}, tuple(links))


@pytest.mark.parametrize("seed", range(60))
def test_both_evaluators_agree_on_every_header(seed: int):
    draw = random.Random(seed)
    for _ in range(25):
        network = corner(draw)
        reach, reference = Reachability(network), Reference(network)
        source, target = (
            draw.choice([network.endpoints[n], network.endpoints[n], network.endpoints[3]]) for n in (0, 1)
        )
        for one in reach.between(source, target):
            here, there = (draw.choice(samples(side)) for side in (one.sources, one.destinations))
            for header in HEADERS:
                outcomes = reference.trace(Packet(source.id, here, target.id, there, header)).outcomes
                expected = outcomes == {Outcome.ALLOWED}, Outcome.ALLOWED in outcomes
                assert (header in one.headers.must, header in one.headers.may) == expected, header
