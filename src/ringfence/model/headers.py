"""Sets of packet headers, addresses aside: protocol, ports or ICMP type and code, and transport.

A header set is one *plane* per protocol that has inner structure, and a set of numbers for all other protocols:

| plane | x | y |
|---|---|---|
| `tcp`, `udp`, `sctp` | source port | destination port |
| `mtls` | source port | destination port, of TCP connections that carry mutual TLS |
| `icmp`, `icmpv6` | type | code |

Transport splits TCP in two, because mutual TLS rides on TCP alone: `tcp` holds the plaintext variants (whatever TLS an
application does by itself is plaintext to the mesh), `mtls` those in which both proxies proved who they are.

A plane is a `Region`, a set of points (x, y) in canonical form: maximal vertical slabs with the same y-set. So equal
sets are equal values, and everything here hashes, compares and interns by value. The source port of a plane is the one
at the side where the flow starts; `reply()` swaps x and y, which turns the set of requests into the set of their
replies and back. Of ICMP, it swaps the type that asks and the type that answers (an echo request and its reply); types
without an answer stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from ringfence.model.intervals import IntervalSet, canonical

Slab = tuple[int, int, IntervalSet]

PORTS = IntervalSet.of((0, 65535))
OCTETS = IntervalSet.of((0, 255))
NOTHING = IntervalSet()

PLANES: dict[str, int] = {"tcp": 6, "mtls": 6, "udp": 17, "sctp": 132, "icmp": 1, "icmpv6": 58}
"""The planes and the protocol number of each."""

PORT_PLANES = ("tcp", "mtls", "udp", "sctp")

ANSWERS: dict[str, dict[int, int]] = {
    "icmp": {8: 0, 13: 14, 15: 16, 17: 18},
    "icmpv6": {128: 129, 139: 140},
}
"""The types of ICMP that ask, and those that answer them: echo, timestamp, information, address mask (RFC 792, 950);
echo and node information (RFC 4443, 4620)."""

EXCHANGED = {plane: types | {answer: asked for asked, answer in types.items()} for plane, types in ANSWERS.items()}
"""`ANSWERS`, both ways."""

OTHERS = IntervalSet.of((0, 255)) - IntervalSet.of(*PLANES.values())
"""The protocol numbers without a plane of their own."""


@dataclass(frozen=True, slots=True)
class Region:
    """A set of points (x, y). `slabs` are disjoint, ascending in x, their y-sets not empty; no two neighbours merge."""

    slabs: tuple[Slab, ...] = ()

    @classmethod
    def of(cls, x: IntervalSet, y: IntervalSet) -> Region:
        """The product of two sets."""
        return cls(tuple((low, high, y) for low, high in x.pairs)) if y else cls()

    def _merge(self, other: Region, combine: Callable[[IntervalSet, IntervalSet], IntervalSet]) -> Region:
        cuts = sorted({edge for low, high, _ in self.slabs + other.slabs for edge in (low, high + 1)})
        out: list[Slab] = []
        i = j = 0
        for start, end in pairwise(cuts):
            while i < len(self.slabs) and self.slabs[i][1] < start:
                i += 1
            while j < len(other.slabs) and other.slabs[j][1] < start:
                j += 1
            mine = self.slabs[i][2] if i < len(self.slabs) and self.slabs[i][0] <= start else NOTHING
            theirs = other.slabs[j][2] if j < len(other.slabs) and other.slabs[j][0] <= start else NOTHING
            y = combine(mine, theirs)
            if not y:
                continue
            if out and out[-1][1] == start - 1 and out[-1][2] == y:
                out[-1] = (out[-1][0], end - 1, y)
            else:
                out.append((start, end - 1, y))
        return Region(tuple(out))

    def __and__(self, other: Region) -> Region:
        if self is other:
            return self
        return self._merge(other, lambda a, b: a & b) if self.slabs and other.slabs else EMPTY_REGION

    def __or__(self, other: Region) -> Region:
        if self is other or not other.slabs:
            return self
        return self._merge(other, lambda a, b: a | b) if self.slabs else other

    def __sub__(self, other: Region) -> Region:
        return self._merge(other, lambda a, b: a - b) if self.slabs and other.slabs else self

    def __le__(self, other: Region) -> bool:
        return self == other or not (self - other)

    def __bool__(self) -> bool:
        return bool(self.slabs)

    def __contains__(self, point: tuple[int, int]) -> bool:
        return any(low <= point[0] <= high and point[1] in y for low, high, y in self.slabs)

    def transposed(self) -> Region:
        """The points with x and y swapped."""
        out = EMPTY_REGION
        for low, high, y in self.slabs:
            out = out | Region.of(y, IntervalSet(((low, high),)))
        return out

    def some(self, within: IntervalSet = PORTS) -> IntervalSet:
        """The y that go with at least one x of `within`."""
        ys = (y for low, high, y in self.slabs if IntervalSet(((low, high),)) & within)
        return IntervalSet(canonical(pair for y in ys for pair in y.pairs))

    def every(self, within: IntervalSet = PORTS) -> IntervalSet:
        """The y that go with each x of `within`; all of them where `within` is empty."""
        return PORTS - (Region.of(within, PORTS) - self).some(within)

    def xs(self) -> IntervalSet:
        """The x that go with at least one y."""
        return IntervalSet(canonical((low, high) for low, high, _ in self.slabs))


EMPTY_REGION = Region()
FULL_PORTS = Region.of(PORTS, PORTS)
FULL_OCTETS = Region.of(OCTETS, OCTETS)


@dataclass(frozen=True, slots=True)
class HeaderSet:
    """A set of headers: one region a plane, and the set of the other protocols' numbers.

    The hash is kept, because header sets are keys wherever something is memoised.
    """

    tcp: Region = EMPTY_REGION
    mtls: Region = EMPTY_REGION
    udp: Region = EMPTY_REGION
    sctp: Region = EMPTY_REGION
    icmp: Region = EMPTY_REGION
    icmpv6: Region = EMPTY_REGION
    others: IntervalSet = NOTHING
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        planes = (self.tcp, self.mtls, self.udp, self.sctp, self.icmp, self.icmpv6, self.others)
        object.__setattr__(self, "_hash", hash(planes))

    def __hash__(self) -> int:
        return self._hash

    def planes(self) -> tuple[tuple[str, Region], ...]:
        """The planes by name, empty ones included."""
        return tuple((name, getattr(self, name)) for name in PLANES)

    def __and__(self, other: HeaderSet) -> HeaderSet:
        return self if self is other else _and(self, other)

    def __or__(self, other: HeaderSet) -> HeaderSet:
        return self if self is other else _or(self, other)

    def __sub__(self, other: HeaderSet) -> HeaderSet:
        return _sub(self, other)

    def __le__(self, other: HeaderSet) -> bool:
        return self is other or not _sub(self, other)

    def __bool__(self) -> bool:
        return bool(
            self.tcp or self.mtls or self.udp or self.sctp or self.icmp or self.icmpv6 or self.others,
        )

    def __contains__(self, header: Header) -> bool:
        if header.plane == "other":
            return header.protocol in self.others
        region: Region = getattr(self, header.plane)
        return (header.x, header.y) in region

    def reply(self) -> HeaderSet:
        """The replies to these requests: ports swapped, and what asks and what answers in ICMP."""
        return HeaderSet(
            self.tcp.transposed(),
            self.mtls.transposed(),
            self.udp.transposed(),
            self.sctp.transposed(),
            _answered("icmp", self.icmp),
            _answered("icmpv6", self.icmpv6),
            self.others,
        )

    def map(self, change: Callable[[str, Region], Region]) -> HeaderSet:
        """Each plane changed by `change(name, region)`; the other protocols stay."""
        return HeaderSet(
            change("tcp", self.tcp),
            change("mtls", self.mtls),
            change("udp", self.udp),
            change("sctp", self.sctp),
            change("icmp", self.icmp),
            change("icmpv6", self.icmpv6),
            self.others,
        )


@dataclass(frozen=True, slots=True)
class Header:
    """One header: a point of a plane (`x`, `y` as the plane says), or plane `other` with a protocol number."""

    plane: str
    x: int = 0
    y: int = 0
    protocol: int = 0

    def reply(self) -> Header:
        """The header of the reply."""
        if self.plane in PORT_PLANES:
            return Header(self.plane, self.y, self.x)
        kind = EXCHANGED.get(self.plane, {}).get(self.x, self.x)
        return replace(self, x=kind)


@lru_cache(maxsize=1 << 10)
def _answered(plane: str, region: Region) -> Region:
    types = EXCHANGED[plane]
    out = region - Region.of(IntervalSet.of(*types), OCTETS)
    for here, there in types.items():
        out = out | Region.of(IntervalSet.of(there), region.some(IntervalSet.of(here)))
    return out


# Header sets meet the same few partners again and again (profiles are interned), so the algebra is memoised by value.
@lru_cache(maxsize=1 << 16)
def _and(a: HeaderSet, b: HeaderSet) -> HeaderSet:
    return HeaderSet(
        a.tcp & b.tcp,
        a.mtls & b.mtls,
        a.udp & b.udp,
        a.sctp & b.sctp,
        a.icmp & b.icmp,
        a.icmpv6 & b.icmpv6,
        a.others & b.others,
    )


@lru_cache(maxsize=1 << 16)
def _or(a: HeaderSet, b: HeaderSet) -> HeaderSet:
    return HeaderSet(
        a.tcp | b.tcp,
        a.mtls | b.mtls,
        a.udp | b.udp,
        a.sctp | b.sctp,
        a.icmp | b.icmp,
        a.icmpv6 | b.icmpv6,
        a.others | b.others,
    )


@lru_cache(maxsize=1 << 16)
def _sub(a: HeaderSet, b: HeaderSet) -> HeaderSet:
    return HeaderSet(
        a.tcp - b.tcp,
        a.mtls - b.mtls,
        a.udp - b.udp,
        a.sctp - b.sctp,
        a.icmp - b.icmp,
        a.icmpv6 - b.icmpv6,
        a.others - b.others,
    )


NO_HEADERS = HeaderSet()
ALL_HEADERS = HeaderSet(FULL_PORTS, FULL_PORTS, FULL_PORTS, FULL_PORTS, FULL_OCTETS, FULL_OCTETS, OTHERS)
ALL_TCP = HeaderSet(tcp=FULL_PORTS, mtls=FULL_PORTS)
ALL_MTLS = HeaderSet(mtls=FULL_PORTS)
ALL_PLAINTEXT = ALL_HEADERS - ALL_MTLS


def ports(protocol: str, destination: IntervalSet = PORTS, source: IntervalSet = PORTS) -> HeaderSet:
    """Headers of `tcp` (both transports), `mtls`, `udp` or `sctp` with these destination and source ports."""
    region = Region.of(source, destination)
    wanted = ("tcp", "mtls") if protocol == "tcp" else (protocol,)
    return NO_HEADERS.map(lambda name, _: region if name in wanted else EMPTY_REGION)


def from_port(source: int) -> HeaderSet:
    """All headers, of those with ports only the ones that leave this source port."""
    return ALL_HEADERS.map(
        lambda name, full: full & Region.of(IntervalSet.of(source), PORTS) if name in PORT_PLANES else full
    )


def protocol(number: int) -> HeaderSet:
    """All headers of one IP protocol number."""
    planes = ALL_HEADERS.map(lambda name, full: full if PLANES[name] == number else EMPTY_REGION)
    return replace(planes, others=OTHERS & IntervalSet.of(number))


def icmp(kind: IntervalSet = OCTETS, code: IntervalSet = OCTETS, version: int = 4) -> HeaderSet:
    """ICMP (version 4) or ICMPv6 (version 6) headers with these types and codes."""
    region = Region.of(kind, code)
    return HeaderSet(icmp=region) if version == 4 else HeaderSet(icmpv6=region)


def union(sets: Iterable[HeaderSet]) -> HeaderSet:
    """The union of many header sets."""
    out = NO_HEADERS
    for one in sets:
        out = out | one
    return out
