"""Load balancers, listeners and target groups from describe calls.

Target health names no group in its own answer; collectors wrap it with that, as they do listeners, and so it is read
(`LoadBalancerTargetHealth`). A rule says its listener in its own name. Without their answers the targets of a group,
and the rules of an HTTP listener, are unknown: every such listener has at least its default rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.resources.aws import BalancerKind, Id, Listener, LoadBalancer, Target, TargetGroup, Unknown
from ringfence.sources.aws_describe_answers import Answer, Answers

KINDS = {one.value: one for one in BalancerKind}
WITH_RULES = ("HTTP", "HTTPS")
NO_HEALTH = Unknown("its targets are not among the files")


def load_balancers(answers: Answers) -> Iterator[LoadBalancer]:
    """Load balancers of the second generation."""
    for one in answers.of("LoadBalancers"):
        yield LoadBalancer(
            id=one.text("LoadBalancerArn"),
            tags=one.tags(),
            span=one.span,
            label=one.maybe("LoadBalancerName"),
            kind=KINDS.get(one.maybe("Type") or "", Unknown("a balancer of another type")),
            internal=one.maybe("Scheme") == "internal",
            subnets=one.each("AvailabilityZones", "SubnetId"),
            security_groups=one.texts("SecurityGroups"),
        )


def listeners(answers: Answers) -> Iterator[Listener]:
    """Listeners with the target groups of their default actions."""
    wrapped = [
        (one.maybe("LoadBalancerArn"), part)
        for one in answers.of("LoadBalancerListeners")
        for part in one.parts("Listeners")
    ]
    plain = [(one.maybe("LoadBalancerArn"), one) for one in answers.of("Listeners")]
    rules = _rules(answers)
    for balancer, one in wrapped + plain:
        groups: list[Id] = [group for action in one.parts("DefaultActions") for group in _forwards(action)]
        more = rules.get(one.text("ListenerArn"))
        if one.maybe("Protocol") in WITH_RULES and more is None:
            groups.append(Unknown("the rules of this listener are not among the files"))
        yield Listener(
            id=one.text("ListenerArn"),
            span=one.span,
            load_balancer=balancer or one.id("LoadBalancerArn"),
            port=one.number("Port"),
            protocol=one.maybe("Protocol"),
            target_groups=tuple(dict.fromkeys((*groups, *(more or ())))),
        )


def _rules(answers: Answers) -> dict[str, list[str]]:
    """The target groups of each listener's rules."""
    found: dict[str, list[str]] = {}
    for one in answers.of("Rules"):
        listener, _, _ = one.text("RuleArn").replace(":listener-rule/", ":listener/").rpartition("/")
        groups = found.setdefault(listener, [])
        groups += [group for action in one.parts("Actions") for group in _forwards(action)]
    return found


def _forwards(action: Answer) -> list[str]:
    weighted = [one.text("TargetGroupArn") for one in action.part("ForwardConfig").parts("TargetGroups")]
    single = action.maybe("TargetGroupArn")
    return list(dict.fromkeys([*([single] if single else []), *weighted]))


def target_groups(answers: Answers) -> Iterator[TargetGroup]:
    """Target groups with the targets that are registered."""
    targets: dict[str, list[Target]] = {}
    for one in answers.of("LoadBalancerTargetHealth"):
        targets.setdefault(one.text("TargetGroupArn"), [])
        for part in one.parts("TargetHealthDescriptions"):
            found = targets.setdefault(one.text("TargetGroupArn"), [])
            target = part.part("Target")
            id = target.text("Id")
            found.append(Target(id=f"{id}:{len(found)}", target=id, port=target.number("Port"), span=part.span))
    for one in answers.of("TargetGroups"):
        arn = one.text("TargetGroupArn")
        port = one.maybe("HealthCheckPort")
        yield TargetGroup(
            id=arn,
            span=one.span,
            label=one.maybe("TargetGroupName"),
            vpc=one.maybe("VpcId"),
            port=one.number("Port"),
            protocol=one.maybe("Protocol"),
            target_type=one.maybe("TargetType") or "instance",
            health_port=None if port in (None, "traffic-port") else one.number("HealthCheckPort"),
            health_protocol=one.maybe("HealthCheckProtocol"),
            targets=tuple(targets.get(arn, (Target(id=f"{arn}:?", target=NO_HEALTH),))),
        )
