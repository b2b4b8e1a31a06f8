"""Ways that a Service opens past what policies tell apart, and that are no links of the network.

What arrives at a node's port, at a load balancer or at an external address is sent on to a pod by a node, and with
`externalTrafficPolicy: Cluster` as the node's own: no rule at the pod then tells who the client was. Whether a policy
at a client that is a pod sees the node or the pod behind it, Kubernetes leaves open, so either may let it out.

Where a cluster has its place in a cloud, the ports of nodes are links of the network, behind groups and ACLs, for
whoever dials them from elsewhere (`topology.node_ports`). Pods that dial one stay within the cluster, and come by a
relay there, too.

A load balancer that the cluster makes, for a Service or for an Ingress of a cloud's class, stands in no file: a pod
may see one of its addresses, whatever the Service says of the client's (a balancer that is a proxy, or that dials
pods), and those are never addresses of the internet.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.model.addresses import AddressSet
from ringfence.model.headers import ALL_HEADERS, ALL_TCP, HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, by_workload
from ringfence.topology.entries import AT_NODES, OUTSIDE, SOME_NODE, Entry
from ringfence.topology.kubernetes import Topology


@dataclass(frozen=True, slots=True)
class Relay:
    """A Service that takes connections which are sent on to a workload's `members`, with these `headers`.

    `clients` None: whoever. `nodes` are who sends them on as their own, and `outside` stands for addresses of the
    Service's own: `at_nodes` and `at_addresses` are what clients dial there. `made`: a balancer that no file holds
    sends on, from whatever address. Of one that is not `known` it is open whom the pods see. `linked`: for pods alone,
    as links of the network lead others there.
    """

    title: str
    clients: AddressSet | None
    members: tuple[Endpoint, ...]
    headers: HeaderSet
    nodes: tuple[Endpoint, ...] = ()
    outside: tuple[Endpoint, ...] = ()
    at_nodes: HeaderSet = ALL_HEADERS
    at_addresses: HeaderSet = ALL_HEADERS
    made: bool = False
    known: bool = True
    linked: bool = False


def relays(topology: Topology, placed: bool) -> dict[str, list[Relay]]:
    """All relays by the workload that they may lead to. `placed`: the cluster has its place in a cloud."""
    found: dict[str, list[Relay]] = {}
    nodes, outside = topology.workloads.get(SOME_NODE, ()), topology.workloads.get(OUTSIDE, ())
    for entry in topology.entries:
        if entry.kind not in AT_NODES and not entry.by_balancer:
            continue
        keeps_client = SOME_NODE not in entry.sources and not entry.by_balancer
        linked = placed and entry.kind == "NodePort"
        made = entry.by_balancer or (entry.kind == "LoadBalancer" and (placed or keeps_client))
        for target in () if keeps_client and not made else entry.targets:
            headers = ports(target.protocol, IntervalSet.of(target.port))
            dialled = _dialled(entry, target.protocol)
            clients = None if entry.past_ranges else entry.source_ranges
            for name, members in by_workload(topology.perhaps_behind(target)).items():
                ends = members, headers, () if keeps_client else nodes, outside
                found.setdefault(name, []).append(Relay(entry.title, clients, *ends, *dialled, made, linked=linked))
    gone = [one for one in topology.objects.refused if one.kind == "Service"]
    for name in topology.inside if gone else ():
        members = topology.workloads[name]
        # A workload's endpoints are all of one namespace.
        for one in (one for one in gone if one.namespace in ("", members[0].namespace)):
            title = f"Service {one.namespace}/{one.name}, which was refused"
            found.setdefault(name, []).append(Relay(title, None, members, ALL_HEADERS, known=False))
    return found


def _dialled(entry: Entry, protocol: str) -> tuple[HeaderSet, HeaderSet]:
    """What clients dial at nodes, and at addresses of the Service's own."""
    if entry.by_balancer:
        return ALL_TCP, ALL_TCP  # annotations say at which ports it listens
    own = IntervalSet() if entry.kind == "NodePort" else IntervalSet.of(entry.port)
    return ports(protocol, entry.node_ports), ports(protocol, own)
