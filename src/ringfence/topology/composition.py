"""A cluster in a cloud: one network, in which a pod's packet crosses its policies and its node's way alike.

For each subnet S that has nodes:

    pods in S  --policies-->  fabric in S  <-->  node of S  --node's groups-->  S  --ACL-->  ...
    nodes in S (the node's own network)    <-->  node of S
    pods in S  --policies-->  within S  -->  pods in S        on the same node, or
                              within S  --groups, twice-->    on another node of the same subnet

Nobody knows which node a pod will run on, so every pod has an endpoint in each subnet: its workload reaches something
for certain only where it does from all of them. Inside one subnet two pods may share a node or not: both ways stand.
(What a node group itself sends to pods of its subnet is taken for one of the pod's own node.)

    vpc-cni   pods have addresses of the subnet and the node's groups. What leaves the VPC gets the node's address and a
              port of 1024-65535, unless the CNI does no source NAT
    overlay   everything that leaves the cluster gets the node's address, and nothing outside can address a pod. What
              pods send each other is wrapped between nodes; that the cloud lets this through is assumed, and listed

The outside reaches the cluster through the cloud alone: the links that stood for "no cloud was given" go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.networks import Endpoint, Link, Location, Network, Rewrite, Source
from ringfence.model.selectors import AnyOf, Not, Selector
from ringfence.resources.aws import Subnet
from ringfence.topology.aws import AwsTopology
from ringfence.topology.aws.endpoints import AWS, LINUX
from ringfence.topology.aws.estate import Estate, name
from ringfence.topology.aws.gateways import NAT_PORTS
from ringfence.topology.aws.places import both, group_chains, of
from ringfence.topology.bindings import OVERLAY, Binding
from ringfence.topology.entries import CONTROLLER
from ringfence.topology.joined import join
from ringfence.topology.kubernetes import FABRIC, NO_CLOUD, Topology
from ringfence.topology.node_ports import node_links, proxy, proxy_id
from ringfence.topology.pods import NODES, PODS

WRAPPED = "cluster {cluster}: what pods send each other is wrapped, and taken as let through between nodes"


def compose(cluster: Topology, cloud: AwsTopology, binding: Binding | None = None) -> Topology:
    """The cluster within the cloud; without a binding, or where it names nothing, as `joined` puts them together."""
    together = join(cluster, cloud)
    wrong: list[Diagnostic] = []
    home = _home(cloud, binding, wrong) if binding is not None and cluster.objects.workloads else None
    diagnostics = (*together.diagnostics, *wrong)
    if home is None:
        return replace(together, diagnostics=diagnostics)
    assumed = [one for one in cluster.network.assumed_open if one != NO_CLOUD]
    if home.binding.data_path == OVERLAY:
        assumed.append(WRAPPED.format(cluster=home.binding.cluster))
    everything = tuple(dict.fromkeys((*assumed, *cloud.network.assumed_open)))
    ways = cluster.waypoints.split(home.split)
    network = ways.joined(replace(home.join(cluster), assumed_open=everything))
    return replace(together, network=network, diagnostics=diagnostics, waypoints=ways)


def _home(cloud: AwsTopology, binding: Binding, wrong: list[Diagnostic]) -> _Home | None:
    """Where the nodes are. A name that means nothing is complained about, and nothing is bound."""
    estate = Estate(cloud.objects)
    if binding.node_group:
        group = next((one for one in cloud.objects.node_groups if binding.node_group in (one.id, one.address)), None)
        if group is None:
            message = f"cluster {binding.cluster}: node group {binding.node_group} is not in the files"
            wrong.append(warning(message, binding.span))
            return None
        nodes = [one for one in cloud.network.endpoints if one.facets.get(AWS, {}).get("id") == group.id]
        found = {one.facets[AWS]["subnet"]: one for one in reversed(nodes) if "subnet" in one.facets[AWS]}
        if not found:
            message = f"cluster {binding.cluster}: the subnets of {binding.node_group} are not known"
            wrong.append(warning(message, binding.span))
            return None
        return _Home(cloud.network, estate, binding, found)
    found = {}
    for wanted in binding.subnets:
        subnet = next((one for one in cloud.objects.subnets if wanted in (one.id, one.address)), None)
        if subnet is None:
            wrong.append(warning(f"cluster {binding.cluster}: subnet {wanted} is not in the files", binding.span))
            return None
        found[subnet.id] = _unknown_node(estate, binding, subnet)
    return _Home(cloud.network, estate, binding, found)


def _unknown_node(estate: Estate, binding: Binding, subnet: Subnet) -> Endpoint:
    label = f"nodes of {binding.cluster}"
    where = {"id": label, "kind": "node", "subnet": subnet.id, "vpc": str(subnet.vpc)}
    return Endpoint(
        f"{label} in {name(subnet)}",
        "",
        estate.addresses(subnet.id, ALL_IPV4),
        workload=label,
        facets={AWS: where},
        unknown_facets=frozenset(("public",)),
        any_group=True,
        ephemeral=LINUX,
        span=binding.span,
    )


@dataclass(frozen=True)
class _Home:
    """The nodes of one cluster: one endpoint a subnet."""

    cloud: Network
    estate: Estate
    binding: Binding
    nodes: dict[str, Endpoint]

    def join(self, topology: Topology) -> Network:
        """Both networks as one."""
        cluster = topology.network
        endpoints = {one.id: one for one in self.cloud.endpoints}
        for subnet, node in self.nodes.items():
            for one in (node, *(one for one in self.cloud.endpoints if _same(one, node))):
                endpoints[one.id] = replace(one, location=f"node of {subnet} itself")
        for one in cluster.endpoints:
            if one.location in (PODS, NODES, CONTROLLER):
                endpoints.update((part.id, part) for part in self.split(one))
        locations = {**self.cloud.locations, **{one.id: one for one in self._locations(cluster)}}
        links = [*self.cloud.links, *(one for one in cluster.links if one.source == CONTROLLER)]
        people = [one for one in endpoints.values() if "cluster" in one.facets.get(AWS, {})]
        for subnet, node in self.nodes.items():
            links += self._links(subnet)
            here = endpoints[node.id]
            origin = proxy(self.binding.cluster, here, f"node ports of {subnet}")
            endpoints[origin.id] = origin
            links += node_links(topology, here, origin, f"node of {subnet}", self._itself(subnet), people)
        return Network(tuple(endpoints.values()), locations, tuple(links))

    @cached_property
    def _overlay(self) -> bool:
        return self.binding.data_path == OVERLAY

    def split(self, one: Endpoint) -> Iterator[Endpoint]:
        """What stands in the cluster, once in each subnet that it may be in."""
        if one.location not in (PODS, NODES):
            yield replace(one, facets={**one.facets, AWS: {"kind": "controller"}})
            return
        family = ALL_IPV6 if one.addresses <= ALL_IPV6 else ALL_IPV4
        pod = one.location == PODS
        homes = [subnet for subnet in self.nodes if self._holds(subnet, one.addresses)]
        fixed = bool(homes) or (pod and self._overlay)
        homes = homes or list(self.nodes)
        for subnet in homes:
            node = self.nodes[subnet]
            addresses = one.addresses if fixed else self._addresses(subnet, one.addresses, family)
            if not addresses:
                continue  # a family that the subnet does not speak
            where = {"kind": "pod" if pod else "cluster node", "cluster": self.binding.cluster, "id": one.id}
            where |= {key: node.facets[AWS][key] for key in ("subnet", "vpc", "zone") if key in node.facets[AWS]}
            yield replace(
                one,
                id=one.id if len(homes) == 1 else f"{one.id} in {subnet}",
                location=f"{'pods' if pod else 'nodes'} in {subnet}",
                addresses=addresses,
                facets={**one.facets, AWS: where},
                groups=node.groups,
                any_group=node.any_group,
            )

    def _holds(self, subnet: str, addresses: AddressSet) -> bool:
        block = self.estate.of_subnet(self.estate.subnets[subnet])
        return block.known and addresses <= block.may

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
        for subnet, node in self.nodes.items():
            yield replace(cluster.locations[PODS], id=f"pods in {subnet}")
            yield replace(cluster.locations[NODES], id=f"nodes in {subnet}")
            yield Location(f"fabric in {subnet}", transit=True, kind="fabric")
            yield Location(f"within {subnet}", transit=True, kind="fabric")
            chains = group_chains(self.estate, (node,), self.estate.vpc_of(subnet))
            yield Location(f"node of {subnet}", chains, transit=True, subject=node.id, kind="node")
            yield Location(f"node of {subnet} itself", kind="node")
            yield Location(f"node ports of {subnet}", transit=True, kind="node")
            yield Location(f"another node of {subnet}", chains, transit=True, subject=node.id, kind="node")

    def _itself(self, subnet: str) -> Selector:
        """The node of a subnet."""
        return both(of("id", self.nodes[subnet].facets[AWS]["id"]), of("subnet", subnet))

    def _links(self, subnet: str) -> Iterator[Link]:
        pods, hosts, fabric, node = (f"{what} {subnet}" for what in ("pods in", "nodes in", "fabric in", "node of"))
        cluster, here = of("cluster", self.binding.cluster), of("subnet", subnet)
        mine = both(cluster, here)
        a_pod, controller = both(cluster, of("kind", "pod")), of("kind", "controller")
        itself = self._itself(subnet)
        near = AnyOf((mine, itself))
        wrapped = both(a_pod, Not(here))
        proxies = of("id", proxy_id(self.binding.cluster))
        my_proxy, ports = both(proxies, here), f"node ports of {subnet}"
        inside: Selector = AnyOf((near, wrapped, proxies)) if self._overlay else AnyOf((near, my_proxy))
        dialled = both(mine, of("kind", "cluster node")) if self._overlay else mine
        addressed = AnyOf((itself, my_proxy, dialled))
        within = f"within {subnet}"
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
        yield from self._leaving(subnet, fabric, node, Not(AnyOf((inside, controller))))

    def _leaving(self, subnet: str, fabric: str, node: str, away: Selector) -> Iterator[Link]:
        """From pods to their node, with the node's address where the data path says so."""
        source = self.nodes[subnet]
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


def _same(one: Endpoint, node: Endpoint) -> bool:
    """Whether it is a node of the same place."""
    mine, theirs = one.facets.get(AWS, {}), node.facets[AWS]
    return all(mine.get(key) == theirs.get(key) for key in ("id", "subnet"))
