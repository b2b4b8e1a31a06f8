"""What a target group leads to, and whose address its targets see."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import AutoScalingGroup, BalancerKind, Id, LoadBalancer, Target, TargetGroup, Unknown
from ringfence.topology.aws.estate import Estate
from ringfence.topology.aws.population import population
from ringfence.topology.aws.targets import Registered, Targets, keeps_client
from tests.topology.aws.clouds import cloud

ALB, NLB, NOT_KNOWN = BalancerKind.APPLICATION, BalancerKind.NETWORK, Unknown("it is not known")
SCALED = {"autoscaling_groups": (AutoScalingGroup(id="asg", subnets=("private",), target_groups=("tg",)),)}


def led(group: TargetGroup, registered: bool = False, **changes: Any) -> tuple[list[tuple[str, int]], str]:
    """Who is behind a group, each with a port, and why there may be others."""
    estate = Estate(cloud(**changes))
    people = tuple(population(estate))
    more = {"tg": (Registered(people[0], 9090),)} if registered else {}
    found = Targets(estate, people, {}, more).onward(group)
    return [(one.target.id, one.port) for one in found.targets], found.unknown


def to(*targets: Id, **fields: Any) -> TargetGroup:
    registered = tuple(Target(id=f"t{at}", target=one) for at, one in enumerate(targets))
    given = {"id": "tg", "port": 8080, "address": "aws_lb_target_group.tg", "targets": registered}
    return TargetGroup(**{**given, **fields})


@pytest.mark.parametrize(
    ("group", "changes", "expected"),
    [
        (to("bastion"), {}, ([("bastion", 8080)], "")),
        (to("10.0.1.10", target_type="ip"), {}, ([("server", 8080)], "")),
        (to("10.0.1.99", target_type="ip"), {}, ([], "target 10.0.1.99 is not in the files")),
        (to(NOT_KNOWN), {}, ([], "it is not known")),
        (to("bastion", port=NOT_KNOWN), {}, ([], "it is not known")),
        (to(), {}, ([], "whoever registers with aws_lb_target_group.tg is not in the files")),
        (to(), SCALED, ([("asg in private", 8080)], "")),
        (to(), {"registered": True}, ([("bastion", 9090)], "")),
        (to("server"), {"registered": True}, ([("server", 8080), ("bastion", 9090)], "")),
        (to(target_type="lambda"), {}, ([], "")),
    ],
)
def test_who_is_behind_a_group(group: TargetGroup, changes: dict[str, Any], expected: tuple[Any, str]):
    assert led(group, **changes) == expected


@pytest.mark.parametrize(
    ("kind", "target_type", "protocol", "given", "expected"),
    [
        (ALB, "instance", "HTTP", None, (False,)),
        (ALB, "instance", "HTTP", True, (False,)),
        (NLB, "instance", "TCP", None, (True,)),
        (NLB, "ip", "TCP", None, (False,)),
        (NLB, "ip", "UDP", None, (True,)),
        (NLB, "ip", "TCP_UDP", None, (True,)),
        (NLB, "instance", "TCP", False, (False,)),
        (NLB, NOT_KNOWN, "TCP", None, (True, False)),
    ],
)
def test_whether_targets_see_the_client(kind: BalancerKind, target_type: Any, protocol: str, given: Any, expected: Any):
    targets = TargetGroup(id="tg", protocol=protocol, target_type=target_type, preserve_client_ip=given)
    assert keeps_client(LoadBalancer(id="lb", kind=kind), targets) == expected
