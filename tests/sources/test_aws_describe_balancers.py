"""Load balancers from describe calls."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import BalancerKind, Unknown
from tests.sources.describing import ANSWERS, read

FOUND = read(ANSWERS)[0]


def test_balancers_and_listeners() -> None:
    (balancer,) = FOUND.load_balancers
    assert (balancer.kind, balancer.internal, balancer.subnets) == (BalancerKind.NETWORK, True, ("subnet-1",))
    (listener,) = FOUND.listeners
    assert (listener.load_balancer, listener.port, listener.protocol) == ("lb-1", 80, "TCP")
    assert listener.target_groups == ("tg-1", "tg-2")


def test_plain_listeners() -> None:
    found = read({"Listeners": [{"ListenerArn": "l", "LoadBalancerArn": "lb-1", "Port": 1}]})[0]
    assert [(one.load_balancer, one.target_groups) for one in found.listeners] == [("lb-1", ())]


def test_target_groups() -> None:
    first, second = FOUND.target_groups
    assert (first.port, first.target_type, first.health_port, second.health_port) == (8080, "ip", 9090, None)
    assert [(one.target, one.port) for one in first.targets] == [("10.0.0.5", 8081)]


ARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/front/1/2"
HTTP = {"ListenerArn": ARN, "LoadBalancerArn": "lb-1", "Port": 80, "Protocol": "HTTP"}
RULE = {"RuleArn": ARN.replace("listener", "listener-rule") + "/3", "Actions": [{"TargetGroupArn": "tg-7"}]}
UNKNOWN = Unknown()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"Listeners": [HTTP], "Rules": [RULE]}, ("tg-7",)),
        ({"Listeners": [{**HTTP, "DefaultActions": [{"TargetGroupArn": "tg-7"}]}], "Rules": [RULE]}, ("tg-7",)),
        ({"Listeners": [{**HTTP, "DefaultActions": [{"TargetGroupArn": "tg-1"}]}]}, ("tg-1", UNKNOWN)),
        ({"Listeners": [{**HTTP, "ListenerArn": "other"}], "Rules": [RULE]}, (UNKNOWN,)),
        ({"Listeners": [{**HTTP, "Protocol": "TCP", "DefaultActions": [{"TargetGroupArn": "tg-1"}]}]}, ("tg-1",)),
    ],
    ids=["rule", "once each", "no rules answered", "another listener's", "TCP has no rules"],
)
def test_rules_of_listeners(answers: dict[str, Any], expected: tuple[str | Unknown, ...]) -> None:
    ((listener),) = read(answers)[0].listeners
    assert listener.target_groups == expected


def test_targets_that_nobody_listed_are_unknown() -> None:
    group = {"TargetGroupArn": "tg-1", "Port": 80, "Protocol": "HTTP"}
    (alone,) = read({"TargetGroups": [group]})[0].target_groups
    assert [one.target for one in alone.targets] == [UNKNOWN]
    health = {"TargetGroupArn": "tg-1", "TargetHealthDescriptions": []}
    (empty,) = read({"TargetGroups": [group], "LoadBalancerTargetHealth": [health]})[0].target_groups
    assert empty.targets == ()
