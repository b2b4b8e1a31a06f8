"""Load balancers, listeners and target groups from describe calls.

Listeners and target health name no balancer or group in their own answers; collectors wrap them with it, and both the
wrapped and the plain form are read.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.resources.aws import BalancerKind, Ids, Listener, LoadBalancer, Target, TargetGroup, Unknown
from ringfence.sources.aws_describe_answers import Answer, Answers

KINDS = {one.value: one for one in BalancerKind}


def load_balancers(answers: Answers) -> Iterator[LoadBalancer]:
    """Load balancers of the second generation."""
    for one in answers.of("LoadBalancers"):
        yield LoadBalancer(
            id=one.text("LoadBalancerArn"),
            tags=one.tags(),
            span=one.span,
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
    for balancer, one in wrapped + plain:
        groups: Ids = tuple(group for action in one.parts("DefaultActions") for group in _forwards(action))
        yield Listener(
            id=one.text("ListenerArn"),
            span=one.span,
            load_balancer=balancer or one.id("LoadBalancerArn"),
            port=one.number("Port"),
            protocol=one.maybe("Protocol"),
            target_groups=groups,
        )


def _forwards(action: Answer) -> list[str]:
    weighted = [one.text("TargetGroupArn") for one in action.part("ForwardConfig").parts("TargetGroups")]
    single = action.maybe("TargetGroupArn")
    return list(dict.fromkeys([*([single] if single else []), *weighted]))


def target_groups(answers: Answers) -> Iterator[TargetGroup]:
    """Target groups with the targets that are registered."""
    targets: dict[str, list[Target]] = {}
    for one in answers.of("LoadBalancerTargetHealth"):
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
            vpc=one.maybe("VpcId"),
            port=one.number("Port"),
            protocol=one.maybe("Protocol"),
            target_type=one.maybe("TargetType") or "instance",
            health_port=None if port in (None, "traffic-port") else one.number("HealthCheckPort"),
            health_protocol=one.maybe("HealthCheckProtocol"),
            targets=tuple(targets.get(arn, ())),
        )
