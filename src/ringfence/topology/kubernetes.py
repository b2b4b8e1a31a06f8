"""A cluster as a network: where pods, nodes and the outside stand, and which links lead from one to the other.

    pods     --exits-->   fabric   --enters-->  pods      every pod's traffic crosses its policies, there and back
    nodes    <--------->  fabric                          no NetworkPolicy; what selects hosts and is not modelled
    outside  <--------->  fabric
    machines <--------->  fabric                          machines of a mesh that are in no cluster, with their proxies
    {ingress-controller}  ------>  fabric                 on the ports that Ingress objects and routes lead to

Whatever is on a node's own network stands at `nodes`; which node that is, its facets say (`layers.own_node`). `{node}`
stands there for the nodes that NodePorts answer on.

The virtual controller stands for whatever serves the Ingress objects and routes where no pod of the files does. It may
be a pod of any namespace with any labels, or a cloud's load balancer with an address of its own; so a rule that admits
everybody admits it, one that names peers may, and without a rule it is refused. (It is not taken for what runs on the
very node of a pod, whose traffic no policy stops; that is listed as an assumption.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from ringfence.layers import cluster_policy, istio_machines, network_policy, own_node, tunnels, unmodelled
from ringfence.layers.istio_mesh_config import configuration, mesh_config
from ringfence.layers.kubernetes_selectors import NAMESPACE, POD, PORT
from ringfence.layers.mesh_facets import MESH
from ringfence.model.addresses import ALL_IPV4, ALL_IPV6
from ringfence.model.bounds import Bounds
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.headers import ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint, Link, Location, Network, by_workload
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Action, Chain, Direction
from ringfence.model.selectors import AllOf, AnyOf, Has, InNamespace, Unsure
from ringfence.resources.aws import AwsObjects
from ringfence.resources.kubernetes import KubernetesObjects, Service, ServicePort
from ringfence.resources.kubernetes.cluster_policies import ADMIN, BASELINE
from ringfence.topology.cni import Enforcement, enforcement
from ringfence.topology.entries import CONTROLLER, OUTSIDE, PLACEHOLDERS, SOME_NODE, Entry, Lost, entries, lost
from ringfence.topology.machines import MACHINES, OF_MACHINES
from ringfence.topology.mesh.istio import IstioMesh
from ringfence.topology.mesh.istio_gateways import deployed
from ringfence.topology.mesh.istio_machines import TAKEN, selected_by
from ringfence.topology.mesh.istio_unfollowed import unfollowed
from ringfence.topology.mesh.members import Mesh
from ringfence.topology.mesh.meshes import meshes
from ringfence.topology.mesh.refused import of_refused
from ringfence.topology.mesh.waypoints import NO_WAYPOINTS, WAYPOINTS, Waypoints
from ringfence.topology.options import Options
from ringfence.topology.pods import NODES, PODS, Population, on_host
from ringfence.topology.services import Target, port_numbers, targets, without_pods

FABRIC = "fabric"

NO_CLOUD = "no cloud configuration was given: security groups, network ACLs and routes around the cluster are open"
ANY_ADDRESS = "pods whose address is not in the files may have any"
NO_IPV6 = "nothing in the files speaks of IPv6: only IPv4 is considered"
UNDECLARED = "a namespace that no file declares has the label of its name and no other"
NO_CONTROLLER = "no pod of the ingress controller is in the files: it is taken not to run on its targets' own node"
TAKEN_AS_ENFORCED = "NetworkPolicy is taken as enforced: {because}"


@dataclass(frozen=True)
class Topology:
    """A cluster's network, and what the files say about it beyond the network itself.

    `cloud` is what `topology.joined` adds: the objects of the cloud around it, None where there is none.
    """

    network: Network
    objects: KubernetesObjects
    entries: tuple[Entry, ...]
    enforcement: Enforcement
    not_modelled: tuple[unmodelled.Unmodelled, ...]
    diagnostics: tuple[Diagnostic, ...]
    cloud: AwsObjects | None = None
    meshes: tuple[Mesh, ...] = ()
    waypoints: Waypoints = NO_WAYPOINTS

    @cached_property
    def workloads(self) -> dict[str, tuple[Endpoint, ...]]:
        """The endpoints by the workload that they belong to."""
        return by_workload(self.network.endpoints)

    @property
    def inside(self) -> tuple[str, ...]:
        """The workloads that the files hold."""
        return tuple(name for name in self.workloads if name not in PLACEHOLDERS)

    def behind(self, target: Target) -> Iterator[Endpoint]:
        """The endpoints of one target."""
        return (one for one in self._candidates(target) if target.holds(one))

    def perhaps_behind(self, target: Target) -> Iterator[Endpoint]:
        """The endpoints of the files that may be one target's."""
        return (one for one in self._candidates(target) if one.workload not in PLACEHOLDERS and target.may_hold(one))

    def _candidates(self, target: Target) -> Iterator[Endpoint]:
        place = target.namespace
        everywhere = self.network.endpoints if place is None else self._by_namespace.get(place, ())
        return (one for one in everywhere if one.workload != WAYPOINTS)

    @cached_property
    def _by_namespace(self) -> dict[str, list[Endpoint]]:
        found: dict[str, list[Endpoint]] = {}
        for endpoint in self.network.endpoints:
            found.setdefault(endpoint.namespace, []).append(endpoint)
        return found

    def service(self, name: str, protocol: str, port: int | str | None = None) -> tuple[Target, ...]:
        """Where a Service (`namespace/name`) leads on a port; empty where there is no such Service or port."""
        return tuple(target for _, target in self.service_ports(name, protocol, port))

    def service_ports(
        self, name: str, protocol: str, port: int | str | None = None
    ) -> tuple[tuple[ServicePort, Target], ...]:
        """A Service's ports and where they lead: that port, or else those that lead to it."""
        service = self._services.get(name)
        if service is None:
            return ()
        found = tuple(
            (one, target)
            for one in service.ports
            if one.protocol.lower() == protocol
            for target in targets(service, one, self.objects, self._port_numbers)
        )
        named = tuple((one, target) for one, target in found if port in (None, one.port, one.name))
        return named or tuple((one, target) for one, target in found if target.port == port)

    @cached_property
    def _services(self) -> dict[str, Service]:
        return {one.metadata.qualified_name: one for one in self.objects.services}

    @cached_property
    def _port_numbers(self) -> network_policy.PortNumbers:
        return port_numbers(self.objects)


def build(objects: KubernetesObjects, options: Options | None = None) -> Topology:
    """The network of these objects under these options."""
    options = options or Options()
    made = deployed(objects)
    objects = made.objects
    diagnostics: list[Diagnostic] = list(made.diagnostics)
    numbers = port_numbers(objects)
    plugin = enforcement(objects, options)
    enforced = plugin.enforced is not False
    refused = tuple(one for one in objects.refused if enforced or unmodelled.may_be_of_a_mesh(one))
    root = mesh_config(configuration(objects.config_maps), options.istio).root_namespace
    unknown = unmodelled.unmodelled(objects.others, refused, options.calico_staged_as_enforced, root)
    joined = meshes(objects, options)
    not_followed = tuple(unfollowed(objects, numbers)) if joined else ()
    diagnostics += _told(not_followed)
    unknown = (*unknown, *not_followed)
    told = tuple({one.because: one for one in unknown}.values())
    of_mesh = (*unmodelled.of_gateways(objects.refused), *of_refused(objects, options))
    astray: list[Lost] = []
    found = tuple(entries(objects, numbers, diagnostics, astray))
    for service in without_pods(objects):
        if selected_by(service, objects):
            continue
        diagnostics.append(warning(f"Service {service.metadata.qualified_name} selects no pod", service.span))
    population = Population(objects, options, joined)
    gone = (*lost(objects), *astray)
    serving = {source for entry in found for source in entry.sources} | ({CONTROLLER} if gone else set())
    machines = tuple(one for mesh in joined if isinstance(mesh, IstioMesh) for one in mesh.machines(MACHINES))
    virtual = _virtual(serving, population.dual_stack, bool(joined))
    endpoints = (*population.endpoints(), *machines, *virtual)
    names = tuple(population.nodes())
    open_chains = unmodelled.lower((*unknown, *(one for one in of_mesh if one.filters)))
    policies = tuple(_policies(objects, options, plugin, numbers, names))
    for tunnel in (tunnel for mesh in joined for tunnel in mesh.tunnels):
        policies = tuple(tunnels.through(one, tunnel) for one in policies)
    by_label = unmodelled.of_namespaces(objects.refused, objects.network_policies, objects.cluster_policies)
    in_doubt = (*unknown, *by_label, *of_mesh)
    policies = tuple(unmodelled.opened(one, in_doubt, of_mesh=False) for one in policies)
    of_meshes = (*unknown, *of_mesh)
    in_mesh = tuple(unmodelled.opened(one, of_meshes, of_mesh=True) for mesh in joined for one in mesh.chains())
    chains = (*open_chains, *policies, *in_mesh)
    assumed = (*_assumed(objects, options, plugin, population), *made.assumed)
    if CONTROLLER in serving:
        assumed = (*assumed, NO_CONTROLLER)
    locations, links = _locations(chains, open_chains), tuple(_links(found, gone))
    if machines:
        open_machines = unmodelled.lower(one for one in unknown if one.meshes)
        at_machines = tuple(istio_machines.at_machines(one) for one in (*open_machines, *in_mesh))
        locations[MACHINES] = Location(MACHINES, at_machines, kind="machine")
        links += (Link(OF_MACHINES, MACHINES, FABRIC, exits=True), Link(OF_MACHINES, FABRIC, MACHINES, enters=True))
        assumed = (*assumed, TAKEN)
    network = Network(endpoints, locations, links, assumed)
    found_ways = (mesh.waypoints(endpoints, numbers, chains, PODS) for mesh in joined)
    ways = next((one for one in found_ways if one.endpoints), NO_WAYPOINTS)
    ways = ways.changed(lambda one: unmodelled.opened(one, of_meshes, of_mesh=True))
    network = ways.joined(network)
    diagnostics += [one for mesh in joined for one in mesh.diagnostics]
    diagnostics += _undecided(endpoints)
    return Topology(network, objects, found, plugin, told, tuple(diagnostics), meshes=joined, waypoints=ways)


def _policies(
    objects: KubernetesObjects,
    options: Options,
    plugin: Enforcement,
    numbers: network_policy.PortNumbers,
    nodes: Iterable[str],
) -> Iterator[Chain]:
    """One chain a direction: a pod's own node, admin tier, NetworkPolicy, baseline tier, the plugin's default."""
    if plugin.enforced is False:
        return
    matches = options.ipblock_matches_pods
    by_address = plugin.ipblock_matches_pods if matches is None else matches
    policies = objects.network_policies
    shielded = () if options.baseline_per_direction else tuple(map(network_policy.subjects, policies))
    own = {Direction.INGRESS: (own_node.stage(nodes),), Direction.EGRESS: ()}
    semantics = cluster_policy.Semantics(numbers, by_address, options.dns, shielded)
    admin = cluster_policy.stages(objects.cluster_policies, ADMIN, semantics)
    undefined = options.undefined_protocols == "allow"
    nodes_too = plugin.ipblock_matches_nodes or options.cilium_cidr_matches_nodes
    middle = network_policy.stages(policies, numbers, network_policy.Semantics(by_address, undefined, nodes_too))
    baseline = cluster_policy.stages(objects.cluster_policies, BASELINE, semantics)
    default = Action.DENY if plugin.isolates_all else Action.ALLOW
    for one in Direction:
        stages = (*own[one], *admin[one], *middle[one], *baseline[one])
        yield Chain(network_policy.LAYER, one, stages, default)


def _virtual(sources: set[str], dual_stack: bool, meshed: bool) -> Iterator[Endpoint]:
    """The outside, and those of the sources of entries that no object of the files stands for.

    In a cluster with a mesh, a controller that no file holds may be a member or not.
    """
    unknown = frozenset((POD, NAMESPACE, PORT, MESH))
    identity = UNKNOWN_IDENTITY if meshed else NO_IDENTITY
    for version, addresses, suffix in ((4, ALL_IPV4, ""), (6, ALL_IPV6, " IPv6")):
        if version == 6 and not dual_stack:
            return
        yield Endpoint(f"external-ipv{version}", OUTSIDE, addresses, every=True, workload=OUTSIDE)
        if CONTROLLER in sources:
            name = f"{CONTROLLER}{suffix}"
            yield Endpoint(name, CONTROLLER, addresses, workload=CONTROLLER, unknown_facets=unknown, identity=identity)
        if SOME_NODE in sources:
            yield Endpoint(f"{SOME_NODE}{suffix}", NODES, addresses, workload=SOME_NODE, facets=on_host(""))


def _locations(chains: tuple[Chain, ...], at_nodes: tuple[Chain, ...]) -> dict[str, Location]:
    found = [Location(PODS, chains, kind="pod"), Location(FABRIC, transit=True, kind="fabric")]
    found += [
        Location(OUTSIDE, kind="outside"),
        Location(CONTROLLER, kind="pod"),
        Location(NODES, at_nodes, kind="node"),
    ]
    return {location.id: location for location in found}


def _links(found: tuple[Entry, ...], gone: tuple[Lost, ...]) -> Iterator[Link]:
    yield Link("pod network", PODS, FABRIC, exits=True)
    yield Link("pod network", FABRIC, PODS, enters=True)
    yield Link("way in", OUTSIDE, FABRIC)
    yield Link("way out", FABRIC, OUTSIDE)
    yield Link("node network", FABRIC, NODES, enters=True)
    yield Link("node network", NODES, FABRIC, exits=True)
    # The controller opens connections to these pods and ports alone; what leads to it is for the replies.
    yield Link("ingress controller", FABRIC, CONTROLLER)
    leading = {target: entry for entry in found if CONTROLLER in entry.sources for target in entry.targets}
    for target, entry in leading.items():
        yield Link(
            entry.title,
            CONTROLLER,
            FABRIC,
            None if target.addresses is None else Bounds.exactly(target.addresses),
            target.selector,
            ports(target.protocol, IntervalSet.of(target.port)),
            span=entry.span,
        )
    for one in gone:
        pods = AllOf((Has(POD), InNamespace(one.namespace))) if one.namespace else Has(POD)
        towards = AllOf((AnyOf((pods, Has(own_node.HOST))), Unsure(one.because)))
        yield Link(one.title, CONTROLLER, FABRIC, towards=towards, span=one.span)


def _told(found: Iterable[unmodelled.Unmodelled]) -> Iterator[Diagnostic]:
    """A warning for each thing that is not followed."""
    return (warning(because, span) for because, span in dict.fromkeys((one.because, one.span) for one in found))


def _undecided(endpoints: Iterable[Endpoint]) -> Iterator[Diagnostic]:
    """A warning for each namespace of which nobody knows whether its pods are in a mesh."""
    found: dict[str, Endpoint] = {}
    for one in endpoints:
        if MESH in one.unknown_facets and one.location == PODS:
            found.setdefault(one.namespace, one)
    for namespace, one in found.items():
        message = f"whether pods of namespace {namespace} are in the mesh is not known ({one.title} among them)"
        yield warning(message, one.span, "declare the namespace with its labels and annotations")


def _assumed(
    objects: KubernetesObjects, options: Options, plugin: Enforcement, population: Population
) -> Iterator[str]:
    yield NO_CLOUD
    if plugin.enforced is None and objects.network_policies:
        yield TAKEN_AS_ENFORCED.format(because=plugin.because)
    if not options.pod_cidrs and not any(node.pod_cidrs for node in objects.nodes):
        yield ANY_ADDRESS
    if not population.dual_stack:
        yield NO_IPV6
    if any(not one.declared for one in objects.namespaces):
        yield UNDECLARED
