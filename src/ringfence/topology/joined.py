"""A cluster and the cloud around it as one network.

Both know the outside; everything else of theirs has names of its own. Where nothing says in which subnets a cluster
runs, its pods may stand behind any of the cloud's routers: what passes between the two is then unknown, never denied
and never proved, and so is what passes between pods and the outside, unless their own policies refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ringfence.layers.istio_machines import MACHINE
from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.own_node import HOST
from ringfence.model.conditions import Truth
from ringfence.model.networks import Link, Network
from ringfence.model.selectors import AllOf, AnyOf, Has, Not, Unsure
from ringfence.resources.aws import AwsObjects
from ringfence.topology.aws import AwsTopology
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.entries import OUTSIDE
from ringfence.topology.kubernetes import FABRIC, NO_CLOUD, Topology
from ringfence.topology.machines import MACHINES, SOMEWHERE, doubtful, told, ways, within

UNBOUND = "nothing says in which subnets the cluster runs: what passes between its pods and the cloud is unknown"


def placed(topology: Topology) -> Truth:
    """Whether the cluster has its place in a cloud: False where there is none, None where nothing says which."""
    if topology.cloud is None or not topology.objects.workloads:
        return False
    return None if UNBOUND in topology.network.assumed_open else True


def join(cluster: Topology, cloud: AwsTopology) -> Topology:
    """One topology of both. A cluster without workloads adds nothing, nor does a cloud without a network."""
    diagnostics = (*cluster.diagnostics, *cloud.diagnostics)
    if cluster.objects.workloads and cloud.objects == AwsObjects():
        return replace(cluster, diagnostics=diagnostics)
    if not cluster.objects.workloads:
        entries = (*cluster.entries, *cloud.entries)
        return replace(cluster, network=cloud.network, entries=entries, diagnostics=diagnostics, cloud=cloud.objects)
    ours, theirs = cluster.network, cloud.network
    # Whatever groups the nodes have, their pods may have.
    people = (one if one.location == OUTSIDE else replace(one, any_group=True) for one in ours.endpoints)
    machines = within(ours)
    endpoints = {one.id: one for one in (*doubtful(theirs.endpoints, machines), *people)}
    diagnostics = (*diagnostics, *told(theirs.endpoints, machines))
    own = (_somewhere(one) for one in ours.links)
    links = (*own, *theirs.links, *_between(theirs), *(ways(theirs) if machines else ()))
    assumed = (*(one for one in ours.assumed_open if one != NO_CLOUD), *theirs.assumed_open, UNBOUND)
    network = Network(tuple(endpoints.values()), {**theirs.locations, **ours.locations}, links, assumed)
    entries = (*cluster.entries, *cloud.entries)
    return replace(cluster, network=network, entries=entries, diagnostics=diagnostics, cloud=cloud.objects)


def _somewhere(link: Link) -> Link:
    """The way of a machine, or between pods and the outside: it may be there or not.

    The outside reaches what is the cloud's by the cloud's gateways alone.
    """
    if link.source == OUTSIDE:
        return replace(link, towards=AllOf((Not(Has(AWS)), Unsure(UNBOUND))))
    if link.target == OUTSIDE:
        return replace(link, towards=AllOf((link.towards, Unsure(UNBOUND))))
    if MACHINES in (link.source, link.target):
        return replace(link, towards=AllOf((link.towards, Unsure(SOMEWHERE))))
    return link


def _between(theirs: Network) -> Iterator[Link]:
    """Ways that may be there, from the pod network to every router and back. Each side has its own way outside."""
    of_cloud = AllOf((Has(AWS), Unsure(UNBOUND)))
    of_cluster = AllOf((AnyOf((Has(POD), Has(HOST), Has(MACHINE))), Unsure(UNBOUND)))
    for place in theirs.locations.values():
        if place.kind == "router":
            yield Link("somewhere in the cloud", FABRIC, place.id, towards=of_cloud)
            yield Link("somewhere in the cloud", place.id, FABRIC, towards=of_cluster)
