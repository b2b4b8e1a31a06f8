"""Ways from one end to another through somebody who sends packets on: a balancer, a node's port.

A packet for them ends elsewhere, so who asks whether one end reaches the other has to look at these ways as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.engine.reach import Reachability
from ringfence.engine.traffic import offered, surely_offered
from ringfence.engine.witness import Field
from ringfence.model.headers import PORT_PLANES, PORTS, HeaderSet
from ringfence.model.networks import Endpoint
from ringfence.model.regions import Region


@dataclass(frozen=True, slots=True)
class Detour:
    """A way through `via`: what is sent to it so, and whether that certainly arrives."""

    via: Endpoint
    field: Field
    headers: HeaderSet
    sure: bool


def around(reach: Reachability, ends: Field, wanted: HeaderSet) -> Detour | None:
    """A way by which something that is wanted may get from one of the sources to one of the targets; a sure one first.

    `wanted` is what arrives; the headers of the way are what is dialled.
    """
    first = None
    for found in _around(reach, ends, wanted):
        if found.sure:
            return found
        first = first or found
    return first


def _around(reach: Reachability, ends: Field, wanted: HeaderSet) -> Iterator[Detour]:
    arriving = {one.id: wanted for one in ends.targets}
    for via in reach.go_betweens:
        if via.id in arriving or via in ends.sources:
            continue
        for one in ends.sources:
            for region in reach.through(one, via, arriving, ends.source_addresses if one.every else None):
                if not region.headers.may & from_own_ports(one, offered(one)):
                    continue
                certain = region.headers.must & from_own_ports(one, surely_offered(one))
                sure = bool(certain) and not (one.maybe or one.perhaps or via.maybe)
                here = region.sources if one.every else None
                field = Field((one,), (via,), here, region.destinations if via.every else None)
                yield Detour(via, field, region.headers.may, sure)


def from_own_ports(client: Endpoint, headers: HeaderSet) -> HeaderSet:
    """Those of the headers that leave one of the client's own ports."""
    own = Region.of(client.ephemeral, PORTS)
    return headers.map(lambda name, region: region & own if name in PORT_PLANES else region)
