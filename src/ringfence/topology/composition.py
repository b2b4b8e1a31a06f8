"""A cluster in a cloud: one network, in which a pod's packet crosses its policies and its node's way alike.

For each place S that has nodes, which is a subnet or, with several node groups, one group in one subnet:

    pods in S  --policies-->  fabric in S  <-->  node of S  --node's groups-->  S  --ACL-->  ...
    nodes in S (the node's own network)    <-->  node of S
    pods in S  --policies-->  within S  -->  pods in S        on the same node, or
                              within S  --groups, twice-->    on another node of the same subnet

Nobody knows which node a pod will run on, so every pod has an endpoint in each place that its node selector, affinity
and tolerations leave (`topology.nodes`): its workload reaches something for certain only where it does from all of
them. Inside one place two pods may share a node or not: both ways stand. Nodes of two groups are never the same, so
between places there is one way. (What a node group itself sends to pods of its place is taken for one of the pod's own
node.)

    vpc-cni   pods have addresses of the subnet and the node's groups. What leaves the VPC gets the node's address and a
              port of 1024-65535, unless the CNI does no source NAT
    overlay   everything that leaves the cluster gets the node's address, and nothing outside can address a pod. What
              pods send each other is wrapped between nodes; that the cloud lets this through is assumed, and listed

Pods that may have an interface of their own stand beside the others (`topology.own_interfaces`).

The outside reaches the cluster through the cloud alone: the links that stood for "no cloud was given" go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.networks import Endpoint, Link, Location, Network, Rewrite, Source, by_workload
from ringfence.model.selectors import AnyOf, Not, Selector
from ringfence.topology import own_interfaces
from ringfence.topology.aws import AwsTopology, build
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.aws.estate import Estate
from ringfence.topology.aws.gateways import NAT_PORTS
from ringfence.topology.aws.places import both, group_chains, of
from ringfence.topology.bindings import OVERLAY, Binding
from ringfence.topology.entries import CONTROLLER, Entry
from ringfence.topology.joined import join
from ringfence.topology.kubernetes import FABRIC, NO_CLOUD, Topology
from ringfence.topology.machines import MACHINES, doubtful, ways, within
from ringfence.topology.named_balancers import named
from ringfence.topology.node_ports import node_links, proxies, proxy_id
from ringfence.topology.nodes import PLACE, Nodes, Place, nodes
from ringfence.topology.own_interfaces import GroupPolicies
from ringfence.topology.pods import NODES, PODS
from ringfence.topology.registrations import opened, registered, registrations

WRAPPED = "cluster {cluster}: what pods send each other is wrapped, and taken as let through between nodes"


def compose(cluster: Topology, cloud: AwsTopology, binding: Binding | None = None) -> Topology:
    """The cluster within the cloud; without a binding, or where it names nothing, as `joined` puts them together."""
    wrong: list[Diagnostic] = []
    home = None
    if binding is not None and cluster.objects.workloads:
        home = _home(cluster, cloud, binding, wrong)
        if home is not None:
            cluster, cloud, home = _registering(cluster, cloud, binding, home, wrong)
    together = join(cluster, cloud)
    if home is None:
        return replace(together, diagnostics=(*together.diagnostics, *wrong))
    assumed = [one for one in cluster.network.assumed_open if one != NO_CLOUD]
    if home.binding.data_path == OVERLAY:
        assumed.append(WRAPPED.format(cluster=home.binding.cluster))
    everything = tuple(dict.fromkeys((*assumed, *cloud.network.assumed_open)))
    ways = cluster.waypoints.split(home.split)
    network = ways.joined(replace(home.join(cluster), assumed_open=everything))
    diagnostics = (*together.diagnostics, *wrong, *home.policies.warnings(), *home.unplaced(cluster.network))
    return replace(together, network=network, diagnostics=diagnostics, waypoints=ways)


def _home(cluster: Topology, cloud: AwsTopology, binding: Binding, wrong: list[Diagnostic]) -> _Home | None:
    found = nodes(cloud, binding, cluster.objects, wrong)
    policies = GroupPolicies.among(cluster.objects.others if binding.data_path != OVERLAY else ())
    return _Home(cloud.network, found.estate, binding, found, policies) if found is not None else None


def _registering(
    cluster: Topology, cloud: AwsTopology, binding: Binding, home: _Home, wrong: list[Diagnostic]
) -> tuple[Topology, AwsTopology, _Home]:
    """The same with what the cluster registers with the cloud's balancers, which take its targets from it."""
    more = named(cluster.objects, cloud.objects, wrong)
    found = (*more.registrations, *registrations(cluster.objects, cloud.objects, binding, wrong))
    if not found:
        return cluster, cloud, home
    standing = [one.node for one in home.nodes.places]
    objects = opened(more.cloud, found, frozenset().union(*(one.groups for one in standing)))
    pods = [part for one in cluster.network.endpoints if one.location == PODS for part in home.split(one)]
    again = build(objects, registered(found, cluster, objects, pods, standing))
    there = _home(cluster, again, binding, [])
    assert there is not None  # the nodes are the same
    # What a Service names is the cloud's own balancer, and no other is made for it.
    entries = tuple(_of_cloud(one) if one.title in more.titles else one for one in cluster.entries)
    return replace(cluster, entries=entries), again, there


def _of_cloud(entry: Entry) -> Entry:
    """An entry whose load balancer the cloud's files hold: of the cluster's own are the ports of nodes alone."""
    return replace(entry, kind="NodePort" if entry.kind == "LoadBalancer" else entry.kind, by_balancer=False)


@dataclass(frozen=True)
class _Home:
    """The nodes of one cluster: one endpoint a place."""

    cloud: Network
    estate: Estate
    binding: Binding
    nodes: Nodes
    policies: GroupPolicies

    def join(self, topology: Topology) -> Network:
        """Both networks as one."""
        cluster = topology.network
        machines = within(cluster)
        endpoints = {one.id: one for one in (*doubtful(self.cloud.endpoints, machines), *machines)}
        for place in self.nodes.places:
            for one in (place.node, *(one for one in self.cloud.endpoints if _same(one, place.node))):
                facets = {**one.facets, AWS: {**one.facets[AWS], PLACE: place.key}}
                endpoints[one.id] = replace(one, location=f"node of {place.key} itself", facets=facets)
        for one in cluster.endpoints:
            if one.location in (PODS, NODES, CONTROLLER):
                endpoints.update((part.id, part) for part in self.split(one))
        locations = {**self.cloud.locations, **{one.id: one for one in self._locations(cluster)}}
        links = [*self.cloud.links, *(one for one in cluster.links if one.source == CONTROLLER)]
        people = [one for one in endpoints.values() if "cluster" in one.facets.get(AWS, {})]
        for place in self.nodes.places:
            links += self._links(place)
            here = endpoints[place.node.id]
            origins = proxies(self.binding.cluster, here, f"node ports of {place.key}")
            ports = tuple(node_links(topology, here, origins, f"node of {place.key}", _itself(place), people))
            sending = {one.rewrite.source.origin for one in ports if one.rewrite is not None}
            endpoints.update((one.id, one) for one in (origins.own, origins.kept) if one.id in sending)
            links += ports
        mine, controller = of("cluster", self.binding.cluster), of("kind", "controller")
        for place in (*self.nodes.places, *self.nodes.fargate):
            if any(one.location == own_interfaces.location(place.key) for one in people):
                here_alone = both(mine, of(PLACE, place.key))
                locations[own_interfaces.location(place.key)] = own_interfaces.place(place.key)
                links += own_interfaces.links(place.key, place.subnet, here_alone, controller)
                links += own_interfaces.links_by_node(place.key) if place.fargate is None else ()
        if machines:
            locations[MACHINES] = cluster.locations[MACHINES]
            links += ways(self.cloud, (f"fabric in {one.key}" for one in self.nodes.places))
        return Network(tuple(endpoints.values()), locations, tuple(links))

    @cached_property
    def _overlay(self) -> bool:
        return self.binding.data_path == OVERLAY

    def split(self, one: Endpoint) -> Iterator[Endpoint]:
        """What stands in the cluster, once in each place that it may be in."""
        if one.location not in (PODS, NODES):
            yield replace(one, facets={**one.facets, AWS: {"kind": "controller"}})
            return
        family = ALL_IPV6 if one.addresses <= ALL_IPV6 else ALL_IPV4
        pod = one.location == PODS
        homes, holding = self.nodes.of(one)
        for place in homes:
            node, own = place.node, place.fargate is not None or self.policies.may_select(one)
            fixed = holding or (pod and self._overlay and not own)
            addresses = one.addresses if fixed else self._addresses(place.subnet, one.addresses, family)
            if not addresses:
                continue  # a family that the subnet does not speak
            where = {"kind": "pod" if pod else "cluster node", "cluster": self.binding.cluster, "id": one.id}
            where |= {key: node.facets[AWS][key] for key in ("subnet", "vpc", "zone", PLACE) if key in node.facets[AWS]}
            yield replace(
                one,
                id=one.id if len(homes) == 1 else f"{one.id} in {place.key}",
                location=own_interfaces.location(place.key) if own else f"{'pods' if pod else 'nodes'} in {place.key}",
                addresses=addresses,
                facets={**one.facets, AWS: where},
                groups=frozenset() if own else node.groups,
                any_group=own or node.any_group,
                perhaps=self.nodes.doubtful(one, place),
            )

    def unplaced(self, cluster: Network) -> Iterator[Diagnostic]:
        """A warning for each workload that no node of the binding takes."""
        for title, members in by_workload(cluster.endpoints).items():
            if any(one.location in (PODS, NODES) and not self.nodes.allowed(one) for one in members):
                message = f"cluster {self.binding.cluster}: none of its nodes takes the pods of {title}"
                yield warning(f"{message}, which are taken for pods of any of them", members[0].span)

    def _addresses(self, subnet: str, addresses: AddressSet, family: AddressSet) -> AddressSet:
        """One of the subnet's where the files do not say; an address that they say and no subnet has is kept."""
        if addresses.count() == 1:
            return addresses
        here = self.estate.subnets[subnet]
        known = here.ipv6_cidr if family == ALL_IPV6 else here.cidr
        return self.estate.addresses(subnet, family) if known is not None else AddressSet()

    def _locations(self, cluster: Network) -> Iterator[Location]:
        yield replace(cluster.locations[FABRIC], transit=True)
        yield cluster.locations[CONTROLLER]
        for place in self.nodes.places:
            here, node = place.key, place.node
            yield replace(cluster.locations[PODS], id=f"pods in {here}")
            yield replace(cluster.locations[NODES], id=f"nodes in {here}")
            yield Location(f"fabric in {here}", transit=True, kind="fabric")
            yield Location(f"within {here}", transit=True, kind="fabric")
            chains = group_chains(self.estate, (node,), self.estate.vpc_of(place.subnet))
            yield Location(f"node of {here}", chains, transit=True, subject=node.id, kind="node")
            yield Location(f"node of {here} itself", kind="node")
            yield Location(f"node ports of {here}", transit=True, kind="node")
            yield Location(f"another node of {here}", chains, transit=True, subject=node.id, kind="node")

    def _links(self, place: Place) -> Iterator[Link]:
        key, subnet = place.key, place.subnet
        pods, hosts, fabric, node = (f"{what} {key}" for what in ("pods in", "nodes in", "fabric in", "node of"))
        cluster, here = of("cluster", self.binding.cluster), of(PLACE, key)
        mine = both(cluster, here)
        a_pod, controller = both(cluster, of("kind", "pod")), of("kind", "controller")
        itself = _itself(place)
        near = AnyOf((mine, itself))
        wrapped = both(a_pod, Not(here))
        proxies = of("id", proxy_id(self.binding.cluster))
        my_proxy, ports = both(proxies, here), f"node ports of {key}"
        inside: Selector = AnyOf((near, wrapped, proxies)) if self._overlay else AnyOf((near, my_proxy))
        dialled = both(mine, of("kind", "cluster node")) if self._overlay else mine
        addressed = AnyOf((itself, my_proxy, dialled))
        within = f"within {key}"
        yield Link("pod network", pods, within, None, near, exits=True)
        yield Link("node network", hosts, within, None, near, exits=True)
        for source in (within, fabric, node, ports, FABRIC):
            yield Link("pod network", source, pods, enters=True)
            yield Link("node network", source, hosts, enters=True)
        yield Link("own node", within, node, None, itself)
        yield Link("the node itself", f"{node} itself", node)
        yield Link("pod network", pods, fabric, None, Not(near), exits=True)
        by_fabric = AnyOf((wrapped, controller, proxies if self._overlay else my_proxy))
        yield Link("node network", hosts, fabric, None, by_fabric, exits=True)
        for source in (fabric, node, FABRIC):
            yield Link("back to the node port", source, ports, None, my_proxy)
        yield Link("node port", ports, node, None, Not(inside))
        yield Link("node network", hosts, node, None, Not(AnyOf((inside, controller))), exits=True)
        yield Link("node", node, subnet, None, Not(inside), exits=True)
        yield Link("node", subnet, node, None, addressed, enters=True)
        yield Link("ingress controller", fabric, CONTROLLER)
        if self._overlay:
            yield Link("between nodes", fabric, FABRIC, None, AnyOf((wrapped, both(proxies, Not(here)))))
            for source in (node, ports):
                yield Link("between nodes", source, FABRIC, None, wrapped)
        else:
            another = f"another {node}"
            yield Link("another node", within, another, None, near, enters=True)
            for target in (pods, hosts):
                yield Link("another node", another, target, exits=True, enters=True)
            yield Link("another node", another, node, None, itself, exits=True)
        yield from self._leaving(place, fabric, node, Not(AnyOf((inside, controller))))

    def _leaving(self, place: Place, fabric: str, node: str, away: Selector) -> Iterator[Link]:
        """From pods to their node, with the node's address where the data path says so."""
        source = place.node
        nat = Rewrite(Source(source.addresses, source.id, ports=NAT_PORTS))
        four, six = Bounds.exactly(ALL_IPV4), Bounds.exactly(ALL_IPV6)
        vpc = source.facets[AWS].get("vpc", "")
        if self._overlay:
            yield Link("source NAT", fabric, node, four, away, rewrite=nat)
        elif not self.binding.source_nat:
            yield Link("to the node", fabric, node, None, away)
        else:
            yield Link("to the node", fabric, node, None, both(away, of("vpc", vpc)))
            yield Link("source NAT", fabric, node, four, both(away, Not(of("vpc", vpc))), rewrite=nat)
            yield Link("to the node", fabric, node, six, both(away, Not(of("vpc", vpc))))


def _itself(place: Place) -> Selector:
    """The node of a place."""
    return both(of("id", place.node.facets[AWS]["id"]), of("subnet", place.subnet))


def _same(one: Endpoint, node: Endpoint) -> bool:
    """Whether it is a node of the same place."""
    mine, theirs = one.facets.get(AWS, {}), node.facets[AWS]
    return all(mine.get(key) == theirs.get(key) for key in ("id", "subnet"))
