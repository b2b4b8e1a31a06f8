"""Services on the ports of nodes: what arrives at a node of the cloud and goes on to a pod.

A Service of type NodePort or LoadBalancer has a port on every node, which is what a cloud's load balancer dials. With
`externalTrafficPolicy: Cluster` any pod of the Service may get the packet, and sees the node as the client; with
`Local` only pods of that node do, and they see the client's address. Either way the packet comes from the node, so no
pod selector matches its sender: its origin is a *proxy*, an endpoint that has the node's addresses and groups and that
nobody dials, by which replies find the node that they came through. The one that shows the node's own address may be
the pod's own node, which no policy keeps out.

A port that the files leave to the API server is one of 30000-32767, and nobody knows which. A host port of a pod is
like one of a Service with `Local`: it leads to the pod of that node, if one is there, and the pod sees the client.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ringfence.model.addresses import EVERYWHERE
from ringfence.model.headers import ALL_HEADERS, HeaderSet, ports, union
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, PortMap, Rewrite, Source
from ringfence.model.selectors import Selector
from ringfence.model.spans import Span
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.aws.gateways import NAT_PORTS
from ringfence.topology.aws.places import maybe
from ringfence.topology.entries import HOST_PORTS, PLACEHOLDERS, SOME_NODE
from ringfence.topology.kubernetes import Topology
from ringfence.topology.nodes import PLACE
from ringfence.topology.pods import on_host
from ringfence.topology.services import Target, node_ports


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


@dataclass(frozen=True, slots=True)
class _Listener:
    """What listens on ports of a node, and where it leads; `doubt`: why it may not be there, empty where it is."""

    title: str
    protocol: str
    dialled: IntervalSet
    targets: tuple[Target, ...]
    local: bool
    doubt: str
    span: Span

    @property
    def headers(self) -> HeaderSet:
        """What is dialled there."""
        return ports(self.protocol, self.dialled)


def node_links(
    cluster: Topology, node: Endpoint, origins: Proxies, place: str, itself: Selector, people: Iterable[Endpoint]
) -> Iterator[Link]:
    """The links that leave a node's edge for pods that listen there, and for the node itself where nothing does.

    `place` is the location of the node's edge, `origins` the node's proxies, where its links lead; `itself` selects the
    node, `people` are the cluster's endpoints.
    """
    people = tuple(one for one in people if one.workload not in PLACEHOLDERS)
    listeners = tuple(_listeners(cluster))
    for one in listeners:
        yield from _onward(one, origins, place, itself, people)
    open_ = ALL_HEADERS - union(one.headers for one in listeners if not one.doubt)
    doubtful = open_ & union(one.headers for one in listeners if one.doubt)
    yield Link("the node itself", place, node.location, None, itself, open_ - doubtful)
    if doubtful:
        yield Link("the node itself", place, node.location, maybe(EVERYWHERE, PERHAPS), itself, doubtful)


PERHAPS = "whether a pod listens on that port of the node is not known"
NO_NUMBER = "which port of its nodes a Service has is not known"
ELSEWHERE = "whether the pod is on this node is not known"
NOT_BEHIND = "whether the pod is behind the Service is not known"


def _listeners(cluster: Topology) -> Iterator[_Listener]:
    """The Services with ports on nodes, and the host ports of pods."""
    for service in cluster.objects.services:
        local = service.external_traffic_policy == "Local"
        title = f"Service {service.metadata.qualified_name}"
        for port in service.ports:
            dialled, protocol = node_ports(service, port), port.protocol.lower()
            if dialled:
                led = cluster.service(service.metadata.qualified_name, protocol, port.name or port.port)
                doubt = "" if port.node_port else NO_NUMBER
                yield _Listener(title, protocol, dialled, led, local, doubt, port.span)
    for entry in cluster.entries:
        if entry.kind == HOST_PORTS:
            for target in entry.targets:
                dialled = IntervalSet.of(entry.port)
                yield _Listener(entry.title, target.protocol, dialled, (target,), True, ELSEWHERE, entry.span)


def _onward(
    listener: _Listener, origins: Proxies, place: str, itself: Selector, people: tuple[Endpoint, ...]
) -> Iterator[Link]:
    origin = origins.kept if listener.local else origins.own
    source = Source(origin=origin.id) if listener.local else Source(origin.addresses, origin.id, ports=NAT_PORTS)
    here = origin.facets[AWS].get(PLACE)
    planes = ("tcp", "mtls") if listener.protocol == "tcp" else (listener.protocol,)
    for target in listener.targets:
        for one in people:
            if (listener.local and one.facets[AWS].get(PLACE) != here) or not target.may_hold(one):
                continue
            change = Rewrite(source, one.id, tuple(PortMap(plane, listener.dialled, target.port) for plane in planes))
            doubt = listener.doubt or ("" if target.holds(one) else NOT_BEHIND)
            served = maybe(EVERYWHERE, doubt) if doubt else None
            yield Link(listener.title, place, origin.location, served, itself, rewrite=change, span=listener.span)
