"""What has interfaces in a VPC: instances, groups of them that scale, managed services; and the interfaces themselves.

Source: `DescribeNetworkInterfaces`, `DescribeInstances`, `DescribeLaunchTemplateVersions`,
`DescribeAutoScalingGroups`, EKS `DescribeCluster` and `DescribeNodegroup`, RDS `DescribeDBInstances` and
`DescribeDBSubnetGroups`, Lambda `GetFunctionConfiguration`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ringfence.resources.aws.values import Blocks, Flag, Id, Ids, MaybeId, Number, Resource, Tags, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInterface(Resource):
    """An interface. `private_ips` hold both families, unknown where AWS chooses one of the subnet's.

    `public_ip` None: it has none that is known of here; an `ElasticIp` may still name this interface. It is
    `CHOSEN_LATER` where it has one that AWS will choose.
    `kind` is AWS's `InterfaceType`; `owner` the id of the object that it serves, empty where it serves none.
    """

    subnet: Id
    private_ips: Ids = ()
    security_groups: Ids = ()
    public_ip: MaybeId = None
    source_dest_check: Flag = True
    kind: str = "interface"
    owner: MaybeId = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance(Resource):
    """An instance; its interfaces are objects of the collection that name it as owner."""

    subnet: MaybeId = None
    interfaces: Ids = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchTemplate(Resource):
    """What instances of a group get. `security_groups` empty: the VPC's default group.

    `user_data` and `image` say whether it has any of its own: both can change what a node tells its cluster.
    """

    security_groups: Ids = ()
    public_ip: Flag = False
    user_data: Flag = False
    image: Flag = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoScalingGroup(Resource):
    """Instances to be, anywhere in its subnets, registered with its target groups."""

    subnets: Ids = ()
    launch_template: MaybeId = None
    target_groups: Ids = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EksCluster(Resource):
    """A cluster's control plane: interfaces in its subnets with its own and the given groups.

    `ipv6` is its family: pods and services have addresses of one of the two.
    """

    name: Id = ""
    subnets: Ids = ()
    security_groups: Ids = ()
    cluster_security_group: MaybeId = None
    public_access: Flag = True
    private_access: Flag = False
    public_access_cidrs: Blocks = ("0.0.0.0/0",)
    ipv6: Flag = False


@dataclass(frozen=True, slots=True)
class Taint:
    """What keeps pods away that do not tolerate it. `effect` as Kubernetes calls it (`NoSchedule`)."""

    key: Id
    value: Id
    effect: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGroup(Resource):
    """Nodes of a cluster. Without groups in the launch template they carry the cluster's own group.

    `target_groups` are those that the scaling group which EKS makes of it registers with. `labels` are those that EKS
    gives its nodes, beside `eks.amazonaws.com/nodegroup`, which is the group's `name`.
    """

    cluster: Id
    name: Id = ""
    subnets: Ids = ()
    launch_template: MaybeId = None
    target_groups: Ids = ()
    labels: Tags = field(default_factory=dict, hash=False)
    taints: tuple[Taint, ...] | Unknown = ()


@dataclass(frozen=True, slots=True)
class FargateSelector:
    """Pods of a namespace (`*` and `?` are wildcards) with these labels."""

    namespace: Id
    labels: Tags = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FargateProfile(Resource):
    """Pods that one of the selectors means run on Fargate: each with an interface of its own, in one of the subnets."""

    cluster: Id
    subnets: Ids = ()
    selectors: tuple[FargateSelector, ...] | Unknown = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetGroup(Resource):
    """Subnets under a name, for databases and caches."""

    name: Id = ""
    subnets: Ids = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedService(Resource):
    """A database, cache, function or file system with interfaces of AWS's making in its subnets.

    `kind` is the Terraform type without `aws_` (`db_instance`, `lambda_function`). `subnet_group` stands for the
    subnets where it is not None.
    """

    kind: str
    subnets: Ids = ()
    subnet_group: MaybeId = None
    security_groups: Ids = ()
    port: Number = None
    publicly_accessible: Flag = False
