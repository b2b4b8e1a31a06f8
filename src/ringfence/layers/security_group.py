"""Security groups, as the egress and the ingress chain of an attachment.

    rules       only allow; the rules of all groups on the interface add up; what no rule allows is refused
    state       a reply to what was let through passes
    peers       a block matches the address in the header; a group matches the packet's *origin*, an interface that is
                in the group: what comes through a public address, a NAT or an ALB has lost that origin. (A rewrite that
                keeps the client's address and carries the balancer's groups is the topology's to say.)
    references  name interfaces; they import no rules. A group that is nowhere to be found has no members
    beyond      AWS's own services on link-local addresses, the Resolver and DHCP are not filtered

The rules here are all rules that there are: AWS's default egress rule of a new group is the reader's to list, and so is
its removal by Terraform's provider.

Source: VPC user guide, "Control traffic to your AWS resources using security groups" and "Security group rules".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ringfence.layers.aws_headers import UNFILTERED, block, blocks, headers, peer
from ringfence.model.addresses import EVERYWHERE, NO_ADDRESS, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.rules import Action, Chain, Direction, Rule, Scope, Stage
from ringfence.model.rules import Peer as RulePeer
from ringfence.model.selectors import ANYTHING, Member
from ringfence.resources.aws import (
    CidrPeer,
    GroupPeer,
    PrefixList,
    PrefixListPeer,
    SecurityGroup,
    SecurityGroupRule,
    Unknown,
)

LAYER = "SecurityGroup"


def lower_security_groups(
    groups: Sequence[SecurityGroup],
    prefix_lists: Mapping[str, PrefixList],
    *,
    beyond: AddressSet = NO_ADDRESS,
    doubt: Unknown | None = None,
) -> tuple[Chain, Chain]:
    """The egress and the ingress chain of an interface with these groups.

    `prefix_lists` are by id; one that is missing may hold anything. `beyond` are further addresses that no group
    filters (the Resolver of the VPC). `doubt` says why the interface may have other groups instead or as well: then
    nothing is certain.
    """
    return (
        _chain(groups, Direction.EGRESS, prefix_lists, beyond, doubt),
        _chain(groups, Direction.INGRESS, prefix_lists, beyond, doubt),
    )


def _chain(
    groups: Sequence[SecurityGroup],
    direction: Direction,
    prefix_lists: Mapping[str, PrefixList],
    beyond: AddressSet,
    doubt: Unknown | None,
) -> Chain:
    scopes = [_scope(group, direction, prefix_lists) for group in groups]
    if doubt is not None:
        rules = (Rule(Action.ALLOW, (peer(ANYTHING, None, doubt),), name="groups that are not known"),)
        scopes = [_doubted(one, doubt) for one in scopes]
        scopes.append(Scope("groups that are not known", ANYTHING, rules))
    return Chain(
        LAYER,
        direction,
        (_unfiltered(beyond), Stage("groups", tuple(scopes), Action.DENY)),
        Action.DENY,
    )


def _unfiltered(beyond: AddressSet) -> Stage:
    services = (RulePeer(ANYTHING, Bounds.exactly(UNFILTERED | beyond)),)
    rules = (Rule(Action.ALLOW, services, name="AWS's own services are not filtered"),)
    return Stage("not filtered", (Scope("AWS's own services", ANYTHING, rules),), Action.PASS)


def _scope(group: SecurityGroup, direction: Direction, prefix_lists: Mapping[str, PrefixList]) -> Scope:
    wanted = direction is Direction.EGRESS
    rules = [_rule(one, prefix_lists) for one in group.rules if one.egress == wanted]
    if group.unlisted is not None:
        doubted = (peer(ANYTHING, None, group.unlisted),)
        rules.append(Rule(Action.ALLOW, doubted, name="rules that could not be read", span=group.span))
    return Scope(group.id, ANYTHING, tuple(rules), span=group.span)


def _doubted(scope: Scope, doubt: Unknown) -> Scope:
    """The same rules, none of them certain."""
    rules = tuple(
        Rule(
            rule.action,
            tuple(peer(one.selector, one.addresses, doubt) for one in rule.peers),
            rule.headers,
            name=rule.name,
            span=rule.span,
        )
        for rule in scope.rules
    )
    return Scope(scope.name, scope.subjects, rules, scope.priority, scope.span)


def _rule(rule: SecurityGroupRule, prefix_lists: Mapping[str, PrefixList]) -> Rule:
    allowed = headers(rule.protocol, rule.from_port, rule.to_port)
    return Rule(Action.ALLOW, (_peer(rule, prefix_lists),), allowed, name=rule.id, span=rule.span)


def _peer(rule: SecurityGroupRule, prefix_lists: Mapping[str, PrefixList]) -> RulePeer:
    match rule.peer:
        case CidrPeer(cidr):
            return peer(ANYTHING, block(cidr), rule.exists)
        case GroupPeer(Unknown() as unknown):
            return peer(ANYTHING, None, unknown, rule.exists)
        case GroupPeer(str() as group):
            return peer(Member(group), None, rule.exists)
        case PrefixListPeer(Unknown() as unknown):
            return peer(ANYTHING, None, unknown, rule.exists)
        case PrefixListPeer(str() as name):
            found = prefix_lists.get(name)
            missing = Bounds(NO_ADDRESS, EVERYWHERE, f"the entries of prefix list {name} are not known")
            held = blocks(found.cidrs) if found is not None else missing
            return peer(ANYTHING, held, rule.exists)
        case Unknown() as unknown:
            return peer(ANYTHING, None, unknown, rule.exists)
        case _:
            raise AssertionError(rule.peer)
