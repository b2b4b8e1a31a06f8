"""Route tables from Terraform: routes inside and beside the table, associations, the main table, propagation.

The main table of a VPC that no resource adopts is there, with its local routes alone.

Source: the AWS provider's pages on `aws_route_table`, `aws_route`, `aws_default_route_table` and the associations.
"""

from __future__ import annotations

from dataclasses import replace

from ringfence.resources.aws import Id, Route, RouteTable, TargetKind, Unknown, Vpc
from ringfence.sources.terraform.mapping import schema
from ringfence.sources.terraform.mapping.fields import Reading, joined
from ringfence.sources.terraform.mapping.parts import Kind, Parents
from ringfence.sources.terraform.records import Arguments, ResourceRecord

TARGETS = {
    "egress_only_gateway_id": TargetKind.EGRESS_ONLY,
    "nat_gateway_id": TargetKind.NAT_GATEWAY,
    "network_interface_id": TargetKind.NETWORK_INTERFACE,
    "instance_id": TargetKind.INSTANCE,
    "vpc_endpoint_id": TargetKind.VPC_ENDPOINT,
    "carrier_gateway_id": TargetKind.OTHER,
    "core_network_arn": TargetKind.OTHER,
    "local_gateway_id": TargetKind.OTHER,
    "odb_network_arn": TargetKind.OTHER,
    "transit_gateway_id": TargetKind.OTHER,
    "vpc_peering_connection_id": TargetKind.OTHER,
}


TABLES = Kind("table", "route", "routes", lambda id, why: RouteTable(id=id, vpc=why, subnets=(), unlisted=why))


def route_tables(reading: Reading, vpcs: tuple[Vpc, ...], gateways: frozenset[str]) -> list[RouteTable]:
    """All tables. `gateways` are the ids of internet gateways, to tell them from other gateways."""
    tables = Parents(TABLES)
    for record in reading.of("aws_default_route_table", "aws_route_table"):
        arguments = record.arguments
        schema.accepted(reading, arguments, schema.TABLE, record.written)
        common = reading.common(record)
        vpc: Id = reading.id(arguments, "vpc_id")
        if record.type == "aws_default_route_table":
            vpc = next((one.id for one in vpcs if _main(one) == common["id"]), Unknown("whose table this is"))
        blocks, more = arguments.nested("route")
        routes = [_inline(reading, record, one, gateways) for one in blocks]
        propagating = reading.ids(arguments.get("propagating_vgws"), arguments.span)
        table = RouteTable(**common, vpc=vpc, routes=tuple(routes), propagating=propagating, unlisted=more)
        tables.hold(table, record.written, *routes and (None,))
    for one in vpcs:
        if (main := _main(one)) not in tables.found and one.main_route_table == main:
            tables.hold(RouteTable(id=main, vpc=one.id, exists=one.exists, span=one.span), written=True)
    for record in reading.of("aws_route"):
        tables.place(reading, reading.id(record.arguments, "route_table_id"), _beside(reading, record, gateways))
    _associate(reading, tables)
    return list(tables.found.values())


def _main(vpc: Vpc) -> str:
    """The table that came with the VPC."""
    main = vpc.main_route_table
    return main if isinstance(main, str) and main.startswith("rtb-") else f"{vpc.id}.main_route_table_id"


def _inline(reading: Reading, record: ResourceRecord, block: Arguments, gateways: frozenset[str]) -> Route:
    accepted = schema.accepted(reading, block, schema.ROUTE_BLOCK, record.written)
    return _route(reading, block, "", gateways, accepted, record.exists or record.fading)


def _route(
    reading: Reading,
    block: Arguments,
    prefix: str,
    gateways: frozenset[str],
    accepted: bool,
    exists: Unknown | None,
) -> Route:
    span = block.span
    refused = Unknown("this route is not one that Terraform accepts")
    if not accepted:
        return Route(destination=refused, kind=refused, target=refused, exists=refused, span=span)
    cidr = reading.cidr(block.get(f"{prefix}cidr_block"), span)
    six = reading.cidr(block.get(f"{prefix}ipv6_cidr_block"), span)
    listed = reading.maybe(block.get("destination_prefix_list_id"), span) or None
    destination = next((one for one in (cidr, six, listed) if one is not None), None)
    if destination is None:
        destination = reading.error("a route needs a destination", span)
    by_list = cidr is None and six is None and listed is not None
    kind, target = _target(reading, block, gateways)
    return Route(destination=destination, by_prefix_list=by_list, kind=kind, target=target, exists=exists, span=span)


def _target(reading: Reading, block: Arguments, gateways: frozenset[str]) -> tuple[TargetKind | Unknown, Id]:
    gateway = reading.maybe(block.get("gateway_id"), block.span)
    if gateway == "local":
        return TargetKind.LOCAL, ""
    if isinstance(gateway, Unknown):
        return gateway, gateway
    if gateway:
        if gateway in gateways or gateway.startswith("igw-"):
            return TargetKind.INTERNET_GATEWAY, gateway
        return (TargetKind.VPC_ENDPOINT if gateway.startswith("vpce-") else TargetKind.OTHER), gateway
    for name, kind in TARGETS.items():
        target = reading.maybe(block.get(name), block.span)
        if target is not None and target != "":
            return kind, target
    unknown = reading.error("a route needs a target", block.span)
    return unknown, unknown


def _beside(reading: Reading, record: ResourceRecord, gateways: frozenset[str]) -> Route:
    accepted = schema.accepted(reading, record.arguments, schema.ROUTE, record.written)
    return _route(reading, record.arguments, "destination_", gateways, accepted, record.exists)


def _associate(reading: Reading, tables: Parents[RouteTable]) -> None:
    for record in reading.of("aws_route_table_association"):
        arguments = record.arguments
        parent = reading.id(arguments, "route_table_id")
        subnet = reading.maybe(arguments.get("subnet_id"), arguments.span)
        gateway = reading.maybe(arguments.get("gateway_id"), arguments.span)
        doubt = record.exists or (parent if isinstance(parent, Unknown) else None)
        for id in [parent] if isinstance(parent, str) else list(tables.found):
            table = tables.known(id)
            if subnet is not None:
                table = replace(table, subnets=joined(table.subnets, (doubt or subnet,)))
            if gateway is not None:
                table = replace(table, gateways=joined(table.gateways, (doubt or gateway,)))
            tables.found[id] = table
    for record in reading.of("aws_vpn_gateway_route_propagation"):
        parent = reading.id(record.arguments, "route_table_id")
        gateway = reading.id(record.arguments, "vpn_gateway_id")
        for id in [parent] if isinstance(parent, str) else list(tables.found):
            if id in tables.found:
                table = tables.found[id]
                tables.found[id] = replace(table, propagating=joined(table.propagating, (gateway,)))
