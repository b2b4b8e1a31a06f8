"""A security group admits a whole private range, where a group reference would do.

## What it does
Looks at the rules for what comes in of every group that somebody carries: does one name 10.0.0.0/8, 172.16.0.0/12 or
192.168.0.0/16 (or more of the private ranges), or a block that holds the VPC's own and more besides? What a route of
the VPC leads to beyond it - a peering, a transit gateway, a VPN - is no reason to complain: no group reference is sure
to do there.

## Why it is bad
"Internal" is not a permission. Whatever runs anywhere in the VPC, now or later, is let in, and so is every network that
will be connected to it one day.

## Example
    ingress { protocol = "tcp", from_port = 5432, to_port = 5432, cidr_blocks = ["10.0.0.0/8"] }

## Instead
    ingress { protocol = "tcp", from_port = 5432, to_port = 5432, security_groups = [aws_security_group.web.id] }
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.cloud import admitted, destinations, estate, ingress, members, named, some
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.engine.traffic import possible
from ringfence.model.addresses import EVERYWHERE, AddressSet
from ringfence.resources.aws import SecurityGroup, TargetKind, Unknown
from ringfence.topology.aws.estate import Estate, name

CHECK = Check(
    "RF204",
    "wide-private-range",
    "wide private range in a security group",
    Severity.MEDIUM,
    "0.1",
    "name the groups of those who need it",
    ("https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",),
)

WHOLE = tuple(map(AddressSet.of, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
PRIVATE = AddressSet.union((*WHOLE, AddressSet.of("100.64.0.0/10", "fc00::/7")))


def run(view: View) -> Iterator[Finding]:
    """One finding for each rule."""
    found = estate(view)
    carried = members(view)
    for group in found.objects.security_groups if found is not None else ():
        if group.id not in carried or found is None:
            continue
        vpc = found.vpcs.get(group.vpc) if isinstance(group.vpc, str) else None
        local = found.local(vpc).may if vpc is not None else EVERYWHERE
        for rule in ingress(group):
            held = named(rule, found)
            if _wide(held, local) and held - local - _beyond(found, group):
                ports = possible(admitted(rule).may)
                who = some(one.title for one in carried[group.id])
                message = f"{name(group)} of {who} admits {held} on {ports}, more than its VPC holds"
                own = ((f"its VPC is {local}", vpc.span),) if vpc is not None and local else ()
                yield Finding(CHECK, CHECK.severity, message, rule.span, own)


def _wide(held: AddressSet, local: AddressSet) -> bool:
    """Whether it is private, and a whole range or more than the VPC. (A block that is the VPC's own is not wide.)"""
    inside = bool(held) and held <= PRIVATE and not held <= local
    return inside and (any(one <= held for one in WHOLE) or (bool(local & held) and local & PRIVATE <= held))


def _beyond(found: Estate, group: SecurityGroup) -> AddressSet:
    """Where the tables of the group's VPC lead beyond it, by ways that carry private addresses."""
    tables = [one for one in found.objects.route_tables if one.vpc == group.vpc]
    if any(one.propagating != () or one.unlisted is not None for one in tables):
        return EVERYWHERE
    routes = (one for table in tables for one in table.routes)
    elsewhere = (one for one in routes if one.kind is TargetKind.OTHER or isinstance(one.kind, Unknown))
    return AddressSet.union(destinations(one, found) for one in elsewhere)
