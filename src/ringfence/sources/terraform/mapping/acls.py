"""Network ACLs from Terraform, with their entries from wherever those are written.

    inline              blocks of the ACL (`rule_no`, `action`)
    stand-alone         `aws_network_acl_rule` (`rule_number`, `rule_action`)
    both                as for groups: the stand-alone ones may be there or not; a warning
    the default ACL     is implied in every VPC and allows all, unless `aws_default_network_acl` adopts and empties it
    association         `subnet_ids`, or `aws_network_acl_association`

Source: the AWS provider's pages on these resources; VPC user guide, "Default network ACL for a VPC".
"""

from __future__ import annotations

from dataclasses import replace

from ringfence.resources.aws import AclAction, AclEntry, NetworkAcl, Unknown, Vpc
from ringfence.sources.terraform.mapping import schema
from ringfence.sources.terraform.mapping.fields import Reading, joined
from ringfence.sources.terraform.mapping.rules import CONFLICT, REFUSED, ports, protocol
from ringfence.sources.terraform.records import Arguments, ResourceRecord


def network_acls(reading: Reading, vpcs: tuple[Vpc, ...]) -> list[NetworkAcl]:
    """All ACLs, default ones included."""
    acls: dict[str, NetworkAcl] = {}
    inline: set[str] = set()
    planned: set[str] = set()
    for record in reading.of("aws_default_network_acl", "aws_network_acl"):
        arguments = record.arguments
        schema.accepted(reading, arguments, schema.ACL, record.written)
        vpc = reading.id(arguments, "vpc_id")
        if record.type == "aws_default_network_acl":
            adopted = reading.id(arguments, "default_network_acl_id")
            vpc = next((one.id for one in vpcs if one.default_network_acl == adopted), Unknown("whose ACL this is"))
        acl = NetworkAcl(
            **reading.common(record), vpc=vpc, subnets=reading.ids(arguments.get("subnet_ids"), arguments.span)
        )
        entries: list[AclEntry] = []
        for egress in (True, False):
            blocks, more = arguments.nested("egress" if egress else "ingress")
            for block in blocks:
                fine = schema.accepted(reading, block, schema.ACL_BLOCK, record.written)
                fine = schema.given(reading, block, "rule_no", "action", "protocol", "from_port", "to_port") and fine
                entries.append(
                    _entry(reading, block, egress, "rule_no", "action", fine, record.exists or record.fading)
                )
            acl = replace(acl, unlisted=acl.unlisted or more)
        if not record.written:
            planned.add(acl.id)
        elif entries:
            inline.add(acl.id)
        acls[acl.id] = replace(acl, entries=tuple(entries))
    for one in vpcs:
        if isinstance(one.default_network_acl, str) and one.default_network_acl not in acls:
            acls[one.default_network_acl] = _default_acl(one, one.default_network_acl)
    for record in reading.of("aws_network_acl_rule"):
        parent = reading.id(record.arguments, "network_acl_id")
        if parent in planned:  # a plan leaves open what the provider fills in: nothing, where entries stand beside
            acls[str(parent)] = replace(acls[str(parent)], unlisted=None)
        _place_entry(reading, acls, inline, record)
    for record in reading.of("aws_network_acl_association"):
        acl_id = reading.id(record.arguments, "network_acl_id")
        subnet = reading.id(record.arguments, "subnet_id")
        if isinstance(acl_id, str):
            acls.setdefault(acl_id, _elsewhere(acl_id))
        for id in [acl_id] if isinstance(acl_id, str) else list(acls):
            added = (record.exists or subnet) if isinstance(acl_id, str) else acl_id
            acls[id] = replace(acls[id], subnets=joined(acls[id].subnets, (added,)))
    return list(acls.values())


def _elsewhere(id: str) -> NetworkAcl:
    """An ACL that no file here makes."""
    unknown = Unknown(f"{id} is not in the files, nor are its other entries")
    return NetworkAcl(id=id, vpc=unknown, unlisted=unknown)


def _default_acl(vpc: Vpc, id: str) -> NetworkAcl:
    entries = tuple(
        AclEntry(number=number, egress=egress, protocol="-1", action=AclAction.ALLOW, cidr=cidr)
        for egress in (True, False)
        for number, cidr in ((100, "0.0.0.0/0"), (101, "::/0"))
    )
    return NetworkAcl(id=id, vpc=vpc.id, entries=entries, exists=vpc.exists, span=vpc.span)


def _place_entry(reading: Reading, acls: dict[str, NetworkAcl], inline: set[str], record: ResourceRecord) -> None:
    arguments = record.arguments
    fine = schema.accepted(reading, arguments, schema.ACL_RULE, record.written)
    fine = schema.given(reading, arguments, "rule_number", "rule_action", "protocol") and fine
    egress = reading.flag(arguments.get("egress"), arguments.span)
    entry = _entry(reading, arguments, egress, "rule_number", "rule_action", fine, record.exists)
    parent = reading.id(arguments, "network_acl_id")
    if isinstance(parent, Unknown):
        reading.warn(f"which ACL this entry belongs to is not known: {parent.because}", entry.span)
    elif parent not in acls:
        acls[parent] = _elsewhere(parent)
    elif parent in inline:
        reading.warn(f"{parent} has entries inside its block and this one beside it: {CONFLICT.because}", entry.span)
        entry = replace(entry, exists=CONFLICT)
    for id in acls if isinstance(parent, Unknown) else (parent,):
        added = replace(entry, exists=parent) if isinstance(parent, Unknown) else entry
        acls[id] = replace(acls[id], entries=(*acls[id].entries, added))


def _entry(
    reading: Reading,
    block: Arguments,
    egress: bool | Unknown,
    number: str,
    action: str,
    accepted: bool,
    exists: Unknown | None,
) -> AclEntry:
    span = block.span
    if not accepted:
        unknown = REFUSED
        return AclEntry(
            number=unknown, egress=egress, protocol=unknown, action=unknown, cidr=unknown, exists=unknown, span=span
        )
    place = reading.number(block.get(number), span)
    if isinstance(place, int) and not 1 <= place <= 32766:
        place = reading.error(f"{place} is no entry's number: they go from 1 to 32766", span)
    wanted = reading.maybe(block.get(action), span)
    if isinstance(wanted, str):
        known = wanted.lower() in ("allow", "deny")
        decided: AclAction | Unknown = (
            AclAction(wanted.lower()) if known else reading.error(f"{wanted[:40]!r} is neither allow nor deny", span)
        )
    else:
        decided = wanted or REFUSED
    cidr = reading.cidr(block.get("cidr_block"), span)
    six = reading.cidr(block.get("ipv6_cidr_block"), span)
    chosen = cidr if cidr is not None else six
    if chosen is None or (cidr is not None and six is not None):
        chosen = reading.error("an entry has either cidr_block or ipv6_cidr_block", span)
    low, high = ports(reading, block)
    return AclEntry(
        number=REFUSED if place is None else place,
        egress=egress,
        protocol=protocol(reading, block.get("protocol"), span),
        action=decided,
        cidr=chosen,
        from_port=low,
        to_port=high,
        icmp_type=reading.number(block.get("icmp_type"), span),
        icmp_code=reading.number(block.get("icmp_code"), span),
        exists=exists,
        span=span,
    )
