"""Reachability between two endpoints: all headers, and all of their addresses, at once.

The evaluation follows the same links as the reference evaluator (`model.networks` says how packets move) and carries
sets instead of one packet. It works backwards through rewrites: what passes after one is pulled back over it, so the
answer is in the headers that the client sends. Where several links may serve a packet,

    may   = what one of them lets through
    must  = what a link certainly serves, less what any link that may serve it may refuse

An endpoint that stands for all of its addresses is cut into regions that no rule tells apart (`Split`).

Where much is unknown, the ways that a packet may take are more than can be followed. After `MOST_STEPS` of them the
rest is left open: *may* everything and *must* nothing is a poor answer, and never a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ringfence.engine.bits import Bits
from ringfence.engine.chains import Chains
from ringfence.engine.forms import MOST_REWRITES
from ringfence.engine.rewriting import accepted, before
from ringfence.engine.stretches import Aim, Stretch
from ringfence.engine.subjects import Split, View
from ringfence.engine.verdicts import CLOSED, LEFT_OPEN, OPEN, Verdict, both, chosen, turned
from ringfence.model.addresses import V6, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Request, Truth, conjunction
from ringfence.model.headers import NO_HEADERS, HeaderSet
from ringfence.model.networks import Endpoint, Link, Network
from ringfence.model.rules import Direction

MOST_STEPS = 5_000
"""Places that one evaluation looks at, there and back."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the address pairs of two endpoints that all rules treat alike, and the headers that pass between."""

    sources: AddressSet
    destinations: AddressSet
    headers: Verdict


class Reachability(Chains):
    """Answers for one network and one request (None: nothing is known of it)."""

    def __init__(self, network: Network, request: Request | None = None, client_tls: str | None = None) -> None:
        super().__init__(network, request, client_tls)
        self._links = {
            place: [(link, self.index.select(link.towards), network.locations[link.target].transit) for link in links]
            for place, links in network.links_from().items()
        }
        self._steps = 0
        self._met: dict[tuple[str, str, AddressSet | None], set[str]] = {}

    def between(
        self, source: Endpoint, target: Endpoint, sources: AddressSet | None = None, targets: AddressSet | None = None
    ) -> tuple[Slice, ...]:
        """All slices of the flows from one endpoint to another, refused ones included; none for different families.

        `sources` and `targets` limit endpoints that stand for all of their addresses.
        """
        return self._between(source, target, sources, targets)

    def _between(
        self,
        source: Endpoint,
        target: Endpoint,
        sources: AddressSet | None,
        targets: AddressSet | None,
        aim: Aim | None = None,
    ) -> tuple[Slice, ...]:
        here = source.addresses if sources is None else source.addresses & sources
        there = target.addresses if targets is None else target.addresses & targets
        if not here or not there or (here.first() < V6) != (there.first() < V6):
            return ()
        found: dict[Verdict, list[Slice]] = {}
        open_regions = [(here, there)]
        while open_regions:
            here, there = open_regions.pop()
            try:
                verdict = self._evaluate(source, here, target, there, aim)
            except Split as split:
                if split.side == "source":
                    open_regions += [(here & split.inside, there), (here - split.inside, there)]
                else:
                    open_regions += [(here, there & split.inside), (here, there - split.inside)]
            else:
                found.setdefault(verdict, []).append(Slice(here, there, verdict))
        return tuple(merged for slices in found.values() for merged in _merged(slices))

    @cached_property
    def go_betweens(self) -> tuple[Endpoint, ...]:
        """The endpoints at which packets are sent on to others: balancers, nodes with ports of their own."""
        found: dict[int, None] = {}
        for link in self.network.links:
            if link.rewrite is not None and link.rewrite.target is not None:
                served = self.index.select(link.towards).may
                if link.destinations is not None:
                    served = served & self.index.addressed(link.destinations).may
                found |= dict.fromkeys(served)
        return tuple(self.index.endpoints[number] for number in found)

    def through(
        self, source: Endpoint, via: Endpoint, ends: Mapping[str, HeaderSet], sources: AddressSet | None = None
    ) -> tuple[Slice, ...]:
        """The flows that dial `via` and end at one of these endpoints (by id) with one of its headers."""
        key = source.id, via.id, sources
        if key not in self._met:
            self._met[key] = set()
            self._between(source, via, sources, None, Aim({}, self._met[key]))
        if self._met[key].isdisjoint(ends):
            return ()
        return self._between(source, via, sources, None, Aim(ends, set()))

    def _evaluate(
        self, source: Endpoint, here: AddressSet, target: Endpoint, there: AddressSet, aim: Aim | None
    ) -> Verdict:
        if source is target and source.single:
            return OPEN
        self._steps = 0
        sender = View(source, here, source.identity, "source" if source.every else "")
        receiver = View(target, there, target.identity, "destination" if target.every else "")
        return self._onward(Stretch(sender, receiver, source.location, aim=aim), source.location)

    def _onward(self, stretch: Stretch, here: str) -> Verdict:
        """The headers that get from here to the destination, and whose replies get back to the stretch's start."""
        target = stretch.target.origin
        assert target is not None  # a request always has a destination
        if here == target.location and (stretch.rewrites or stretch.visited or here not in self._links):
            if stretch.aim is None:
                return self._return(stretch, here)
            stretch.aim.met.add(target.id)
            wanted = stretch.aim.ends.get(target.id, NO_HEADERS)
            return self._return(stretch, here) & Bounds(wanted, wanted) if wanted else CLOSED
        self._steps += 1
        if self._steps > MOST_STEPS:
            return LEFT_OPEN
        serving = self._serving(stretch, here)
        return chosen((truth, accepted(link), self._cross(stretch, link)) for link, truth in serving)

    def _cross(self, stretch: Stretch, link: Link) -> Verdict:
        passing = OPEN
        if link.exits:
            stretch = stretch.seen_by(link.source)
            passing = self._judged(stretch, link.source, Direction.EGRESS)
            if not passing.may:
                return CLOSED
        if link.rewrite is None:
            if link.target in stretch.visited:
                return CLOSED
            stretch = stretch.onward(link)
            if link.enters:
                passing = both(passing, self._judged(stretch, link.target, Direction.INGRESS))
            return both(passing, self._onward(stretch, link.target)) if passing.may else CLOSED
        if stretch.rewrites >= MOST_REWRITES:
            return CLOSED
        fresh = stretch.rewritten(link, self._endpoints)
        after = OPEN
        if link.enters:
            after = self._judged(fresh, link.target, Direction.INGRESS)
            after &= turned(self._judged_reply(fresh, link.target, Direction.EGRESS))
        if after.may:
            after &= self._onward(fresh, link.target)
        if not after.may:
            return CLOSED
        passing &= before(link.rewrite, after)
        if link.exits:
            passing &= turned(self._judged_reply(stretch, link.source, Direction.INGRESS))
        return passing & self._return(stretch, link.source)

    def _return(self, stretch: Stretch, here: str) -> Verdict:
        """The headers whose replies get back from here to the stretch's start."""
        if not stretch.visited:
            return OPEN
        return turned(self._reply(stretch, here, frozenset(), {}))

    def _reply(
        self, stretch: Stretch, here: str, visited: frozenset[str], known: dict[tuple[str, frozenset[str]], Verdict]
    ) -> Verdict:
        """The same in the reply's own headers. `known` holds what was worked out for this stretch."""
        if here == stretch.start and visited:
            return OPEN
        found = known.get((here, visited))
        if found is not None:
            return found
        self._steps += 1
        if self._steps > MOST_STEPS:
            return LEFT_OPEN
        choices = []
        for link, truth in self._serving_reply(stretch, here):
            passing = CLOSED if link.target in visited else OPEN
            if link.exits and passing.may:
                passing = both(passing, self._judged_reply(stretch, here, Direction.EGRESS))
            if link.enters and passing.may:
                passing = both(passing, self._judged_reply(stretch, link.target, Direction.INGRESS))
            if passing.may:
                passing = both(passing, self._reply(stretch, link.target, visited | {link.target}, known))
            choices.append((truth, link.headers, passing))
        found = known[here, visited] = chosen(choices)
        return found

    def _judged(self, stretch: Stretch, here: str, direction: Direction) -> Verdict:
        passing = OPEN
        egress = direction is Direction.EGRESS
        subject, peer = (stretch.source, stretch.target) if egress else (stretch.target, stretch.source)
        for judge in self.judges(here, direction):
            passing = both(passing, judge.verdict(self.subject(here, subject.origin), peer))
        return passing

    def _judged_reply(self, stretch: Stretch, here: str, direction: Direction) -> Verdict:
        """In the reply's own headers; stateful chains let it pass where they saw the request."""
        passing = OPEN
        egress = direction is Direction.EGRESS
        subject, peer = (stretch.target, stretch.source) if egress else (stretch.source, stretch.target)
        for judge in self.judges(here, direction):
            if not (judge.chain.stateful and here in stretch.seen):
                passing = both(passing, judge.verdict(self.subject(here, subject.origin), peer))
        return passing

    def _serving(self, stretch: Stretch, here: str) -> Iterator[tuple[Link, Truth]]:
        """The links that may serve the request, as far as its header lets them."""
        own = stretch.target.origin
        for link, towards, transit in self._links.get(here, ()):
            target = own
            if link.rewrite is not None and link.rewrite.target is not None:
                target = self._endpoints[link.rewrite.target]
            if transit or (target is not None and link.target == target.location):
                truth = self._fits(link, towards, stretch.target)
                if truth is not False:
                    yield link, truth

    def _serving_reply(self, stretch: Stretch, here: str) -> Iterator[tuple[Link, Truth]]:
        for link, towards, transit in self._links.get(here, ()):
            if link.rewrite is None and (transit or link.target == stretch.start):
                truth = self._fits(link, towards, stretch.source)
                if truth is not False:
                    yield link, truth

    def _fits(self, link: Link, towards: Bounds[Bits], end: View) -> Truth:
        """Whether the link is for that end of the flow; `towards` is what its selector selects."""
        if end.origin is None:
            selected = link.towards.matches(None)
        else:
            number = self.index.number[end.origin.id]
            selected = True if number in towards.must else (None if number in towards.may else False)
        if selected is False or link.destinations is None:
            return selected
        return conjunction((selected, end.within(link.destinations)))


def _merged(slices: list[Slice]) -> Iterator[Slice]:
    """Slices of one verdict, joined where they share their sources, and then their destinations."""
    by_sources: dict[AddressSet, list[AddressSet]] = {}
    for one in slices:
        by_sources.setdefault(one.sources, []).append(one.destinations)
    by_destinations: dict[AddressSet, list[AddressSet]] = {}
    for sources, parts in by_sources.items():
        by_destinations.setdefault(AddressSet.union(parts), []).append(sources)
    for destinations, sides in by_destinations.items():
        yield Slice(AddressSet.union(sides), destinations, slices[0].headers)
