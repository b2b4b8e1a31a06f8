"""Security groups and network ACLs.

Source: `DescribeSecurityGroups`, `DescribeSecurityGroupRules`, `DescribeNetworkAcls`. Protocols are texts as AWS gives
them: `-1`, a number, or one of `tcp`, `udp`, `icmp`, `icmpv6` for the four that have names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.aws.values import Flag, Id, Ids, Number, Resource, Unknown


@dataclass(frozen=True, slots=True)
class CidrPeer:
    """A block of either family."""

    cidr: Id


@dataclass(frozen=True, slots=True)
class GroupPeer:
    """The private addresses of the interfaces in a group."""

    group: Id


@dataclass(frozen=True, slots=True)
class PrefixListPeer:
    """What a prefix list holds."""

    prefix_list: Id


Peer = CidrPeer | GroupPeer | PrefixListPeer | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupRule:
    """One rule with one peer. For ICMP, `from_port` is the type and `to_port` the code, -1 for any.

    Ports None: the protocol has none, or every one of them for `-1`. `exists` as for a `Resource`.
    """

    id: str
    egress: bool
    protocol: Id
    from_port: Number = None
    to_port: Number = None
    peer: Peer
    exists: Unknown | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup(Resource):
    """A security group. `rules` are all that it has: nothing is implied, AWS's default egress rule stands among them.

    `unlisted` says why there may be further rules that could not be read, None where there are none.
    """

    vpc: Id
    name: Id = ""
    rules: tuple[SecurityGroupRule, ...] = ()
    unlisted: Unknown | None = None


class AclAction(StrEnum):
    """What an entry does."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class AclEntry:
    """One entry; `cidr` is a block of either family. The closing deny (`*`, 32767) is not listed.

    Ports None: all of them. `icmp_type` and `icmp_code` -1 or None: any.
    """

    number: int | Unknown
    egress: Flag
    protocol: Id
    action: AclAction | Unknown
    cidr: Id
    from_port: Number = None
    to_port: Number = None
    icmp_type: Number = None
    icmp_code: Number = None
    exists: Unknown | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAcl(Resource):
    """A network ACL and the subnets associated with it by name.

    Every other subnet of the VPC uses the VPC's default ACL. `unlisted` as for a security group.
    """

    vpc: Id
    entries: tuple[AclEntry, ...] = ()
    subnets: Ids = ()
    unlisted: Unknown | None = None
