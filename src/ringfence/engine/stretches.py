"""A path between two rewrites, as the engine follows it: the sides of the flow, and where it has been.

A stretch is for all headers what a segment (`engine.forms`) is for one packet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ringfence.engine.subjects import View
from ringfence.model.headers import HeaderSet
from ringfence.model.networks import Endpoint, Link


@dataclass(frozen=True, slots=True)
class Aim:
    """Which ends of a path count: endpoints by id, each with headers. `met` takes the ids of all ends there are."""

    ends: Mapping[str, HeaderSet]
    met: set[str]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A path between two rewrites. `aim` None: any end counts.

    `start` is where it begins, `rewrites` how many came before. `seen` are the locations whose chains judged the
    request, `visited` those that links led it to.
    """

    source: View
    target: View
    start: str
    rewrites: int = 0
    seen: frozenset[str] = frozenset()
    visited: frozenset[str] = frozenset()
    aim: Aim | None = None

    def seen_by(self, place: str) -> Stretch:
        """The same after the chains of a place have seen it."""
        seen = self.seen | {place}
        return Stretch(self.source, self.target, self.start, self.rewrites, seen, self.visited, self.aim)

    def onward(self, link: Link) -> Stretch:
        """The same at the end of a link that leaves it as it is."""
        seen = self.seen | {link.target} if link.enters else self.seen
        visited = self.visited | {link.target}
        return Stretch(self.source, self.target, self.start, self.rewrites, seen, visited, self.aim)

    def rewritten(self, link: Link, endpoints: Mapping[str, Endpoint]) -> Stretch:
        """The stretch that begins at the end of a link that rewrites."""
        change = link.rewrite
        assert change is not None
        source, target = self.source, self.target
        if change.source.addresses is not None:
            source = View(source.origin, change.source.addresses, source.identity)
        if change.source.origin is not None:
            origin = endpoints[change.source.origin] if change.source.origin else None
            source = replace(source, origin=origin)
        if change.source.identity is not None:
            source = replace(source, identity=change.source.identity)
        if change.target is not None:
            new = endpoints[change.target]
            target = View(new, new.addresses, new.identity)
        seen = frozenset((link.target,)) if link.enters else frozenset[str]()
        return Stretch(source, target, link.target, self.rewrites + 1, seen, aim=self.aim)
