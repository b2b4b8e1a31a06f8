"""Route tables from Terraform: routes inside and beside the table, associations, the main table, propagation.

A table whose routes stand both inside its block and in `aws_route` is in the same conflict as a group's rules. The main
table of a VPC that no resource adopts is there, with its local routes alone.

Source: the AWS provider's pages on `aws_route_table`, `aws_route`, `aws_default_route_table` and the associations.
"""

from __future__ import annotations

from dataclasses import replace

from ringfence.resources.aws import Id, Route, RouteTable, TargetKind, Unknown, Vpc
from ringfence.sources.terraform.mapping import schema
from ringfence.sources.terraform.mapping.fields import Reading, joined
from ringfence.sources.terraform.mapping.rules import CONFLICT
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


def route_tables(reading: Reading, vpcs: tuple[Vpc, ...], gateways: frozenset[str]) -> list[RouteTable]:
    """All tables. `gateways` are the ids of internet gateways, to tell them from other gateways."""
    tables: dict[str, RouteTable] = {}
    inline: set[str] = set()
    planned: set[str] = set()
    for record in reading.of("aws_default_route_table", "aws_route_table"):
        arguments = record.arguments
        schema.accepted(reading, arguments, schema.TABLE, record.written)
        common = reading.common(record)
        vpc: Id = reading.id(arguments, "vpc_id")
        if record.type == "aws_default_route_table":
            vpc = next((one.id for one in vpcs if _main(one) == common["id"]), Unknown("whose table this is"))
        blocks, more = arguments.nested("route")
        routes = [_inline(reading, record, one, gateways) for one in blocks]
        if not record.written:
            planned.add(common["id"])
        elif routes:
            inline.add(common["id"])
        tables[common["id"]] = RouteTable(
            **common,
            vpc=vpc,
            routes=tuple(routes),
            propagating=reading.ids(arguments.get("propagating_vgws"), arguments.span),
            unlisted=more,
        )
    for one in vpcs:
        if (main := _main(one)) not in tables and one.main_route_table == main:
            tables[main] = RouteTable(id=main, vpc=one.id, exists=one.exists, span=one.span)
    for record in reading.of("aws_route"):
        parent = reading.id(record.arguments, "route_table_id")
        if parent in planned:  # a plan leaves open what the provider fills in: nothing, where routes stand beside
            tables[str(parent)] = replace(tables[str(parent)], unlisted=None)
        _stand_alone(reading, tables, inline, record, gateways)
    _associate(reading, tables)
    return list(tables.values())


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


def _stand_alone(
    reading: Reading,
    tables: dict[str, RouteTable],
    inline: set[str],
    record: ResourceRecord,
    gateways: frozenset[str],
) -> None:
    arguments = record.arguments
    accepted = schema.accepted(reading, arguments, schema.ROUTE, record.written)
    route = _route(reading, arguments, "destination_", gateways, accepted, record.exists)
    parent = reading.id(arguments, "route_table_id")
    if isinstance(parent, Unknown):
        reading.warn(f"which table this route belongs to is not known: {parent.because}", route.span)
    elif parent not in tables:
        tables[parent] = _elsewhere(parent)
    elif parent in inline:
        reading.warn(f"{parent} has routes inside its block and this one beside it: {CONFLICT.because}", route.span)
        route = replace(route, exists=CONFLICT)
    for id in tables if isinstance(parent, Unknown) else (parent,):
        added = replace(route, exists=parent) if isinstance(parent, Unknown) else route
        tables[id] = replace(tables[id], routes=(*tables[id].routes, added))


def _associate(reading: Reading, tables: dict[str, RouteTable]) -> None:
    for record in reading.of("aws_route_table_association"):
        arguments = record.arguments
        parent = reading.id(arguments, "route_table_id")
        subnet = reading.maybe(arguments.get("subnet_id"), arguments.span)
        gateway = reading.maybe(arguments.get("gateway_id"), arguments.span)
        if isinstance(parent, str):
            tables.setdefault(parent, _elsewhere(parent))
        for id in [parent] if isinstance(parent, str) else list(tables):
            doubt = record.exists or (parent if isinstance(parent, Unknown) else None)
            if subnet is not None:
                tables[id] = replace(tables[id], subnets=joined(tables[id].subnets, (doubt or subnet,)))
            if gateway is not None:
                tables[id] = replace(tables[id], gateways=joined(tables[id].gateways, (doubt or gateway,)))
    for record in reading.of("aws_vpn_gateway_route_propagation"):
        parent = reading.id(record.arguments, "route_table_id")
        gateway = reading.id(record.arguments, "vpn_gateway_id")
        for id in [parent] if isinstance(parent, str) else list(tables):
            if id in tables:
                tables[id] = replace(tables[id], propagating=joined(tables[id].propagating, (gateway,)))


def _elsewhere(id: str) -> RouteTable:
    """A table that no file here makes."""
    unknown = Unknown(f"{id} is not in the files, nor are its other routes")
    return RouteTable(id=id, vpc=unknown, subnets=(), unlisted=unknown)
