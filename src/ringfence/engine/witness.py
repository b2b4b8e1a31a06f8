"""A concrete packet for a claim about sets: chosen from the engine's answer, confirmed by the reference evaluator.

The packet is one that people recognise: TCP before UDP, a client's usual source port, a well-known destination port
where the choice is free, an address from the documentation ranges or a private one where any would do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from ringfence.engine.outcomes import Branch, Outcome, Trace
from ringfence.engine.reach import Reachability
from ringfence.engine.reference import Reference
from ringfence.engine.traffic import offered
from ringfence.model.addresses import AddressSet, number
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Request
from ringfence.model.headers import PORT_PLANES, PORTS, Header, HeaderSet
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Packet
from ringfence.model.regions import Region

LIKELY_PORTS = (443, 80, 5432, 8080, 22, 53)
LIKELY_SOURCE_PORT = 49152
OUTSIDE_ADDRESSES = tuple(map(number, ("203.0.113.10", "2001:db8::10")))
INSIDE_ADDRESSES = tuple(map(number, ("10.0.0.10", "10.0.0.11", "192.168.0.10", "172.16.0.10", "fd00::10")))
MOST_CANDIDATES = 64
"""How many packets are tried for one claim before it counts as unconfirmed."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A packet and what the reference evaluator says of it. `passes`: it is shown because it may arrive."""

    packet: Packet
    trace: Trace
    passes: bool = False

    @property
    def branch(self) -> Branch:
        """The course to show: one that arrives where that is the point, else one that does not."""
        arriving = (one for one in self.trace.branches if one.outcome is Outcome.ALLOWED)
        return next(arriving, self.trace.decisive) if self.passes else self.trace.decisive


@dataclass(frozen=True, slots=True)
class Field:
    """What a witness is looked for in: two sets of endpoints, and limits for those that stand for all addresses."""

    sources: tuple[Endpoint, ...]
    targets: tuple[Endpoint, ...]
    source_addresses: AddressSet | None = None
    target_addresses: AddressSet | None = None


class Witnesses:
    """Finds witnesses on one network."""

    def __init__(self, reach: Reachability, request: Request | None = None) -> None:
        self.reach = reach
        self.reference = Reference(reach.network)
        self._request = request

    def passing(self, field: Field, wanted: HeaderSet, free: bool = True) -> Witness | None:
        """A packet with a wanted header that may arrive; None where none is confirmed.

        `free`: whoever holds the source sends it, whatever transport the source's own proxy would choose.
        """
        candidates = self._candidates(field, wanted, lambda asked, headers: asked & headers.may, free=free)
        found = self._first(candidates, lambda trace: Outcome.ALLOWED in trace.outcomes)
        return None if found is None else replace(found, passes=True)

    def failing(self, field: Field, wanted: HeaderSet) -> Witness | None:
        """A packet with a wanted header that may not arrive; None where none is confirmed."""
        candidates = self._candidates(field, wanted, lambda asked, headers: asked - headers.must)
        return self._first(candidates, lambda trace: trace.outcomes != {Outcome.ALLOWED})

    def each(self, field: Field, wanted: HeaderSet) -> Iterator[tuple[Witness, bool]]:
        """Packets for each pair of endpoints, region and kind of verdict, and whether the engine leaves them open."""
        for select in (lambda asked, h: asked & h.must, lambda asked, h: asked - h.may):
            for packet in self._candidates(field, wanted, select, 1):
                yield Witness(packet, self.reference.trace(packet)), False
        for packet in self._candidates(field, wanted, lambda asked, h: asked & h.may - h.must):
            yield Witness(packet, self.reference.trace(packet)), True

    def _first(self, candidates: Iterable[Packet], proves: Callable[[Trace], bool]) -> Witness | None:
        for _, packet in zip(range(MOST_CANDIDATES), candidates, strict=False):
            trace = self.reference.trace(packet)
            if proves(trace):
                return Witness(packet, trace)
        return None

    def _candidates(
        self,
        field: Field,
        wanted: HeaderSet,
        select: Callable[[HeaderSet, Bounds[HeaderSet]], HeaderSet],
        addresses: int = 4,
        free: bool = False,
    ) -> Iterator[Packet]:
        for source in field.sources:
            asked = _from_own_ports(wanted, source.ephemeral)
            for target in field.targets:
                slices = self.reach.between(source, target, field.source_addresses, field.target_addresses)
                sent = offered(source) if free else self.reach.sent(source, target)
                for one in slices:
                    for header in _headers(select(asked, one.headers) & sent, source.ephemeral):
                        for here in _addresses(one.sources, source, self.reference, addresses):
                            for there in _addresses(one.destinations, target, self.reference, addresses, here):
                                yield Packet(source.id, here, target.id, there, header, self._request)


def _addresses(
    choice: AddressSet, endpoint: Endpoint, reference: Reference, most: int, taken: int | None = None
) -> list[int]:
    """Presentable addresses first; where the endpoint has one of several, one of each kind that rules tell apart.

    `taken` is the other side's: two that may have any address are not shown with the same one.
    """
    likely = OUTSIDE_ADDRESSES if endpoint.every else INSIDE_ADDRESSES
    first = next((one for one in likely if one in choice and one != taken), None)
    if first is None:
        low, high = choice.pairs[0]
        usual = (low + 1, low + 2) if high - low > 1 else (low, high)
        first = next((one for one in usual if one != taken), low)
    if endpoint.every:
        return [first]
    others = (one for one in reference.cuts.addresses(choice) if one != first)
    return [first, *(one for one, _ in zip(others, range(most - 1), strict=False))]


def _from_own_ports(wanted: HeaderSet, ephemeral: IntervalSet) -> HeaderSet:
    """Those of the headers that leave a port of the client's own; where they name others alone, those."""
    own = Region.of(ephemeral, PORTS)
    return wanted.map(lambda name, region: (region & own or region) if name in PORT_PLANES else region)


def _headers(headers: HeaderSet, ephemeral: IntervalSet) -> Iterator[Header]:
    """One header of each plane, the likeliest of its kind."""
    for name, region in headers.planes():
        if not region:
            continue
        if name in PORT_PLANES:
            usual = region & Region.of(ephemeral, IntervalSet(((0, 65535),)))
            yield _likely(name, usual or region)
        else:
            low, _, codes = region.slabs[0]
            yield Header(name, 8, 0) if name == "icmp" and (8, 0) in region else Header(name, low, codes.first())
    if headers.others:
        yield Header("other", protocol=headers.others.first())


def _likely(plane: str, region: Region) -> Header:
    ys = region.some()
    port = next((one for one in LIKELY_PORTS if one in ys), None)
    if port is None:
        low, high = ys.pairs[0]
        port = low or min(1, high)
    xs = region.transposed().some(IntervalSet.of(port))
    return Header(plane, LIKELY_SOURCE_PORT if LIKELY_SOURCE_PORT in xs else xs.first(), port)
