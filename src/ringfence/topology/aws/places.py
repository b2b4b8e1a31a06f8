"""The places of a VPC and the chains that stand at them.

    interfaces of S   every interface of a subnet: the egress and the ingress chain of all groups that are used there
    S                 the subnet itself, with its ACL's two chains
    routes T          a route table
    router of V       where local packets find their subnet

A packet that leaves a subnet leaves the location of that subnet *by its edge*: only the links between subnet and router
run the ACL. What stays inside a subnet goes from its interfaces to the subnet and back, and meets no ACL.

A subnet's interfaces share one chain, in which each group is a scope that governs its own members; so what belongs to
many groups is worked out once for each combination. An interface without any group is governed by none and is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ringfence.layers.network_acl import LAYER as ACL
from ringfence.layers.network_acl import lower_network_acl
from ringfence.layers.security_group import lower_security_groups
from ringfence.model.addresses import NO_ADDRESS, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Chain, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, AllOf, Comparison, Label, Member, Selector
from ringfence.resources.aws import RouteTable, Subnet, Vpc
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.aws.estate import Estate, name, undecided

OTHER_GROUPS = "groups that are not known"


def routes(table: RouteTable) -> str:
    """The location of a route table."""
    return f"routes {name(table)}"


def router(vpc: Vpc) -> str:
    """The location of a VPC's router."""
    return f"router of {name(vpc)}"


def of(key: str, *values: str) -> Selector:
    """Endpoints by what AWS says of them."""
    return Label(AWS, key, Comparison.IN, frozenset(values))


def both(*parts: Selector) -> Selector:
    """All of the selectors at once, as small as it goes."""
    wanted = tuple(one for one in parts if one != ANYTHING)
    return wanted[0] if len(wanted) == 1 else AllOf(wanted) if wanted else ANYTHING


def maybe(addresses: AddressSet, because: str) -> Bounds[AddressSet]:
    """These destinations, if at all."""
    return Bounds(NO_ADDRESS, addresses, because)


def acl_chains(estate: Estate, subnet: Subnet) -> tuple[Chain, Chain]:
    """The egress and the ingress chain of a subnet's edge."""
    acl, why = estate.acls(subnet)
    if why is not None or acl is None:
        return undecided(ACL, why.because if why is not None else "the ACL is not in the files")
    return lower_network_acl(acl, beyond=estate.resolver(estate.vpc_of(subnet.id)))


def group_chains(estate: Estate, members: Iterable[Endpoint], vpc: Vpc | None) -> tuple[Chain, ...]:
    """The egress and the ingress chain of these interfaces; none where they have no groups."""
    wanted: dict[str, None] = {}
    unsure = False
    for one in members:
        wanted.update(dict.fromkeys((*sorted(one.groups), *sorted(one.maybe_groups))))
        unsure = unsure or one.any_group
    found = [estate.groups[group] for group in wanted if group in estate.groups]
    if not found and not unsure:
        return ()
    lowered = lower_security_groups(found, estate.prefix_lists, beyond=estate.resolver(vpc))
    return tuple(_shared(chain, unsure) for chain in lowered)


def _shared(chain: Chain, unsure: bool) -> Chain:
    """The chain of many interfaces: each group's scope governs its own members alone."""
    *before, groups = chain.stages
    scopes = [replace(scope, subjects=Member(scope.name)) for scope in groups.scopes]
    if unsure:
        scopes.append(Scope(OTHER_GROUPS, Member(OTHER_GROUPS), (Rule(Action.ALLOW, name=OTHER_GROUPS),)))
    stages = (*before, Stage(groups.name, tuple(scopes), Action.DENY))
    return replace(chain, stages=stages, default=Action.ALLOW)
