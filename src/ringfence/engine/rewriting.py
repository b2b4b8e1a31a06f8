"""What a link's rewrite does to header sets, seen from the sender.

The engine works backwards: given the headers that pass after a rewrite, which headers before it lead there? A new
source port is one of several and nobody knows which, so *must* asks that each of them passes and *may* that one does.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS, ALL_PLAINTEXT, PORT_PLANES, PORTS, HeaderSet, ports
from ringfence.model.intervals import NOTHING as NO_PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Link, Rewrite
from ringfence.model.regions import EMPTY_REGION, Region


@lru_cache(maxsize=4096)
def accepted(link: Link) -> HeaderSet | None:
    """The headers that the link takes at all; None for all of them."""
    headers = link.headers
    if link.rewrite is None or not link.rewrite.ports:
        return headers
    mapped = HeaderSet()
    for one in link.rewrite.ports:
        mapped |= ports(one.plane, one.ports) & (ALL_MTLS if one.plane == "mtls" else ALL_PLAINTEXT)
    return mapped if headers is None else headers & mapped


def before(rewrite: Rewrite, after: Bounds[HeaderSet]) -> Bounds[HeaderSet]:
    """The headers that the rewrite turns into headers of `after`."""
    return Bounds(_before(rewrite, after.must, True), _before(rewrite, after.may, False))


@lru_cache(maxsize=1 << 14)
def _before(rewrite: Rewrite, after: HeaderSet, every: bool) -> HeaderSet:
    def change(name: str, region: Region) -> Region:
        if name not in PORT_PLANES:
            return EMPTY_REGION if rewrite.ports else region
        if rewrite.transport is not None and name in ("tcp", "mtls"):
            region = getattr(after, rewrite.transport)
        if rewrite.source.ports is not None:
            choice = rewrite.source.ports
            region = Region.of(PORTS, region.every(choice) if every else region.some(choice))
        return _unmapped(rewrite, name, region) if rewrite.ports else region

    return replace(after.map(change), others=NO_PORTS if rewrite.ports else after.others)


def _unmapped(rewrite: Rewrite, name: str, region: Region) -> Region:
    """The points whose destination port is mapped into the region; of several entries for a port, the first counts."""
    out = EMPTY_REGION
    taken = NO_PORTS
    for one in rewrite.ports:
        if one.plane != name:
            continue
        sources = region.transposed().some(IntervalSet.of(one.to))
        out = out | Region.of(sources, one.ports - taken)
        taken = taken | one.ports
    return out
