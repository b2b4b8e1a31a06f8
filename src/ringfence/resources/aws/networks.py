"""VPCs, subnets, the gateways between them and the world, and the routes that lead to those.

Source: `DescribeVpcs`, `DescribeSubnets`, `DescribeInternetGateways`, `DescribeEgressOnlyInternetGateways`,
`DescribeNatGateways`, `DescribeAddresses`, `DescribeVpcEndpoints`, `DescribeManagedPrefixLists`, `DescribeRouteTables`,
`DescribeVpcBlockPublicAccessOptions`, `DescribeVpcBlockPublicAccessExclusions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.aws.values import Blocks, Flag, Id, Ids, MaybeId, Resource, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc(Resource):
    """A VPC with its primary and secondary blocks. The three defaults are objects of the collection, too."""

    cidrs: Blocks = ()
    ipv6_cidrs: Blocks = ()
    default_security_group: Id = ""
    default_network_acl: Id = ""
    main_route_table: Id = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet(Resource):
    """A subnet. `map_public_ip` is what new interfaces get by default; it makes no subnet public."""

    vpc: Id
    cidr: MaybeId = None
    ipv6_cidr: MaybeId = None
    zone: MaybeId = None
    map_public_ip: Flag = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InternetGateway(Resource):
    """An internet gateway; `vpc` None where it has none. `egress_only` is the IPv6 kind that lets none in."""

    vpc: MaybeId = None
    egress_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticIp(Resource):
    """A public address, and what it is associated with."""

    public_ip: Id
    network_interface: MaybeId = None
    instance: MaybeId = None
    private_ip: MaybeId = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NatGateway(Resource):
    """A NAT gateway in its subnet. A public one has the addresses of its allocations, a private one has none."""

    subnet: MaybeId
    vpc: MaybeId = None
    public: Flag = True
    allocations: Ids = ()
    public_ips: Ids = ()
    private_ip: MaybeId = None


class EndpointKind(StrEnum):
    """The kinds of VPC endpoints that have a data path of their own."""

    GATEWAY = "Gateway"
    INTERFACE = "Interface"
    LOAD_BALANCER = "GatewayLoadBalancer"


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcEndpoint(Resource):
    """A VPC endpoint: a gateway one stands in `route_tables`, an interface one has an interface in each subnet."""

    vpc: Id
    service: Id
    kind: EndpointKind | Unknown = EndpointKind.GATEWAY
    route_tables: Ids = ()
    subnets: Ids = ()
    security_groups: Ids = ()
    network_interfaces: Ids = ()
    prefix_list: MaybeId = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixList(Resource):
    """A named set of blocks, the customer's or AWS's own."""

    name: Id = ""
    cidrs: Blocks = ()


class BlockMode(StrEnum):
    """What VPC Block Public Access shuts."""

    OFF = "off"
    BIDIRECTIONAL = "block-bidirectional"
    INGRESS = "block-ingress"


class ExclusionMode(StrEnum):
    """What an exclusion opens again. `allow-egress` means something beside `block-bidirectional` alone."""

    BIDIRECTIONAL = "allow-bidirectional"
    EGRESS = "allow-egress"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicAccessBlock(Resource):
    """VPC Block Public Access of an account in a region: it goes before every route, group and ACL."""

    mode: BlockMode | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicAccessExclusion(Resource):
    """A VPC or a subnet that a block of public access leaves out."""

    mode: ExclusionMode | Unknown
    vpc: MaybeId = None
    subnet: MaybeId = None


class TargetKind(StrEnum):
    """What a route leads to. `other` is every target that is not modelled (transit gateway, peering, VPN ...)."""

    LOCAL = "local"
    INTERNET_GATEWAY = "internet gateway"
    EGRESS_ONLY = "egress-only internet gateway"
    NAT_GATEWAY = "NAT gateway"
    NETWORK_INTERFACE = "network interface"
    INSTANCE = "instance"
    VPC_ENDPOINT = "VPC endpoint"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route. `destination` is a block, or a prefix list's id where `by_prefix_list` is set.

    `target` is the id of what it leads to; empty for `local`. A `blackhole` drops what it is for. `propagated` routes
    give way to static ones. `exists` as for a `Resource`.
    """

    destination: Id
    by_prefix_list: bool = False
    kind: TargetKind | Unknown = TargetKind.LOCAL
    target: Id = ""
    blackhole: Flag = False
    propagated: bool = False
    exists: Unknown | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable(Resource):
    """A route table: its routes without the local ones, which every table has for each block of its VPC.

    `subnets` are those associated by name; every other subnet of the VPC uses the VPC's main table. `gateways` are
    those whose arriving traffic it decides. `propagating` are the gateways that may add routes. `unlisted` says why
    there may be further routes that could not be read, None where there are none.
    """

    vpc: Id
    routes: tuple[Route, ...] = ()
    subnets: Ids = ()
    gateways: Ids = ()
    propagating: Ids = ()
    unlisted: Unknown | None = None
