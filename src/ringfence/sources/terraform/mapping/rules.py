"""What rules of groups and entries of ACLs have in common: protocols and port ranges, as Terraform writes them.

A protocol is a name, a number or `-1` (`all`); the provider writes each of the four that have names by its name.
Source: the AWS provider's pages on `aws_security_group_rule` and `aws_network_acl_rule`.
"""

from __future__ import annotations

from typing import Any

from ringfence.model.spans import Span
from ringfence.resources.aws import Id, Number, Unknown
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.records import Arguments

PROTOCOLS = {"all": "-1", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
REFUSED = Unknown("this rule is not one that Terraform accepts")
CONFLICT = Unknown("rules inside the block and rules beside it take each other away")


def protocol(reading: Reading, value: Any, span: Span) -> Id:
    """A protocol as AWS names it: `-1`, one of the four names, or a number."""
    found = reading.maybe(value, span)
    if found is None or isinstance(found, Unknown):
        return found or Unknown("the protocol is not given")
    name = PROTOCOLS.get(found.lower(), found.lower())
    if name in ("-1", *PROTOCOLS.values()) or (name.isdecimal() and int(name) < 256):
        return name
    return reading.error(f"{found[:40]!r} is no protocol", span)


def ports(reading: Reading, block: Arguments) -> tuple[Number, Number]:
    """A port range, or type and code of ICMP; without meaning (None) where the protocol is `-1`."""
    protocol = reading.maybe(block.get("protocol") or block.get("ip_protocol"), block.span)
    name = PROTOCOLS.get(protocol.lower(), protocol.lower()) if isinstance(protocol, str) else protocol
    low = reading.number(block.get("from_port"), block.span)
    high = reading.number(block.get("to_port"), block.span)
    if name in ("tcp", "udp"):
        wrong = Unknown("the port range is not known")
        if low is None or high is None:
            return wrong, reading.error("a rule for TCP or UDP needs from_port and to_port", block.span)
        known = isinstance(low, int) and isinstance(high, int)
        if known and not 0 <= low <= high <= 65535:  # type: ignore[operator]
            return wrong, reading.error(f"{low} to {high} is no port range", block.span)
        return low, high
    return (low, high) if name in ("icmp", "icmpv6") or isinstance(name, Unknown) else (None, None)
