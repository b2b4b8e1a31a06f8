"""A route table as disjoint sets of destinations.

    longest prefix first; of one prefix: local, static, prefix list, propagated
    local beats propagated routes however specific they are
    a blackhole takes what it is for and leads nowhere
    prefix lists that overlap and lead to different targets: AWS does not say which wins, so neither is certain
    a route that may not exist, or whose destination is not known, leaves others uncertain where it could win

Source: VPC user guide, "Route priority" and "Configure route tables".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from ringfence.layers.aws_headers import block, blocks
from ringfence.model.addresses import EVERYWHERE, NO_ADDRESS, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.resources.aws import Route, TargetKind, Unknown
from ringfence.topology.aws.estate import Estate

STATIC, LIST, PROPAGATED = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Way:
    """Where a table sends some destinations."""

    route: Route
    destinations: Bounds[AddressSet]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A route's claim: `may` is what it may be for, `must` what it is certainly for. `length` 129: not known."""

    route: Route
    may: AddressSet
    must: AddressSet
    length: int
    rank: int

    @property
    def goal(self) -> tuple[object, object]:
        """Where it leads; a target that is not known is like no other."""
        if isinstance(self.route.kind, Unknown) or isinstance(self.route.target, Unknown):
            return id(self.route), None
        return self.route.kind, self.route.target


def resolve(
    routes: Iterable[Route], local: Bounds[AddressSet], estate: Estate, doubtful: AddressSet = NO_ADDRESS
) -> tuple[tuple[Way, ...], Bounds[AddressSet]]:
    """The ways of a table without the local one, and what the local one is for.

    `doubtful` are destinations for which there may be routes that nobody knows: nothing is certain of them.
    """
    entries = [one for route in routes for one in _entries(route, local, estate)]
    entries.sort(key=lambda one: (-one.length, one.rank))
    from_lists = [one for one in entries if one.rank == LIST]
    ways: list[Way] = []
    sure, maybe = NO_ADDRESS, doubtful - local.must
    for _, members in groupby(entries, key=lambda one: (one.length, one.rank)):
        tied, unsaid = list(members), NO_ADDRESS
        for one in tied:
            rivals = from_lists if one.rank == LIST else tied
            disputed = AddressSet.union(other.may for other in rivals if other.goal != one.goal)
            unsaid |= disputed & one.may
            left = one.may - sure
            certain = one.must - sure - maybe - disputed
            if one.route.blackhole is not False:
                certain = NO_ADDRESS
            if left and one.route.blackhole is not True:
                ways.append(Way(one.route, Bounds(certain, left, "" if certain == left else _why(one.route))))
        sure |= AddressSet.union(one.must for one in tied) - unsaid
        maybe |= AddressSet.union(one.may - one.must for one in tied) | unsaid
    because = local.because or "a more specific route may stand in the table"
    must, may = local.must - sure - maybe, local.may - sure
    return tuple(ways), Bounds(must, may, "" if must == may else because)


def _entries(route: Route, local: Bounds[AddressSet], estate: Estate) -> Iterator[_Entry]:
    if route.kind is TargetKind.LOCAL:
        return
    rank = PROPAGATED if route.propagated else LIST if route.by_prefix_list else STATIC
    anywhere = EVERYWHERE if isinstance(route.kind, Unknown) or route.kind in INSIDE else EVERYWHERE - local.must
    if isinstance(route.destination, Unknown):
        yield _Entry(route, anywhere, NO_ADDRESS, NOT_KNOWN, rank)
        return
    if not route.by_prefix_list:
        yield _claim(route, block(route.destination).may, _length(route.destination), rank, local)
        return
    found = estate.prefix_lists.get(route.destination)
    held = Bounds(NO_ADDRESS, anywhere) if found is None else blocks(found.cidrs)
    if not held.known:
        yield _Entry(route, anywhere, NO_ADDRESS, NOT_KNOWN, rank)
    for each in held.must.networks():
        yield _claim(route, AddressSet.of(each), each.prefixlen, rank, local)


def _claim(route: Route, addresses: AddressSet, length: int, rank: int, local: Bounds[AddressSet]) -> _Entry:
    """What is left of a route beside the local one: all of it only where it is static and lies inside."""
    if rank != PROPAGATED and addresses <= local.must and addresses != local.must:
        may = must = addresses
    else:
        may, must = addresses - local.must, addresses - local.may
    return _Entry(route, may, must if route.exists is None else NO_ADDRESS, length, rank)


NOT_KNOWN = 129
INSIDE = (TargetKind.NAT_GATEWAY, TargetKind.NETWORK_INTERFACE, TargetKind.INSTANCE, TargetKind.VPC_ENDPOINT)
"""Targets of routes that may be more specific than the local one."""


def _length(cidr: str) -> int:
    _, _, length = cidr.partition("/")
    return int(length) if length else 128


def _why(route: Route) -> str:
    for one in (route.exists, route.destination, route.blackhole, route.kind):
        if isinstance(one, Unknown):
            return one.because
    return f"another route may win over the one to {route.destination}"
