"""What one chain holds for subjects that it treats alike, and its verdict for each peer.

The verdict depends on the peer only through which of the class's peers match (a `Matching`), so verdicts are kept by
that. Most peers match hardly any of many: those that select few endpoints are found by the endpoint's number, the rest
are asked; and only entries that have a matching peer are folded, because an entry that does not match changes nothing,
and neither does a scope without one that does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

from ringfence.engine.bits import EMPTY, Bits
from ringfence.engine.folding import Group, Tier, fold
from ringfence.engine.index import Index
from ringfence.engine.verdicts import Verdict
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Truth, conjunction, disjunction
from ringfence.model.headers import ALL_MTLS, ALL_PLAINTEXT
from ringfence.model.networks import Endpoint
from ringfence.model.rules import NO_IDENTITY, Action, Peer

FEW = 4
"""A peer selects few endpoints where they are one in so many."""


class Split(Exception):
    """A rule treats a part of a region of addresses differently: evaluate `inside` and the rest apart."""

    def __init__(self, side: str, inside: AddressSet) -> None:
        super().__init__(side)
        self.side = side
        self.inside = inside


@dataclass(frozen=True, slots=True)
class View:
    """One end of a flow as rules see it. `origin` None: lost in a rewrite.

    The address is one of `addresses`; where `region` names a side (`source`, `destination`) the view stands for every
    one of them, and is split where a rule tells them apart.
    """

    origin: Endpoint | None
    addresses: AddressSet
    identity: str = NO_IDENTITY
    region: str = ""

    def within(self, addresses: Bounds[AddressSet]) -> Truth:
        """Whether the address is in the set. Raises Split."""
        if self.addresses <= addresses.must:
            return True
        common = self.addresses & addresses.may
        if not common:
            return False
        if self.region:
            if common != self.addresses:
                raise Split(self.region, common)
            inside = self.addresses & addresses.must
            if inside:
                raise Split(self.region, inside)
        return None


Matching = tuple[tuple[int, Truth], ...]
"""Which of a class's peers match, by their places, true or open; most of many do not, and are left out."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The verdicts of one class of subjects: disjoint sets of peers, and all other endpoints.

    Endpoints that stand for every one of their addresses are in none of them: only their parts have verdicts.
    """

    pieces: tuple[tuple[Bits, Verdict], ...]
    others: Verdict


@dataclass(eq=False)
class SubjectClass:
    """What a chain holds for subjects that it treats alike, and what its silence means. Classes are compared by `is`.

    `peers` are the distinct peers of all its entries, in order of appearance; `several` says that the class has more
    than one subject.
    """

    tiers: tuple[Tier, ...]
    default: Action
    index: Index
    several: bool = False
    peers: tuple[Peer, ...] = field(init=False)
    _selected: tuple[Bounds[Bits], ...] = field(init=False)
    _entries: list[list[tuple[int, int, int, int]]] = field(init=False, default_factory=list)
    _places: dict[int, list[int]] = field(init=False, default_factory=dict)
    _verdicts: dict[Matching, Verdict] = field(init=False, default_factory=dict)
    _by_transport: dict[tuple[Matching, Matching], Verdict] = field(init=False, default_factory=dict)
    _of_origins: dict[tuple[int, str], Verdict] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Numbers the peers, and notes where each of them is asked for: by tier, group, scope and entry."""
        numbered: dict[Peer, int] = {}
        for t, tier in enumerate(self.tiers):
            for g, group in enumerate(tier.groups):
                for s, (_, entries) in enumerate(group.scopes):
                    for e, entry in enumerate(entries):
                        places = [numbered.setdefault(peer, len(numbered)) for peer in entry.peers]
                        self._places[id(entry)] = places
                        self._entries += ([] for _ in range(len(numbered) - len(self._entries)))
                        for place in places:
                            self._entries[place].append((t, g, s, e))
        self.peers = tuple(numbered)
        self._selected = tuple(self.index.select(peer.selector) for peer in self.peers)

    @cached_property
    def by_identity(self) -> bool:
        """Whether a peer's identity makes a difference."""
        return any(peer.identities is not None or peer.excluded for peer in self.peers)

    @cached_property
    def _by_address(self) -> bool:
        return any(peer.addresses is not None for peer in self.peers)

    @cached_property
    def _few(self) -> dict[int, list[int]]:
        """By an endpoint's number: the peers that may select it, of those that select few."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for place in self._narrow:
            for number in self._selected[place].may:
                found[number].append(place)
        return found

    @cached_property
    def _narrow(self) -> frozenset[int]:
        most = len(self.index.endpoints) // FEW
        return frozenset(place for place, one in enumerate(self._selected) if len(one.may) <= most)

    @cached_property
    def _wide(self) -> list[int]:
        return [place for place in range(len(self.peers)) if place not in self._narrow]

    def verdict(self, view: View) -> Verdict:
        """Which headers pass between its subjects and a peer. Raises Split.

        Kept by peer only where several subjects ask: where each is a class of its own, that would be every pair.
        """
        number = None if view.origin is None else self.index.number[view.origin.id]
        if number is None or self._by_address or not self.several:
            return self._verdict(view, number)
        found = self._of_origins.get((number, view.identity))
        if found is None:
            found = self._of_origins[number, view.identity] = self._verdict(view, number)
        return found

    def _verdict(self, view: View, number: int | None) -> Verdict:
        plain = self._matching(view, number, NO_IDENTITY)
        if not self.by_identity:
            return self._folded(plain)
        proven = self._matching(view, number, view.identity)
        found = self._by_transport.get((plain, proven))
        if found is None:
            found = self._folded(plain) & Bounds.exactly(ALL_PLAINTEXT)
            found |= self._folded(proven) & Bounds.exactly(ALL_MTLS)
            self._by_transport[plain, proven] = found
        return found

    def _matching(self, view: View, number: int | None, identity: str) -> Matching:
        """Which peers match. Raises Split."""
        asked = range(len(self.peers)) if number is None else sorted([*self._wide, *self._few.get(number, ())])
        answers = ((place, self._matches(place, view, number, identity)) for place in asked)
        return tuple((place, truth) for place, truth in answers if truth is not False)

    def _matches(self, place: int, view: View, number: int | None, identity: str) -> Truth:
        peer, answer = self.peers[place], self._selected[place]
        if number is None:
            selected = peer.selector.matches(None)
        else:
            selected = True if number in answer.must else (None if number in answer.may else False)
        if selected is False:
            return False
        proven = peer.identity_matches(identity)
        if proven is False:
            return False
        addressed = True if peer.addresses is None else view.within(peer.addresses)
        return conjunction((selected, proven, addressed))

    def _folded(self, matching: Matching) -> Verdict:
        found = self._verdicts.get(matching)
        if found is None:
            known = dict(matching)
            found = self._verdicts[matching] = fold(
                tuple(self._touched(known)),
                self.default,
                lambda entry: disjunction(known[place] for place in self._places[id(entry)] if place in known),
            )
        return found

    def _touched(self, known: Iterable[int]) -> list[Tier]:
        """The tiers with only those entries that have one of these peers."""
        places = sorted({place for peer in known for place in self._entries[peer]})
        found = [replace(tier, groups=()) for tier in self.tiers]
        for t, in_tier in groupby(places, lambda place: place[0]):
            groups = []
            for g, in_group in groupby(in_tier, lambda place: place[1]):
                scopes = []
                for s, in_scope in groupby(in_group, lambda place: place[2]):
                    governs, entries = self.tiers[t].groups[g].scopes[s]
                    scopes.append((governs, tuple(entries[place[3]] for place in in_scope)))
                groups.append(Group(tuple(scopes)))
            found[t] = replace(found[t], groups=tuple(groups))
        return found

    @cached_property
    def profile(self) -> Profile:
        """The verdicts for all peers, whatever their identity; for classes that ask for none."""
        pieces: list[tuple[Bits, Matching]] = []
        covered = EMPTY
        for place, (peer, found) in enumerate(zip(self.peers, self._selected, strict=True)):
            if peer.addresses is not None:
                found = found & self.index.addressed(peer.addresses)
            truths: list[tuple[Bits, Truth]] = [(found.must, True)]
            if found.must is not found.may:
                truths.append((found.may - found.must, None))
            refined = []
            rest_of_new = [(bits - covered, truth) for bits, truth in truths]
            for bits, before in pieces:
                left = bits
                for hit, truth in truths:
                    both = bits & hit
                    if both:
                        refined.append((both, (*before, (place, truth))))
                        left = left - both
                if left:
                    refined.append((left, before))
            for bits, truth in rest_of_new:
                if bits:
                    refined.append((bits, ((place, truth),)))
                    covered = covered | bits
            pieces = refined
        merged: defaultdict[Verdict, Bits] = defaultdict(Bits)
        for bits, matching in pieces:
            merged[self._folded(matching)] |= bits
        return Profile(tuple((bits, verdict) for verdict, bits in merged.items()), self._folded(()))
