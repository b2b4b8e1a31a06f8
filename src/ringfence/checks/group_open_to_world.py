"""A security group is open to the world on other ports than the web's.

## What it does
Looks at the rules for what comes in of every group that somebody carries: does a rule, or do several of the same ports
together, name so much of the internet that they name nobody in particular (0.0.0.0/0, ::/0, their halves, a prefix list
of these), on TCP or UDP ports other than 80 and 443? The severity is low where nothing from the internet arrives
by it, whatever the reason: no route, no public address, an ACL. A group that only internal things carry may get a new
member tomorrow.

## Why it is bad
The group is then no protection: what keeps the internet out is a route or an address, and these change for other
reasons.

## Example
    ingress { protocol = "tcp", from_port = 8080, to_port = 8080, cidr_blocks = ["0.0.0.0/0"] }

## Instead
    ingress { protocol = "tcp", from_port = 8080, to_port = 8080, security_groups = [aws_security_group.alb.id] }
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.cloud import QUIET, admitted, estate, ingress, kind, members, named, outside, public, some
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.engine.traffic import Traffic, possible
from ringfence.engine.witness import Field, Witness
from ringfence.model.addresses import AddressSet
from ringfence.model.headers import HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.resources.aws import SecurityGroup, SecurityGroupRule
from ringfence.topology.aws.estate import Estate, name

CHECK = Check(
    "RF203",
    "group-open-to-world",
    "security group open to the world",
    Severity.MEDIUM,
    "0.1",
    "admit groups or known sources",
    ("https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",),
)

WEB = IntervalSet.of(80, 443)
OTHER_PORTS = ports("tcp", IntervalSet.of((0, 65535)) - WEB) | ports("udp", IntervalSet.of((0, 65535)) - WEB)


def run(view: View) -> Iterator[Finding]:
    """One finding for each group and set of ports."""
    found = estate(view)
    carried = members(view)
    for group in found.objects.security_groups if found is not None else ():
        if group.id in carried and found is not None:
            for headers, rules in _open(group, found):
                yield _finding(view, group, headers, rules, carried[group.id])


def _open(group: SecurityGroup, found: Estate) -> Iterator[tuple[HeaderSet, list[SecurityGroupRule]]]:
    """The rules of the same headers that name the world together."""
    by_headers: dict[HeaderSet, list[SecurityGroupRule]] = {}
    for rule in ingress(group):
        headers = admitted(rule).must & OTHER_PORTS
        if headers and named(rule, found):
            by_headers.setdefault(headers, []).append(rule)
    for headers, rules in by_headers.items():
        if public(AddressSet.union(named(one, found) for one in rules)):
            yield headers, rules


def _finding(
    view: View, group: SecurityGroup, headers: HeaderSet, rules: list[SecurityGroupRule], carriers: list[Endpoint]
) -> Finding:
    witness = _arriving(view, carriers, headers)
    who = some(one.title for one in carriers)
    message = f"{name(group)} of {who} is open to the world on {_spoken(headers)}"
    severity = CHECK.severity if witness is not None else Severity.LOW
    because = () if witness is not None else (("nothing from the internet arrives by it today", group.span),)
    return Finding(CHECK, severity, message, rules[0].span, because, witness)


def _arriving(view: View, carriers: list[Endpoint], headers: HeaderSet) -> Witness | None:
    """A packet from the internet that arrives by the rule."""
    for source in outside(view):
        for endpoint in (one for one in carriers if kind(one) not in QUIET):
            slices = view.connectivity.reach.between(source, endpoint)
            if any(one.headers.may & headers and public(one.sources) for one in slices):
                found = view.witnesses.passing(Field((source,), (endpoint,)), headers)
                if found is not None:
                    return found
    return None


def _spoken(headers: HeaderSet) -> str:
    """The ports; where only the web's are missing, all of them."""
    found = possible(headers)
    whole = {name: getattr(found, name) | WEB for name in ("tcp", "udp")}
    full = Traffic(**{key: value for key, value in whole.items() if value == IntervalSet.of((0, 65535))})
    return str(found | full)
