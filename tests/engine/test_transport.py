"""How TCP travels: by port, over several courses, and what a client's own choice changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.connectivity import related
from ringfence.engine.explain import explain
from ringfence.engine.reach import Reachability
from ringfence.engine.transport import Transport, Transports, together, transports
from ringfence.engine.witness import Field, Witnesses
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, ALL_MTLS, ALL_PLAINTEXT, NO_HEADERS, HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Network
from ringfence.model.rules import (
    UNKNOWN_IDENTITY,
    Action,
    Chain,
    Direction,
    Pattern,
    Peer,
    Purpose,
    Rule,
    Scope,
    Stage,
)
from ringfence.model.selectors import ANYTHING, Unsure

PORT = IntervalSet.of(80)
STRICT, PERMISSIVE, PLAINTEXT, REFUSED, UNKNOWN = Transport


def chain(direction: Direction, purpose: Purpose, *rules: Rule) -> Chain:
    return Chain(
        "mesh", direction, (Stage("s", (Scope("x", ANYTHING, rules),), Action.PASS),), Action.ALLOW, True, purpose
    )


def refusing(headers: HeaderSet, *, sure: bool = True) -> Rule:
    peers = (Peer(),) if sure else (Peer(Unsure("nobody knows")),)
    return Rule(Action.DENY, peers, Bounds.exactly(headers))


def network(offer: list[Rule], take: list[Rule], policy: list[Rule], ids: tuple[str, str]) -> Network:
    chains = (
        chain(Direction.EGRESS, Purpose.OFFER, *offer),
        chain(Direction.INGRESS, Purpose.ACCEPTANCE, *take),
        chain(Direction.INGRESS, Purpose.POLICY, *policy),
    )
    places = {"pods": Location("pods", chains), "net": Location("net", transit=True)}
    links = Link("out", "pods", "net", exits=True), Link("in", "net", "pods", enters=True)
    ends = (
        Endpoint(name, "pods", AddressSet.of(address), single=True, identity=identity)
        for name, address, identity in zip("ab", ("10.0.0.1", "10.0.0.2"), ids, strict=True)
    )
    return Network(tuple(ends), places, links)


PLAIN, MUTUAL = refusing(ALL_PLAINTEXT & ports("tcp")), refusing(ALL_MTLS)
BOTH = ("spiffe://x/a", "spiffe://x/b")


@pytest.mark.parametrize(
    ("offer", "take", "ids", "outcome", "transport"),
    [
        ([PLAIN], [PLAIN], BOTH, "allowed", STRICT),
        ([PLAIN], [], BOTH, "allowed", PERMISSIVE),
        ([MUTUAL], [], BOTH, "allowed", PLAINTEXT),
        ([MUTUAL], [PLAIN], BOTH, "denied", REFUSED),
        ([PLAIN], [MUTUAL], BOTH, "denied", REFUSED),
        ([], [], ("", BOTH[1]), "allowed", PLAINTEXT),
        ([], [PLAIN], ("", BOTH[1]), "denied", REFUSED),
        ([PLAIN], [MUTUAL], (BOTH[0], ""), "denied", REFUSED),
        ([], [], (UNKNOWN_IDENTITY, BOTH[1]), "allowed", UNKNOWN),
        ([], [PLAIN], (UNKNOWN_IDENTITY, BOTH[1]), "unknown", STRICT),
        ([refusing(ALL_PLAINTEXT & ports("tcp"), sure=False)], [], BOTH, "allowed", UNKNOWN),
        ([MUTUAL, refusing(ALL_PLAINTEXT & ports("tcp"), sure=False)], [], BOTH, "unknown", PLAINTEXT),
        ([MUTUAL, refusing(ALL_PLAINTEXT & ports("tcp"), sure=False)], [PLAIN], BOTH, "denied", REFUSED),
    ],
)
def test_a_flow(offer, take, ids, outcome, transport):
    built = network(offer, take, [], ids)
    a, b = built.endpoints
    found = explain(Witnesses(Reachability(built)), [(Field((a,), (b,)), ports("tcp", PORT))])
    assert found is not None
    assert (str(found.outcome), found.transport) == (outcome, transport)
    assert found.identities == ids


def test_a_policy_that_asks_for_an_identity_leaves_nothing_to_fall_back_to():
    named = Rule(Action.ALLOW, (Peer(identities=(Pattern("spiffe://x/a"),)),))
    built = network([PLAIN], [], [named, refusing(ALL_HEADERS)], BOTH)
    (relation,) = related(Reachability(built), built.endpoints[:1], built.endpoints[1:])
    assert relation.transports.overall is STRICT
    assert 80 in relation.must.tcp


def test_the_engine_does_not_take_a_client_at_its_proxys_word():
    """What holds the client may send plaintext: that is in `headers`, and not in what the client does by itself."""
    built = network([PLAIN], [], [], BOTH)
    (relation,) = related(Reachability(built), built.endpoints[:1], built.endpoints[1:])
    assert relation.headers.may.tcp
    assert relation.transports == Transports(permissive=IntervalSet.of((0, 65535)))


@pytest.mark.parametrize(("client_tls", "outcome"), [(None, "denied"), ("mtls", "allowed"), ("plaintext", "denied")])
def test_a_client_that_goes_around_its_proxy(client_tls, outcome):
    built = network([MUTUAL], [PLAIN], [], BOTH)
    a, b = built.endpoints
    found = explain(Witnesses(Reachability(built, None, client_tls)), [(Field((a,), (b,)), ports("tcp", PORT))])
    assert found is not None
    assert str(found.outcome) == outcome


SOME = st.sampled_from([NO_HEADERS, ports("tcp", PORT), ALL_MTLS, ALL_PLAINTEXT, ALL_HEADERS])


@given(SOME, SOME, SOME, SOME)
def test_a_port_has_one_transport_and_several_courses_weaken_it(passing, sent, other, also):
    one, two = transports(passing, sent), transports(other, also)
    both = one | two
    for found in (one, two, both):
        parts = [ports for _, ports in found.parts()]
        assert all(not a & b for n, a in enumerate(parts) for b in parts[n + 1 :])
    assert both == two | one
    assert one | one == one
    assert both.strict <= one.strict | two.strict
    assert not both.strict & (one.plaintext | two.plaintext | one.permissive | two.permissive)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], PLAINTEXT),
        ([STRICT], STRICT),
        ([STRICT, PERMISSIVE], PERMISSIVE),
        ([STRICT, PLAINTEXT], PERMISSIVE),
        ([STRICT, REFUSED], STRICT),
        ([REFUSED], REFUSED),
        ([PLAINTEXT, UNKNOWN], UNKNOWN),
    ],
)
def test_together(kinds, expected):
    assert together(kinds) is expected
