"""Where tables lead: gateway endpoints and their services, propagation, what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import EndpointKind, PrefixList, RouteTable, Unknown, VpcEndpoint
from ringfence.topology.aws import build
from ringfence.topology.aws.tables import PRIVATE_ROUTES
from tests.topology.aws.clouds import NO, PERHAPS, YES, cloud, verdict

S3 = VpcEndpoint(id="s3", vpc="vpc", service="s3", kind=EndpointKind.GATEWAY, route_tables=("main",), prefix_list="pl")
LISTED = (PrefixList(id="pl", cidrs=("198.51.100.0/24",)),)


@pytest.mark.parametrize(
    ("changes", "target", "expected"),
    [
        pytest.param({"prefix_lists": LISTED}, "internet", YES, id="the service's addresses are known"),
        pytest.param({}, "internet", NO, id="they are not, and are no part of the internet"),
        pytest.param({}, "service s3", YES, id="the service is an endpoint of its own then"),
    ],
)
def test_a_gateway_endpoint_needs_no_way_to_the_internet(changes: dict[str, Any], target: str, expected: Any):
    assert verdict(cloud(vpc_endpoints=(S3,), **changes), "database", target, 443) == expected


def test_a_service_is_reached_through_the_internet_gateway_where_no_endpoint_leads_to_it():
    objects = cloud(vpc_endpoints=(S3,))
    assert verdict(objects, "bastion", "service s3", 443) == YES
    assert verdict(objects, "server", "service s3", 443) == YES
    assert verdict(objects, "bastion", "internet", 443) == YES
    assert any("service s3" in one for one in build(objects).network.assumed_open)


def test_gateways_that_propagate_may_lead_private_addresses_anywhere():
    tables = (*cloud().route_tables[1:], RouteTable(id="main", vpc="vpc", propagating=("vgw",)))
    objects = cloud(route_tables=tables)
    assert verdict(objects, "database", "192.168.1.1") == PERHAPS
    assert verdict(objects, "database", "internet") == NO
    assert verdict(objects, "bastion", "database") == YES
    assert PRIVATE_ROUTES in build(objects).network.assumed_open


def test_without_a_table_nobody_knows_and_it_is_said():
    found = build(cloud(route_tables=cloud().route_tables[1:]))
    assert any("no route table" in one.message for one in found.diagnostics)
    assert verdict(found, "database", "internet") == PERHAPS


def test_a_table_of_an_unknown_vpc_is_unknown():
    table = RouteTable(id="out", vpc=Unknown("x"), subnets=("public",))
    assert verdict(cloud(route_tables=(*cloud().route_tables[:1], table)), "bastion", "server") == PERHAPS
