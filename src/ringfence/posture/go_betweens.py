"""Ways from one side of an intent to the other through somebody who sends packets on: a balancer, a node's port, a
waypoint. An intent that something must not pass has to look at them; one that it must is kept by one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.engine.reach import Reachability
from ringfence.engine.traffic import Traffic, offered, surely_offered, traffic
from ringfence.engine.witness import Field
from ringfence.model.conditions import Truth, conjunction, disjunction
from ringfence.model.headers import PORT_PLANES, PORTS, HeaderSet, Region, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.posture.proofs import Part
from ringfence.topology.mesh.waypoints import WAYPOINTS

MOST_PORTS = 64
"""Beyond so many ports, what arrives through waypoints is not asked port by port."""


@dataclass(frozen=True, slots=True)
class Detour:
    """A way through `via`: what is sent to it so, and whether that certainly arrives."""

    via: Endpoint
    field: Field
    headers: HeaderSet
    sure: bool


def around(reach: Reachability, source: Part, target: Part, wanted: HeaderSet) -> Detour | None:
    """A way by which something that is wanted may arrive."""
    ends = {one.id: wanted for one in target.endpoints}
    for via in reach.go_betweens:
        if via.id in ends or via in source.endpoints:
            continue
        for one in source.endpoints:
            for region in reach.through(one, via, ends, source.addresses if one.every else None):
                if not region.headers.may & from_own_ports(one, offered(one)):
                    continue
                certain = region.headers.must & from_own_ports(one, surely_offered(one))
                sure = bool(certain) and not (one.maybe or one.perhaps or via.maybe)
                here = region.sources if one.every else None
                field = Field((one,), (via,), here, region.destinations if via.every else None)
                return Detour(via, field, region.headers.may, sure)
    return None


def by_waypoint(reach: Reachability, source: Part, target: Part, asked: Traffic) -> Truth:
    """Whether what is asked arrives if the source dials a Service of the target's that a waypoint stands before.

    Every port must; None where some may. `asked` are the pods' own ports: what is dialled are the Service's.
    """
    waypoints = [one for one in reach.go_betweens if one.workload == WAYPOINTS]
    if not waypoints or not asked.tcp or asked != Traffic(tcp=asked.tcp) or len(asked.tcp) > MOST_PORTS:
        return False
    return conjunction(
        disjunction(_dialled(reach, one, via, target, port) for via in waypoints)
        for low, high in asked.tcp
        for port in range(low, high + 1)
        for one in source.endpoints
    )


def _dialled(reach: Reachability, client: Endpoint, via: Endpoint, target: Part, port: int) -> Truth:
    wanted = ports("tcp", IntervalSet.of(port))
    found = reach.through(client, via, {one.id: wanted for one in target.endpoints})
    sent = reach.sent(client, via), reach.withheld(client, via)
    passing = [traffic(one.headers, client, *sent) for one in found]
    if passing and all(must.tcp for _, must in passing) and not client.maybe:
        return True
    return None if any(may.tcp for may, _ in passing) else False


def from_own_ports(client: Endpoint, headers: HeaderSet) -> HeaderSet:
    """Those of the headers that leave one of the client's own ports."""
    own = Region.of(client.ephemeral, PORTS)
    return headers.map(lambda name, region: region & own if name in PORT_PLANES else region)
