"""Which pairs are worth an evaluation: those that neither end refuses by itself.

Where most of a network is closed, nearly all pairs are refused by the same default at one of their ends. What the ends
say is known for all peers at once, so the rest need not be looked at one by one. For a source S and a target T nothing
passes unless

    S departs    a link that leaves S's place may serve T, and the egress chains there may let T through, if it exits
    T admits     a link enters T's place, and the ingress chains there may let S through, if it enters

The second holds only where nothing on the way rewrites: targets that a rewriting link on S's way may serve are taken as
admitted, and so are peers of chains that ask for an identity and endpoints that stand for every one of their addresses.
So the answer is never too small. Whoever is in it is evaluated; of all others it is proved that nothing passes.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from ringfence.engine.bits import EMPTY, Bits
from ringfence.engine.reach import Reachability
from ringfence.model.networks import Endpoint, Link
from ringfence.model.rules import Direction


class Screen:
    """The pairs of one network that nothing refuses at either end."""

    def __init__(self, reach: Reachability) -> None:
        self._reach = reach
        self._index = reach.index
        self._served: dict[int, Bits] = {}
        self._departing: dict[tuple[object, ...], Bits] = {}
        self._rewritten: dict[str, Bits] = {}

    def targets(self, source: Endpoint) -> Bits:
        """The endpoints, by number, that the source may reach; of all others it is certain that it does not."""
        departing = self._departs(source)
        if source.every:
            return departing
        admitted = self._admitted.get(self._index.number[source.id], EMPTY)
        return departing & (admitted | self._every | self._changed(source.location))

    def _departs(self, source: Endpoint) -> Bits:
        here = source.location
        leaving = self._links.get(here)
        if leaving is None:
            return self._at[here]
        key = (here, *self._classes(here, Direction.EGRESS, source))
        found = self._departing.get(key)
        if found is None:
            passing = self._let_through(here, Direction.EGRESS, source)
            found = EMPTY
            for link in leaving:
                found = found | (self._serves(link) & passing if link.exits else self._serves(link))
            self._departing[key] = found
        return found

    @cached_property
    def _admitted(self) -> dict[int, Bits]:
        """By a source's number: the targets whose own place lets it in."""
        alike: defaultdict[tuple[object, ...], list[Endpoint]] = defaultdict(list)
        for one in self._index.endpoints:
            alike[one.location, *self._classes(one.location, Direction.INGRESS, one)].append(one)
        by_sources: defaultdict[Bits, list[int]] = defaultdict(list)
        for members in alike.values():
            by_sources[self._admits(members[0])] += (self._index.number[one.id] for one in members)
        found: dict[int, Bits] = {}
        for sources, numbers in by_sources.items():
            targets = Bits.of(numbers)
            for number in sources:
                found[number] = found.get(number, EMPTY) | targets
        return found

    def _admits(self, target: Endpoint) -> Bits:
        here = target.location
        found = EMPTY if here in self._links else self._at[here]
        for link in self._entering.get(here, ()):
            found = found | (self._let_through(here, Direction.INGRESS, target) if link.enters else self._index.all)
        return found

    def _let_through(self, here: str, direction: Direction, subject: Endpoint) -> Bits:
        """The peers that every chain of a place may let through, whichever their headers."""
        found = self._index.all
        for judge in self._reach.judges(here, direction):
            found = found & judge.let_through(self._reach.subject(here, subject))
        return found | self._every

    def _classes(self, here: str, direction: Direction, subject: Endpoint) -> tuple[int, ...]:
        judges = self._reach.judges(here, direction)
        return tuple(id(judge.subject_class(self._reach.subject(here, subject))) for judge in judges)

    def _serves(self, link: Link) -> Bits:
        """The destinations that a link may serve."""
        found = self._served.get(id(link))
        if found is None:
            found = self._index.select(link.towards).may
            if link.destinations is not None:
                found = found & self._index.addressed(link.destinations).may
            kept = link.rewrite is None or link.rewrite.target is None
            if kept and not self._reach.network.locations[link.target].transit:
                found = found & self._at[link.target]
            self._served[id(link)] = found
        return found

    def _changed(self, here: str) -> Bits:
        """The destinations that a rewriting link may serve on the way from a place."""
        found = self._rewritten.get(here)
        if found is None:
            found, waiting, seen = EMPTY, [here], {here}
            locations = self._reach.network.locations
            while waiting:
                for link in self._links.get(waiting.pop(), ()):
                    if link.rewrite is not None:
                        found = found | self._serves(link)
                    elif locations[link.target].transit and link.target not in seen:
                        seen.add(link.target)
                        waiting.append(link.target)
            self._rewritten[here] = found
        return found

    @cached_property
    def _every(self) -> Bits:
        return Bits.of(place for place, one in enumerate(self._index.endpoints) if one.every)

    @cached_property
    def _at(self) -> defaultdict[str, Bits]:
        """The endpoints of each place."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(self._index.endpoints):
            found[one.location].append(place)
        return defaultdict(Bits, {here: Bits.of(places) for here, places in found.items()})

    @cached_property
    def _links(self) -> dict[str, list[Link]]:
        return self._reach.network.links_from()

    @cached_property
    def _entering(self) -> dict[str, list[Link]]:
        """By place: the links that lead into it and leave the packet as it is."""
        found: dict[str, list[Link]] = {}
        for link in self._reach.network.links:
            if link.rewrite is None:
                found.setdefault(link.target, []).append(link)
        return found
