"""Load balancers from describe calls."""

from __future__ import annotations

from ringfence.resources.aws import BalancerKind
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
