"""Classic Load Balancers (`aws_elb`), as balancers of the second generation.

One takes every connection apart and opens its own to an instance, with an address and the groups of its own: so it is
an application load balancer, whatever its protocols. Each of its instance ports is a target group `ELB:PORT`. Instances
join by `instances` and `aws_elb_attachment`, scaling groups by `load_balancers` and `aws_autoscaling_attachment`.

Source: the guide of Classic Load Balancers; the AWS provider's `aws_elb`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.resources.aws import (
    BalancerKind,
    Id,
    Ids,
    Listener,
    LoadBalancer,
    MaybeId,
    Number,
    Target,
    TargetGroup,
    Unknown,
)
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.records import Arguments, ResourceRecord

KIND, ATTACHMENT = "aws_elb", "aws_elb_attachment"
ZONES = Unknown("it is in zones, whose subnets are not named")
PROTOCOLS = {"SSL": "TLS"}
NO_PORT = "the instance port is not known"


@dataclass(frozen=True, slots=True)
class _Listener:
    """One `listener` block: what it listens on, and the target group that it leads to."""

    listener: Listener
    group: str
    port: Number
    protocol: MaybeId
    block: Arguments


def load_balancers(reading: Reading) -> list[LoadBalancer]:
    """The balancers. Without subnets they are in zones of the default VPC."""
    found = []
    for record in reading.of(KIND):
        arguments, span = record.arguments, record.arguments.span
        subnets = reading.ids(arguments.get("subnets"), span)
        found.append(
            LoadBalancer(
                **reading.common(record),
                label=reading.maybe(arguments.get("name"), span),
                kind=BalancerKind.APPLICATION,
                internal=reading.flag(arguments.get("internal"), span),
                subnets=subnets or ZONES,
                security_groups=reading.ids(arguments.get("security_groups"), span),
            )
        )
    return found


def listeners(reading: Reading) -> list[Listener]:
    """Their listeners."""
    return [one.listener for record in reading.of(KIND) for one in _listeners(reading, record)]


def target_groups(reading: Reading) -> list[TargetGroup]:
    """A group for each instance port, with the instances that files register."""
    found: dict[str, TargetGroup] = {}
    for record in reading.of(KIND):
        id = reading.common(record)["id"]
        instances = tuple(_instances(reading, record, id))
        for one in _listeners(reading, record):
            targets = (Target(id=f"{one.group}:{at}", target=each) for at, each in enumerate(instances))
            found[one.group] = TargetGroup(
                id=one.group,
                address=one.group if one.group.startswith(KIND) else "",
                span=one.block.span,
                port=one.port,
                protocol=one.protocol,
                target_type="instance",
                targets=tuple(targets),
            )
    return list(found.values())


def groups_of(reading: Reading, balancers: Ids) -> Ids:
    """The target groups of these balancers, for a scaling group that registers with them."""
    if isinstance(balancers, Unknown):
        return balancers
    found: list[Id] = [one for one in balancers if isinstance(one, Unknown)]
    for record in reading.of(KIND):
        if reading.common(record)["id"] in balancers or _name(reading, record) in balancers:
            found += (one.group for one in _listeners(reading, record))
    return tuple(dict.fromkeys(found))


def _name(reading: Reading, record: ResourceRecord) -> MaybeId:
    return reading.maybe(record.arguments.get("name"), record.arguments.span)


def _listeners(reading: Reading, record: ResourceRecord) -> Iterator[_Listener]:
    common, arguments = reading.common(record), record.arguments
    blocks, more = arguments.nested("listener")
    for block in blocks:
        port = reading.number(block.get("lb_port"), block.span)
        behind = reading.number(block.get("instance_port"), block.span)
        protocol = reading.maybe(block.get("lb_protocol"), block.span)
        if isinstance(protocol, str):
            protocol = PROTOCOLS.get(protocol.upper(), protocol.upper())
        group = f"{common['id']}:{behind if isinstance(behind, int) else '?'}"
        known = behind if isinstance(behind, int) else Unknown(NO_PORT)
        listener = Listener(
            id=f"{common['id']} listener {port if isinstance(port, int) else '?'}",
            exists=common["exists"],
            span=block.span,
            load_balancer=common["id"],
            port=port,
            protocol=protocol,
            target_groups=(group,),
        )
        yield _Listener(listener, group, known, reading.maybe(block.get("instance_protocol"), block.span), block)
    if more is not None:
        listener = Listener(
            id=f"{common['id']} listeners",
            span=common["span"],
            load_balancer=common["id"],
            port=more,
            protocol=more,
            target_groups=more,
        )
        yield _Listener(listener, f"{common['id']}:?", more, more, arguments)


def _instances(reading: Reading, record: ResourceRecord, id: str) -> Iterator[Id]:
    named = reading.ids(record.arguments.get("instances"), record.arguments.span)
    yield from (named,) if isinstance(named, Unknown) else named
    for attachment in reading.of(ATTACHMENT):
        parent = reading.id(attachment.arguments, "elb")
        if isinstance(parent, Unknown):
            yield parent
        elif parent in (id, _name(reading, record)):
            yield attachment.exists or reading.id(attachment.arguments, "instance")
