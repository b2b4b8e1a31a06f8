"""VPCs, subnets, gateways, endpoints and routes from describe calls.

A VPC's default group, ACL and main table are named by their own answers: by the group's name `default`, by `IsDefault`,
by an association that is `Main`.
"""

from __future__ import annotations

from ringfence.resources.aws import (
    ElasticIp,
    EndpointKind,
    Id,
    InternetGateway,
    NatGateway,
    PrefixList,
    Route,
    RouteTable,
    Subnet,
    TargetKind,
    Unknown,
    Vpc,
    VpcEndpoint,
)
from ringfence.sources.aws_describe_answers import GONE, Answer, Answers

TARGETS = {
    "EgressOnlyInternetGatewayId": TargetKind.EGRESS_ONLY,
    "NatGatewayId": TargetKind.NAT_GATEWAY,
    "NetworkInterfaceId": TargetKind.NETWORK_INTERFACE,
    "InstanceId": TargetKind.INSTANCE,
    "TransitGatewayId": TargetKind.OTHER,
    "VpcPeeringConnectionId": TargetKind.OTHER,
    "LocalGatewayId": TargetKind.OTHER,
    "CarrierGatewayId": TargetKind.OTHER,
    "CoreNetworkArn": TargetKind.OTHER,
}
GATEWAYS = {"igw-": TargetKind.INTERNET_GATEWAY, "vpce-": TargetKind.VPC_ENDPOINT}
"""What a `GatewayId` is, by its beginning; anything else is not modelled."""


class Networks:
    """The objects of one collection of answers."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def vpcs(self) -> tuple[Vpc, ...]:
        """All VPCs."""
        groups = {one.id("VpcId"): one.id("GroupId") for one in self._answers.of("SecurityGroups") if _default(one)}
        acls = {one.id("VpcId"): one.id("NetworkAclId") for one in self._answers.of("NetworkAcls") if _is_default(one)}
        tables = {one.id("VpcId"): one.id("RouteTableId") for one in self._answers.of("RouteTables") if _main(one)}
        missing = Unknown("its answer is not among the files")
        return tuple(
            Vpc(
                id=one.text("VpcId"),
                tags=one.tags(),
                span=one.span,
                cidrs=_blocks(one, "CidrBlockAssociationSet", "CidrBlock", "CidrBlockState"),
                ipv6_cidrs=_blocks(one, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState"),
                default_security_group=groups.get(one.id("VpcId"), missing),
                default_network_acl=acls.get(one.id("VpcId"), missing),
                main_route_table=tables.get(one.id("VpcId"), missing),
            )
            for one in self._answers.of("Vpcs")
        )

    def subnets(self) -> tuple[Subnet, ...]:
        """All subnets."""
        out = []
        for one in self._answers.of("Subnets"):
            six = _blocks(one, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState")
            out.append(
                Subnet(
                    id=one.text("SubnetId"),
                    tags=one.tags(),
                    span=one.span,
                    vpc=one.id("VpcId"),
                    cidr=one.cidr("CidrBlock"),
                    ipv6_cidr=six[0] if six else None,
                    zone=one.maybe("AvailabilityZoneId") or one.maybe("AvailabilityZone"),
                    map_public_ip=one.flag("MapPublicIpOnLaunch"),
                )
            )
        return tuple(out)

    def gateways(self) -> tuple[InternetGateway, ...]:
        """Internet gateways of both kinds."""
        out = []
        for key in ("InternetGateways", "EgressOnlyInternetGateways"):
            only = key.startswith("Egress")
            for one in self._answers.of(key):
                attached = [part.id("VpcId") for part in one.parts("Attachments") if _attached(part)]
                out.append(
                    InternetGateway(
                        id=one.text("EgressOnlyInternetGatewayId" if only else "InternetGatewayId"),
                        tags=one.tags(),
                        span=one.span,
                        vpc=attached[0] if attached else None,
                        egress_only=only,
                    )
                )
        return tuple(out)

    def nat_gateways(self) -> tuple[NatGateway, ...]:
        """NAT gateways that work."""
        out = []
        for one in self._answers.living("NatGateways"):
            addresses = one.parts("NatGatewayAddresses")
            out.append(
                NatGateway(
                    id=one.text("NatGatewayId"),
                    tags=one.tags(),
                    span=one.span,
                    subnet=one.maybe("SubnetId"),
                    vpc=one.maybe("VpcId"),
                    public=one.maybe("ConnectivityType") in (None, "public"),
                    allocations=tuple(part.id("AllocationId") for part in addresses if part.maybe("AllocationId")),
                    public_ips=tuple(part.id("PublicIp") for part in addresses if part.cidr("PublicIp")),
                    private_ip=addresses[0].cidr("PrivateIp") if addresses else None,
                )
            )
        return tuple(out)

    def elastic_ips(self) -> tuple[ElasticIp, ...]:
        """Public addresses of the account."""
        return tuple(
            ElasticIp(
                id=one.maybe("AllocationId") or one.text("PublicIp"),
                tags=one.tags(),
                span=one.span,
                public_ip=one.cidr("PublicIp") or Unknown("PublicIp is not given"),
                network_interface=one.maybe("NetworkInterfaceId"),
                instance=one.maybe("InstanceId"),
                private_ip=one.cidr("PrivateIpAddress"),
            )
            for one in self._answers.of("Addresses")
        )

    def vpc_endpoints(self) -> tuple[VpcEndpoint, ...]:
        """VPC endpoints; a gateway endpoint's prefix list is in the routes."""
        kinds = {one.value: one for one in EndpointKind}
        return tuple(
            VpcEndpoint(
                id=one.text("VpcEndpointId"),
                tags=one.tags(),
                span=one.span,
                vpc=one.id("VpcId"),
                service=one.id("ServiceName"),
                kind=kinds.get(one.maybe("VpcEndpointType") or "Gateway", Unknown("an endpoint of another type")),
                route_tables=one.texts("RouteTableIds"),
                subnets=one.texts("SubnetIds"),
                security_groups=one.each("Groups", "GroupId"),
                network_interfaces=one.texts("NetworkInterfaceIds"),
            )
            for one in self._answers.living("VpcEndpoints")
        )

    def prefix_lists(self) -> tuple[PrefixList, ...]:
        """Prefix lists; the entries of a customer's list come from another call, and stay unknown without it."""
        out = []
        for key in ("PrefixLists", "ManagedPrefixLists"):
            for one in self._answers.of(key):
                listed = one.values.get("Cidrs") is not None
                entries = tuple(
                    part.cidr("Cidr") or Unknown("an entry without a block")
                    for part in (
                        Answer({"Cidr": text}, one.span.at("Cidrs", n), self._answers)
                        for n, text in enumerate(one.texts("Cidrs"))
                    )
                )
                out.append(
                    PrefixList(
                        id=one.text("PrefixListId"),
                        tags=one.tags(),
                        span=one.span,
                        name=one.id("PrefixListName"),
                        cidrs=entries if listed else Unknown("the entries of this list are not among the files"),
                    )
                )
        return tuple(out)

    def route_tables(self) -> tuple[RouteTable, ...]:
        """Route tables without their local routes."""
        return tuple(
            RouteTable(
                id=one.text("RouteTableId"),
                tags=one.tags(),
                span=one.span,
                vpc=one.id("VpcId"),
                routes=tuple(_route(part) for part in one.parts("Routes") if part.maybe("GatewayId") != "local"),
                subnets=tuple(part.id("SubnetId") for part in _associations(one) if part.maybe("SubnetId")),
                gateways=tuple(part.id("GatewayId") for part in _associations(one) if part.maybe("GatewayId")),
                propagating=one.each("PropagatingVgws", "GatewayId"),
            )
            for one in self._answers.of("RouteTables")
        )


def _default(group: Answer) -> bool:
    return group.maybe("GroupName") == "default"


def _is_default(acl: Answer) -> bool:
    return acl.flag("IsDefault")


def _main(table: Answer) -> bool:
    return any(one.flag("Main") for one in table.parts("Associations"))


def _attached(attachment: Answer) -> bool:
    return str(attachment.values.get("State")).lower() in ("attached", "available", "none")


def _associations(table: Answer) -> list[Answer]:
    found = table.parts("Associations")
    return [one for one in found if one.part("AssociationState").maybe("State") not in GONE]


def _blocks(answer: Answer, listed: str, single: str, state: str) -> tuple[Id, ...]:
    found = [
        one.cidr(single) or Unknown(f"{single} is not given")
        for one in answer.parts(listed)
        if one.part(state).maybe("State") in (None, "associated", "associating")
    ]
    alone = answer.cidr(single) if not answer.parts(listed) else None
    return tuple(found) if alone is None else (alone,)


def _route(part: Answer) -> Route:
    listed = part.maybe("DestinationPrefixListId")
    block = part.cidr("DestinationCidrBlock") or part.cidr("DestinationIpv6CidrBlock")
    kind: TargetKind | Unknown = Unknown("the target is not given")
    target: Id = kind
    gateway = part.maybe("GatewayId")
    if gateway is not None:
        kind = next((one for start, one in GATEWAYS.items() if gateway.startswith(start)), TargetKind.OTHER)
        target = gateway
    else:
        for name, one in TARGETS.items():
            if (id := part.maybe(name)) is not None:
                kind, target = one, id
                break
    return Route(
        destination=block or listed or Unknown("the destination is not given"),
        by_prefix_list=block is None and listed is not None,
        kind=kind,
        target=target,
        blackhole=part.maybe("State") == "blackhole",
        propagated=part.maybe("Origin") == "EnableVgwRoutePropagation",
        span=part.span,
    )
