"""Load balancers, listeners, target groups and targets from Terraform.

A listener sends to the target groups of its default action and of all of its rules: which request takes which is the
application's business. `aws_alb*` are the old names of `aws_lb*`.

Source: the AWS provider's pages on these resources.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ringfence.resources.aws import BalancerKind, Ids, Listener, LoadBalancer, Target, TargetGroup, Unknown
from ringfence.sources.terraform.mapping.fields import Reading, joined
from ringfence.sources.terraform.records import Arguments

KINDS = {one.value: one for one in BalancerKind}


def load_balancers(reading: Reading) -> list[LoadBalancer]:
    """Load balancers of the second generation."""
    found = []
    for record in reading.of("aws_lb", "aws_alb"):
        arguments, span = record.arguments, record.arguments.span
        kind = reading.maybe(arguments.get("load_balancer_type"), span) or "application"
        mappings, more = arguments.nested("subnet_mapping")
        mapped: Ids = more or tuple(reading.id(one, "subnet_id") for one in mappings)
        subnets = reading.ids(arguments.get("subnets"), span)
        found.append(
            LoadBalancer(
                **reading.common(record),
                label=reading.maybe(arguments.get("name"), span),
                kind=kind if isinstance(kind, Unknown) else KINDS.get(kind, Unknown(f"a balancer of type {kind}")),
                internal=reading.flag(arguments.get("internal"), span),
                subnets=joined(subnets, mapped),
                security_groups=reading.ids(arguments.get("security_groups"), span),
            )
        )
    return found


def listeners(reading: Reading) -> list[Listener]:
    """Listeners with the target groups of their rules."""
    found = {}
    for record in reading.of("aws_lb_listener", "aws_alb_listener"):
        arguments, span, common = record.arguments, record.arguments.span, reading.common(record)
        found[common["id"]] = Listener(
            **common,
            load_balancer=reading.id(arguments, "load_balancer_arn"),
            port=reading.number(arguments.get("port"), span),
            protocol=reading.maybe(arguments.get("protocol"), span),
            target_groups=_forwards(reading, arguments, "default_action"),
        )
    for record in reading.of("aws_lb_listener_rule", "aws_alb_listener_rule"):
        parent = reading.id(record.arguments, "listener_arn")
        groups = record.exists or _forwards(reading, record.arguments, "action")
        for id in [parent] if isinstance(parent, str) else list(found):
            if id in found:
                more = groups if isinstance(parent, str) else parent
                found[id] = replace(found[id], target_groups=joined(found[id].target_groups, more))
    return list(found.values())


def _forwards(reading: Reading, arguments: Arguments, kind: str) -> Ids:
    """The target groups of actions, in either way of writing them."""
    actions, more = arguments.nested(kind)
    out: Ids = more or ()
    for action in actions:
        single = reading.maybe(action.get("target_group_arn"), action.span)
        if single is not None and single != "":
            out = joined(out, (single,))
        forwards, unknown = action.nested("forward")
        out = joined(out, unknown or ())
        for forward in forwards:
            weighted, unknown = forward.nested("target_group")
            out = joined(out, unknown or tuple(reading.id(one, "arn") for one in weighted))
    return out


def target_groups(reading: Reading) -> list[TargetGroup]:
    """Target groups with the targets that files register."""
    found = {}
    for record in reading.of("aws_lb_target_group", "aws_alb_target_group"):
        arguments, span, common = record.arguments, record.arguments.span, reading.common(record)
        checks, more = arguments.nested("health_check")
        check = checks[0] if checks else Arguments(span=span)
        port = check.get("port")
        keeps = arguments.get("preserve_client_ip")
        found[common["id"]] = TargetGroup(
            **common,
            label=reading.maybe(arguments.get("name"), span),
            vpc=reading.maybe(arguments.get("vpc_id"), span),
            port=reading.number(arguments.get("port"), span),
            protocol=reading.maybe(arguments.get("protocol"), span),
            target_type=reading.maybe(arguments.get("target_type"), span) or "instance",
            preserve_client_ip=None if keeps in (None, "") else reading.flag(keeps, span),
            health_port=more or (None if port == "traffic-port" else reading.number(port, check.span)),
            health_protocol=more or reading.maybe(check.get("protocol"), check.span),
        )
    for id, target in _targets(reading, list(found)):
        if id in found:
            found[id] = replace(found[id], targets=(*found[id].targets, target))
    return list(found.values())


def _targets(reading: Reading, groups: list[str]) -> Iterator[tuple[str, Target]]:
    for record in reading.of("aws_lb_target_group_attachment", "aws_alb_target_group_attachment"):
        arguments = record.arguments
        parent = reading.id(arguments, "target_group_arn")
        target = Target(
            **reading.common(record),
            target=reading.id(arguments, "target_id"),
            port=reading.number(arguments.get("port"), record.span),
        )
        for id in [parent] if isinstance(parent, str) else groups:
            yield id, target if isinstance(parent, str) else replace(target, exists=parent)
