"""Sets of packet headers, addresses aside: protocol, ports or ICMP type and code, and transport.

A header set is one *plane* per protocol that has inner structure, and a set of numbers for all other protocols:

| plane | x | y |
|---|---|---|
| `tcp`, `udp`, `sctp` | source port | destination port |
| `mtls` | source port | destination port, of TCP connections that carry mutual TLS |
| `icmp`, `icmpv6` | type | code |

Transport splits TCP in two, because mutual TLS rides on TCP alone: `tcp` holds the plaintext variants (whatever TLS an
application does by itself is plaintext to the mesh), `mtls` those in which both proxies proved who they are.

A plane is a `Region`, a set of points (x, y) in canonical form (`model.regions`), so everything here hashes, compares
and interns by value, too. The source port of a plane is the one at the side where the flow starts; `reply()` swaps x
and y, which turns the set of requests into the set of their replies and back. Of ICMP, it swaps the type that asks and
the type that answers (an echo request and its reply); types without an answer stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ringfence.model.intervals import NOTHING, IntervalSet
from ringfence.model.regions import AXIS, EMPTY_REGION, Region

PORTS = AXIS
OCTETS = IntervalSet.of((0, 255))

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
