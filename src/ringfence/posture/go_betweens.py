"""Ways from one side of an intent to the other that are no path of the network's: through a waypoint before a Service,
and through what sends connections on as its own. One that something must pass is kept by the first; one that it must
not has to look at the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ringfence.engine.detours import around
from ringfence.engine.reach import Reachability
from ringfence.engine.subjects import View
from ringfence.engine.traffic import Traffic, offered, traffic
from ringfence.engine.witness import Field
from ringfence.layers.kubernetes_selectors import POD
from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, EVERYWHERE, AddressSet
from ringfence.model.conditions import Truth, conjunction, disjunction
from ringfence.model.headers import ALL_HEADERS, ALL_PLAINTEXT, HeaderSet, ports, union
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.posture.proofs import Part
from ringfence.topology.aws.balancers import TARGET
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.mesh.waypoints import WAYPOINTS
from ringfence.topology.names import INTERNET
from ringfence.topology.relays import Relay

MOST_PORTS = 64
"""Beyond so many ports, what arrives through waypoints is not asked port by port."""

BY_NODE, BY_BALANCER = "by a node", "by a load balancer"

OWN = EVERYWHERE - INTERNET
"""Where the addresses of a load balancer that no file holds are."""


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


@dataclass(frozen=True, slots=True)
class Relayed:
    """A way through a relay: its name, and where to look for a packet that arrives so."""

    title: str
    field: Field
    headers: HeaderSet


def relayed(
    reach: Reachability, known: Mapping[str, Iterable[Relay]], source: Part, target: Part, wanted: HeaderSet
) -> Relayed | None:
    """How something that is wanted may get from one side to the other as somebody else's."""
    for relay in known.get(target.name, ()):
        for client in source.endpoints:
            taken = _leaves(reach, client, relay) if POD in client.facets else _takes(relay, client, source.addresses)
            if not taken:
                continue
            asked = wanted & relay.headers & offered(client)
            if not relay.known:
                return Relayed(relay.title, Field((), relay.members), asked)
            for how, field, senders in _senders(relay, client, source.addresses):
                passing = asked & union(reach.arriving(one, to) for one in senders for to in relay.members)
                if passing:
                    return Relayed(f"{relay.title}, {how}", field, passing)
    return None


def strangers(reach: Reachability) -> tuple[Endpoint, ...]:
    """What stands for the targets of balancers that nobody knows: each may be anything with an address there."""
    return tuple(one for one in reach.network.endpoints if one.facets.get(AWS, {}).get("kind") == TARGET)


def to_strangers(
    reach: Reachability, unknown: Iterable[Endpoint], source: Part, target: Part, wanted: HeaderSet
) -> Relayed | None:
    """How something that is wanted may get from one side to the other as one of the `unknown` (`strangers`)."""
    for one in unknown:
        way = around(reach, Field(source.endpoints, (one,), source.addresses), ALL_HEADERS)
        if way is None:
            continue
        for member in target.endpoints:
            if one.workload == member.workload or _apart(way.via, member):
                continue
            peers = (View(way.via, way.via.addresses), View(way.via, source.addresses or EVERYWHERE))
            if wanted & ALL_PLAINTEXT & union(reach.arriving(peer, member) for peer in peers):
                return Relayed(f"{way.via.title}, whose targets are not all known", way.field, way.headers)
    return None


def _apart(one: Endpoint, other: Endpoint) -> bool:
    """Whether they are known to be in different VPCs. Of a pod whose place in the cloud nobody knows none is."""
    mine, theirs = one.facets.get(AWS, {}).get("vpc"), other.facets.get(AWS, {}).get("vpc")
    return other.every or (mine is not None and theirs is not None and mine != theirs)


def _takes(relay: Relay, client: Endpoint, addresses: AddressSet | None) -> bool:
    """Whether the relay takes what a client sends that is no pod."""
    if relay.linked:
        return False
    return not client.every or relay.clients is None or bool(relay.clients & (addresses or EVERYWHERE))


def _senders(relay: Relay, client: Endpoint, addresses: AddressSet | None) -> Iterator[tuple[str, Field, list[View]]]:
    """Whom the pods may see. Mutual TLS goes through whole, so the identity is the client's."""
    nodes = [View(one, one.addresses, client.identity) for one in relay.nodes]
    yield BY_NODE, Field(relay.nodes, relay.members), nodes
    seen = OWN | ((addresses or EVERYWHERE) if client.every else EVERYWHERE)
    made = relay.outside if relay.made else ()
    families = ((one, ALL_IPV4 if one.addresses <= ALL_IPV4 else ALL_IPV6) for one in made)
    balancers = [View(one, seen & family, client.identity) for one, family in families]
    yield BY_BALANCER, Field(made, relay.members, seen), balancers


def _leaves(reach: Reachability, client: Endpoint, relay: Relay) -> bool:
    """Whether a pod may send something that the relay takes: the policies see what it dials, or who gets it."""
    if not relay.known:
        return True
    dialled = (relay.nodes, relay.at_nodes), (relay.outside, relay.at_addresses), (relay.members, relay.headers)
    return any(reach.leaving(client, View(one, one.addresses)) & headers for some, headers in dialled for one in some)
