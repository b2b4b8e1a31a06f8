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
from functools import cached_property
from itertools import product

from ringfence.engine.groups import groups
from ringfence.engine.reach import Reachability, Slice
from ringfence.engine.traffic import Traffic, traffic
from ringfence.engine.transport import NONE, Transports, transports
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import NO_HEADERS, HeaderSet
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
class Pair:
    """Two endpoints, what the first sends to the second (or perhaps not), and what passes between them."""

    source: Endpoint
    target: Endpoint
    sent: HeaderSet
    withheld: HeaderSet
    slices: tuple[Slice, ...]


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


class Connectivity:
    """All relations of one network, worked out when asked for."""

    def __init__(self, reach: Reachability) -> None:
        self.reach = reach
        self.workloads = by_workload(reach.network.endpoints)
        self._relations: dict[tuple[int, int], tuple[Relation, ...]] = {}

    @cached_property
    def kinds(self) -> list[tuple[str, ...]]:
        """Workloads by behaviour: the names of each kind, in the network's order."""
        found: dict[int, list[str]] = {}
        for name in self.workloads:
            found.setdefault(self._kind[name], []).append(name)
        return [tuple(names) for names in found.values()]

    @cached_property
    def _kind(self) -> dict[str, int]:
        place = groups(self.reach.network, self.reach.index)
        number = self.reach.index.number
        seen: dict[frozenset[int], int] = {}
        return {
            name: seen.setdefault(frozenset(place[number[one.id]] for one in members), len(seen))
            for name, members in self.workloads.items()
        }

    def relations(self, source: str, target: str) -> tuple[Relation, ...]:
        """Everything between two workloads, by the regions of addresses that behave alike; refused regions included."""
        if source == target:  # a kind's relation with itself is that of two members, not of one with itself
            return tuple(related(self.reach, self.workloads[source], self.workloads[target]))
        key = (self._kind[source], self._kind[target])
        found = self._relations.get(key)
        if found is None:
            pair = self.workloads[source], self.workloads[target]
            found = self._relations[key] = tuple(related(self.reach, *pair))
        return found

    def edges(self, sources: Iterable[str] | None = None, targets: Iterable[str] | None = None) -> Iterator[Edge]:
        """Every pair of different workloads between which something may pass; None stands for all workloads."""
        wanted = list(self.workloads if targets is None else targets)
        for source in self.workloads if sources is None else sources:
            for target in wanted:
                if source != target:
                    yield from self.between(source, target)

    def between(self, source: str, target: str) -> Iterator[Edge]:
        """The edges of one pair, one for each region that behaves alike."""
        for one in self.relations(source, target):
            if one.may:
                nodes = Node(source, one.sources), Node(target, one.targets)
                yield Edge(*nodes, one.may, one.must, one.headers, one.transports)


def related(
    reach: Reachability,
    sources: Iterable[Endpoint],
    targets: Iterable[Endpoint],
    within: tuple[AddressSet | None, AddressSet | None] = (None, None),
) -> Iterator[Relation]:
    """The relations between two sets of endpoints. `within` limits endpoints that stand for all of their addresses."""
    sources, targets = tuple(sources), tuple(targets)
    found: list[Pair] = []
    for source in sources:
        for target in targets:
            limits = within[0] if source.every else None, within[1] if target.every else None
            slices = reach.between(source, target, *limits)
            sent, withheld = reach.sent(source, target), reach.withheld(source, target)
            found.append(Pair(source, target, sent, withheld, slices))
    sure = _exists(sources), _exists(targets)
    here = _atoms(one.sources for pair in found if pair.source.every for one in pair.slices)
    there = _atoms(one.destinations for pair in found if pair.target.every for one in pair.slices)
    merged: dict[Relation, list[tuple[AddressSet | None, AddressSet | None]]] = {}
    for atom, other in product(here or (None,), there or (None,)):
        relation = _joined(found, atom, other, sure)
        if relation is not None:
            merged.setdefault(relation, []).append((atom, other))
    for passage, regions in merged.items():
        for region in _regions(regions):
            yield replace(passage, sources=region[0], targets=region[1])


def _joined(
    found: list[Pair],
    here: AddressSet | None,
    there: AddressSet | None,
    sure: tuple[set[str], set[str]],
) -> Relation | None:
    """One region of both sides over all endpoint pairs that have it."""
    may, possible = Traffic(), NO_HEADERS
    must: Traffic | None = None
    certain = NO_HEADERS
    any_pair = False
    travelling = NONE
    for pair in found:
        source, target = pair.source, pair.target
        for one in pair.slices:
            if here is not None and source.every and not here <= one.sources:
                continue
            if there is not None and target.every and not there <= one.destinations:
                continue
            any_pair = True
            passing, sure_to_pass = traffic(one.headers, source, pair.sent, pair.withheld)
            travelling = travelling | transports(one.headers.may, pair.sent, source.ephemeral)
            may, possible = may | passing, possible | one.headers.may
            if source.id not in sure[0] or target.id not in sure[1]:
                continue
            certain = one.headers.must if must is None else certain & one.headers.must
            must = sure_to_pass if must is None else must & sure_to_pass
    relation = Relation(None, None, Bounds(certain, possible), may, must or Traffic(), travelling)
    return relation if any_pair else None


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
