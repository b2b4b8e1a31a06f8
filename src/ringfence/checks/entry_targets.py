"""What several checks ask of an entry: who may come through it to which workload, on which port.

A node's port is an entry by itself where nothing is known of the network around the nodes. In a cloud it is one only
if somebody outside gets to the nodes, through groups, ACLs, routes and balancers; of a load balancer that the cluster
makes no file tells whom it lets in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ringfence.checks.finding import View
from ringfence.engine.connectivity import Relation, related
from ringfence.engine.detours import around
from ringfence.engine.subjects import View as Seen
from ringfence.engine.traffic import Traffic
from ringfence.engine.witness import Field
from ringfence.model.addresses import AddressSet
from ringfence.model.conditions import Truth
from ringfence.model.headers import HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, by_workload
from ringfence.topology.entries import AT_NODES, HOST_PORTS, OUTSIDE, Entry
from ringfence.topology.joined import placed
from ringfence.topology.names import INTERNET
from ringfence.topology.services import Target


@dataclass(frozen=True, slots=True)
class Way:
    """One target of an entry: the workload behind it, whether its port may and must be reached, and where to look.

    `led`: whether somebody outside gets as far as where the entry begins; None: nobody knows.
    """

    entry: Entry
    target: Target
    workload: str
    may: bool
    must: bool
    field: Field
    headers: HeaderSet
    led: Truth = True


@lru_cache(maxsize=2)
def ways(view: View) -> tuple[Way, ...]:
    """Every entry to every workload behind it that shares an address family with the entry's sources."""
    return tuple(_ways(view))


Known = dict[tuple[object, ...], list[Relation]]
"""Relations by their ends: the ports of an entry have them in common."""


def _ways(view: View) -> Iterator[Way]:
    known: Known = {}
    for entry in view.topology.entries:
        sources = tuple(one for name in entry.sources for one in view.connectivity.workloads.get(name, ()))
        for target in entry.targets:
            for workload, members in by_workload(view.topology.behind(target)).items():
                yield from _way(view, entry, target, workload, sources, members, known)


def _way(
    view: View,
    entry: Entry,
    target: Target,
    workload: str,
    sources: tuple[Endpoint, ...],
    members: tuple[Endpoint, ...],
    known: Known,
) -> Iterator[Way]:
    # Only sources that keep their address can be told apart by it; a node in between cannot.
    ranges = entry.source_ranges if any(one.every for one in sources) else None
    field = Field(sources, members, ranges)
    headers = ports(target.protocol, IntervalSet.of(target.port))
    led = _led(view, entry, members, headers)
    # There the way was followed from outside to the very pods.
    at_nodes = _at_nodes(entry) and placed(view.topology) is not False
    if at_nodes and OUTSIDE in entry.sources:
        # The client's address arrives, by way of a node: the network has no path from the client to the pod itself.
        outside = [Seen(one, one.addresses) for one in sources]
        may = any(headers & view.connectivity.reach.arriving(one, to) for one in outside for to in members)
        yield Way(entry, target, workload, may, led is True, field, headers, led)
        return
    ends = (sources, members, ranges)
    if ends not in known:
        known[ends] = list(related(view.connectivity.reach, sources, members, (ranges, None)))
    relations = known[ends]
    if relations:
        may = any(_holds(one.may, target) for one in relations)
        public = [one for one in relations if _of_internet(one.sources)]
        must = led is True and (at_nodes or all(_holds(one.must, target) for one in public or relations))
        yield Way(entry, target, workload, may, must, field, headers, led)


def _at_nodes(entry: Entry) -> bool:
    return entry.kind in (*AT_NODES, HOST_PORTS)


def _led(view: View, entry: Entry, members: tuple[Endpoint, ...], headers: HeaderSet) -> Truth:
    if not _at_nodes(entry) or placed(view.topology) is False:
        return True
    if entry.kind not in ("NodePort", HOST_PORTS) or placed(view.topology) is None:
        return None
    outside = view.connectivity.workloads.get(OUTSIDE, ())
    way = around(view.connectivity.reach, Field(outside, members), headers)
    return False if way is None else way.sure or None


def _of_internet(sources: AddressSet | None) -> bool:
    """Whether the internet has a part in a region: what is sure for all of its clients is sure."""
    return sources is None or bool(sources & INTERNET)


def _holds(traffic: Traffic, target: Target) -> bool:
    wanted: IntervalSet = getattr(traffic, target.protocol)
    return target.port in wanted
