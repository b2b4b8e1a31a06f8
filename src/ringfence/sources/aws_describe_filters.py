"""Security groups and network ACLs from describe calls.

A permission with several peers is one rule for each, as `DescribeSecurityGroupRules` lists them. Ports that are missing
mean all ports, which is how the answers write it; entry 32767 is the closing deny and no entry of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.resources.aws import (
    AclAction,
    AclEntry,
    CidrPeer,
    GroupPeer,
    NetworkAcl,
    Number,
    Peer,
    PrefixListPeer,
    SecurityGroup,
    SecurityGroupRule,
    Unknown,
)
from ringfence.sources.aws_describe_answers import Answer, Answers

NAMES = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
CLOSING = 32767


def security_groups(answers: Answers) -> Iterator[SecurityGroup]:
    """All groups."""
    for one in answers.of("SecurityGroups"):
        id = one.text("GroupId")
        rules = [
            rule
            for egress, key in ((False, "IpPermissions"), (True, "IpPermissionsEgress"))
            for part in one.parts(key)
            for rule in _rules(part, egress, id)
        ]
        yield SecurityGroup(
            id=id, tags=one.tags(), span=one.span, vpc=one.id("VpcId"), name=one.id("GroupName"), rules=tuple(rules)
        )


def _rules(part: Answer, egress: bool, group: str) -> Iterator[SecurityGroupRule]:
    protocol = part.maybe("IpProtocol")
    low, high = part.number("FromPort"), part.number("ToPort")
    kind = Unknown("the protocol is not given") if protocol is None else NAMES.get(protocol, protocol)
    if kind in ("tcp", "udp") and (low, high) == (-1, -1):
        low, high = None, None
    title = f"{'egress' if egress else 'ingress'} {protocol} {low}-{high}"
    for peer, span in _peers(part):
        yield SecurityGroupRule(
            id=title, egress=egress, protocol=kind, from_port=low, to_port=high, peer=peer, span=span.span
        )


def _peers(part: Answer) -> Iterator[tuple[Peer, Answer]]:
    for key, name in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for one in part.parts(key):
            yield CidrPeer(one.cidr(name) or Unknown(f"{name} is not given")), one
    for one in part.parts("PrefixListIds"):
        yield PrefixListPeer(one.id("PrefixListId")), one
    for one in part.parts("UserIdGroupPairs"):
        yield GroupPeer(one.id("GroupId")), one


def network_acls(answers: Answers) -> Iterator[NetworkAcl]:
    """All ACLs."""
    for one in answers.of("NetworkAcls"):
        entries = tuple(_entry(part) for part in one.parts("Entries") if part.number("RuleNumber") != CLOSING)
        yield NetworkAcl(
            id=one.text("NetworkAclId"),
            tags=one.tags(),
            span=one.span,
            vpc=one.id("VpcId"),
            entries=entries,
            subnets=one.each("Associations", "SubnetId"),
        )


def _entry(part: Answer) -> AclEntry:
    action = part.maybe("RuleAction")
    known = {one.value: one for one in AclAction}
    number: Number = part.number("RuleNumber")
    protocol = part.maybe("Protocol")
    ports, icmp = part.part("PortRange"), part.part("IcmpTypeCode")
    block = part.cidr("CidrBlock") or part.cidr("Ipv6CidrBlock")
    return AclEntry(
        number=Unknown("the number is not given") if number is None else number,
        egress=part.flag("Egress"),
        protocol=Unknown("the protocol is not given") if protocol is None else NAMES.get(protocol, protocol),
        action=known.get(action or "", Unknown("the action is not given")),
        cidr=block or Unknown("the block is not given"),
        from_port=ports.number("From"),
        to_port=ports.number("To"),
        icmp_type=icmp.number("Type"),
        icmp_code=icmp.number("Code"),
        span=part.span,
    )
