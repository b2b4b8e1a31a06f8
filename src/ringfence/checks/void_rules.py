"""A rule has no effect: an ACL entry behind others, or a group's rule that the subnets' ACLs make void.

## What it does
For each network ACL: is all that an entry matches decided by the entries before it, by one or by several together?
Where one of them decides otherwise, the severity is medium, because somebody meant something else. For each group's
rule: does the ACL of every subnet in which the group is carried refuse all that the rule admits? (Inside a subnet no
ACL is asked, so a rule for peers of the subnet itself is not void.)

## Why it is bad
The rule reads as if it did something. Who opens a port in the group and cannot connect, or closes it in the ACL behind
an entry that opens it, looks for the mistake in the wrong place.

## Example
    ingress { rule_no = 100, action = "allow", protocol = "tcp", from_port = 0, to_port = 65535, ... }
    ingress { rule_no = 200, action = "deny",  protocol = "tcp", from_port = 22, to_port = 22, ... }

## Instead
Give the narrower entry the lower number, and let group and ACL say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.cloud import admitted, estate, members, subnet
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.layers.aws_headers import block, blocks
from ringfence.layers.network_acl import FIRST, LAST, lower_network_acl
from ringfence.model.addresses import EVERYWHERE, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import HeaderSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Chain, Rule
from ringfence.model.selectors import ANYTHING
from ringfence.resources.aws import CidrPeer, GroupPeer, NetworkAcl, PrefixListPeer, SecurityGroup, SecurityGroupRule
from ringfence.topology.aws.estate import Estate, name

CHECK = Check(
    "RF205",
    "void-rules",
    "rule without effect",
    Severity.MEDIUM,
    "0.1",
    "reorder the ACL's entries, or let group and ACL say the same",
    ("https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html",),
)

Region = tuple[AddressSet, HeaderSet]


def run(view: View) -> Iterator[Finding]:
    """One finding for each entry and each rule."""
    found = estate(view)
    if found is None:
        return
    for acl in found.objects.network_acls:
        if acl.unlisted is None:
            for chain in lower_network_acl(acl):
                yield from _shadowed(acl, chain)
    carried = members(view)
    for group in found.objects.security_groups:
        if group.id in carried:
            yield from _made_void(found, group, carried)


def _shadowed(acl: NetworkAcl, chain: Chain) -> Iterator[Finding]:
    earlier: list[Rule] = []
    for priority, rule in _ordered(chain):
        if not FIRST < priority < LAST:
            continue
        rest = [(_addresses(rule).may, rule.headers.may)]
        deciding: list[Rule] = []
        for other in earlier:
            left = _without(rest, other)
            if left != rest:
                deciding.append(other)
            rest = left
        if not rest and deciding:
            contrary = [one for one in deciding if one.action is not rule.action]
            severity = CHECK.severity if contrary else Severity.LOW
            numbers = " and ".join(one.name for one in deciding)
            what = f"entry {rule.name} ({rule.action}, {chain.direction}) of {name(acl)} has no effect"
            message = f"{what}: {numbers} {'decide' if len(deciding) > 1 else 'decides'} before it"
            because = tuple((f"entry {one.name} ({one.action}) goes first", one.span) for one in deciding)
            yield Finding(CHECK, severity, message, rule.span, because)
        earlier.append(rule)


def _made_void(found: Estate, group: SecurityGroup, carried: dict[str, list[Endpoint]]) -> Iterator[Finding]:
    """The rules of a group that the ACLs of all of its members' subnets refuse entirely."""
    places = {subnet(one): one.addresses for one in carried[group.id]}
    acls: dict[str, NetworkAcl] = {}
    for each in places:
        acl, why = found.acls(found.subnets[each]) if each in found.subnets else (None, None)
        if acl is None or why is not None or acl.unlisted is not None:
            return  # something may be let through
        acls[each] = acl
    for rule in group.rules:
        peers = _peers(rule, found, carried)
        if peers and all(_refused(found, acls[each], each, rule, peers) for each in places):
            names = " and ".join(dict.fromkeys(name(one) for one in acls.values()))
            way = "egress" if rule.egress else "ingress"
            near = any(found.of_subnet(found.subnets[one]).may & part for one in places for at, part in peers if not at)
            beyond = " beyond the subnet itself" if near else ""
            message = f"{way} rule of {name(group)} has no effect: {names} refuses all that it admits{beyond}"
            because = tuple(dict.fromkeys((f"the ACL of {name(found.subnets[one])}", acls[one].span) for one in places))
            yield Finding(CHECK, CHECK.severity, message, rule.span, because)


def _peers(rule: SecurityGroupRule, found: Estate, carried: dict[str, list[Endpoint]]) -> list[tuple[str, AddressSet]]:
    """Who a rule may admit, with the subnet of each; empty where nobody is known, or where it may be anybody."""
    match rule.peer:
        case CidrPeer(cidr):
            return [("", block(cidr).may)]
        case PrefixListPeer(str() as listed) if listed in found.prefix_lists:
            return [("", blocks(found.prefix_lists[listed].cidrs).may)]
        case GroupPeer(str() as peer):
            return [(subnet(one), one.addresses) for one in carried.get(peer, ())]
    return []


def _refused(
    found: Estate, acl: NetworkAcl, here: str, rule: SecurityGroupRule, peers: list[tuple[str, AddressSet]]
) -> bool:
    """Whether the ACL refuses everything from (or to) these peers. What stays inside the subnet it does not see."""
    inside = found.of_subnet(found.subnets[here]).may
    egress, ingress = lower_network_acl(acl, beyond=found.resolver(found.vpc_of(here)))
    chain = egress if rule.egress else ingress
    headers = admitted(rule).may
    return all(place != here and _closed(chain, addresses - inside, headers) for place, addresses in peers)


def _closed(chain: Chain, addresses: AddressSet, headers: HeaderSet) -> bool:
    """Whether nothing of it may be allowed. False for no address at all: then the ACL is not what refuses it."""
    rest = [(addresses, headers)] if addresses and headers else []
    if not rest:
        return False
    for _, rule in _ordered(chain):
        if rule.action is Action.ALLOW:
            meets = (part & _addresses(rule).may and kept & rule.headers.may for part, kept in rest)
            if any(meets):
                return False
        rest = _without(rest, rule)
    return True


def _ordered(chain: Chain) -> list[tuple[int, Rule]]:
    """The rules in the order of their numbers."""
    scopes = sorted(chain.stages[-1].scopes, key=lambda one: one.priority)
    return [(scope.priority, rule) for scope in scopes for rule in scope.rules]


def _addresses(rule: Rule) -> Bounds[AddressSet]:
    """What a rule matches, if it is there at all."""
    held = AddressSet.union(EVERYWHERE if one.addresses is None else one.addresses.may for one in rule.peers)
    sure = (one.addresses for one in rule.peers if one.selector == ANYTHING)
    return Bounds(AddressSet.union(EVERYWHERE if one is None else one.must for one in sure), held)


def _without(regions: list[Region], rule: Rule) -> list[Region]:
    """What a rule leaves undecided."""
    taken, headers = _addresses(rule).must, rule.headers.must
    out: list[Region] = []
    for addresses, kept in regions:
        inside = addresses & taken
        if not inside or not kept & headers:
            out.append((addresses, kept))
            continue
        outside, left = addresses - inside, kept - headers
        out += [(outside, kept)] if outside else []
        out += [(inside, left)] if left else []
    return out
