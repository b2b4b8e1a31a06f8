"""The label index: endpoints by number, and selectors resolved to sets of numbers, once each.

Endpoints are numbered by namespace, so that what belongs together is a window of bits. A selector's answer is a pair:
`must`, those that it certainly selects, and `may`, those that it may select. Small namespaces are asked endpoint by
endpoint, wide selectors through posting lists; both say what `Selector.matches` says.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property, reduce
from operator import and_, or_
from typing import TypeVar

from ringfence.engine.bits import EMPTY, Bits
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.networks import Endpoint
from ringfence.model.selectors import (
    Addressed,
    AllOf,
    AnyOf,
    Anything,
    Comparison,
    Has,
    InNamespace,
    Label,
    Member,
    Not,
    Selector,
    Unsure,
)

K = TypeVar("K")

NARROW = 64
"""Up to how many endpoints it is cheaper to ask each than to combine posting lists."""


class Index:
    """Endpoints in order, and what is memoised about them."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self.endpoints = sorted(endpoints, key=lambda endpoint: endpoint.namespace)
        self.number = {endpoint.id: place for place, endpoint in enumerate(self.endpoints)}
        self.all = Bits.span(0, len(self.endpoints))
        self._selected: dict[Selector, Bounds[Bits]] = {}
        self._addressed: dict[Bounds[AddressSet], Bounds[Bits]] = {}

    def select(self, selector: Selector) -> Bounds[Bits]:
        """The endpoints that the selector certainly, and possibly, selects."""
        found = self._selected.get(selector)
        if found is None:
            found = self._selected[selector] = self._resolve(selector)
        return found

    def addressed(self, addresses: Bounds[AddressSet]) -> Bounds[Bits]:
        """The endpoints whose address, whichever it is, certainly (and possibly) is one of these."""
        found = self._addressed.get(addresses)
        if found is None:
            must = self._within(addresses.must)
            may = must if addresses.must is addresses.may else self._within(addresses.may)
            found = self._addressed[addresses] = Bounds(must.must, may.may)
        return found

    def _resolve(self, selector: Selector) -> Bounds[Bits]:
        match selector:
            case Anything():
                return Bounds.exactly(self.all)
            case Unsure():
                return Bounds(EMPTY, self.all)
            case AllOf(parts):
                window = self._window(parts)
                return self._asked(selector, window) if window is not None else self._combined(and_, self.all, parts)
            case AnyOf(parts):
                return self._combined(or_, EMPTY, parts)
            case Not(part):
                return Bounds.exactly(self.all) - self.select(part)
            case InNamespace(namespace):
                return self._with_unknown(self._namespaces.get(namespace, EMPTY), "namespace")
            case Has(facet):
                return self._with_unknown(self._facets.get(facet, EMPTY), facet)
            case Member(group):
                must = self._groups.get(group, EMPTY)
                return Bounds(must, must | self._any_group | self._maybe_groups.get(group, EMPTY))
            case Addressed(addresses):
                return self._within(addresses)
            case Label():
                return self._with_unknown(self._labelled(selector), selector.facet, selector.key)

    def _window(self, parts: tuple[Selector, ...]) -> Bits | None:
        """Where a conjunction stays inside one small namespace: the endpoints worth asking."""
        for part in parts:
            if isinstance(part, InNamespace):
                members = self.select(part).may
                if len(members) <= NARROW:
                    return members
        return None

    def _asked(self, selector: Selector, candidates: Bits) -> Bounds[Bits]:
        answers = [(place, selector.matches(self.endpoints[place])) for place in candidates]
        must = Bits.of(place for place, truth in answers if truth is True)
        return Bounds(must, must | Bits.of(place for place, truth in answers if truth is None))

    def _combined(self, operator: object, start: Bits, parts: tuple[Selector, ...]) -> Bounds[Bits]:
        resolved = [self.select(part) for part in parts]
        combine = and_ if operator is and_ else or_
        return Bounds(
            reduce(combine, (one.must for one in resolved), start),
            reduce(combine, (one.may for one in resolved), start),
        )

    def _labelled(self, label: Label) -> Bits:
        match label.comparison:
            case Comparison.IN:
                values = (self._values.get((label.facet, label.key, value), EMPTY) for value in label.values)
                return reduce(or_, values, EMPTY)
            case Comparison.NOT_IN:
                values = (self._values.get((label.facet, label.key, value), EMPTY) for value in label.values)
                return self.all - reduce(or_, values, EMPTY)
            case Comparison.PRESENT:
                return self._keys.get((label.facet, label.key), EMPTY)
            case Comparison.ABSENT:
                return self.all - self._keys.get((label.facet, label.key), EMPTY)

    def _with_unknown(self, known: Bits, facet: str, key: str | None = None) -> Bounds[Bits]:
        unknown = self._unknown.get(facet, EMPTY)
        if key is not None and (self._open or self._unknown_keys):
            hidden = self._open.get(facet, EMPTY) | self._unknown_keys.get((facet, key), EMPTY)
            unknown |= hidden - self._keys.get((facet, key), EMPTY)
        return Bounds(known - unknown, known | unknown) if unknown else Bounds.exactly(known)

    def _within(self, addresses: AddressSet) -> Bounds[Bits]:
        """By the address sets that endpoints have, of which there are often far fewer than endpoints."""
        must: list[int] = []
        may: list[int] = []
        starts, places = self._single_addresses
        for low, high in addresses.pairs:
            must += places[bisect_left(starts, low) : bisect_right(starts, high)]
        for held, members in self._address_sets.items():
            if held <= addresses:
                must += members
            elif held & addresses:
                may += members
        sure = Bits.of(must)
        return Bounds(sure, sure | Bits.of(may))

    @cached_property
    def _single_addresses(self) -> tuple[list[int], list[int]]:
        found = sorted(
            (endpoint.addresses.pairs[0][0], place)
            for place, endpoint in enumerate(self.endpoints)
            if len(endpoint.addresses.pairs) == 1 and endpoint.addresses.pairs[0][0] == endpoint.addresses.pairs[0][1]
        )
        return [address for address, _ in found], [place for _, place in found]

    @cached_property
    def _address_sets(self) -> dict[AddressSet, list[int]]:
        singles = set(self._single_addresses[1])
        found: dict[AddressSet, list[int]] = defaultdict(list)
        for place, endpoint in enumerate(self.endpoints):
            if place not in singles:
                found[endpoint.addresses].append(place)
        return found

    @cached_property
    def _namespaces(self) -> dict[str, Bits]:
        """Windows of the numbering, which is by namespace."""
        names = [endpoint.namespace for endpoint in self.endpoints]
        return {name: Bits.span(bisect_left(names, name), bisect_right(names, name)) for name in set(names)}

    @cached_property
    def _facets(self) -> dict[str, Bits]:
        return self._posted((facet, place) for place, one in enumerate(self.endpoints) for facet in one.facets)

    @cached_property
    def _keys(self) -> dict[tuple[str, str], Bits]:
        return self._posted(
            ((facet, key), place)
            for place, endpoint in enumerate(self.endpoints)
            for facet, attributes in endpoint.facets.items()
            for key in attributes
        )

    @cached_property
    def _values(self) -> dict[tuple[str, str, str], Bits]:
        return self._posted(
            ((facet, key, value), place)
            for place, endpoint in enumerate(self.endpoints)
            for facet, attributes in endpoint.facets.items()
            for key, value in attributes.items()
        )

    @cached_property
    def _groups(self) -> dict[str, Bits]:
        return self._posted((group, place) for place, one in enumerate(self.endpoints) for group in one.groups)

    @cached_property
    def _maybe_groups(self) -> dict[str, Bits]:
        return self._posted((group, place) for place, one in enumerate(self.endpoints) for group in one.maybe_groups)

    @cached_property
    def _any_group(self) -> Bits:
        return Bits.of(place for place, endpoint in enumerate(self.endpoints) if endpoint.any_group)

    @cached_property
    def _unknown(self) -> dict[str, Bits]:
        return self._posted((facet, place) for place, one in enumerate(self.endpoints) for facet in one.unknown_facets)

    @cached_property
    def _open(self) -> dict[str, Bits]:
        return self._posted((facet, place) for place, one in enumerate(self.endpoints) for facet in one.open_facets)

    @cached_property
    def _unknown_keys(self) -> dict[tuple[str, str], Bits]:
        return self._posted((pair, place) for place, one in enumerate(self.endpoints) for pair in one.unknown_keys)

    @staticmethod
    def _posted(entries: Iterable[tuple[K, int]]) -> dict[K, Bits]:
        lists: dict[K, list[int]] = defaultdict(list)
        for key, place in entries:
            lists[key].append(place)
        return {key: Bits.of(places) for key, places in lists.items()}
