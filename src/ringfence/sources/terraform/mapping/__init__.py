"""Terraform resources to AWS objects, for HCL and plans alike: one module for each kind of object, put together here.

Types that can carry or filter traffic and have no module (`UNMODELLED`) are handed on as they are, and said once each;
types that have nothing to do with the network are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.aws import AwsObjects, RawResource, Unknown
from ringfence.sources.terraform.mapping import (
    acls,
    balancers,
    classic_balancers,
    compute,
    groups,
    networks,
    public_access,
    routes,
    services,
)
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.records import ResourceRecord

UNMODELLED = (
    "aws_customer_gateway",
    "aws_dx_",
    "aws_ec2_carrier_gateway",
    "aws_ec2_client_vpn_",
    "aws_ec2_local_gateway_",
    "aws_ec2_transit_gateway",
    "aws_globalaccelerator_",
    "aws_networkfirewall_",
    "aws_networkmanager_",
    "aws_ram_",
    "aws_route53_resolver_firewall_",
    "aws_vpc_encryption_control",
    "aws_vpc_endpoint_service",
    "aws_vpc_peering_connection",
    "aws_vpclattice_",
    "aws_vpn_connection",
    "aws_vpn_gateway",
)
"""Beginnings of the types that matter and are not modelled."""
MODELLED = ("aws_vpn_gateway_route_propagation",)


def collect(records: Iterable[ResourceRecord], unread: Iterable[Unknown] = ()) -> tuple[AwsObjects, list[Diagnostic]]:
    """The objects of one source. `unread` are the reasons why there may be more."""
    reading = Reading(records)
    vpcs = networks.vpcs(reading)
    networks.adopt(reading, vpcs)
    subnets = networks.subnets(reading)
    gateways = networks.gateways(reading)
    places = compute.Places({one.id: one for one in subnets}, {one.id: one for one in vpcs})
    instances, interfaces = compute.instances(reading, places)
    templates = compute.launch_templates(reading)
    clusters = services.eks_clusters(reading)
    named = services.subnet_groups(reading)
    objects = AwsObjects(
        vpcs=tuple(vpcs),
        subnets=tuple(subnets),
        internet_gateways=tuple(gateways),
        nat_gateways=tuple(networks.nat_gateways(reading)),
        elastic_ips=tuple(networks.elastic_ips(reading)),
        vpc_endpoints=tuple(networks.vpc_endpoints(reading)),
        prefix_lists=tuple(networks.prefix_lists(reading)),
        route_tables=tuple(routes.route_tables(reading, tuple(vpcs), frozenset(one.id for one in gateways))),
        network_acls=tuple(acls.network_acls(reading, tuple(vpcs))),
        security_groups=tuple(groups.security_groups(reading, tuple(vpcs), clusters, places.subnets)),
        network_interfaces=tuple(interfaces),
        instances=tuple(instances),
        launch_templates=tuple(templates),
        autoscaling_groups=tuple(compute.autoscaling_groups(reading, templates)),
        eks_clusters=tuple(clusters),
        node_groups=tuple(services.node_groups(reading, clusters, templates)),
        fargate_profiles=tuple(services.fargate_profiles(reading, clusters)),
        subnet_groups=tuple(named),
        managed_services=tuple(services.managed_services(reading, named)),
        load_balancers=(*balancers.load_balancers(reading), *classic_balancers.load_balancers(reading)),
        listeners=(*balancers.listeners(reading), *classic_balancers.listeners(reading)),
        target_groups=(*balancers.target_groups(reading), *classic_balancers.target_groups(reading)),
        public_access_blocks=tuple(public_access.blocks(reading)),
        public_access_exclusions=tuple(public_access.exclusions(reading)),
        unmodelled=_unmodelled(reading),
        unread=tuple(unread),
    )
    return objects, list(dict.fromkeys(reading.diagnostics))


def _unmodelled(reading: Reading) -> tuple[RawResource, ...]:
    found = []
    for kind in reading.types:
        if kind.startswith(UNMODELLED) and kind not in MODELLED:
            here = [RawResource(**reading.common(record), type=kind) for record in reading.of(kind)]
            reading.warn(f"{kind} is not modelled: what it opens or closes is unknown", here[0].span)
            found += here
    return tuple(found)
