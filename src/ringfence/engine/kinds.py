"""Workloads by behaviour, and which kinds may meet at all.

Two workloads are of one kind where their endpoints fall into the same behaviour groups (`engine.groups`): then each has
the same relations with every third. A kind meets another where an endpoint of the one may reach an endpoint of the
other as far as the two ends tell (`engine.screen`); one endpoint stands for each group.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, reduce
from operator import or_

from ringfence.engine.bits import Bits
from ringfence.engine.groups import groups
from ringfence.engine.reach import Reachability
from ringfence.engine.screen import Screen
from ringfence.model.networks import Endpoint


class Kinds:
    """The kinds of a network's workloads, numbered from 0 in their order."""

    def __init__(self, reach: Reachability, workloads: Mapping[str, tuple[Endpoint, ...]]) -> None:
        self._reach = reach
        self._workloads = workloads
        self._groups = groups(reach.network, reach.index)
        self._numbers: dict[frozenset[int], int] = {}
        number = reach.index.number
        self.of = {
            name: self._numbers.setdefault(
                frozenset(self._groups[number[one.id]] for one in members), len(self._numbers)
            )
            for name, members in workloads.items()
        }
        self._met: dict[int, Bits] = {}

    def members(self) -> list[tuple[str, ...]]:
        """The names of each kind."""
        found: list[list[str]] = [[] for _ in self._numbers]
        for name, kind in self.of.items():
            found[kind].append(name)
        return [tuple(names) for names in found]

    def met_by(self, source: str) -> Bits:
        """The kinds that a workload may reach; all others refuse it, or it refuses them."""
        kind = self.of[source]
        found = self._met.get(kind)
        if found is None:
            places = reduce(or_, (self._screen.targets(one) for one in self._workloads[source]))
            heads = places & self._heads
            found = self._met[kind] = Bits.of(other for place in heads for other in self._headed[place])
        return found

    @cached_property
    def _screen(self) -> Screen:
        return Screen(self._reach)

    @cached_property
    def _headed(self) -> dict[int, list[int]]:
        """By the number of the first endpoint of each group: the kinds that have such endpoints."""
        first: dict[int, int] = {}
        for place, group in enumerate(self._groups):
            first.setdefault(group, place)
        found: dict[int, list[int]] = {}
        for behaviours, kind in self._numbers.items():
            for group in behaviours:
                found.setdefault(first[group], []).append(kind)
        return found

    @cached_property
    def _heads(self) -> Bits:
        return Bits.of(self._headed)
