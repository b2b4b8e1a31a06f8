"""Who stands in the subnets: interfaces, and placeholders for what has none in the files.

Load balancers and NAT gateways are not here: they change packets and have places of their own (`balancers`,
`gateways`).
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.model.networks import EPHEMERAL, Endpoint
from ringfence.resources.aws import (
    AutoScalingGroup,
    EksCluster,
    EndpointKind,
    Ids,
    LaunchTemplate,
    LoadBalancer,
    ManagedService,
    MaybeId,
    NatGateway,
    NetworkInterface,
    NodeGroup,
    Resource,
    Unknown,
    VpcEndpoint,
)
from ringfence.topology.aws.endpoints import LINUX, WITHOUT_GROUPS, Wanted, either, endpoints, public
from ringfence.topology.aws.estate import Estate, doubt, known, name

SOMEWHERE = Unknown("which subnet is not known")


def population(estate: Estate) -> Iterator[Endpoint]:
    """Every endpoint that stands among a subnet's interfaces."""
    for interface in estate.objects.network_interfaces:
        owner = estate.owners.get(estate.owner_of.get(interface.id, ""), interface)
        if not isinstance(owner, (LoadBalancer, NatGateway)) and interface.kind != "nat_gateway":
            yield from endpoints(estate, of_interface(estate, interface, owner))
    for wanted in _placeholders(estate):
        yield from endpoints(estate, wanted)


def of_interface(estate: Estate, interface: NetworkInterface, owner: Resource) -> Wanted:
    """An interface as what is wanted of it."""
    kind = {"LoadBalancer": "load_balancer", "Instance": "instance"}.get(type(owner).__name__, interface.kind)
    if isinstance(owner, ManagedService):
        kind = owner.kind
    return Wanted(
        name(interface),
        owner,
        kind,
        interface.subnet,
        interface.security_groups,
        interface.private_ips,
        public(estate, interface),
        LINUX if kind in ("instance", "interface") else EPHEMERAL,
        single=True,
        default_group=interface.kind not in WITHOUT_GROUPS,
        own=interface,
    )


def placed(estate: Estate, owner: Resource, subnets: Ids) -> Iterator[MaybeId]:
    """The subnets of an owner that need a placeholder: those where it has no interface in the files."""
    have = {one.subnet for one in estate.interfaces.get(owner.id, ()) if isinstance(one.subnet, str)}
    yield from (one for one in known(subnets) if one not in have)
    if not have and (doubt(subnets) is not None or not known(subnets)):
        yield doubt(subnets) or SOMEWHERE


def placeholder(owner: Resource, subnet: MaybeId) -> str:
    """The name of a placeholder."""
    return f"{name(owner)} in {subnet if isinstance(subnet, str) else 'a subnet'}"


def _placeholders(estate: Estate) -> Iterator[Wanted]:
    objects = estate.objects
    for instance in objects.instances:
        if not estate.interfaces.get(instance.id):
            unknown = Unknown("its interfaces are not in the files")
            yield Wanted(
                name(instance), instance, "instance", instance.subnet, unknown, (), unknown, LINUX, single=True
            )
    for group in objects.autoscaling_groups:
        yield from _scaled(estate, group, "autoscaling_group", group.launch_template, ())
    for nodes in objects.node_groups:
        yield from _scaled(estate, nodes, "node_group", nodes.launch_template, _cluster_groups(estate, nodes))
    for cluster in objects.eks_clusters:
        yield from _control_plane(estate, cluster)
    for service in objects.managed_services:
        yield from _managed(estate, service)
    for endpoint in objects.vpc_endpoints:
        yield from _interface_endpoint(estate, endpoint)


def _scaled(
    estate: Estate, owner: AutoScalingGroup | NodeGroup, kind: str, template: MaybeId, otherwise: Ids
) -> Iterator[Wanted]:
    templates = {one.id: one for one in estate.objects.launch_templates}
    found: LaunchTemplate | None = templates.get(template) if isinstance(template, str) else None
    groups: Ids = otherwise
    if found is not None and found.security_groups:
        groups = found.security_groups
    elif template is not None and found is None:
        groups = doubt(template) or Unknown(f"launch template {template} is not in the files")
    for subnet in placed(estate, owner, owner.subnets):
        here = estate.subnets.get(subnet) if isinstance(subnet, str) else None
        by_subnet = here.map_public_ip if here is not None else Unknown("the subnet is not known")
        # A template that does not say leaves it to the subnet; which of the two it is cannot be told.
        if found is not None and by_subnet is True and found.public_ip is False:
            by_subnet = Unknown("whether the launch template overrules its subnet is not known")
        reachable = either(by_subnet, found.public_ip if found is not None else False)
        yield Wanted(placeholder(owner, subnet), owner, kind, subnet, groups, (), reachable, LINUX)


def _cluster_groups(estate: Estate, nodes: NodeGroup) -> Ids:
    """The cluster's own group, which nodes carry where their template names none."""
    cluster = next((one for one in estate.objects.eks_clusters if nodes.cluster in (one.id, one.name)), None)
    own = cluster.cluster_security_group if cluster is not None else None
    return (own,) if isinstance(own, str) else (own or Unknown("the cluster's own group is not known"),)


def _control_plane(estate: Estate, cluster: EksCluster) -> Iterator[Wanted]:
    own = cluster.cluster_security_group or Unknown("the cluster's own group is not known")
    groups = (*cluster.security_groups, own) if isinstance(cluster.security_groups, tuple) else cluster.security_groups
    for subnet in placed(estate, cluster, cluster.subnets):
        yield Wanted(placeholder(cluster, subnet), cluster, "eks_cluster", subnet, groups)


def _managed(estate: Estate, service: ManagedService) -> Iterator[Wanted]:
    subnets: Ids = service.subnets
    if service.subnet_group is not None:
        named = {one.id: one for one in estate.objects.subnet_groups}
        named |= {one.name: one for one in estate.objects.subnet_groups if isinstance(one.name, str) and one.name}
        found = named.get(service.subnet_group) if isinstance(service.subnet_group, str) else None
        missing = doubt(service.subnet_group) or Unknown(f"subnet group {service.subnet_group} is not in the files")
        subnets = found.subnets if found is not None else missing
    if service.kind == "lambda_function" and subnets == ():
        return  # not in a VPC at all
    for subnet in placed(estate, service, subnets):
        groups, reachable = service.security_groups, service.publicly_accessible
        yield Wanted(placeholder(service, subnet), service, service.kind, subnet, groups, (), reachable)


def _interface_endpoint(estate: Estate, endpoint: VpcEndpoint) -> Iterator[Wanted]:
    if endpoint.kind is EndpointKind.GATEWAY:
        return
    for subnet in placed(estate, endpoint, endpoint.subnets):
        if isinstance(endpoint.kind, Unknown) and not isinstance(subnet, str):
            return  # may as well be a gateway endpoint, which has no interface
        yield Wanted(placeholder(endpoint, subnet), endpoint, "vpc_endpoint", subnet, endpoint.security_groups)
