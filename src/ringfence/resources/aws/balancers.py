"""Load balancers of the second generation: what listens, and where it sends on.

Source: ELBv2 `DescribeLoadBalancers`, `DescribeListeners`, `DescribeRules`, `DescribeTargetGroups`,
`DescribeTargetGroupAttributes`, `DescribeTargetHealth`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ringfence.resources.aws.values import Flag, Id, Ids, MaybeId, Number, Resource, Unknown


class BalancerKind(StrEnum):
    """The three kinds; a gateway one carries traffic to appliances."""

    APPLICATION = "application"
    NETWORK = "network"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer(Resource):
    """A load balancer. A network one without groups accepts everything; an application one always has groups.

    `label` is its own name within the account (`LoadBalancerName`); None: AWS or Terraform makes one up.
    """

    label: MaybeId = None
    kind: BalancerKind | Unknown = BalancerKind.APPLICATION
    internal: Flag = False
    subnets: Ids = ()
    security_groups: Ids = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener(Resource):
    """A listener. `target_groups` are those of its default action and of all of its rules."""

    load_balancer: Id
    port: Number
    protocol: MaybeId
    target_groups: Ids = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Resource):
    """One registered target: an instance, an address, a function or a load balancer; `port` None: the group's."""

    target: Id
    port: Number = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup(Resource):
    """A target group. `preserve_client_ip` None: the default of its protocol and target type.

    `health_port` None: the port that traffic goes to. `label` is its own name within the account (`TargetGroupName`);
    None: AWS or Terraform makes one up.
    """

    label: MaybeId = None
    vpc: MaybeId = None
    port: Number = None
    protocol: MaybeId = None
    target_type: Id = "instance"
    preserve_client_ip: bool | Unknown | None = None
    health_port: Number = None
    health_protocol: MaybeId = None
    targets: tuple[Target, ...] = ()
