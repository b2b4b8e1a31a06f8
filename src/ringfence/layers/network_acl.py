"""Network ACLs, as the egress and the ingress chain of a subnet's edge.

    order       by rule number, ascending; the first entry that matches decides; the closing `*` denies
    state       none: a reply needs its own entries, and its destination is the client's ephemeral port
    place       the edge alone; what stays inside a subnet meets no ACL (which links cross is the topology's to say)
    families    an IPv4 block matches IPv4 only, an IPv6 block IPv6 only
    beyond      AWS's own services on link-local addresses, the Resolver and DHCP are not filtered

Each entry is a scope of its own, whose priority is its number: two entries of one number, which AWS refuses, have no
order. An entry whose number is unknown may stand anywhere: it may decide first, and decides last of all if nothing else
did. An unknown action is both.

Source: VPC user guide, "Control subnet traffic with network access control lists".
"""

from __future__ import annotations

from ringfence.layers.aws_headers import EVERY_PROTOCOL, NUMBERS, UNFILTERED, block, headers, peer
from ringfence.model.addresses import NO_ADDRESS, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import HeaderSet
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING
from ringfence.resources.aws import AclAction, AclEntry, NetworkAcl, Unknown

LAYER = "NetworkAcl"
FIRST, LAST = 0, 32767
"""Priorities before and after every entry (1 to 32766)."""

ACTIONS = {AclAction.ALLOW: Action.ALLOW, AclAction.DENY: Action.DENY}
ICMP = frozenset(name for name, number in NUMBERS.items() if number in (1, 58)) | {"1", "58"}


def lower_network_acl(acl: NetworkAcl, *, beyond: AddressSet = NO_ADDRESS) -> tuple[Chain, Chain]:
    """The egress and the ingress chain of an ACL. `beyond` are further addresses that it does not filter."""
    return _chain(acl, Direction.EGRESS, beyond), _chain(acl, Direction.INGRESS, beyond)


def _chain(acl: NetworkAcl, direction: Direction, beyond: AddressSet) -> Chain:
    scopes = [Scope(acl.id, ANYTHING, (Rule(Action.DENY, name="*", span=acl.span),), LAST + 1, acl.span)]
    for entry in acl.entries:
        if entry.egress == (direction is Direction.EGRESS) or isinstance(entry.egress, Unknown):
            scopes += _scopes(acl.id, entry)
    if acl.unlisted is not None:
        doubted = (peer(ANYTHING, None, acl.unlisted),)
        name = "entries that could not be read"
        either = tuple(Rule(action, doubted, name=name, span=acl.span) for action in (Action.ALLOW, Action.DENY))
        scopes.append(Scope(acl.id, ANYTHING, either, FIRST, acl.span))
    services = (Peer(ANYTHING, Bounds.exactly(UNFILTERED | beyond)),)
    exempt = (Rule(Action.ALLOW, services, name="AWS's own services are not filtered"),)
    stages = (
        Stage("not filtered", (Scope("AWS's own services", ANYTHING, exempt),), Action.PASS),
        Stage(acl.id, tuple(scopes), Action.DENY),
    )
    return Chain(LAYER, direction, stages, Action.DENY, stateful=False)


def _scopes(acl: str, entry: AclEntry) -> list[Scope]:
    doubts = [entry.exists, entry.egress if isinstance(entry.egress, Unknown) else None]
    if isinstance(entry.number, int):
        return [Scope(acl, ANYTHING, _rules(entry, *doubts), entry.number, entry.span)]
    return [
        Scope(acl, ANYTHING, _rules(entry, entry.number, *doubts), FIRST, entry.span),
        Scope(acl, ANYTHING, _rules(entry, *doubts), LAST, entry.span),
    ]


def _rules(entry: AclEntry, *doubts: Unknown | None) -> tuple[Rule, ...]:
    matched = _headers(entry)
    name = str(entry.number) if isinstance(entry.number, int) else "(number unknown)"

    def rule(action: Action, *doubts: Unknown | None) -> Rule:
        return Rule(action, (peer(ANYTHING, block(entry.cidr), *doubts),), matched, name=name, span=entry.span)

    if isinstance(entry.action, Unknown):
        return rule(Action.ALLOW, entry.action, *doubts), rule(Action.DENY, *doubts)
    return (rule(ACTIONS[entry.action], *doubts),)


def _headers(entry: AclEntry) -> Bounds[HeaderSet]:
    if isinstance(entry.protocol, str) and entry.protocol in ICMP:
        return headers(entry.protocol, entry.icmp_type, entry.icmp_code)
    if isinstance(entry.protocol, str) and entry.protocol in EVERY_PROTOCOL:
        return headers("-1", None, None)
    return headers(entry.protocol, entry.from_port, entry.to_port)
