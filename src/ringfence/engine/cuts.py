"""Which ports and addresses need to be told apart: representatives of an open choice.

Where a rewrite chooses a source port or an address that nobody knows, the choices between two cuts behave alike, a cut
being a value at which some rule or link of the network changes its mind. One member of each stretch stands for all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property

from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds, T
from ringfence.model.headers import PORT_PLANES, HeaderSet
from ringfence.model.intervals import IntervalSet, Pair
from ringfence.model.networks import Network
from ringfence.model.rules import Rule


class Cuts:
    """The cuts of one network, found when first asked for."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def ports(self, choice: IntervalSet) -> tuple[int, ...]:
        """One port of `choice` for each stretch that all rules and links treat alike."""
        return tuple(_representatives(choice.pairs, self._ports))

    def addresses(self, choice: AddressSet) -> tuple[int, ...]:
        """One address (a place on the address line) of `choice` for each stretch treated alike."""
        return tuple(_representatives(choice.pairs, self._addresses))

    @cached_property
    def _ports(self) -> list[int]:
        found: set[int] = set()
        for headers in self._header_sets():
            for name in PORT_PLANES:
                for low, high, y in getattr(headers, name).slabs:
                    found.update((low, high + 1))
                    found.update(edge for pair in y.pairs for edge in (pair[0], pair[1] + 1))
        return sorted(found)

    @cached_property
    def _addresses(self) -> list[int]:
        sets = [one for rule in self._rules() for peer in rule.peers if peer.addresses for one in _both(peer.addresses)]
        sets += [one for link in self._network.links if link.destinations for one in _both(link.destinations)]
        return sorted({edge for one in sets for low, high in one.pairs for edge in (low, high + 1)})

    def _rules(self) -> Iterator[Rule]:
        for location in self._network.locations.values():
            for chain in location.chains:
                for stage in chain.stages:
                    for scope in stage.scopes:
                        yield from scope.rules

    def _header_sets(self) -> Iterator[HeaderSet]:
        for rule in self._rules():
            yield from _both(rule.headers)
        for link in self._network.links:
            if link.headers is not None:
                yield link.headers


def _both(bounds: Bounds[T]) -> tuple[T, T]:
    return bounds.must, bounds.may


def _representatives(pairs: Iterable[Pair], cuts: list[int]) -> Iterator[int]:
    for low, high in pairs:
        yield low
        yield from cuts[bisect_right(cuts, low) : bisect_left(cuts, high + 1)]
