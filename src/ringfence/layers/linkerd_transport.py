"""What a Linkerd proxy sends and takes: mutual TLS between members, plaintext to and from everybody else.

    offer        a member sends mutual TLS to members, unless the client skips the port outbound or the server inbound;
                 everyone else, and a member to everyone else, sends plaintext; so does a member that is injected as
                 `ingress`, unless it speaks HTTP
    acceptance   a member takes both transports, on a skipped inbound port plaintext only; a pod outside takes plaintext

A client's `skip-outbound-ports` are the ports that it dials: behind a Service that maps ports, they are the Service's.
A packet in this language has the pod's port, so where a Service leads from a skipped port to one that is not skipped,
or the other way round, it depends on how the client dials, and both transports stay open.

Other planes (Istio's) have chains of their own; here only who is in no mesh, and Linkerd's members, are decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ringfence.layers.linkerd_inbound import LAYER
from ringfence.layers.linkerd_routes import HTTP
from ringfence.layers.linkerd_settings import INGRESS, MODE, SKIP_INBOUND, SKIP_OUTBOUND, Settings, having
from ringfence.layers.mesh_facets import LINKERD, MESH, NO_PLANE, of_planes
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import ALWAYS, Condition, Negated
from ringfence.model.headers import ALL_MTLS, ALL_TCP, FULL_PORTS, HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Peer, Purpose, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, AllOf, AnyOf, Has, Not, Selector, Unsure

MEMBERS, OUTSIDE = of_planes(LINKERD), of_planes(NO_PLANE)
PLAINTEXT = HeaderSet(tcp=FULL_PORTS)
HOW_IT_DIALS = "a Service maps a port that the client skips: it depends on whether the client dials the Service"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A port of a Service, and the pod's port that it leads to."""

    port: int
    target: int


def offer(distinct: Iterable[Settings], mapped: Iterable[Mapped]) -> Chain:
    """The egress chain that says what a client's proxy sends.

    What holds for members and others alike stands first, so that it is certain where membership is not.
    """
    found, pairs = tuple(dict.fromkeys(distinct)), tuple(mapped)
    members, outside = (Peer(MEMBERS),), (Peer(AnyOf((OUTSIDE, Not(Has(MESH))))),)
    rules: list[Rule] = []
    for skipped in dict.fromkeys(one.skip_outbound for one in found if one.skip_outbound):
        rules += _skipping(skipped, pairs)
    for skipped in dict.fromkeys(one.skip_inbound for one in found if one.skip_inbound):
        peers = (Peer(having(SKIP_INBOUND, str(skipped))),)
        rules += _plaintext(ports("tcp", skipped), peers, "the server's skip-inbound-ports")
    rules.append(_no_mutual_tls("the server is no member", outside))
    rules += _plaintext(ALL_TCP, ANY_PEER, "the client is no member", OUTSIDE)
    if any(one.ingress for one in found):
        rules += _plaintext(ALL_TCP, members, "an ingress meshes HTTP alone", having(MODE, INGRESS), Negated(HTTP))
    name = "members speak mutual TLS"
    rules.append(Rule(Action.DENY, members, Bounds.exactly(PLAINTEXT), subjects=MEMBERS, name=name))
    rules.append(Rule(Action.ALLOW, members, Bounds.exactly(ALL_MTLS), subjects=MEMBERS, name=name))
    rules.append(_no_mutual_tls("the server is no member", ANY_PEER, MEMBERS))
    return _chain(Direction.EGRESS, rules, Purpose.OFFER)


def acceptance(distinct: Iterable[Settings]) -> Chain:
    """The ingress chain that says what a server takes."""
    rules = [
        Rule(
            Action.DENY,
            ANY_PEER,
            Bounds.exactly(ports("mtls", skipped)),
            subjects=having(SKIP_INBOUND, str(skipped)),
            name="skip-inbound-ports",
        )
        for skipped in dict.fromkeys(one.skip_inbound for one in distinct if one.skip_inbound)
    ]
    rules.append(_no_mutual_tls("no proxy", ANY_PEER, OUTSIDE))
    return _chain(Direction.INGRESS, rules, Purpose.ACCEPTANCE)


def _chain(direction: Direction, rules: Iterable[Rule], purpose: Purpose) -> Chain:
    scope = Scope("proxies", ANYTHING, tuple(rules))
    return Chain(LAYER, direction, (Stage("transport", (scope,), Action.ALLOW),), Action.ALLOW, purpose=purpose)


def _no_mutual_tls(name: str, peers: tuple[Peer, ...], subjects: Selector = ANYTHING) -> Rule:
    return Rule(Action.DENY, peers, Bounds.exactly(ALL_MTLS), subjects=subjects, name=name)


def _skipping(skipped: IntervalSet, mapped: Sequence[Mapped]) -> Iterator[Rule]:
    """The ports that a client skips, as ports of pods."""
    crossing = IntervalSet.of(
        *(one.target for one in mapped if (one.port in skipped) != (one.target in skipped)),
    )
    subjects = having(SKIP_OUTBOUND, str(skipped))
    name = "the client's skip-outbound-ports"
    yield from _plaintext(ports("tcp", skipped - crossing), ANY_PEER, name, subjects)
    if crossing:
        unsure = (Peer(AllOf((MEMBERS, Unsure(HOW_IT_DIALS)))),)
        yield from _plaintext(ports("tcp", crossing), unsure, name, subjects)


def _plaintext(
    headers: HeaderSet,
    peers: tuple[Peer, ...],
    name: str,
    subjects: Selector = ANYTHING,
    condition: Condition = ALWAYS,
) -> Iterator[Rule]:
    """Plaintext and nothing else, on these headers to these peers."""
    for action, part in ((Action.DENY, HeaderSet(mtls=headers.mtls)), (Action.ALLOW, HeaderSet(tcp=headers.tcp))):
        yield Rule(action, peers, Bounds.exactly(part), condition, subjects, name)
