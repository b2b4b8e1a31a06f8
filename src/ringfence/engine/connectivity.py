"""Reachability between workloads: what reports, intents and findings are made of.

Between workloads, *may* is the union over their endpoint pairs and *must* the intersection: a workload reaches another
for certain only where each of its endpoints reaches each of the other's. Pairs of different address families do not
count, and neither do endpoints that may not exist, unless a workload has no others: then nothing is certain.

Workloads whose endpoints fall into the same behaviour groups have the same relations, so each pair of kinds is worked
out once. A *node* is one side: a workload, or a part of the addresses outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import product

from ringfence.engine.kinds import Kinds
from ringfence.engine.reach import Reachability, Slice
from ringfence.engine.traffic import Traffic, passing_from
from ringfence.engine.transport import NONE, Transports, transports
from ringfence.engine.verdicts import CLOSED
from ringfence.model.addresses import V6, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import NO_HEADERS, HeaderSet
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, by_workload


@dataclass(frozen=True, slots=True)
class Relation:
    """Which headers pass between two nodes. `sources` and `targets` None: whatever the node's addresses.

    `headers` are of either transport, whatever the source's own proxy chooses; `may` and `must` are the traffic of what
    it does send, source ports folded away, and `transports` says how its TCP travels.
    """

    sources: AddressSet | None
    targets: AddressSet | None
    headers: Bounds[HeaderSet]
    may: Traffic
    must: Traffic
    transports: Transports = NONE


@dataclass(frozen=True, slots=True)
class Passage:
    """What passes between one endpoint and another, of what the first one sends, or perhaps does not (`withheld`).

    `ephemeral` are the client's ports. Not `sure`: one of the two may not exist.
    """

    headers: Bounds[HeaderSet]
    sent: HeaderSet
    withheld: HeaderSet
    ephemeral: IntervalSet
    sure: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two endpoints, and what passes between them by slices."""

    source: Endpoint
    target: Endpoint
    slices: tuple[tuple[Slice, Passage], ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One side: a workload by name, or a set of addresses outside."""

    name: str
    addresses: AddressSet | None = None

    def __str__(self) -> str:
        return self.name if self.addresses is None else f"{self.addresses}[External]"


@dataclass(frozen=True, slots=True)
class Edge:
    """What passes from one node to another; `may` is not empty."""

    source: Node
    target: Node
    may: Traffic
    must: Traffic
    headers: Bounds[HeaderSet]
    transports: Transports = NONE


REFUSED = Relation(None, None, CLOSED, Traffic(), Traffic())
"""Between workloads of which one keeps the other out; where one stands for addresses, it is said region by region."""


class Connectivity:
    """All relations of one network, worked out when asked for."""

    def __init__(self, reach: Reachability) -> None:
        self.reach = reach
        self.workloads = by_workload(reach.network.endpoints)
        self._relations: dict[tuple[int, int], tuple[Relation, ...]] = {}

    @cached_property
    def kinds(self) -> list[tuple[str, ...]]:
        """Workloads by behaviour: the names of each kind, in the network's order."""
        return self._kinds.members()

    @cached_property
    def _kinds(self) -> Kinds:
        return Kinds(self.reach, self.workloads)

    def relations(self, source: str, target: str) -> tuple[Relation, ...]:
        """Everything between two workloads, by the regions of addresses that behave alike; refused regions included."""
        if source == target:  # a kind's relation with itself is that of two members, not of one with itself
            return tuple(related(self.reach, self.workloads[source], self.workloads[target]))
        key = (self._kinds.of[source], self._kinds.of[target])
        found = self._relations.get(key)
        if found is None:
            pair = self.workloads[source], self.workloads[target]
            if key[1] not in self._kinds.met_by(source) and not any(one.every for side in pair for one in side):
                return _refused(*pair)
            found = self._relations[key] = tuple(related(self.reach, *pair))
        return found

    def pairs(self, sources: Iterable[str], targets: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The pairs of different workloads, in order, except those that are certainly refused at one of their ends."""
        wanted = list(targets)
        places: dict[int, list[int]] = {}
        for place, name in enumerate(wanted):
            places.setdefault(self._kinds.of[name], []).append(place)
        for source in sources:
            for place in sorted(place for kind in self._kinds.met_by(source) for place in places.get(kind, ())):
                if source != wanted[place]:
                    yield source, wanted[place]

    def edges(self, sources: Iterable[str] | None = None, targets: Iterable[str] | None = None) -> Iterator[Edge]:
        """Every pair of different workloads between which something may pass; None stands for all workloads."""
        everyone = list(self.workloads)
        for pair in self.pairs(everyone if sources is None else sources, everyone if targets is None else targets):
            yield from self.between(*pair)

    def between(self, source: str, target: str) -> Iterator[Edge]:
        """The edges of one pair, one for each region that behaves alike."""
        for one in self.relations(source, target):
            if one.may:
                nodes = Node(source, one.sources), Node(target, one.targets)
                yield Edge(*nodes, one.may, one.must, one.headers, one.transports)


def _refused(sources: tuple[Endpoint, ...], targets: tuple[Endpoint, ...]) -> tuple[Relation, ...]:
    """The relations of two workloads that refuse each other: one, unless their addresses are of different families."""
    families = ({one.addresses.first() < V6 for one in side} for side in (sources, targets))
    return () if set.isdisjoint(*families) else (REFUSED,)


def related(
    reach: Reachability,
    sources: Iterable[Endpoint],
    targets: Iterable[Endpoint],
    within: tuple[AddressSet | None, AddressSet | None] = (None, None),
) -> Iterator[Relation]:
    """The relations between two sets of endpoints. `within` limits endpoints that stand for all of their addresses."""
    sources, targets = tuple(sources), tuple(targets)
    sure = _exists(sources) | _exists(targets)
    found: list[Pair] = []
    for source in sources:
        for target in targets:
            limits = within[0] if source.every else None, within[1] if target.every else None
            sent, withheld = reach.offer(source, target)
            certain = source.id in sure and target.id in sure
            slices = (
                (one, Passage(one.headers, sent, withheld, source.ephemeral, certain))
                for one in reach.between(source, target, *limits)
            )
            found.append(Pair(source, target, tuple(slices)))
    here = _atoms(one.sources for pair in found if pair.source.every for one, _ in pair.slices)
    there = _atoms(one.destinations for pair in found if pair.target.every for one, _ in pair.slices)
    if not here and not there:
        passages = tuple(passage for pair in found for _, passage in pair.slices)
        yield from (_joined(passages),) if passages else ()
        return
    merged: dict[Relation, list[tuple[AddressSet | None, AddressSet | None]]] = {}
    for atom, other in product(here or (None,), there or (None,)):
        passages = tuple(_holding(found, atom, other))
        if passages:
            merged.setdefault(_joined(passages), []).append((atom, other))
    for relation, regions in merged.items():
        for region in _regions(regions):
            yield replace(relation, sources=region[0], targets=region[1])


def _holding(found: list[Pair], here: AddressSet | None, there: AddressSet | None) -> Iterator[Passage]:
    """The passages of all endpoint pairs that one region of both sides has."""
    for pair in found:
        for one, passage in pair.slices:
            if here is not None and pair.source.every and not here <= one.sources:
                continue
            if there is not None and pair.target.every and not there <= one.destinations:
                continue
            yield passage


# Most pairs have the passages of another pair, so their relation is one value: it is worked out, and kept, once.
@lru_cache(maxsize=1 << 16)
def _joined(passages: tuple[Passage, ...]) -> Relation:
    """One region of both sides, over all endpoint pairs that have it."""
    may, possible = Traffic(), NO_HEADERS
    must: Traffic | None = None
    certain = NO_HEADERS
    travelling = NONE
    for one in passages:
        passing, sure_to_pass = passing_from(one.ephemeral, one.headers, one.sent, one.withheld)
        travelling = travelling | transports(one.headers.may, one.sent, one.ephemeral)
        may, possible = may | passing, possible | one.headers.may
        if one.sure:
            certain = one.headers.must if must is None else certain & one.headers.must
            must = sure_to_pass if must is None else must & sure_to_pass
    return Relation(None, None, Bounds(certain, possible), may, must or Traffic(), travelling)


def _exists(endpoints: tuple[Endpoint, ...]) -> set[str]:
    """The endpoints that count for *must*."""
    return {endpoint.id for endpoint in endpoints if not endpoint.maybe}


def _atoms(sets: Iterable[AddressSet]) -> list[AddressSet]:
    """The coarsest disjoint sets of which each of these is a union."""
    atoms: list[AddressSet] = []
    for one in sets:
        rest, refined = one, []
        for atom in atoms:
            inside = atom & one
            refined += [part for part in (inside, atom - one) if part]
            rest = rest - inside
        atoms = [*refined, rest] if rest else refined
    return atoms


def _regions(
    pairs: list[tuple[AddressSet | None, AddressSet | None]],
) -> Iterator[tuple[AddressSet | None, AddressSet | None]]:
    """Pairs of regions joined where they share one side: one region an edge."""
    by_source: dict[AddressSet | None, list[AddressSet | None]] = {}
    for source, target in pairs:
        by_source.setdefault(source, []).append(target)
    by_target: dict[AddressSet | None, list[AddressSet | None]] = {}
    for source, targets in by_source.items():
        by_target.setdefault(_union(targets), []).append(source)
    for target, sources in by_target.items():
        yield _union(sources), target


def _union(sets: list[AddressSet | None]) -> AddressSet | None:
    return AddressSet.union(one for one in sets if one is not None) if any(one is not None for one in sets) else None
