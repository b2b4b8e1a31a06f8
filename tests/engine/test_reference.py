"""How a packet moves, sentence by sentence of `model.networks`. Equality with the engine: `test_reach`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.engine.outcomes import Doubt, Outcome, Trace
from ringfence.engine.reference import Reference
from ringfence.model.addresses import AddressSet, number
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, Header, HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Network, Packet, PortMap, Rewrite, Source
from ringfence.model.rules import Action, Chain, Direction, Pattern, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, Comparison, Has, Label, Selector, Unsure

ALLOWED, DENIED, LOST = {Outcome.ALLOWED}, {Outcome.DENIED}, {Outcome.NO_ROUTE}
IN, OUT = Direction.INGRESS, Direction.EGRESS
HTTP = Header("tcp", 40000, 80)


def endpoint(name: str, place: str, address: str, **labels: str) -> Endpoint:
    return Endpoint(name, place, AddressSet.of(address), facets={"pod": labels})


CLIENT = endpoint("client", "left", "10.0.0.1", app="web")
SERVER = endpoint("server", "right", "10.0.0.2", app="db")
OTHER = endpoint("other", "far", "10.0.0.3", app="other")


def chain(
    direction: Direction,
    *,
    peer: Selector = ANYTHING,
    addresses: str = "",
    headers: HeaderSet = ALL_HEADERS,
    subjects: Selector = ANYTHING,
    stateful: bool = True,
) -> Chain:
    """A chain that allows one thing and denies the rest to the subjects that it governs."""
    known = Bounds.exactly(AddressSet.of(addresses)) if addresses else None
    rule = Rule(Action.ALLOW, (Peer(peer, known),), Bounds.exactly(headers))
    scope = Scope("s", subjects, (rule,))
    return Chain("layer", direction, (Stage("t", (scope,), Action.DENY),), Action.ALLOW, stateful)


def labelled(app: str) -> Selector:
    return Label("pod", "app", Comparison.IN, frozenset((app,)))


def network(
    *links: Link, transit: str = "", subjects: dict[str, str] | None = None, **chains: tuple[Chain, ...]
) -> Network:
    """The places left, right, middle and far, with their chains and links."""
    places = {
        name: Location(name, chains.get(name, ()), name in transit.split(), (subjects or {}).get(name))
        for name in ("left", "right", "middle", "far")
    }
    return Network((CLIENT, SERVER, OTHER), places, links)


def link(source: str, target: str, name: str = "", **more) -> Link:
    return Link(name or f"{source}-{target}", source, target, **more)


def trace(found: Network, source: Endpoint = CLIENT, target: Endpoint = SERVER, header: Header = HTTP) -> Trace:
    packet = Packet(source.id, source.addresses.first(), target.id, target.addresses.first(), header)
    return Reference(found).trace(packet)


THERE, BACK = link("left", "right", exits=True, enters=True), link("right", "left", exits=True, enters=True)
SUBNET = Bounds.exactly(AddressSet.of("10.0.0.0/24"))
ELSEWHERE = Bounds.exactly(AddressSet.of("10.9.0.0/24"))
MAYBE_THERE = Bounds(AddressSet(), AddressSet.of("10.0.0.0/24"))


@pytest.mark.parametrize(
    ("links", "transit", "expected"),
    [
        ([THERE, BACK], "", ALLOWED),
        ([], "", LOST),
        # A reply needs a way back.
        ([THERE], "", LOST),
        # A link serves by destination, by the destination's endpoint, by header.
        ([replace(THERE, destinations=SUBNET), BACK], "", ALLOWED),
        ([replace(THERE, destinations=ELSEWHERE), BACK], "", LOST),
        ([replace(THERE, destinations=MAYBE_THERE), BACK], "", ALLOWED | LOST),
        ([replace(THERE, towards=labelled("db")), BACK], "", ALLOWED),
        ([replace(THERE, towards=labelled("web")), BACK], "", LOST),
        ([replace(THERE, headers=ports("tcp", IntervalSet.of(80))), BACK], "", ALLOWED),
        ([replace(THERE, headers=ports("udp")), BACK], "", LOST),
        # The reply's header has its ports swapped.
        ([THERE, replace(BACK, headers=ports("tcp", IntervalSet.of(40000)))], "", ALLOWED),
        ([THERE, replace(BACK, headers=ports("tcp", IntervalSet.of(80)))], "", LOST),
        # What rewrites is for requests alone.
        ([THERE, replace(BACK, rewrite=Rewrite())], "", LOST),
        # It leads on only to a transit location, or to the destination's own.
        ([link("left", "middle"), link("middle", "right"), BACK], "middle", ALLOWED),
        ([link("left", "middle"), link("middle", "right"), BACK], "", LOST),
        # The reply may take another way than the request.
        ([THERE, link("right", "middle"), link("middle", "left")], "middle", ALLOWED),
        ([THERE, link("right", "middle"), link("middle", "left")], "", LOST),
        # A circle leads nowhere.
        ([link("left", "middle"), link("middle", "far"), link("far", "middle"), BACK], "middle far", LOST),
        ([THERE, link("right", "middle"), link("middle", "far"), link("far", "middle")], "middle far", LOST),
        # Each of several may be the one.
        ([THERE, link("left", "middle"), BACK], "middle", ALLOWED | LOST),
    ],
)
def test_links(links, transit, expected):
    assert trace(network(*links, transit=transit)).outcomes == expected


def test_why_it_may_be_lost_is_said():
    assert trace(network(replace(THERE, destinations=MAYBE_THERE), BACK)).outcome is Outcome.UNKNOWN
    assert trace(network(THERE, link("left", "middle"), BACK, transit="middle")).outcome is Outcome.INTERMITTENT
    circle = network(link("left", "middle"), link("middle", "far"), link("far", "middle"), transit="middle far")
    assert trace(circle).branches[0].forward[-1].because == "the way runs in a circle"
    assert trace(network()).branches[0].forward[-1].because == "no link leads on"


def test_a_packet_for_its_own_location_goes_out_and_comes_back_where_links_leave_it():
    beside = replace(SERVER, location="left")
    closed = (chain(IN, peer=labelled("nobody")),)
    out, home = link("left", "middle", exits=True), link("middle", "left", enters=True)
    for links, expected in (((), ALLOWED), ((out, home), DENIED)):
        found = network(*links, transit="middle", left=closed)
        assert trace(replace(found, endpoints=(CLIENT, beside)), CLIENT, beside).outcomes == expected


FROM_WEB, FROM_NOBODY = chain(IN, peer=labelled("web")), chain(IN, peer=labelled("nobody"))
TO_DB = chain(OUT, peer=labelled("db"))


@pytest.mark.parametrize(
    ("chains", "expected"),
    [
        ({"right": (FROM_WEB,)}, ALLOWED),
        ({"right": (FROM_NOBODY,)}, DENIED),
        ({"left": (TO_DB,), "right": (FROM_WEB,)}, ALLOWED),
        # Every chain on the way must allow it: an allow ends its own chain only.
        ({"right": (FROM_WEB, FROM_NOBODY)}, DENIED),
        ({"left": (chain(OUT, peer=labelled("x")),), "right": (FROM_WEB,)}, DENIED),
        # Chains of the other direction do not judge the request, nor a reply of what was seen.
        ({"left": (FROM_NOBODY,), "right": (chain(OUT, peer=labelled("x")),)}, ALLOWED),
        # A stateless chain judges the reply as a packet of its own, with the ports swapped.
        ({"right": (chain(OUT, headers=ports("tcp", IntervalSet.of(40000)), stateful=False),)}, ALLOWED),
        ({"right": (chain(OUT, headers=ports("tcp", IntervalSet.of(80)), stateful=False),)}, DENIED),
        ({"left": (chain(IN, headers=ports("tcp", IntervalSet.of((1024, 65535))), stateful=False),)}, ALLOWED),
        ({"left": (chain(IN, headers=ports("tcp", IntervalSet.of((1024, 39999))), stateful=False),)}, DENIED),
        # In the reply the peer is the same other side, and the subject the same own one.
        ({"right": (chain(OUT, peer=labelled("web"), stateful=False),)}, ALLOWED),
        ({"left": (chain(IN, addresses="10.0.0.2", stateful=False),)}, ALLOWED),
        ({"left": (chain(IN, addresses="10.0.0.1", stateful=False),)}, DENIED),
        ({"right": (chain(IN, peer=labelled("nobody"), subjects=labelled("db")),)}, DENIED),
        ({"right": (chain(IN, peer=labelled("nobody"), subjects=labelled("web")),)}, ALLOWED),
        ({"right": (chain(IN, peer=Unsure("why")),)}, ALLOWED | DENIED),
    ],
)
def test_chains(chains, expected):
    assert trace(network(THERE, BACK, **chains)).outcomes == expected


@pytest.mark.parametrize(
    ("exits", "enters", "expected"),
    [(True, True, DENIED), (False, True, DENIED), (True, False, ALLOWED), (False, False, ALLOWED)],
)
def test_only_a_link_that_enters_runs_the_ingress_chains(exits, enters, expected):
    there = link("left", "right", exits=exits, enters=enters)
    assert trace(network(there, BACK, right=(FROM_NOBODY,))).outcomes == expected


def test_a_stateful_chain_lets_a_reply_pass_only_where_it_saw_the_request():
    around = [THERE, link("right", "middle"), link("middle", "left", exits=True, enters=True)]
    refusing = chain(OUT, peer=labelled("nobody"))
    assert trace(network(*around, transit="middle", middle=(refusing,))).outcomes == DENIED
    seen = [link("left", "middle"), link("middle", "right", exits=True), *around[1:]]
    assert trace(network(*seen, transit="middle", middle=(chain(OUT, peer=labelled("db")),))).outcomes == ALLOWED


@pytest.mark.parametrize(("subject", "expected"), [(None, DENIED), ("other", ALLOWED)])
def test_a_location_s_subject_goes_before_the_flow_s_endpoint(subject, expected):
    closed = chain(IN, peer=labelled("nobody"), subjects=labelled("db"))
    found = network(THERE, BACK, subjects={"right": subject} if subject else {}, right=(closed,))
    assert trace(found).outcomes == expected


def through(
    rewrite: Rewrite, *chains: Chain, back: Link = BACK, others: tuple[Link, ...] = (), left: tuple[Chain, ...] = ()
) -> Trace:
    """From left over a rewriting link to the middle, and on to the right."""
    links = link("left", "middle", exits=True, rewrite=rewrite), link("middle", "right", enters=True)
    home = link("right", "middle", exits=True), back
    return trace(network(*links, *home, *others, transit="middle", right=chains, left=left))


MAP = (PortMap("tcp", IntervalSet.of(80), 8080),)


@pytest.mark.parametrize(
    ("rewrite", "chains", "expected"),
    [
        (Rewrite(), (FROM_WEB,), ALLOWED),
        # DNAT: chains after it see the new port; what no entry holds does not take the link.
        (Rewrite(ports=MAP), (chain(IN, headers=ports("tcp", IntervalSet.of(8080))),), ALLOWED),
        (Rewrite(ports=MAP), (chain(IN, headers=ports("tcp", IntervalSet.of(80))),), DENIED),
        (Rewrite(ports=(PortMap("tcp", IntervalSet.of(81), 8080),)), (), LOST),
        (Rewrite(ports=(PortMap("udp", IntervalSet.of(80), 8080),)), (), LOST),
        # Of several entries for a port, the first counts.
        (
            Rewrite(ports=(*MAP, PortMap("tcp", IntervalSet.of(80), 1))),
            (chain(IN, headers=ports("tcp", IntervalSet.of(8080))),),
            ALLOWED,
        ),
        # SNAT: the origin survives unless it is said to be lost or another's.
        (Rewrite(Source(AddressSet.of("10.0.0.9"))), (chain(IN, addresses="10.0.0.9"),), ALLOWED),
        (Rewrite(Source(AddressSet.of("10.0.0.9"))), (chain(IN, addresses="10.0.0.1"),), DENIED),
        (Rewrite(Source(AddressSet.of("10.0.0.9"))), (FROM_WEB,), ALLOWED),
        (Rewrite(Source(origin="")), (FROM_WEB,), DENIED),
        (Rewrite(Source(origin="")), (chain(IN, peer=Has("pod")),), DENIED),
        (Rewrite(Source(origin="other")), (chain(IN, peer=labelled("other")),), ALLOWED),
        (Rewrite(Source(origin="other")), (FROM_WEB,), DENIED),
        # One of several new addresses: each may be the one.
        (Rewrite(Source(AddressSet.of("10.0.0.8/30"))), (chain(IN, addresses="10.0.0.9"),), ALLOWED | DENIED),
        # One of several new source ports.
        (
            Rewrite(Source(ports=IntervalSet.of((1024, 2000)))),
            (chain(IN, headers=ports("tcp", IntervalSet.of(80), IntervalSet.of((1024, 1500)))),),
            ALLOWED | DENIED,
        ),
        # Transport.
        (Rewrite(transport="mtls"), (chain(IN, headers=ports("mtls")),), ALLOWED),
        (Rewrite(transport="mtls"), (chain(IN, headers=ports("tcp") - ports("mtls")),), DENIED),
    ],
)
def test_rewrites(rewrite, chains, expected):
    assert through(rewrite, *chains).outcomes == expected


def test_the_reply_goes_back_over_the_rewrite_and_there_it_is_undone():
    seen = chain(IN, headers=ports("tcp", IntervalSet.of(40000), IntervalSet.of(80)), stateful=False)
    unseen = chain(IN, headers=ports("tcp", IntervalSet.of(40000), IntervalSet.of(8080)), stateful=False)
    assert through(Rewrite(ports=MAP), left=(seen,)).outcomes == ALLOWED
    assert through(Rewrite(ports=MAP), left=(unseen,)).outcomes == DENIED
    # No link from the rewrite's place to the source is asked for: the rewrite itself leads back.
    assert through(Rewrite(ports=MAP), back=link("right", "left")).outcomes == ALLOWED


def test_a_target_that_is_another_endpoint():
    balancer = link("left", "right", exits=True, enters=True, rewrite=Rewrite(target="server"))
    found = network(balancer, BACK, right=(FROM_WEB,))
    assert trace(found, CLIENT, OTHER).outcomes == ALLOWED
    two = network(
        balancer, link("left", "far", rewrite=Rewrite(target="other")), BACK, link("far", "left"), right=(FROM_NOBODY,)
    )
    assert trace(two, CLIENT, OTHER).outcome is Outcome.INTERMITTENT
    assert {doubt for branch in trace(two, CLIENT, OTHER).branches for doubt in branch.doubts} == {Doubt.CHOICE}


def test_a_packet_that_is_rewritten_again_and_again_is_lost():
    again = [link(a, b, rewrite=Rewrite()) for a, b in (("left", "middle"), ("middle", "far"), ("far", "middle"))]
    found = trace(network(*again, transit="middle far"))
    assert found.outcomes == LOST
    assert found.branches[0].forward[-1].because == "the packet is rewritten again and again"


def test_identity_is_proved_by_mutual_tls_alone():
    meshed = replace(CLIENT, identity="ns/a/sa/x")
    rule = Rule(Action.ALLOW, (Peer(identities=(Pattern("ns/a/sa/x"),)),))
    closed = Chain("l", IN, (Stage("t", (Scope("s", ANYTHING, (rule,)),), Action.DENY),), Action.ALLOW)
    found = replace(network(THERE, BACK, right=(closed,)), endpoints=(meshed, SERVER, OTHER))
    assert trace(found, meshed, header=Header("mtls", 40000, 80)).outcomes == ALLOWED
    assert trace(found, meshed).outcomes == DENIED


def test_an_endpoint_that_is_not_there():
    with pytest.raises(KeyError):
        Reference(network()).trace(Packet("nobody", number("10.0.0.1"), "server", number("10.0.0.2"), HTTP))
