"""The argument names of the resources that filter and route, so that a misspelt one is said and not passed over.

`rule_number` inside an ACL's block, where `rule_no` is meant, is in many guides; Terraform refuses it. A rule with such
an argument is unknown as a whole. Only HCL is held to these names: a plan's are the provider's own.

Source: the AWS provider's documentation of each resource.
"""

from __future__ import annotations

from difflib import get_close_matches

from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.records import Arguments, ResourceRecord

EVERYWHERE = frozenset(("id", "region", "tags", "tags_all", "timeouts"))

PORTS = frozenset(("from_port", "to_port", "protocol"))
GROUP_BLOCK = PORTS | {
    "cidr_blocks",
    "ipv6_cidr_blocks",
    "prefix_list_ids",
    "security_groups",
    "self",
    "description",
}
GROUP_RULE = PORTS | {
    "type",
    "security_group_id",
    "cidr_blocks",
    "ipv6_cidr_blocks",
    "prefix_list_ids",
    "self",
    "source_security_group_id",
    "description",
}
VPC_GROUP_RULE = frozenset(
    (
        "security_group_id",
        "cidr_ipv4",
        "cidr_ipv6",
        "description",
        "from_port",
        "to_port",
        "ip_protocol",
        "prefix_list_id",
        "referenced_security_group_id",
    )
)
ACL_BLOCK = PORTS | {"rule_no", "action", "cidr_block", "ipv6_cidr_block", "icmp_type", "icmp_code"}
ACL_RULE = PORTS | {
    "network_acl_id",
    "rule_number",
    "rule_action",
    "egress",
    "cidr_block",
    "ipv6_cidr_block",
    "icmp_type",
    "icmp_code",
}
ROUTE_TARGETS = frozenset(
    (
        "carrier_gateway_id",
        "core_network_arn",
        "egress_only_gateway_id",
        "gateway_id",
        "instance_id",
        "local_gateway_id",
        "nat_gateway_id",
        "network_interface_id",
        "odb_network_arn",
        "transit_gateway_id",
        "vpc_endpoint_id",
        "vpc_peering_connection_id",
    )
)
ROUTE_BLOCK = ROUTE_TARGETS | {"cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"}
ROUTE = ROUTE_TARGETS | {
    "route_table_id",
    "destination_cidr_block",
    "destination_ipv6_cidr_block",
    "destination_prefix_list_id",
}
GROUP = frozenset(
    ("description", "egress", "ingress", "name", "name_prefix", "revoke_rules_on_delete", "vpc_id"),
)
ACL = frozenset(("vpc_id", "subnet_ids", "ingress", "egress", "default_network_acl_id"))
TABLE = frozenset(("vpc_id", "route", "propagating_vgws", "default_route_table_id"))
INSTEAD = {"rule_number": "rule_no", "rule_action": "action", "rule_no": "rule_number", "action": "rule_action"}
"""The names that are taken for each other most."""


VPC = frozenset(
    (
        "assign_generated_ipv6_cidr_block",
        "cidr_block",
        "enable_classiclink",
        "enable_classiclink_dns_support",
        "enable_dns_hostnames",
        "enable_dns_support",
        "enable_network_address_usage_metrics",
        "instance_tenancy",
        "ipv4_ipam_pool_id",
        "ipv4_netmask_length",
        "ipv6_cidr_block",
        "ipv6_cidr_block_network_border_group",
        "ipv6_ipam_pool_id",
        "ipv6_netmask_length",
    )
)
SUBNET = frozenset(
    (
        "assign_ipv6_address_on_creation",
        "availability_zone",
        "availability_zone_id",
        "cidr_block",
        "customer_owned_ipv4_pool",
        "enable_dns64",
        "enable_lni_at_device_index",
        "enable_resource_name_dns_a_record_on_launch",
        "enable_resource_name_dns_aaaa_record_on_launch",
        "ipv4_ipam_pool_id",
        "ipv4_netmask_length",
        "ipv6_cidr_block",
        "ipv6_ipam_pool_id",
        "ipv6_native",
        "ipv6_netmask_length",
        "map_customer_owned_ip_on_launch",
        "map_public_ip_on_launch",
        "outpost_arn",
        "private_dns_hostname_type_on_launch",
        "vpc_id",
    )
)


def noticed(reading: Reading, record: ResourceRecord, known: frozenset[str]) -> None:
    """Warns of arguments that are strange and that no verdict hangs on: newer providers may know more."""
    for name in sorted(record.arguments.names() - known - EVERYWHERE) if record.written else ():
        close = get_close_matches(name, sorted(known), n=1)
        meant = f" (did you mean {close[0]}?)" if close else ""
        reading.warn(f"the argument {name!r} is not known here and was not looked at{meant}", record.arguments.span)


def accepted(reading: Reading, arguments: Arguments, known: frozenset[str], checked: bool = True) -> bool:
    """Whether all arguments exist; each that does not is an error with the name that was probably meant."""
    if not checked:
        return True
    strange = sorted(arguments.names() - known - EVERYWHERE)
    for name in strange:
        close = [INSTEAD[name]] if INSTEAD.get(name) in known else get_close_matches(name, sorted(known), n=1)
        remedy = f"did you mean {close[0]}?" if close else ""
        reading.error(f"there is no argument {name!r} here: what is written is not known", arguments.span, remedy)
    return not strange


def given(reading: Reading, arguments: Arguments, *required: str) -> bool:
    """Whether all required arguments are there; each that is not is an error."""
    missing = [name for name in required if arguments.get(name) is None]
    for name in missing:
        reading.error(f"the argument {name!r} is missing", arguments.span)
    return not missing
