"""Network ACLs from Terraform, with their entries from wherever those are written.

    inline              blocks of the ACL (`rule_no`, `action`)
    stand-alone         `aws_network_acl_rule` (`rule_number`, `rule_action`)
    the default ACL     is implied in every VPC and allows all, unless `aws_default_network_acl` adopts and empties it
    association         `subnet_ids`, or `aws_network_acl_association`

Source: the AWS provider's pages on these resources; VPC user guide, "Default network ACL for a VPC".
"""

from __future__ import annotations

from dataclasses import replace

from ringfence.resources.aws import AclAction, AclEntry, NetworkAcl, Unknown, Vpc
from ringfence.sources.terraform.mapping import schema
from ringfence.sources.terraform.mapping.fields import Reading, joined
from ringfence.sources.terraform.mapping.parts import Kind, Parents
from ringfence.sources.terraform.mapping.rules import REFUSED, ports, protocol
from ringfence.sources.terraform.records import Arguments, ResourceRecord

ACLS = Kind("ACL", "entry", "entries", lambda id, why: NetworkAcl(id=id, vpc=why, unlisted=why))


def network_acls(reading: Reading, vpcs: tuple[Vpc, ...]) -> list[NetworkAcl]:
    """All ACLs, default ones included."""
    acls = Parents(ACLS)
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
        acls.hold(replace(acl, entries=tuple(entries)), record.written, *entries and (None,))
    for one in vpcs:
        if isinstance(one.default_network_acl, str) and one.default_network_acl not in acls.found:
            acls.hold(_default_acl(one, one.default_network_acl), written=True)
    for record in reading.of("aws_network_acl_rule"):
        acls.place(reading, reading.id(record.arguments, "network_acl_id"), _beside(reading, record))
    for record in reading.of("aws_network_acl_association"):
        acl_id = reading.id(record.arguments, "network_acl_id")
        subnet = reading.id(record.arguments, "subnet_id")
        for id in [acl_id] if isinstance(acl_id, str) else list(acls.found):
            added = (record.exists or subnet) if isinstance(acl_id, str) else acl_id
            acl = acls.known(id)
            acls.found[id] = replace(acl, subnets=joined(acl.subnets, (added,)))
    return list(acls.found.values())


def _default_acl(vpc: Vpc, id: str) -> NetworkAcl:
    entries = tuple(
        AclEntry(number=number, egress=egress, protocol="-1", action=AclAction.ALLOW, cidr=cidr)
        for egress in (True, False)
        for number, cidr in ((100, "0.0.0.0/0"), (101, "::/0"))
    )
    return NetworkAcl(id=id, vpc=vpc.id, entries=entries, exists=vpc.exists, span=vpc.span)


def _beside(reading: Reading, record: ResourceRecord) -> AclEntry:
    arguments = record.arguments
    fine = schema.accepted(reading, arguments, schema.ACL_RULE, record.written)
    fine = schema.given(reading, arguments, "rule_number", "rule_action", "protocol") and fine
    egress = reading.flag(arguments.get("egress"), arguments.span)
    return _entry(reading, arguments, egress, "rule_number", "rule_action", fine, record.exists)


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
