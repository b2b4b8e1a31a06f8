"""Services on the ports of nodes: what arrives at a node of the cloud and goes on to a pod.

A Service of type NodePort or LoadBalancer has a port on every node, which is what a cloud's load balancer dials. With
`externalTrafficPolicy: Cluster` any pod of the Service may get the packet, and sees the node as the client; with
`Local` only pods of that node do, and they see the client's address. Either way the packet comes from the node, so no
pod selector matches its sender: its origin is a *proxy*, an endpoint that has the node's addresses and groups and that
nobody dials, by which replies find the node that they came through. The one that shows the node's own address may be
the pod's own node, which no policy keeps out.

A port that the files leave to the API server is one of 30000-32767, and nobody knows which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ringfence.model.addresses import EVERYWHERE, NO_ADDRESS
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, HeaderSet, ports, union
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, PortMap, Rewrite, Source
from ringfence.model.selectors import Selector
from ringfence.resources.kubernetes import Service, ServicePort
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.aws.gateways import NAT_PORTS
from ringfence.topology.entries import SOME_NODE
from ringfence.topology.kubernetes import Topology
from ringfence.topology.nodes import PLACE
from ringfence.topology.pods import on_host
from ringfence.topology.services import node_ports


def proxy_id(cluster: str) -> str:
    """What all proxies of a cluster are called in their facet."""
    return f"node ports of {cluster}"


@dataclass(frozen=True, slots=True)
class Proxies:
    """The origins of what comes through a node's ports: with the node's own address, and with the client's."""

    own: Endpoint
    kept: Endpoint


def proxies(cluster: str, node: Endpoint, place: str) -> Proxies:
    """Those of a node; they stand at `place` and count for nobody's reachability."""
    facets = {**node.facets, AWS: {**node.facets[AWS], "id": proxy_id(cluster), "kind": "node port"}}
    kept = replace(node, id=f"{node.id} by its node ports", location=place, facets=facets, maybe=True)
    own = replace(kept, id=f"{node.id} as the client", workload=SOME_NODE, facets={**facets, **on_host("")})
    return Proxies(own, kept)


def node_links(
    cluster: Topology, node: Endpoint, origins: Proxies, place: str, itself: Selector, people: Iterable[Endpoint]
) -> Iterator[Link]:
    """The links that leave a node's edge for its Services' pods, and for the node itself where no Service listens.

    `place` is the location of the node's edge, `origins` the node's proxies, where its links lead; `itself` selects the
    node, `people` are the cluster's endpoints.
    """
    people = tuple(people)
    known: list[HeaderSet] = []
    unknown: list[HeaderSet] = []
    for service in cluster.objects.services:
        for port in service.ports:
            dialled = node_ports(service, port)
            if not dialled:
                continue
            found = list(_onward(cluster, service, port, dialled, origins, place, itself, people))
            (known if port.node_port else unknown).append(ports(port.protocol.lower(), dialled))
            yield from found
    open_ = ALL_HEADERS - union(known)
    doubtful = open_ & union(unknown)
    yield Link("the node itself", place, node.location, None, itself, open_ - doubtful)
    if doubtful:
        yield Link("the node itself", place, node.location, PERHAPS, itself, doubtful)


PERHAPS = Bounds(NO_ADDRESS, EVERYWHERE, "which port of its nodes a Service has is not known")


def _onward(
    cluster: Topology,
    service: Service,
    port: ServicePort,
    dialled: IntervalSet,
    origins: Proxies,
    place: str,
    itself: Selector,
    people: tuple[Endpoint, ...],
) -> Iterator[Link]:
    local = service.external_traffic_policy == "Local"
    origin = origins.kept if local else origins.own
    source = Source(origin=origin.id) if local else Source(origin.addresses, origin.id, ports=NAT_PORTS)
    here = origin.facets[AWS].get(PLACE)
    protocol = port.protocol.lower()
    for target in cluster.service(service.metadata.qualified_name, protocol, port.name or port.port):
        for one in people:
            if (local and one.facets[AWS].get(PLACE) != here) or not target.holds(one):
                continue
            planes = ("tcp", "mtls") if protocol == "tcp" else (protocol,)
            change = Rewrite(source, one.id, tuple(PortMap(plane, dialled, target.port) for plane in planes))
            certain = None if port.node_port else PERHAPS
            title = f"Service {service.metadata.qualified_name}"
            yield Link(title, place, origin.location, certain, itself, rewrite=change, span=port.span)
