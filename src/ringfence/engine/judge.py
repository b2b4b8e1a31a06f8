"""One chain, asked about many subjects and peers.

Subjects fall into *classes* by the scopes and rules that apply to them; a class is worked out once. Its verdict depends
on the peer only through which of the class's peers match, so verdicts are memoised by that, and peers fall into few
kinds: `profile` gives them all, as disjoint sets of endpoints with one verdict each.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import reduce
from itertools import groupby
from operator import or_

from ringfence.engine.bits import EMPTY, Bits
from ringfence.engine.folding import Entry, Group, Tier, Verdict, fold
from ringfence.engine.index import Index
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Request, Truth, conjunction, disjunction
from ringfence.model.headers import ALL_MTLS, ALL_PLAINTEXT
from ringfence.model.networks import Endpoint
from ringfence.model.rules import NO_IDENTITY, Chain, Peer, Scope
from ringfence.model.selectors import ANYTHING


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


@dataclass(eq=False)
class SubjectClass:
    """What a chain holds for subjects that it treats alike. `peers` are the distinct peers of all its entries.

    `selected` are the endpoints that their selectors select, `places` the places of each entry's peers, by the entry's
    `id`. `verdicts` are kept by which peers match, `of_origins` by the other side's number and identity, where no peer
    asks for an address.
    """

    tiers: tuple[Tier, ...]
    peers: tuple[Peer, ...]
    selected: tuple[Bounds[Bits], ...]
    places: dict[int, tuple[int, ...]]
    by_identity: bool
    by_address: bool
    verdicts: dict[Matching, Verdict] = field(default_factory=dict)
    of_origins: dict[tuple[int, str], Verdict] = field(default_factory=dict)
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The verdicts of one class of subjects: disjoint sets of peers, and all other endpoints.

    Endpoints that stand for every one of their addresses are in none of them: only their parts have verdicts.
    """

    pieces: tuple[tuple[Bits, Verdict], ...]
    others: Verdict


class Judge:
    """Evaluates one chain for one request (or none)."""

    def __init__(self, chain: Chain, index: Index, request: Request | None = None) -> None:
        self.chain = chain
        self._index = index
        self._request = request
        self._scopes = [(place, scope) for place, stage in enumerate(chain.stages) for scope in stage.scopes]
        self._classes: dict[tuple[tuple[int, Truth], ...], SubjectClass] = {}
        self._of_subject: dict[int, SubjectClass] = {}
        everyone: list[tuple[int, Truth]] = []
        everyone += [(place, True) for place, (_, scope) in enumerate(self._scopes) if scope.subjects == ANYTHING]
        self._everyone = everyone
        self._governing = self._governed()

    def subject_class(self, subject: Endpoint | None) -> SubjectClass:
        """The class of a subject; None for one whose origin was lost."""
        number = -1 if subject is None else self._index.number[subject.id]
        found = self._of_subject.get(number)
        if found is None:
            found = self._of_subject[number] = self._classify(subject, number)
        return found

    def verdict(self, subject: Endpoint | None, peer: View) -> Verdict:
        """Which headers the chain lets pass between the two. Raises Split."""
        kind = self.subject_class(subject)
        if not kind.by_identity:
            return self._verdict(kind, peer, NO_IDENTITY)
        plain = self._verdict(kind, peer, NO_IDENTITY) & Bounds.exactly(ALL_PLAINTEXT)
        return plain | self._verdict(kind, peer, peer.identity) & Bounds.exactly(ALL_MTLS)

    def profile(self, subject: Endpoint | None) -> Profile:
        """The verdicts for all peers, whatever their identity; for chains that ask for none."""
        kind = self.subject_class(subject)
        if kind.profile is None:
            kind.profile = self._profile(kind)
        return kind.profile

    def let_through(self, subject: Endpoint | None) -> Bits:
        """The endpoints of which some headers may pass; where an identity is asked for, all of them.

        What is said of endpoints that stand for every one of their addresses means nothing, as in `profile`.
        """
        if self.subject_class(subject).by_identity:
            return self._index.all
        profile = self.profile(subject)
        named = reduce(or_, (bits for bits, _ in profile.pieces), EMPTY)
        passing = reduce(or_, (bits for bits, verdict in profile.pieces if verdict.may), EMPTY)
        return passing | (self._index.all - named) if profile.others.may else passing

    def _governed(self) -> dict[int, list[tuple[int, Truth]]]:
        """By endpoint number: the scopes that may govern it, without those that govern everyone."""
        found: defaultdict[int, list[tuple[int, Truth]]] = defaultdict(list)
        for place, (_, scope) in enumerate(self._scopes):
            if scope.subjects == ANYTHING:
                continue
            subjects = self._index.select(scope.subjects)
            for number in subjects.must:
                found[number].append((place, True))
            if subjects.must is not subjects.may:
                for number in subjects.may - subjects.must:
                    found[number].append((place, None))
        return found

    def _classify(self, subject: Endpoint | None, number: int) -> SubjectClass:
        governing: list[tuple[int, Truth]]
        if subject is None:
            answers = [(place, scope.subjects.matches(None)) for place, (_, scope) in enumerate(self._scopes)]
            governing = [(place, truth) for place, truth in answers if truth is not False]
        else:
            own = self._governing.get(number, [])
            governing = sorted([*self._everyone, *own], key=lambda pair: pair[0]) if self._everyone else own
        key: list[tuple[int, Truth]] = []
        for place, truth in governing:
            key.append((place, truth))
            rules = self._scopes[place][1].rules
            key += [(-1 - r, one.subjects.matches(subject)) for r, one in enumerate(rules) if one.subjects != ANYTHING]
        signature = tuple(key)
        found = self._classes.get(signature)
        if found is None:
            found = self._classes[signature] = self._build(governing, subject)
        return found

    def _build(self, governing: list[tuple[int, Truth]], subject: Endpoint | None) -> SubjectClass:
        tiers = []
        numbered: dict[Peer, int] = {}
        places: dict[int, tuple[int, ...]] = {}
        for stage_place, members in groupby(governing, key=lambda pair: self._scopes[pair[0]][0]):
            scopes = [(self._scopes[place][1], truth is True) for place, truth in members]
            scopes.sort(key=lambda pair: pair[0].priority)
            groups = []
            for _, equals in groupby(scopes, key=lambda pair: pair[0].priority):
                built = [(governs, self._entries(scope, subject)) for scope, governs in equals]
                groups.append(Group(tuple(built)))
                for entry in (entry for _, entries in built for entry in entries):
                    places[id(entry)] = tuple(numbered.setdefault(peer, len(numbered)) for peer in entry.peers)
            certain = any(governs for _, governs in scopes)
            tiers.append(Tier(self.chain.stages[stage_place].end, certain, tuple(groups)))
        peers = tuple(numbered)
        by_identity = any(peer.identities is not None or peer.excluded for peer in peers)
        by_address = any(peer.addresses is not None for peer in peers)
        selected = tuple(self._index.select(peer.selector) for peer in peers)
        return SubjectClass(tuple(tiers), peers, selected, places, by_identity, by_address)

    def _entries(self, scope: Scope, subject: Endpoint | None) -> tuple[Entry, ...]:
        entries = []
        for rule in scope.rules:
            truth = conjunction((rule.subjects.matches(subject), rule.condition.evaluate(self._request)))
            if truth is not False:
                entries.append(Entry(rule.action, rule.peers, rule.headers, truth is True))
        return tuple(entries)

    def _verdict(self, kind: SubjectClass, view: View, identity: str) -> Verdict:
        number = None if view.origin is None else self._index.number[view.origin.id]
        if number is None or kind.by_address:
            return self._folded(kind, self._truths(kind, view, number, identity))
        found = kind.of_origins.get((number, identity))
        if found is None:
            truths = self._truths(kind, view, number, identity)
            found = kind.of_origins[number, identity] = self._folded(kind, truths)
        return found

    def _truths(self, kind: SubjectClass, view: View, number: int | None, identity: str) -> Matching:
        """Which peers match. Raises Split."""
        return tuple(
            (place, truth)
            for place, (peer, selected) in enumerate(zip(kind.peers, kind.selected, strict=True))
            if (truth := self._matches(peer, selected, view, number, identity)) is not False
        )

    def _folded(self, kind: SubjectClass, matching: Matching) -> Verdict:
        found = kind.verdicts.get(matching)
        if found is None:
            known = dict(matching)
            found = kind.verdicts[matching] = fold(
                kind.tiers,
                self.chain.default,
                lambda entry: disjunction(known[place] for place in kind.places[id(entry)] if place in known),
            )
        return found

    def _matches(self, peer: Peer, answer: Bounds[Bits], view: View, number: int | None, identity: str) -> Truth:
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

    def _profile(self, kind: SubjectClass) -> Profile:
        pieces: list[tuple[Bits, Matching]] = []
        covered = EMPTY
        for place, (peer, found) in enumerate(zip(kind.peers, kind.selected, strict=True)):
            if peer.addresses is not None:
                found = found & self._index.addressed(peer.addresses)
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
            merged[self._folded(kind, matching)] |= bits
        others = self._folded(kind, ())
        return Profile(tuple((bits, verdict) for verdict, bits in merged.items()), others)
