"""Explanations: one outcome for everything that is open, and why."""

from __future__ import annotations

import pytest

from ringfence.engine.explain import explain
from ringfence.engine.outcomes import Outcome
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Field, Witnesses
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Atom, Operator, Request
from ringfence.model.headers import ALL_HEADERS, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Network
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, Comparison, Label, Unsure

HTTP = ports("tcp", IntervalSet.of(80))


def chain(*rules: Rule, direction: Direction = Direction.INGRESS, stateful: bool = True) -> Chain:
    return Chain(
        "layer", direction, (Stage("tier", (Scope("p", ANYTHING, rules),), Action.DENY),), Action.ALLOW, stateful
    )


def outcome(*chains: Chain, replicas: int = 1, links: int = 2, request: Request | None = None) -> Outcome:
    client = Endpoint("client", "left", AddressSet.of("10.0.0.1"))
    servers = tuple(
        Endpoint(f"s{place}", "right", AddressSet.of(f"10.0.1.{place}"), facets={"pod": {"n": str(place)}})
        for place in range(replicas)
    )
    places = {"left": Location("left"), "right": Location("right", chains)}
    ways = (
        Link("there", "left", "right", enters=True, exits=True),
        Link("back", "right", "left", enters=True, exits=True),
    )
    network = Network((client, *servers), places, ways[:links])
    found = explain(Witnesses(Reachability(network, request), request), [(Field((client,), servers), HTTP)])
    assert found is not None
    return found.outcome


maybe_client = Bounds(AddressSet(), AddressSet.of("10.0.0.1"))
get = Atom("method", Operator.EXACT, "GET")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((Rule(Action.ALLOW),), Outcome.ALLOWED),
        ((), Outcome.DENIED),
        ((Rule(Action.ALLOW, condition=get),), Outcome.CONDITIONAL),
        ((Rule(Action.ALLOW, peers=(Peer(Unsure("why")),)),), Outcome.UNKNOWN),
        (
            (Rule(Action.ALLOW, peers=(Peer(addresses=Bounds(AddressSet(), AddressSet.of("10.0.0.1"))),)),),
            Outcome.UNKNOWN,
        ),
        ((Rule(Action.ALLOW, subjects=Label("pod", "n", Comparison.IN, frozenset("0"))),), Outcome.INTERMITTENT),
    ],
)
def test_the_outcome_says_what_it_depends_on(rules, expected):
    assert outcome(chain(*rules), replicas=2) is expected


def test_a_request_settles_a_condition():
    rule = Rule(Action.ALLOW, condition=get)
    assert outcome(chain(rule), request=Request({"method": ("GET",)})) is Outcome.ALLOWED
    assert outcome(chain(rule), request=Request({"method": ("PUT",)})) is Outcome.DENIED
    assert outcome(chain(rule), request=Request({"path": ("/",)})) is Outcome.CONDITIONAL


def test_no_link_is_no_route():
    assert outcome(links=0) is Outcome.NO_ROUTE


def test_no_way_back_is_no_route():
    assert outcome(links=1) is Outcome.NO_ROUTE


def test_a_return_path_that_admits_part_of_the_ephemeral_ports_is_intermittent():
    part = Bounds.exactly(ports("tcp", IntervalSet.of((0, 65535)), IntervalSet.of(80)))
    some = Bounds.exactly(part.must & ports("tcp", IntervalSet.of((32768, 65535))))
    back = chain(Rule(Action.ALLOW, headers=some), direction=Direction.EGRESS, stateful=False)
    assert outcome(chain(Rule(Action.ALLOW), stateful=False), back) is Outcome.INTERMITTENT


def test_a_question_that_no_packet_fits_has_no_answer():
    four = Endpoint("four", "here", AddressSet.of("10.0.0.1"))
    six = Endpoint("six", "here", AddressSet.of("fd00::1"))
    network = Network((four, six), {"here": Location("here")}, ())
    assert explain(Witnesses(Reachability(network)), [(Field((four,), (six,)), ALL_HEADERS)]) is None
