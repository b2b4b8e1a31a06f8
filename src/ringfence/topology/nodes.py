"""Where in a cloud the nodes of a cluster are: a place for each of its node groups in each of their subnets.

A binding names node groups (or subnets, where nobody knows the nodes' groups). Which of the places a pod may get, its
node selector, required affinity and tolerations say (`topology.scheduling`); a pod that would get none is taken for one
of any place, and complained about. Fargate has places, too: the subnets of the profiles of the same cluster. A pod or a
node of a known address is in the subnet that holds it; a Node object's labels say its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ringfence.layers.kubernetes_selectors import POD
from ringfence.model.addresses import ALL_IPV4, AddressSet
from ringfence.model.conditions import Truth
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.networks import Endpoint
from ringfence.resources.aws import AutoScalingGroup, FargateProfile, LaunchTemplate, NodeGroup, Subnet
from ringfence.resources.kubernetes import KubernetesObjects, Node, PodTemplate
from ringfence.topology.aws import AwsTopology
from ringfence.topology.aws.endpoints import AWS, LINUX
from ringfence.topology.aws.estate import Estate, doubt, known, name
from ringfence.topology.bindings import Binding
from ringfence.topology.names import fits
from ringfence.topology.pods import PODS, by_endpoint
from ringfence.topology.scheduling import GROUP_LABEL, Machine, machine, on_fargate

PLACE = "place"
"""What says in the `aws` facet in which place an endpoint of the cluster is."""

Group = NodeGroup | AutoScalingGroup


@dataclass(frozen=True, slots=True)
class Place:
    """The nodes of one group in one subnet. `key` is what locations are called by; `node` stands for all of them.

    On Fargate there is a node for each pod, and `node` is only where that is.
    """

    key: str
    subnet: str
    node: Endpoint
    machine: Machine = field(default_factory=Machine)
    fargate: FargateProfile | None = None


@dataclass(frozen=True)
class Nodes:
    """The places of a cluster, and who may be in which."""

    estate: Estate
    places: tuple[Place, ...]
    fargate: tuple[Place, ...] = ()
    templates: Mapping[str, PodTemplate] = field(default_factory=dict)
    declared: Mapping[str, Node] = field(default_factory=dict)

    def of(self, one: Endpoint) -> tuple[tuple[Place, ...], bool]:
        """The places in which an endpoint of pods or nodes may be, and whether its addresses say so."""
        everywhere = (*self.places, *self.fargate) if one.location == PODS else self.places
        allowed = self.allowed(one) or everywhere
        for candidates in (allowed, everywhere):
            holding = tuple(place for place in candidates if self._holds(place.subnet, one.addresses))
            if holding:
                return holding, True
        return allowed, False

    def doubtful(self, one: Endpoint, place: Place) -> bool:
        """Whether nobody knows if a pod is ever put there, as there are nodes of another group that may take it."""
        allowed = self.allowed(one)
        elsewhere = any(each.node.workload != place.node.workload for each in allowed or self.places)
        template = self.templates.get(one.id.removesuffix(" IPv6"))
        if not elsewhere or template is None or template.node_name or place.fargate is not None:
            return False
        return not allowed or place.machine.takes(template) is None

    def allowed(self, one: Endpoint) -> tuple[Place, ...]:
        """Where it may be put; none where every place refuses it."""
        without_nodes, surely = self._on_fargate(one)
        return without_nodes if surely else (*self._scheduled(one), *without_nodes)

    def _on_fargate(self, one: Endpoint) -> tuple[tuple[Place, ...], bool]:
        """Where on Fargate it may be, and whether it can be nowhere else."""
        if one.location != PODS or not self.fargate:
            return (), False
        chosen = [(place, _selected(place, one)) for place in self.fargate]
        surely = any(truth is True for _, truth in chosen) and not one.workload.endswith("[DaemonSet]")
        return tuple(place for place, truth in chosen if truth is not False), surely

    def _scheduled(self, one: Endpoint) -> tuple[Place, ...]:
        name = one.id.removesuffix(" IPv6")
        if name == one.workload and name.endswith("[Node]"):
            return self._of_node(name.removesuffix("[Node]"))
        template = self.templates.get(name)
        if template is None:
            return self.places
        if template.node_name:
            return self._of_node(template.node_name)
        return tuple(place for place in self.places if place.machine.takes(template) is not False)

    def _of_node(self, name: str) -> tuple[Place, ...]:
        """The places of a Node object's group; all of them where it says none that is known here."""
        node = self.declared.get(name)
        group = node.metadata.labels.get(GROUP_LABEL) if node else None
        found = tuple(one for one in self.places if group and one.machine.labels.get(GROUP_LABEL) == group)
        return found or self.places

    def _holds(self, subnet: str, addresses: AddressSet) -> bool:
        block = self.estate.of_subnet(self.estate.subnets[subnet])
        return block.known and addresses <= block.may


def nodes(cloud: AwsTopology, binding: Binding, objects: KubernetesObjects, wrong: list[Diagnostic]) -> Nodes | None:
    """The places of a binding. Where one of its names means nothing, that is complained about, and nothing is bound."""
    estate = Estate(cloud.objects)
    if binding.nodes:
        places = _of_groups(cloud, estate, binding, objects, wrong)
    else:
        places = _of_subnets(estate, binding, wrong)
    if places is None:
        return None
    declared = {one.metadata.name: one for one in objects.nodes}
    fargate = _on_fargate(estate, binding, wrong)
    return None if fargate is None else Nodes(estate, places, fargate, by_endpoint(objects), declared)


def _of_subnets(estate: Estate, binding: Binding, wrong: list[Diagnostic]) -> tuple[Place, ...] | None:
    found: dict[str, Place] = {}
    for wanted in binding.subnets:
        subnet = next((one for one in estate.objects.subnets if wanted in (one.id, one.address)), None)
        if subnet is None:
            wrong.append(warning(f"cluster {binding.cluster}: subnet {wanted} is not in the files", binding.span))
            return None
        node = _unknown_node(estate, binding, subnet)
        found[subnet.id] = Place(subnet.id, subnet.id, _at(node, subnet.id), machine(None, None, subnet))
    return tuple(found.values())


def _of_groups(
    cloud: AwsTopology, estate: Estate, binding: Binding, objects: KubernetesObjects, wrong: list[Diagnostic]
) -> tuple[Place, ...] | None:
    candidates: tuple[Group, ...] = (*cloud.objects.node_groups, *cloud.objects.autoscaling_groups)
    groups: dict[str, Group] = {}
    for wanted in binding.nodes:
        meant = [one for one in candidates if _means(wanted, one)]
        if not meant:
            message = f"cluster {binding.cluster}: node group {wanted} is not in the files"
            wrong.append(warning(message, binding.span))
            return None
        groups.update((one.id, one) for one in meant)
    templates = {one.id: one for one in cloud.objects.launch_templates}
    places = []
    for group in groups.values():
        standing = [one for one in cloud.network.endpoints if one.facets.get(AWS, {}).get("id") == group.id]
        if not standing or any("subnet" not in one.facets[AWS] for one in standing):
            message = f"cluster {binding.cluster}: the subnets of {name(group)} are not known"
            wrong.append(warning(message, binding.span))
            return None
        for subnet, node in {one.facets[AWS]["subnet"]: one for one in reversed(standing)}.items():
            key = subnet if len(groups) == 1 else f"{subnet} ({name(group)})"
            about = machine(group, _template(group, templates), estate.subnets[subnet], objects.nodes)
            places.append(Place(key, subnet, _at(node, key), about))
    wrong += _forgotten(cloud, binding, groups)
    return tuple(places)


def _on_fargate(estate: Estate, binding: Binding, wrong: list[Diagnostic]) -> tuple[Place, ...] | None:
    """The places of the profiles that may be of the same EKS cluster; None where one's subnets are not known."""
    of = {one.cluster for one in estate.objects.node_groups for text in binding.nodes if _means(text, one)}
    places = []
    for profile in estate.objects.fargate_profiles:
        if of and doubt(*of, profile.cluster) is None and profile.cluster not in of:
            continue
        subnets = known(profile.subnets)
        if doubt(profile.subnets) is not None or not subnets or any(one not in estate.subnets for one in subnets):
            message = f"cluster {binding.cluster}: the subnets of {name(profile)} are not known"
            wrong.append(warning(message, binding.span))
            return None
        message = f"cluster {binding.cluster}: what passes at the pods of {name(profile)} is unknown"
        wrong.append(warning(f"{message}: Fargate is not modelled", profile.span))
        for subnet in subnets:
            key = f"{subnet} ({name(profile)})"
            node = _unknown_node(estate, binding, estate.subnets[subnet])
            places.append(Place(key, subnet, _at(node, key), fargate=profile))
    return tuple(places)


def _selected(place: Place, pod: Endpoint) -> Truth:
    labels = pod.facets.get(POD)
    if place.fargate is None or labels is None:
        return None
    return on_fargate(place.fargate, pod.namespace, labels)


def _means(text: str, group: Group) -> bool:
    """Whether a name of a binding means a group."""
    return text == group.id or fits(name(group), text)


def _template(group: Group, templates: Mapping[str, LaunchTemplate]) -> LaunchTemplate | None:
    """The launch template of a group; where it has none, one that changes nothing."""
    if group.launch_template is None:
        return LaunchTemplate(id="")
    return templates.get(group.launch_template) if isinstance(group.launch_template, str) else None


def _forgotten(cloud: AwsTopology, binding: Binding, groups: Mapping[str, Group]) -> Iterable[Diagnostic]:
    """A warning for each node group of the same EKS cluster that the binding does not name."""
    clusters = {one.cluster for one in groups.values() if isinstance(one, NodeGroup) and isinstance(one.cluster, str)}
    for one in cloud.objects.node_groups:
        if one.id not in groups and one.cluster in clusters:
            message = f"cluster {binding.cluster}: {name(one)} is not among its nodes: no pod is taken to run there"
            yield warning(message, binding.span, f"name it, too: nodes: [..., {name(one)}]")


def _at(node: Endpoint, key: str) -> Endpoint:
    return replace(node, facets={**node.facets, AWS: {**node.facets[AWS], PLACE: key}})


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
