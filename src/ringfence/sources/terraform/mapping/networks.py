"""VPCs, subnets, gateways, addresses, endpoints and prefix lists from Terraform.

A VPC's default group, default ACL and main table are objects that no resource makes; `adopt` lets the `aws_default_*`
resources stand for them.

Source: the AWS provider's pages on these resources.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ringfence.resources.aws import (
    Blocks,
    ElasticIp,
    EndpointKind,
    Id,
    Ids,
    InternetGateway,
    NatGateway,
    PrefixList,
    Subnet,
    Unknown,
    Vpc,
    VpcEndpoint,
)
from ringfence.sources.terraform.mapping import schema
from ringfence.sources.terraform.mapping.fields import MAIN_TABLE, Reading, joined
from ringfence.sources.terraform.records import Arguments, ResourceRecord

DEFAULT_VPC = "172.31.0.0/16"
"""What every default VPC has."""


def vpcs(reading: Reading) -> list[Vpc]:
    """All VPCs with all of their blocks."""
    found: dict[str, Vpc] = {}
    for record in reading.of("aws_vpc", "aws_default_vpc"):
        arguments, common = record.arguments, reading.common(record)
        if record.type == "aws_vpc":
            schema.noticed(reading, record, schema.VPC)
        id = common["id"]
        cidr = reading.cidr(arguments.get("cidr_block"), arguments.span)
        if cidr is None:
            cidr = DEFAULT_VPC if record.type == "aws_default_vpc" else Unknown("the block comes from an IPAM pool")
        main = _made(arguments, id, MAIN_TABLE[0])
        table = reading.maybe(_first(reading, id), arguments.span)
        found[id] = Vpc(
            **common,
            cidrs=(cidr,),
            ipv6_cidrs=_ipv6(reading, record, "assign_generated_ipv6_cidr_block"),
            default_security_group=_made(arguments, id, "default_security_group_id"),
            default_network_acl=_made(arguments, id, "default_network_acl_id"),
            main_route_table=main if table is None else table,
        )
    for record in reading.of("aws_vpc_ipv4_cidr_block_association"):
        cidr = reading.cidr(record.arguments.get("cidr_block"), record.span)
        _add(reading, found, record, "cidrs", (cidr or Unknown("the block comes from an IPAM pool"),))
    for record in reading.of("aws_vpc_ipv6_cidr_block_association"):
        _add(reading, found, record, "ipv6_cidrs", _ipv6(reading, record, "vpc_id"))
    return list(found.values())


def _made(arguments: Arguments, id: str, name: str) -> str:
    """An id that AWS gives with the VPC: known in a state, otherwise named after the VPC."""
    value = arguments.get(name)
    return value if isinstance(value, str) and value else f"{id}.{name}"


def _first(reading: Reading, vpc: str) -> object:
    """The table that `aws_main_route_table_association` puts in the main one's place."""
    for record in reading.of("aws_main_route_table_association"):
        parent = reading.id(record.arguments, "vpc_id")
        if isinstance(parent, Unknown):
            return parent
        if parent == vpc:
            return record.exists or record.arguments.get("route_table_id")
    return None


def _ipv6(reading: Reading, record: ResourceRecord, asked: str) -> Blocks:
    """The block that is given or asked for. (A plan leaves it open also where nobody asked.)"""
    arguments = record.arguments
    cidr = reading.cidr(arguments.get("ipv6_cidr_block"), arguments.span)
    if isinstance(cidr, str) or (cidr is not None and record.written):
        return (cidr,)
    if not any(arguments.get(name) for name in (asked, "ipv6_ipam_pool_id")):
        return ()
    return (Unknown("AWS chooses the IPv6 block"),)


def _add(reading: Reading, found: dict[str, Vpc], record: ResourceRecord, field: str, blocks: Blocks) -> None:
    parent = reading.id(record.arguments, "vpc_id")
    if record.exists is not None and not isinstance(blocks, Unknown):
        blocks = record.exists
    for id in found if isinstance(parent, Unknown) else (parent,):
        if id in found:
            before: Ids = getattr(found[id], field)
            changed: dict[str, Any] = {field: joined(before, blocks if isinstance(parent, str) else parent)}
            found[id] = replace(found[id], **changed)


def adopt(reading: Reading, found: list[Vpc]) -> None:
    """Lets `aws_default_security_group` and its kin stand for what the VPC has anyway."""
    groups = {vpc.id: vpc.default_security_group for vpc in found}
    for record in reading.of("aws_default_security_group"):
        vpc = reading.id(record.arguments, "vpc_id")
        if isinstance(vpc, str) and vpc in groups:
            reading.alias(record, groups[vpc])
    for kind in ("network_acl", "route_table"):
        for record in reading.of(f"aws_default_{kind}"):
            reading.alias(record, reading.id(record.arguments, f"default_{kind}_id"))


def subnets(reading: Reading) -> list[Subnet]:
    """All subnets."""
    found = []
    for record in reading.of("aws_subnet", "aws_default_subnet"):
        arguments, span = record.arguments, record.arguments.span
        cidr = reading.cidr(arguments.get("cidr_block"), span)
        if record.type == "aws_subnet":
            schema.noticed(reading, record, schema.SUBNET)
        if record.type == "aws_default_subnet":
            cidr = cidr or Unknown("a default subnet's block is known to AWS only")
        zone = arguments.get("availability_zone_id") or arguments.get("availability_zone")
        assigned = reading.flag(arguments.get("assign_ipv6_address_on_creation"), span)
        six = reading.cidr(arguments.get("ipv6_cidr_block"), span)
        found.append(
            Subnet(
                **reading.common(record),
                vpc=reading.id(arguments, "vpc_id", "the account's default VPC"),
                cidr=cidr,
                ipv6_cidr=Unknown("AWS chooses the IPv6 block") if six is None and assigned is True else six,
                zone=reading.maybe(zone, span),
                map_public_ip=reading.flag(arguments.get("map_public_ip_on_launch"), span),
            )
        )
    return found


def gateways(reading: Reading) -> list[InternetGateway]:
    """Internet gateways of both kinds."""
    attached = {
        reading.id(record.arguments, "internet_gateway_id"): record.exists or reading.id(record.arguments, "vpc_id")
        for record in reading.of("aws_internet_gateway_attachment")
    }
    found = []
    for record in reading.of("aws_internet_gateway", "aws_egress_only_internet_gateway"):
        common = reading.common(record)
        vpc = reading.maybe(record.arguments.get("vpc_id"), record.span)
        egress_only = record.type == "aws_egress_only_internet_gateway"
        found.append(InternetGateway(**common, vpc=vpc or attached.get(common["id"]), egress_only=egress_only))
    return found


def nat_gateways(reading: Reading) -> list[NatGateway]:
    """NAT gateways; their public addresses are those of their allocations."""
    found = []
    for record in reading.of("aws_nat_gateway"):
        arguments, span = record.arguments, record.arguments.span
        kind = reading.maybe(arguments.get("connectivity_type"), span)
        first = reading.maybe(arguments.get("allocation_id"), span)
        more = reading.ids(arguments.get("secondary_allocation_ids"), span)
        found.append(
            NatGateway(
                **reading.common(record),
                subnet=reading.maybe(arguments.get("subnet_id"), span),
                vpc=reading.maybe(arguments.get("vpc_id"), span),
                public=kind if isinstance(kind, Unknown) else kind in (None, "public"),
                allocations=joined(() if first is None else (first,), more),
                private_ip=reading.maybe(arguments.get("private_ip"), span),
            )
        )
    return found


def elastic_ips(reading: Reading) -> list[ElasticIp]:
    """Public addresses and what they are associated with."""
    found = {}
    for record in reading.of("aws_eip"):
        arguments, common = record.arguments, reading.common(record)
        public = reading.maybe(arguments.get("public_ip"), record.span)
        found[common["id"]] = ElasticIp(
            **common,
            public_ip=public or Unknown(f"the address of {record.address} is known after the apply"),
            network_interface=reading.maybe(arguments.get("network_interface"), record.span),
            instance=reading.maybe(arguments.get("instance"), record.span),
            private_ip=reading.maybe(arguments.get("associate_with_private_ip"), record.span),
        )
    for record in reading.of("aws_eip_association"):
        arguments = record.arguments
        allocation = reading.id(arguments, "allocation_id")
        chosen = [allocation] if isinstance(allocation, str) else list(found)
        doubt = record.exists or (allocation if isinstance(allocation, Unknown) else None)
        for id in chosen:
            if id in found:
                found[id] = replace(
                    found[id],
                    network_interface=doubt or reading.maybe(arguments.get("network_interface_id"), record.span),
                    instance=doubt or reading.maybe(arguments.get("instance_id"), record.span),
                    private_ip=doubt or reading.maybe(arguments.get("private_ip_address"), record.span),
                )
    return list(found.values())


def vpc_endpoints(reading: Reading) -> list[VpcEndpoint]:
    """VPC endpoints with their tables, subnets and groups."""
    found = {}
    for record in reading.of("aws_vpc_endpoint"):
        arguments, span, common = record.arguments, record.arguments.span, reading.common(record)
        kind = reading.maybe(arguments.get("vpc_endpoint_type"), span) or EndpointKind.GATEWAY
        kinds = {one.value: one for one in EndpointKind}
        found[common["id"]] = VpcEndpoint(
            **common,
            vpc=reading.id(arguments, "vpc_id"),
            service=reading.id(arguments, "service_name"),
            kind=kind if isinstance(kind, Unknown) else kinds.get(kind, Unknown(f"an endpoint of type {kind}")),
            route_tables=reading.ids(arguments.get("route_table_ids"), span),
            subnets=reading.ids(arguments.get("subnet_ids"), span),
            security_groups=reading.ids(arguments.get("security_group_ids"), span),
            network_interfaces=reading.ids(arguments.get("network_interface_ids"), span) if record.id else (),
            prefix_list=f"{common['id']}.prefix_list_id" if kind == "Gateway" else None,
        )
    for part, field in (("route_table", "route_tables"), ("subnet", "subnets"), ("security_group", "security_groups")):
        for record in reading.of(f"aws_vpc_endpoint_{part}_association"):
            endpoint = reading.id(record.arguments, "vpc_endpoint_id")
            added: Id = reading.id(record.arguments, f"{part}_id")
            more: Ids = record.exists or (added,)
            for id in [endpoint] if isinstance(endpoint, str) else list(found):
                if id in found:
                    before: Ids = getattr(found[id], field)
                    changed: dict[str, Any] = {field: joined(before, more if isinstance(endpoint, str) else endpoint)}
                    found[id] = replace(found[id], **changed)
    return list(found.values())


def prefix_lists(reading: Reading) -> list[PrefixList]:
    """The customer's prefix lists."""
    found = {}
    for record in reading.of("aws_ec2_managed_prefix_list"):
        arguments, common = record.arguments, reading.common(record)
        blocks, more = arguments.nested("entry")
        cidrs = tuple(reading.cidr(one.get("cidr"), one.span) or Unknown("an entry without a block") for one in blocks)
        name = reading.id(arguments, "name")
        found[common["id"]] = PrefixList(**common, name=name, cidrs=more or cidrs)
    for record in reading.of("aws_ec2_managed_prefix_list_entry"):
        parent = reading.id(record.arguments, "prefix_list_id")
        cidr = reading.cidr(record.arguments.get("cidr"), record.span) or Unknown("an entry without a block")
        for id in [parent] if isinstance(parent, str) else list(found):
            if id in found:
                doubt = record.exists or (parent if isinstance(parent, Unknown) else None)
                found[id] = replace(found[id], cidrs=joined(found[id].cidrs, (doubt or cidr,)))
    return list(found.values())
