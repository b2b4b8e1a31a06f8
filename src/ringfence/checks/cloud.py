"""What several checks ask of the cloud: its objects, who is in a group, what a rule lets in, what is wide.

An endpoint counts as the cloud's where AWS says of it what it is; pods and nodes of a bound cluster have their own
checks. A group that is not certain (`maybe_groups`) counts as the endpoint's: where it matters that nobody is in a
group, doubt must not raise an alarm, and where it matters that somebody is, reachability decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.checks.finding import View
from ringfence.engine.outcomes import Hop
from ringfence.engine.witness import Witness
from ringfence.layers.aws_headers import block, blocks, headers
from ringfence.layers.security_group import LAYER as GROUP
from ringfence.model.addresses import EVERYWHERE, NO_ADDRESS, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import HeaderSet
from ringfence.model.networks import Endpoint
from ringfence.resources.aws import CidrPeer, PrefixListPeer, Route, SecurityGroup, SecurityGroupRule
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.aws.estate import Estate
from ringfence.topology.entries import OUTSIDE
from ringfence.topology.names import INTERNET

DATABASES = frozenset(
    (
        "db_instance",
        "rds_cluster",
        "rds_cluster_instance",
        "docdb_cluster",
        "docdb_cluster_instance",
        "neptune_cluster",
        "neptune_cluster_instance",
        "redshift_cluster",
        "elasticache_cluster",
        "elasticache_replication_group",
        "memorydb_cluster",
        "opensearch_domain",
        "elasticsearch_domain",
        "msk_cluster",
        "dax_cluster",
    )
)
"""Managed services that keep data, by Terraform's type."""

NOT_THE_CLOUDS_OWN = frozenset(("pod", "cluster node", "controller", "service", "target"))
QUIET = frozenset(("nat_gateway", "lambda_function", "vpc_endpoint"))
"""Kinds of AWS's own interfaces that take no connections, or none but HTTPS, whatever their groups admit."""

WIDEST = {4: 8, 6: 16}
"""The shortest prefixes, by IP version, that one organisation may hold; what is wider lets everybody in."""


def estate(view: View) -> Estate | None:
    """What belongs to what in the cloud; None where no file holds one."""
    return None if view.topology.cloud is None else Estate(view.topology.cloud)


def kind(endpoint: Endpoint) -> str:
    """What AWS says that it is; empty for what is not the cloud's."""
    found = endpoint.facets.get(AWS, {}).get("kind", "")
    return "" if found in NOT_THE_CLOUDS_OWN else found


def subnet(endpoint: Endpoint) -> str:
    """The id of its subnet; empty where that is not known."""
    return endpoint.facets.get(AWS, {}).get("subnet", "")


def outside(view: View) -> tuple[Endpoint, ...]:
    """Everybody outside, one endpoint a family."""
    return tuple(one for one in view.topology.network.endpoints if one.location == OUTSIDE and one.every)


def members(view: View) -> dict[str, list[Endpoint]]:
    """The endpoints in each group, by its id."""
    found: dict[str, list[Endpoint]] = {}
    for one in view.topology.network.endpoints:
        if AWS in one.facets:
            for group in sorted(one.groups | one.maybe_groups):
                found.setdefault(group, []).append(one)
    return found


def public(addresses: AddressSet) -> bool:
    """Whether they hold so much of the internet that they name nobody in particular."""
    return any(one.prefixlen < WIDEST[one.version] for one in (addresses & INTERNET).networks())


def admitted(rule: SecurityGroupRule) -> Bounds[HeaderSet]:
    """The headers of a rule."""
    return headers(rule.protocol, rule.from_port, rule.to_port)


def named(rule: SecurityGroupRule, found: Estate) -> AddressSet:
    """The addresses that a rule certainly names; none for a group, or where the rule may not be there."""
    if rule.exists is not None:
        return NO_ADDRESS
    match rule.peer:
        case CidrPeer(cidr):
            return block(cidr).must
        case PrefixListPeer(str() as name) if name in found.prefix_lists:
            return blocks(found.prefix_lists[name].cidrs).must
    return NO_ADDRESS


def destinations(route: Route, found: Estate) -> AddressSet:
    """What a route may be for, as far as it says itself."""
    if not route.by_prefix_list:
        return block(route.destination).may
    listed = found.prefix_lists.get(route.destination) if isinstance(route.destination, str) else None
    return blocks(listed.cidrs).may if listed is not None else EVERYWHERE


def ingress(group: SecurityGroup) -> Iterator[SecurityGroupRule]:
    """The rules for what comes in."""
    return (one for one in group.rules if not one.egress)


def admitting(witness: Witness | None) -> Hop | None:
    """The group's rule that let the packet in at last; None where no group did."""
    hops = witness.branch.forward if witness else ()
    found = [one for one in hops if one.layer == GROUP and one.direction == "ingress" and one.action == "allow"]
    return found[-1] if found else None


def some(names: Iterable[str], most: int = 3) -> str:
    """The first few of many names."""
    every = list(dict.fromkeys(names))
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")
