"""Everything of one account or one set of Terraform roots, by kind: what readers hand to layers and topology.

Invariants: ids are unique within a kind; a VPC's default group, ACL and main table are among the objects, also where no
input lists them. `unmodelled` holds what can carry or filter traffic and has no type here (a transit gateway, a
firewall); `unread` says what could not be read at all and so may add anything (a module that is not there).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from ringfence.resources.aws.balancers import Listener, LoadBalancer, TargetGroup
from ringfence.resources.aws.compute import (
    AutoScalingGroup,
    EksCluster,
    FargateProfile,
    Instance,
    LaunchTemplate,
    ManagedService,
    NetworkInterface,
    NodeGroup,
    SubnetGroup,
)
from ringfence.resources.aws.filters import NetworkAcl, SecurityGroup
from ringfence.resources.aws.networks import (
    ElasticIp,
    InternetGateway,
    NatGateway,
    PrefixList,
    PublicAccessBlock,
    PublicAccessExclusion,
    RouteTable,
    Subnet,
    Vpc,
    VpcEndpoint,
)
from ringfence.resources.aws.values import Resource, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResource(Resource):
    """A resource of a type that is not modelled."""

    type: str


@dataclass(frozen=True, slots=True)
class AwsObjects:
    """Everything that was read."""

    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    internet_gateways: tuple[InternetGateway, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    elastic_ips: tuple[ElasticIp, ...] = ()
    vpc_endpoints: tuple[VpcEndpoint, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    network_acls: tuple[NetworkAcl, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    network_interfaces: tuple[NetworkInterface, ...] = ()
    instances: tuple[Instance, ...] = ()
    launch_templates: tuple[LaunchTemplate, ...] = ()
    autoscaling_groups: tuple[AutoScalingGroup, ...] = ()
    eks_clusters: tuple[EksCluster, ...] = ()
    node_groups: tuple[NodeGroup, ...] = ()
    fargate_profiles: tuple[FargateProfile, ...] = ()
    subnet_groups: tuple[SubnetGroup, ...] = ()
    managed_services: tuple[ManagedService, ...] = ()
    load_balancers: tuple[LoadBalancer, ...] = ()
    listeners: tuple[Listener, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    public_access_blocks: tuple[PublicAccessBlock, ...] = ()
    public_access_exclusions: tuple[PublicAccessExclusion, ...] = ()
    unmodelled: tuple[RawResource, ...] = ()
    unread: tuple[Unknown, ...] = ()

    def __or__(self, other: AwsObjects) -> AwsObjects:
        """Both, each id once within a kind: what stands on the left goes before what has its id on the right."""
        both = {}
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            taken = {each.id for each in mine if isinstance(each, Resource)}
            both[one.name] = (*mine, *(each for each in theirs if getattr(each, "id", None) not in taken))
        return AwsObjects(**both)
