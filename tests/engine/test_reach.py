"""The engine against the reference evaluator, on random networks with every feature of the rule language."""

from __future__ import annotations

from hypothesis import assume, event, given
from hypothesis import strategies as st

from ringfence.engine.decisions import Side, decide
from ringfence.engine.outcomes import Outcome
from ringfence.engine.reach import Reachability
from ringfence.engine.reference import Reference
from ringfence.model.addresses import AddressSet
from ringfence.model.headers import ALL_HEADERS
from ringfence.model.networks import Endpoint, Link, Location, Network, Packet
from ringfence.model.rules import Action, Direction, Purpose

from .networks import HEADERS, Drawn, networks, samples


def exact(network: Network) -> bool:
    """Whether no address is one of several: then the engine must be exact, not only sound."""
    single = all(endpoint.every or endpoint.addresses.count() == 1 for endpoint in network.endpoints)
    rewrites = [link.rewrite for link in network.links if link.rewrite]
    targets = {rewrite.target for rewrite in rewrites if rewrite.target}
    return (
        single
        and all(rewrite.source.addresses is None or rewrite.source.addresses.count() == 1 for rewrite in rewrites)
        and all(endpoint.addresses.count() == 1 for endpoint in network.endpoints if endpoint.id in targets)
    )


@given(drawn=networks(), data=st.data())
def test_the_engine_says_what_the_reference_says_packet_by_packet(drawn: Drawn, data: st.DataObject):
    network, request = drawn.network, drawn.request
    source, target = (data.draw(st.sampled_from([*network.endpoints, network.endpoints[n]])) for n in (0, 1))
    assume((source.addresses.first() < 1 << 33) == (target.addresses.first() < 1 << 33))
    slices = Reachability(network, request).between(source, target)
    reference = Reference(network)
    precise = exact(network)
    here = data.draw(st.sampled_from(samples(source.addresses)))
    there = data.draw(st.sampled_from(samples(target.addresses)))
    holding = [one for one in slices if here in one.sources and there in one.destinations]
    assert len(holding) == 1
    verdict = holding[0].headers
    for header in data.draw(st.lists(st.sampled_from(HEADERS), min_size=6, max_size=6, unique=True)):
        trace = reference.trace(Packet(source.id, here, target.id, there, header, request))
        event(str(trace.outcome))
        sure = trace.outcomes == {Outcome.ALLOWED}
        possible = Outcome.ALLOWED in trace.outcomes
        if precise:
            assert (header in verdict.must, header in verdict.may) == (sure, possible)
        else:
            assert sure or header not in verdict.must
            assert not possible or header in verdict.may


@given(drawn=networks(), data=st.data())
def test_what_is_sent_and_taken_is_what_the_chains_decide(drawn: Drawn, data: st.DataObject):
    network, request = drawn.network, drawn.request
    source, target = (data.draw(st.sampled_from(network.endpoints)) for _ in range(2))
    reach = Reachability(network, request)
    sent, taken = reach.sent(source, target), reach.taken(source, target)
    there, here = (data.draw(st.sampled_from(samples(one.addresses))) for one in (target, source))
    for header in data.draw(st.lists(st.sampled_from(HEADERS), min_size=4, max_size=4, unique=True)):
        mutual = header.plane == "mtls"
        to = Side(target, there, target.identity if mutual else "")
        by = Side(source, here, source.identity if mutual else "")
        for found, one, other, direction, purpose in (
            (sent, source, to, Direction.EGRESS, Purpose.OFFER),
            (taken, target, by, Direction.INGRESS, Purpose.ACCEPTANCE),
        ):
            able = bool(one.identity) or not mutual
            chains = [
                chain
                for chain in network.locations[one.location].chains
                if chain.purpose is purpose and (chain.direction is direction or purpose is Purpose.OFFER)
            ]
            decided = [decide(chain, one.location, one, other, header, request).possible for chain in chains]
            may = able and all(any(each.action is Action.ALLOW for each in choices) for choices in decided)
            event(f"{purpose} {may}")
            if exact(network):
                assert (header in found) is may
            else:
                assert header in found or not may


def test_what_cannot_be_followed_to_its_end_is_left_open(monkeypatch):
    places = {name: Location(name, transit=True) for name in ("a", "b", "c")}
    links = tuple(Link(f"{one}{other}", one, other) for one in places for other in places if one != other)
    ends = tuple(Endpoint(name, name, AddressSet.of(f"10.0.0.{place}")) for place, name in enumerate(places))
    network = Network(ends, places, links)
    (whole,) = Reachability(network).between(ends[0], ends[1])
    monkeypatch.setattr("ringfence.engine.reach.MOST_STEPS", 2)
    monkeypatch.setattr("ringfence.engine.reference.MOST_BRANCHES", 1)
    (cut,) = Reachability(network).between(ends[0], ends[1])
    assert cut.headers.must <= whole.headers.must
    assert whole.headers.may <= cut.headers.may
    assert cut.headers.may == ALL_HEADERS
    assert not cut.headers.must
    packet = Packet("a", ends[0].addresses.first(), "b", ends[1].addresses.first(), HEADERS[0])
    assert Outcome.UNKNOWN in Reference(network).trace(packet).outcomes
