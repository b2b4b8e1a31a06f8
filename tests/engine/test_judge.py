"""One chain: the folding of header sets against the plain reading, and profiles against single verdicts."""

from __future__ import annotations

from hypothesis import event, given, settings
from hypothesis import strategies as st

from ringfence.engine.decisions import Side, decide
from ringfence.engine.index import Index
from ringfence.engine.judge import Judge
from ringfence.engine.subjects import View
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import NO_IDENTITY, Action, Chain

from .networks import HEADERS, chains, endpoints, requests

populations = st.integers(2, 6).flatmap(lambda size: st.tuples(*(endpoints(f"e{place}") for place in range(size))))


@settings(max_examples=2 * settings().max_examples)
@given(chains, populations, requests, st.data())
def test_a_verdict_holds_what_every_header_may_be_decided_to(chain, population, request_, data):
    judge = Judge(chain, Index(population), request_)
    subject = data.draw(st.sampled_from([*population, None]))
    origin: Endpoint | None = data.draw(st.sampled_from([*population, None]))
    address = AddressSet.between(*[data.draw(st.integers(0x0A000000, 0x0A000007))] * 2)
    identity = data.draw(st.sampled_from(["", "ns/a/sa/x", "?"]))
    verdict = judge.verdict(subject, View(origin, address, identity))
    for header in HEADERS:
        proven = identity if header.plane == "mtls" else NO_IDENTITY
        found = decide(chain, "here", subject, Side(origin, address.first(), proven), header, request_)
        actions = {one.action for one in found.possible}
        assert (header in verdict.must, header in verdict.may) == (actions == {Action.ALLOW}, Action.ALLOW in actions)
    event("differs by header" if len(verdict.may.tcp.slabs) > 1 else "uniform")


@given(chains, populations, requests)
def test_a_profile_holds_the_verdict_of_each_peer(chain: Chain, population, request_):
    index = Index(population)
    judge = Judge(chain, index, request_)
    for subject in population:
        if judge.subject_class(subject).by_identity:
            continue
        profile = judge.profile(subject)
        for place, peer in enumerate(index.endpoints):
            pieces = [verdict for bits, verdict in profile.pieces if place in bits]
            assert len(pieces) <= 1
            expected = judge.verdict(subject, View(peer, peer.addresses))
            assert (pieces or [profile.others])[0] == expected
