"""The chains of a network, each with its judge; and what the proxies at two ends send and take.

Chains of purpose `offer` say what a client's own proxy chooses. They bind nobody who holds the client, so they are no
part of any path (`engine.reach`), and are asked by themselves.
"""

from __future__ import annotations

from ringfence.engine.index import Index
from ringfence.engine.judge import Judge
from ringfence.engine.subjects import View
from ringfence.engine.traffic import offered
from ringfence.model.conditions import Request
from ringfence.model.headers import ALL_HEADERS, ALL_MTLS, ALL_PLAINTEXT, NO_HEADERS, HeaderSet
from ringfence.model.networks import Endpoint, Network
from ringfence.model.rules import Direction, Purpose


class Chains:
    """The judges of one network for one request (None: nothing is known of it).

    `client_tls` says what clients send whatever their proxies choose: `mtls` or `plaintext`.
    """

    def __init__(self, network: Network, request: Request | None = None, client_tls: str | None = None) -> None:
        self.network = network
        self.index = Index(network.endpoints)
        self._chosen = {None: None, "mtls": ALL_MTLS, "plaintext": ALL_PLAINTEXT}[client_tls]
        self._endpoints = {endpoint.id: endpoint for endpoint in network.endpoints}
        self._judges: dict[tuple[str, Direction], list[Judge]] = {}
        self._offers: dict[str, list[Judge]] = {}
        for name, location in network.locations.items():
            for chain in location.chains:
                judge = Judge(chain, self.index, request)
                if chain.purpose is Purpose.OFFER:
                    self._offers.setdefault(name, []).append(judge)
                else:
                    self._judges.setdefault((name, chain.direction), []).append(judge)

    def judges(self, location: str, direction: Direction) -> list[Judge]:
        """The judges of the location's chains of one direction."""
        return self._judges.get((location, direction), [])

    def subject(self, here: str, own: Endpoint | None) -> Endpoint | None:
        """Whom the chains of a place judge: the place's own endpoint, else the flow's on that side."""
        name = self.network.locations[here].subject
        return own if name is None else self._endpoints[name]

    def offer(self, source: Endpoint, target: Endpoint) -> tuple[HeaderSet, HeaderSet]:
        """What the source may send to the target, and the part of it that is withheld: perhaps not sent at all.

        It may send what its identity lets it and its own proxy chooses. Of a transport nobody knows whether it is
        chosen; where it is one of the two, something is sent all the same.
        """
        may = must = offered(source)
        if self._chosen is not None:
            return may & self._chosen, NO_HEADERS
        judges = self._offers.get(source.location)
        if judges is None:
            return may, NO_HEADERS
        peer = View(target, target.addresses, target.identity)
        for judge in judges:
            verdict = judge.verdict(source, peer)
            may, must = may & verdict.may, must & verdict.must
        if may is must:
            return may, NO_HEADERS
        settled = must.tcp | must.mtls | (may.tcp & may.mtls)
        return may, HeaderSet(tcp=may.tcp - settled, mtls=may.mtls - settled)

    def sent(self, source: Endpoint, target: Endpoint) -> HeaderSet:
        """What the source may send to the target."""
        return self.offer(source, target)[0]

    def withheld(self, source: Endpoint, target: Endpoint) -> HeaderSet:
        """What the source may send to the target, or not send at all."""
        return self.offer(source, target)[1]

    def sends_alike(self, source: Endpoint) -> tuple[object, ...]:
        """A key that endpoints share which send the same to everybody."""
        offers = self._offers.get(source.location, ())
        return source.location, bool(source.identity), *(id(judge.subject_class(source)) for judge in offers)

    def taken(self, source: Endpoint, target: Endpoint) -> HeaderSet:
        """Which transports the target's own proxy may take from the source, policies aside."""
        found = offered(target)
        peer = View(source, source.addresses, source.identity)
        for judge in self.judges(target.location, Direction.INGRESS):
            if judge.chain.purpose is Purpose.ACCEPTANCE:
                found &= judge.verdict(target, peer).may
        return found

    def leaving(self, source: Endpoint, peer: View) -> HeaderSet:
        """What the chains at the source's place may let out to the peer; nothing further on the way is asked."""
        return self._passing(source, Direction.EGRESS, peer)

    def arriving(self, peer: View, target: Endpoint) -> HeaderSet:
        """What the chains at the target's place may let in from the peer; nothing before it on the way is asked."""
        return self._passing(target, Direction.INGRESS, peer)

    def _passing(self, own: Endpoint, direction: Direction, peer: View) -> HeaderSet:
        found, subject = ALL_HEADERS, self.subject(own.location, own)
        for judge in self.judges(own.location, direction):
            found &= judge.verdict(subject, peer).may
        return found
