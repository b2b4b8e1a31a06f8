"""Security groups from Terraform, with their rules from wherever those are written.

    inline              blocks of the group; they are all of its rules of that direction at every apply
    stand-alone         `aws_security_group_rule`, `aws_vpc_security_group_ingress_rule`, `..._egress_rule`
    not known           blocks that nobody can count (a `dynamic` block over an unknown) are one rule that may be any
    default egress      the provider takes it away from every group that it makes
    a cluster's group   is implied with every EKS cluster: ingress from itself, all egress
    the default group   is implied in every VPC (ingress from itself, all egress), unless `aws_default_security_group`
                        adopts and empties it

Source: the AWS provider's pages on these resources; VPC user guide, "Default security groups"; EKS user guide, "View
Amazon EKS security group requirements for clusters".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ringfence.resources.aws import (
    CidrPeer,
    EksCluster,
    GroupPeer,
    Id,
    Peer,
    PrefixListPeer,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    Unknown,
    Vpc,
)
from ringfence.sources.terraform.mapping import schema
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.mapping.parts import Kind, Parents
from ringfence.sources.terraform.mapping.rules import REFUSED, ports, protocol
from ringfence.sources.terraform.records import Arguments, ResourceRecord

NOWHERE: Mapping[str, Subnet] = {}
GROUPS = Kind("group", "rule", "rules", lambda id, why: SecurityGroup(id=id, vpc=why, name=why, unlisted=why))
STANDALONE = ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")


def security_groups(
    reading: Reading, vpcs: tuple[Vpc, ...], clusters: Iterable[EksCluster] = (), places: Mapping[str, Subnet] = NOWHERE
) -> list[SecurityGroup]:
    """All groups, the VPCs' default ones and the clusters' own included. `places` are the subnets by id."""
    groups = Parents(GROUPS)
    for record in reading.of("aws_default_security_group", "aws_security_group"):
        arguments = record.arguments
        schema.accepted(reading, arguments, schema.GROUP, record.written)
        home = reading.id(arguments, "vpc_id", "the account's default VPC")
        group = SecurityGroup(**reading.common(record), vpc=home, name=_name(reading, record))
        rules: list[SecurityGroupRule] = []
        inside: set[bool] = set()
        for egress in (True, False):
            kind = "egress" if egress else "ingress"
            blocks, more = arguments.nested(kind)
            if blocks or more or arguments.get(kind) is not None:
                inside.add(egress)
            for place, block in enumerate(blocks):
                rules += _block(reading, record, block, egress, f"{group.id}.{kind}[{place}]", group.id)
            if more is not None and record.written:
                rules.append(_open(f"{group.id}.{kind}[?]", egress, more, record))
            elif more is not None:
                group = replace(group, unlisted=more)
        groups.hold(replace(group, rules=tuple(rules)), record.written, *inside)
    for vpc in vpcs:
        implied = vpc.default_security_group
        if isinstance(implied, str) and implied not in groups.found:
            groups.hold(_default_group(vpc, implied), written=True)
    for cluster in clusters:
        own = cluster.cluster_security_group
        if isinstance(own, str) and own not in groups.found:
            groups.hold(_cluster_group(cluster, own, places), written=True)
    for parent, rule in _standalone(reading):
        groups.place(reading, parent, rule, rule.egress)
    return list(groups.found.values())


def _open(id: str, egress: bool, more: Unknown, record: ResourceRecord) -> SecurityGroupRule:
    """What stands for blocks whose number is unknown: any rule of that direction, or none."""
    return SecurityGroupRule(id=id, egress=egress, protocol=more, peer=more, exists=more, span=record.span)


def _name(reading: Reading, record: ResourceRecord) -> Id:
    if record.type == "aws_default_security_group":
        return "default"
    return reading.id(record.arguments, "name", "Terraform makes up a name")


def _default_group(vpc: Vpc, id: str) -> SecurityGroup:
    everywhere = [CidrPeer("0.0.0.0/0"), CidrPeer("::/0")]
    rules = [
        SecurityGroupRule(id=f"{id} egress {one.cidr}", egress=True, protocol="-1", peer=one) for one in everywhere
    ]
    rules.append(SecurityGroupRule(id=f"{id} ingress", egress=False, protocol="-1", peer=GroupPeer(id)))
    return SecurityGroup(id=id, vpc=vpc.id, name="default", rules=tuple(rules), exists=vpc.exists, span=vpc.span)


def _cluster_group(cluster: EksCluster, id: str, places: Mapping[str, Subnet]) -> SecurityGroup:
    """What EKS makes with a cluster: it lets out the family that the cluster has."""
    rules = [SecurityGroupRule(id=f"{id} ingress", egress=False, protocol="-1", peer=GroupPeer(id))]
    for cidr, six in (("0.0.0.0/0", False), ("::/0", True)):
        doubt = cluster.ipv6 if isinstance(cluster.ipv6, Unknown) else None
        if doubt is not None or cluster.ipv6 is six:
            title = f"{id} egress {cidr}"
            rules.append(SecurityGroupRule(id=title, egress=True, protocol="-1", peer=CidrPeer(cidr), exists=doubt))
    first = cluster.subnets[0] if isinstance(cluster.subnets, tuple) and cluster.subnets else None
    here = places.get(first) if isinstance(first, str) else None
    elsewhere = Unknown("the VPC of the cluster's subnets")
    return SecurityGroup(
        id=id,
        vpc=here.vpc if here is not None else elsewhere,
        name=Unknown("EKS makes up a name"),
        rules=tuple(rules),
        exists=cluster.exists,
        span=cluster.span,
    )


def _block(
    reading: Reading, record: ResourceRecord, block: Arguments, egress: bool, id: str, group: str
) -> Iterator[SecurityGroupRule]:
    known = schema.accepted(reading, block, schema.GROUP_BLOCK, record.written)
    complete = schema.given(reading, block, "protocol", "from_port", "to_port")
    peers = list(_peers(reading, block, group, "security_groups", many=True))
    yield from _rules(reading, block, "protocol", egress, id, peers, known and complete, record.exists or record.fading)


def _standalone(reading: Reading) -> Iterator[tuple[Id, SecurityGroupRule]]:
    for record in reading.of("aws_security_group_rule"):
        arguments = record.arguments
        known = schema.accepted(reading, arguments, schema.GROUP_RULE, record.written)
        complete = schema.given(reading, arguments, "type", "protocol", "from_port", "to_port")
        parent = reading.id(arguments, "security_group_id")
        peers = list(_peers(reading, arguments, parent, "source_security_group_id", many=False))
        direction = reading.maybe(arguments.get("type"), arguments.span)
        doubt = record.exists if isinstance(direction, str) else Unknown("the direction of this rule is not known")
        for egress in (True, False):
            if not isinstance(direction, str) or (direction == "egress") == egress:
                fine = known and complete
                for rule in _rules(reading, arguments, "protocol", egress, record.address, peers, fine, doubt):
                    yield parent, rule
    for record in reading.of(*STANDALONE):
        arguments = record.arguments
        known = schema.accepted(reading, arguments, schema.VPC_GROUP_RULE, record.written)
        complete = schema.given(reading, arguments, "ip_protocol")
        peers = list(_vpc_peers(reading, arguments))
        egress = record.type == STANDALONE[1]
        fine = known and complete
        for rule in _rules(reading, arguments, "ip_protocol", egress, record.address, peers, fine, record.exists):
            yield reading.id(arguments, "security_group_id"), rule


def _peers(reading: Reading, block: Arguments, group: Id, groups: str, many: bool) -> Iterator[Peer]:
    span = block.span
    for name in ("cidr_blocks", "ipv6_cidr_blocks"):
        found = reading.cidrs(block.get(name), span)
        yield from [found] if isinstance(found, Unknown) else map(CidrPeer, found)
    lists = reading.ids(block.get("prefix_list_ids"), span)
    yield from [lists] if isinstance(lists, Unknown) else map(PrefixListPeer, lists)
    value = block.get(groups)
    members = reading.ids(value if many or value is None else [value], span)
    yield from [members] if isinstance(members, Unknown) else map(GroupPeer, members)
    itself = reading.flag(block.get("self"), span)
    if itself is not False:
        yield GroupPeer(group) if itself is True else Unknown("whether the group itself is meant is not known")


def _vpc_peers(reading: Reading, arguments: Arguments) -> Iterator[Peer]:
    for name in ("cidr_ipv4", "cidr_ipv6"):
        cidr = reading.cidr(arguments.get(name), arguments.span)
        if cidr is not None:
            yield CidrPeer(cidr)
    lists = reading.maybe(arguments.get("prefix_list_id"), arguments.span)
    if lists is not None:
        yield PrefixListPeer(lists)
    group = reading.maybe(arguments.get("referenced_security_group_id"), arguments.span)
    if group is not None:
        yield GroupPeer(group)


def _rules(
    reading: Reading,
    block: Arguments,
    argument: str,
    egress: bool,
    id: str,
    peers: list[Peer],
    accepted: bool,
    exists: Unknown | None,
) -> Iterator[SecurityGroupRule]:
    """One rule for each peer; all of it unknown where it is not what Terraform accepts."""
    span = block.span
    if not peers:
        reading.warn("this rule names no peer and admits nothing", span)
    kind, low, high = protocol(reading, block.get(argument), span), *ports(reading, block)
    if not accepted:
        kind, low, high, peers = REFUSED, None, None, [REFUSED]
    for place, peer in enumerate(peers):
        title = id if len(peers) == 1 else f"{id} ({place + 1} of {len(peers)})"
        yield SecurityGroupRule(
            id=title,
            egress=egress,
            protocol=kind,
            from_port=low,
            to_port=high,
            peer=peer,
            exists=REFUSED if not accepted else exists,
            span=span,
        )
