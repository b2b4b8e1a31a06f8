"""The reference evaluator: one concrete packet, step by step along its path, there and back.

It is written to be obviously right: no sets, no sharing, no memory between packets. The engine is held equal to it by
property tests, and every witness and explanation comes from here. How a packet moves stands in `model.networks`.

Where something is not known, or several links may serve, the evaluation branches; a branch is one possible course.
A path that comes back to a location before anything is rewritten runs in a circle and leads nowhere, and so does one
that is rewritten more than `MOST_REWRITES` times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from ringfence.engine.cuts import Cuts
from ringfence.engine.decisions import decide, within
from ringfence.engine.forms import MOST_REWRITES, Form, Segment, rewritten
from ringfence.engine.outcomes import Branch, Doubt, Hop, Outcome, Trace
from ringfence.model.conditions import Request, Truth, conjunction
from ringfence.model.networks import Link, Location, Network, Packet
from ringfence.model.rules import Action, Direction, Purpose

MOST_BRANCHES = 2_000
"""How many possible courses of one packet are followed; where there are more, the outcome is unknown."""


@dataclass(frozen=True, slots=True)
class Course:
    """A branch under way."""

    hops: tuple[Hop, ...] = ()
    doubts: frozenset[Doubt] = frozenset()

    def then(self, *hops: Hop, doubts: frozenset[Doubt] = frozenset()) -> Course:
        """The course with these hops and doubts added."""
        return Course(self.hops + hops, self.doubts | doubts)


class Reference:
    """Evaluates single packets on one network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._links = network.links_from()
        self._endpoints = {endpoint.id: endpoint for endpoint in network.endpoints}
        self.cuts = Cuts(network)

    def trace(self, packet: Packet) -> Trace:
        """Every course that the packet may take. KeyError for an endpoint that the network does not have."""
        source, target = self._endpoints[packet.source], self._endpoints[packet.destination]
        if source is target and source.single:
            inside = Hop(source.location, "forward", because="the packet never leaves its sender")
            return Trace((Branch(Outcome.ALLOWED, (inside,)),))
        form = Form(source, packet.source_address, source.identity, target, packet.destination_address, packet.header)
        segment = Segment(form, source.location, None)
        courses = self._onward((segment,), source.location, packet.request, Course())
        found = tuple(islice(courses, MOST_BRANCHES))
        if next(courses, None) is not None:
            more = Hop(source.location, "unknown", because=f"more than {MOST_BRANCHES} courses are possible")
            found = (*found, Branch(Outcome.UNKNOWN, (more,), (), frozenset((Doubt.UNKNOWN,))))
        return Trace(found)

    def _onward(
        self, segments: tuple[Segment, ...], here: str, request: Request | None, course: Course
    ) -> Iterator[Branch]:
        """From a location towards the destination."""
        segment = segments[-1]
        form = segment.form
        under_way = len(segments) > 1 or segment.visited or here not in self._links
        if here == form.target.location and under_way:
            yield from self._back(segments, here, request, course)
            return
        serving = [(link, self._serves(link, form)) for link in self._links.get(here, ())]
        serving = [(link, truth) for link, truth in serving if truth is not False]
        for link, doubts in self._choices(serving):
            if link is None:
                yield _lost(here, course.then(doubts=doubts), "no link leads on")
                continue
            yield from self._cross(segments, link, request, course.then(doubts=doubts))

    def _choices(self, serving: list[tuple[Link, Truth]]) -> Iterator[tuple[Link | None, frozenset[Doubt]]]:
        """Each link that may be taken; None where possibly none is."""
        unsure = any(truth is None for _, truth in serving)
        doubts = frozenset({Doubt.UNKNOWN} if unsure else {Doubt.CHOICE} if len(serving) > 1 else ())
        for link, _ in serving:
            yield link, doubts
        if not any(truth is True for _, truth in serving):
            yield None, doubts

    def _cross(
        self, segments: tuple[Segment, ...], link: Link, request: Request | None, course: Course
    ) -> Iterator[Branch]:
        """Over one link: egress chains, rewrite, ingress chains."""
        segment = segments[-1]
        if link.exits:
            segment = replace(segment, seen=segment.seen | {link.source})
        segments = (*segments[:-1], segment)
        for allowed, out in self._judge(link.source, Direction.EGRESS, segment, request, course, link.exits):
            if not allowed:
                yield Branch(Outcome.DENIED, out.hops, (), out.doubts)
                continue
            out = out.then(Hop(link.source, "forward", rule=link.id, span=link.span, because=f"to {link.target}"))
            for form, doubts in rewritten(segment.form, link, self._endpoints, self.cuts):
                yield from self._arrive(segments, form, link, request, out.then(doubts=doubts))

    def _arrive(
        self, segments: tuple[Segment, ...], form: Form, link: Link, request: Request | None, course: Course
    ) -> Iterator[Branch]:
        if link.rewrite is None:
            segment = segments[-1]
            if link.target in segment.visited:
                yield _lost(link.target, course, "the way runs in a circle")
                return
            segment = replace(segment, visited=segment.visited | {link.target})
            segments = (*segments[:-1], segment)
        else:
            if len(segments) > MOST_REWRITES:
                yield _lost(link.target, course, "the packet is rewritten again and again")
                return
            segment = Segment(form, link.target, link)
            segments = (*segments, segment)
        if link.enters:
            segments = (*segments[:-1], replace(segment, seen=segment.seen | {link.target}))
        judged = self._judge(link.target, Direction.INGRESS, segments[-1], request, course, link.enters)
        for allowed, into in judged:
            if allowed:
                yield from self._onward(segments, link.target, request, into)
            else:
                yield Branch(Outcome.DENIED, into.hops, (), into.doubts)

    def _back(
        self, segments: tuple[Segment, ...], here: str, request: Request | None, course: Course
    ) -> Iterator[Branch]:
        """The request has arrived; the reply goes back to the start of its segment, and over the rewrite before it."""
        for ok, lost, back in self._return(segments[-1], here, request, Course((), course.doubts)):
            if ok:
                yield from self._undo(segments, request, course, back)
            else:
                outcome = Outcome.NO_ROUTE if lost else Outcome.DENIED
                yield Branch(outcome, course.hops, back.hops, back.doubts)

    def _return(
        self, segment: Segment, here: str, request: Request | None, course: Course
    ) -> Iterator[tuple[bool, bool, Course]]:
        """The reply's way through one segment. A request that took no link there has a reply that needs none."""
        if segment.visited:
            yield from self._reply(segment, here, frozenset(), request, course)
        else:
            yield True, False, course

    def _undo(
        self, segments: tuple[Segment, ...], request: Request | None, course: Course, back: Course
    ) -> Iterator[Branch]:
        link = segments[-1].entered_by
        if link is None:
            yield Branch(Outcome.ALLOWED, course.hops, back.hops, back.doubts)
            return
        before = segments[-2]
        out = self._judge(link.target, Direction.EGRESS, segments[-1], request, back, link.enters, reply=True)
        for allowed, left in out:
            if not allowed:
                yield Branch(Outcome.DENIED, course.hops, left.hops, left.doubts)
                continue
            left = left.then(Hop(link.target, "forward", rule=link.id, span=link.span, because="the rewrite is undone"))
            for let_in, home in self._judge(
                link.source, Direction.INGRESS, before, request, left, link.exits, reply=True
            ):
                if not let_in:
                    yield Branch(Outcome.DENIED, course.hops, home.hops, home.doubts)
                    continue
                for ok, lost, further in self._return(before, link.source, request, home):
                    if ok:
                        yield from self._undo(segments[:-1], request, course, further)
                    else:
                        outcome = Outcome.NO_ROUTE if lost else Outcome.DENIED
                        yield Branch(outcome, course.hops, further.hops, further.doubts)

    def _reply(
        self, segment: Segment, here: str, visited: frozenset[str], request: Request | None, course: Course
    ) -> Iterator[tuple[bool, bool, Course]]:
        """The reply from `here` to the segment's start, as (came through, was lost, course)."""
        if here == segment.start and visited:
            yield True, False, course
            return
        serving = [(link, self._serves_reply(link, segment)) for link in self._links.get(here, ())]
        serving = [(link, truth) for link, truth in serving if truth is not False]
        for link, doubts in self._choices(serving):
            chosen = course.then(doubts=doubts)
            if link is None or link.target in visited:
                yield False, True, chosen.then(Hop(here, "no_route", because="no link leads the reply back"))
                continue
            for allowed, out in self._judge(here, Direction.EGRESS, segment, request, chosen, link.exits, reply=True):
                if not allowed:
                    yield False, False, out
                    continue
                out = out.then(Hop(here, "forward", rule=link.id, span=link.span, because=f"to {link.target}"))
                into = self._judge(link.target, Direction.INGRESS, segment, request, out, link.enters, reply=True)
                for let_in, further in into:
                    if let_in:
                        yield from self._reply(segment, link.target, visited | {link.target}, request, further)
                    else:
                        yield False, False, further

    def _judge(
        self,
        here: str,
        direction: Direction,
        segment: Segment,
        request: Request | None,
        course: Course,
        crosses: bool,
        *,
        reply: bool = False,
    ) -> Iterator[tuple[bool, Course]]:
        """What the location's chains of one direction may say, all of them together, as (allowed, course).

        Stateful chains let a reply pass where the request was seen.
        """
        form = segment.form.reply() if reply else segment.form
        seen = reply and here in segment.seen
        location = self._location(here)
        chains = [one for one in location.chains if one.direction is direction and not (one.stateful and seen)]
        chains = [one for one in chains if one.purpose is not Purpose.OFFER]  # they stop nobody (engine.transport)
        if not crosses or not chains:
            yield True, course
            return
        own = form.source if direction is Direction.EGRESS else form.target
        subject = own if location.subject is None else self._endpoints[location.subject]
        for chain in chains:
            decisions = decide(chain, here, subject, form.peer(direction), form.header, request)
            refused, let_in = (decisions.hop(action) for action in (Action.DENY, Action.ALLOW))
            if refused is not None:
                yield False, course.then(refused, doubts=decisions.doubts)
            if let_in is None:
                return
            course = course.then(let_in, doubts=decisions.doubts)
        yield True, course

    def _location(self, here: str) -> Location:
        return self.network.locations[here]

    def _serves(self, link: Link, form: Form) -> Truth:
        """Whether a request of this form takes the link."""
        target, change = form.target, link.rewrite
        if link.headers is not None and form.header not in link.headers:
            return False
        if change is not None:
            target = form.target if change.target is None else self._endpoints[change.target]
            if change.ports and not any(
                form.header.plane == m.plane and form.header.y in m.ports for m in change.ports
            ):
                return False
        if not self._location(link.target).transit and link.target != target.location:
            return False
        known = True if link.destinations is None else within(link.destinations, form.target_address)
        return conjunction((known, link.towards.matches(form.target)))

    def _serves_reply(self, link: Link, segment: Segment) -> Truth:
        """Whether the reply within a segment takes the link; what rewrites is for requests alone."""
        form = segment.form
        if link.rewrite is not None or (link.headers is not None and form.header.reply() not in link.headers):
            return False
        if not self._location(link.target).transit and link.target != segment.start:
            return False
        known = True if link.destinations is None else within(link.destinations, form.source_address)
        return conjunction((known, link.towards.matches(form.source)))


def _lost(here: str, course: Course, because: str) -> Branch:
    hop = Hop(here, "no_route", because=because)
    return Branch(Outcome.NO_ROUTE, (*course.hops, hop), (), course.doubts)
