"""Representatives of an open choice: one for each stretch that all rules and links treat alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.cuts import Cuts
from ringfence.model.addresses import AddressSet, number
from ringfence.model.bounds import Bounds
from ringfence.model.headers import Header, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Link, Location, Network
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING

from .networks import PORT_POINTS, header_sets


def cuts(*rules: Rule, link: Link | None = None) -> Cuts:
    chain = Chain("l", Direction.INGRESS, (Stage("t", (Scope("s", ANYTHING, rules),), Action.DENY),), Action.ALLOW)
    return Cuts(Network((), {"here": Location("here", (chain,))}, (link,) if link else ()))


def by_ports(*numbers: int | tuple[int, int], source: bool = False) -> Rule:
    chosen, everything = IntervalSet.of(*numbers), IntervalSet.of((0, 65535))
    return Rule(Action.ALLOW, headers=Bounds.exactly(ports("tcp", *((everything, chosen) if source else (chosen,)))))


def by_address(must: str, may: str = "") -> Rule:
    return Rule(Action.ALLOW, (Peer(addresses=Bounds(AddressSet.of(must), AddressSet.of(may or must))),))


@pytest.mark.parametrize(
    ("rules", "choice", "expected"),
    [
        ([], [(1, 9)], (1,)),
        ([], [(1, 3), (7, 9)], (1, 7)),
        ([by_ports((4, 6))], [(1, 9)], (1, 4, 7)),
        # A reply's destination port is the chosen one, so both sides of a header set cut.
        ([by_ports((4, 6), source=True)], [(1, 9)], (1, 4, 7)),
        ([by_ports(1, 9)], [(1, 9)], (1, 2, 9)),
        ([by_ports((20, 30))], [(1, 9)], (1,)),
    ],
)
def test_ports(rules, choice, expected):
    assert cuts(*rules).ports(IntervalSet.of(*choice)) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], ["10.0.0.0"]),
        ([by_address("10.0.0.4/30")], ["10.0.0.0", "10.0.0.4", "10.0.0.8"]),
        ([by_address("10.0.0.4", "10.0.0.4/30")], ["10.0.0.0", "10.0.0.4", "10.0.0.5", "10.0.0.8"]),
        ([by_address("10.1.0.0/16")], ["10.0.0.0"]),
        ([by_address("0.0.0.0/0")], ["10.0.0.0"]),
    ],
)
def test_addresses(rules, expected):
    assert cuts(*rules).addresses(AddressSet.of("10.0.0.0/24")) == tuple(map(number, expected))


def test_links_cut_as_rules_do():
    link = Link(
        "l", "here", "here", Bounds.exactly(AddressSet.of("10.0.0.8/29")), headers=ports("udp", IntervalSet.of(5))
    )
    found = cuts(link=link)
    assert found.addresses(AddressSet.of("10.0.0.0/24")) == tuple(map(number, ("10.0.0.0", "10.0.0.8", "10.0.0.16")))
    assert found.ports(IntervalSet.of((1, 9))) == (1, 5, 6)


@given(st.lists(header_sets, max_size=3), st.sampled_from([IntervalSet.of((0, 30)), IntervalSet.of((3, 12), 20)]))
def test_what_lies_between_two_representatives_is_in_the_same_header_sets(found, choice):
    chosen = cuts(*(Rule(Action.ALLOW, headers=Bounds.exactly(one)) for one in found)).ports(choice)
    ports_ = [port for low, high in choice.pairs for port in range(low, high + 1)]
    assert set(chosen) <= set(ports_)
    for port in ports_:
        standing = max(one for one in chosen if one <= port)
        for other in PORT_POINTS:
            for one in found:
                assert (Header("tcp", port, other) in one) == (Header("tcp", standing, other) in one)
                assert (Header("udp", other, port) in one) == (Header("udp", other, standing) in one)
