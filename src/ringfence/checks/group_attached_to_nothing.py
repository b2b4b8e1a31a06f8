"""A security group is attached to nothing.

## What it does
Looks for groups that no interface, launch template, balancer, service or endpoint of the files carries. A VPC's default
group is left out, as nobody can remove it. Nothing is said while something may carry a group that is not known: a
module that is not there, a resource whose groups come later. (Types that Ringfence does not read may carry one, too.)
Nodes of EKS whose launch template names no group carry the cluster's own, which EKS makes, and so none of these.

## Why it is bad
The group protects nothing, and whoever reads it believes that it does; rules that name it as their peer admit nobody.
One day somebody attaches it, with whatever it had been left open for.

## Example
    resource "aws_security_group" "old" { ... }       # the instance that carried it is gone

## Instead
Attach it or remove it. (Where another root module attaches it, read that one, too.)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ringfence.checks.cloud import estate, members
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.model.spans import Span
from ringfence.resources.aws import AwsObjects, GroupPeer, SecurityGroup
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.aws.estate import known, name

CHECK = Check(
    "RF207",
    "group-attached-to-nothing",
    "security group attached to nothing",
    Severity.LOW,
    "0.1",
    "attach the group or remove it",
    ("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
)

CARRIERS = frozenset(("aws_ec2_client_vpn_endpoint", "aws_ec2_client_vpn_network_association"))
"""Types that are not modelled and carry groups."""


def run(view: View) -> Iterator[Finding]:
    """One finding for each group."""
    found = estate(view)
    if found is None or found.objects.unread or any(one.type in CARRIERS for one in found.objects.unmodelled):
        return
    objects = found.objects
    carried = {*members(view), *_named(objects)}
    settled = set(_settled(objects))
    doubtful = [
        one
        for one in view.topology.network.endpoints
        if one.any_group and one.facets.get(AWS, {}).get("id") not in settled
    ]
    for group in objects.security_groups:
        default = any(one.default_security_group == group.id for one in objects.vpcs)
        unsure = group.exists is not None or any(
            one.facets.get(AWS, {}).get("vpc", group.vpc) == group.vpc for one in doubtful
        )
        if not default and not unsure and group.id not in carried:
            message = f"{name(group)} is attached to nothing in the files"
            yield Finding(CHECK, CHECK.severity, message, group.span, tuple(_peers(objects, group)))


def _settled(objects: AwsObjects) -> Iterator[str]:
    """Node groups that have their cluster's own group, whichever that is."""
    silent = {one.id for one in objects.launch_templates if one.security_groups == ()}
    for nodes in objects.node_groups:
        template = nodes.launch_template
        if template is None or (isinstance(template, str) and template in silent):
            yield nodes.id


def _named(objects: AwsObjects) -> Iterator[str]:
    """Groups that something names without having an interface here."""
    kinds = (
        (one.security_groups for one in objects.launch_templates),
        (one.security_groups for one in objects.load_balancers),
        (one.security_groups for one in objects.managed_services),
        (one.security_groups for one in objects.network_interfaces),
        (one.security_groups for one in objects.vpc_endpoints),
        (one.security_groups for one in objects.eks_clusters),
    )
    for groups in chain.from_iterable(kinds):
        yield from known(groups)
    for cluster in objects.eks_clusters:
        if isinstance(cluster.cluster_security_group, str):
            yield cluster.cluster_security_group


def _peers(objects: AwsObjects, group: SecurityGroup) -> Iterator[tuple[str, Span]]:
    """The rules that admit nobody because of it."""
    for other in objects.security_groups:
        for rule in other.rules:
            if other.id != group.id and isinstance(rule.peer, GroupPeer) and rule.peer.group == group.id:
                yield f"a rule of {name(other)} names it, and means nobody", rule.span
