"""What proxies send and take, held against the plain reading of the chains that say so."""

from __future__ import annotations

from hypothesis import given

from ringfence.engine.chains import Chains
from ringfence.engine.decisions import Side, decide
from ringfence.engine.traffic import offered
from ringfence.model.headers import ALL_MTLS, ALL_PLAINTEXT, NO_HEADERS, Header, HeaderSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import NO_IDENTITY, Action, Chain, Direction, Purpose

from .networks import HEADERS, Drawn, networks


def allowed(drawn: Drawn, chain: Chain, subject: Endpoint, peer: Endpoint, header: Header) -> set[bool]:
    """What the chain may decide for any address that the peer may have."""
    identity = peer.identity if header.plane == "mtls" else NO_IDENTITY
    found: set[bool] = set()
    for low, high in peer.addresses.pairs:
        for address in {low, high, *range(low, min(high, low + 8))}:
            side = Side(peer, address, identity)
            possible = decide(chain, subject.location, subject, side, header, drawn.request).possible
            found |= {one.action is Action.ALLOW for one in possible}
    return found


@given(networks())
def test_what_is_sent_and_what_is_withheld(drawn: Drawn):
    chains = Chains(drawn.network, drawn.request)
    for source in drawn.network.endpoints:
        offers = [one for one in drawn.network.locations[source.location].chains if one.purpose is Purpose.OFFER]
        for target in drawn.network.endpoints:
            sent, withheld = chains.offer(source, target)
            assert withheld <= sent <= offered(source)
            assert (sent, withheld) == (chains.sent(source, target), chains.withheld(source, target))
            if not offers:
                assert (sent, withheld) == (offered(source), NO_HEADERS)
            for header in HEADERS:
                answers = [allowed(drawn, one, source, target, header) for one in offers]
                if header in offered(source) and header not in sent:
                    assert any(False in one for one in answers)
                if header in offered(source) and all(one == {True} for one in answers):
                    assert header in sent
                    assert header not in withheld


@given(networks())
def test_a_client_that_chooses_itself_is_not_bound_by_its_proxy(drawn: Drawn):
    for name, chosen in (("mtls", ALL_MTLS), ("plaintext", ALL_PLAINTEXT)):
        chains = Chains(drawn.network, drawn.request, name)
        for source in drawn.network.endpoints:
            for target in drawn.network.endpoints:
                assert chains.offer(source, target) == (offered(source) & chosen, NO_HEADERS)


@given(networks())
def test_those_who_send_alike_send_the_same(drawn: Drawn):
    chains = Chains(drawn.network, drawn.request)
    found: dict[tuple[object, ...], list[tuple[HeaderSet, HeaderSet]]] = {}
    for source in drawn.network.endpoints:
        offers = [chains.offer(source, target) for target in drawn.network.endpoints]
        assert found.setdefault(chains.sends_alike(source), offers) == offers


@given(networks())
def test_what_is_taken(drawn: Drawn):
    chains = Chains(drawn.network, drawn.request)
    for target in drawn.network.endpoints:
        accepting = [
            one
            for one in drawn.network.locations[target.location].chains
            if one.purpose is Purpose.ACCEPTANCE and one.direction is Direction.INGRESS
        ]
        for source in drawn.network.endpoints:
            taken = chains.taken(source, target)
            for header in HEADERS:
                answers = [allowed(drawn, one, target, source, header) for one in accepting]
                if header in offered(target) and all(True in one for one in answers) and header not in taken:
                    raise AssertionError(header)
                if any(one == {False} for one in answers):
                    assert header not in taken
