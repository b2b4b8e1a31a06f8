"""Balancers as hops: the internet's way to a private host through them, and what the host sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.engine.reference import Reference
from ringfence.model.headers import Header
from ringfence.model.networks import Packet
from ringfence.resources.aws import (
    AutoScalingGroup,
    AwsObjects,
    BalancerKind,
    LaunchTemplate,
    Listener,
    LoadBalancer,
    NodeGroup,
    RouteTable,
    SecurityGroup,
    Target,
    TargetGroup,
    Unknown,
)
from ringfence.topology.aws import build
from tests.topology.aws.clouds import (
    ALLOW_ALL,
    HOST,
    NO,
    PERHAPS,
    TO_IGW,
    TO_NAT,
    YES,
    acl,
    cloud,
    entry,
    group,
    host,
    rule,
    verdict,
)

ALB, NLB = BalancerKind.APPLICATION, BalancerKind.NETWORK
NOT_KNOWN = Unknown("after apply")
WEB = group("web", rule("0.0.0.0/0", 443))


def balanced(
    kind: BalancerKind = ALB,
    *groups: SecurityGroup,
    of_balancer: tuple[str, ...] = ("web",),
    target: Any = "10.0.1.10",
    target_type: str = "ip",
    internal: Any = False,
    keeps: Any = None,
    **changes: Any,
) -> AwsObjects:
    """A balancer in the public subnet listens on 443 and sends to port 8080 of a server in the private one."""
    balancer = LoadBalancer(id="lb", kind=kind, subnets=("public",), security_groups=of_balancer, internal=internal)
    listener = Listener(
        id="l", load_balancer="lb", port=443, protocol="HTTPS" if kind is ALB else "TCP", target_groups=("tg",)
    )
    protocol = "HTTP" if kind is ALB else "TCP"
    targets = TargetGroup(
        id="tg",
        vpc="vpc",
        port=8080,
        protocol=protocol,
        target_type=target_type,
        preserve_client_ip=keeps,
        targets=(Target(id="t", target=target),),
    )
    given = {
        "security_groups": (group("default"), WEB, *groups),
        "network_interfaces": (host("server", "private", "10.0.1.10", "app"),),
        "load_balancers": (balancer,),
        "listeners": (listener,),
        "target_groups": (targets,),
    }
    return cloud(**{**given, **changes})


BY_GROUP = group("app", rule("web", 8080))
BY_CLIENT = group("app", rule("198.51.100.0/24", 8080))
BY_SUBNET = group("app", rule("10.0.0.0/24", 8080))


@pytest.mark.parametrize(
    ("kind", "app", "more", "expected"),
    [
        pytest.param(ALB, BY_GROUP, {}, YES, id="the balancer's group"),
        pytest.param(ALB, BY_SUBNET, {}, YES, id="the balancer's address"),
        pytest.param(ALB, BY_CLIENT, {}, NO, id="the client's address is gone"),
        pytest.param(ALB, group("app", rule("web", 443)), {}, NO, id="the listener's port is not the target's"),
        pytest.param(ALB, BY_GROUP, {"of_balancer": ("default",)}, NO, id="the balancer's own group refuses"),
        pytest.param(ALB, BY_GROUP, {"internal": True}, NO, id="an internal balancer"),
        pytest.param(ALB, BY_GROUP, {"internal": NOT_KNOWN}, PERHAPS, id="perhaps internal"),
        pytest.param(ALB, BY_GROUP, {"target": NOT_KNOWN}, PERHAPS, id="a target that is not known"),
        pytest.param(ALB, BY_GROUP, {"target": "10.0.1.77"}, PERHAPS, id="a target that is not in the files"),
        pytest.param(NLB, BY_CLIENT, {"keeps": True}, YES, id="the client's address is kept"),
        pytest.param(NLB, BY_GROUP, {"keeps": True}, YES, id="kept, and the balancer's group admits"),
        pytest.param(NLB, BY_SUBNET, {"keeps": True}, NO, id="kept, so not the balancer's address"),
        pytest.param(NLB, BY_CLIENT, {}, NO, id="TCP to addresses: not kept"),
        pytest.param(NLB, BY_SUBNET, {}, YES, id="TCP to addresses: the balancer's"),
        pytest.param(NLB, BY_CLIENT, {"keeps": NOT_KNOWN}, PERHAPS, id="nobody knows whether it is kept"),
        pytest.param(NLB, BY_SUBNET, {"of_balancer": ()}, YES, id="without a group it accepts everything"),
        pytest.param(NLB, BY_GROUP, {"of_balancer": ()}, NO, id="without a group it is in none"),
    ],
)
def test_a_balancer_in_front_of_a_private_host(
    kind: BalancerKind, app: SecurityGroup, more: dict[str, Any], expected: tuple[bool, bool]
):
    objects = balanced(kind, app, **more)
    assert verdict(objects, "internet", "lb", 443) == expected
    assert verdict(objects, "internet", "server", 8080) == NO
    assert verdict(objects, "internet", "lb", 8080) == NO


@pytest.mark.parametrize("kind", [ALB, NLB])
@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (ALLOW_ALL, YES),
        ((entry(100, "allow"), entry(100, "allow", (1024, 65535), True)), YES),
        ((entry(100, "allow"),), NO),
        ((entry(100, "allow", (443, 443)), entry(100, "allow", None, True)), NO),
    ],
)
def test_the_targets_edge_counts_both_ways(kind: BalancerKind, entries: Any, expected: Any):
    """The reply to a kept address leaves by the edge with that address, and no table needs a route for it."""
    edges = (acl("open", *ALLOW_ALL), acl("edge", *entries, subnets=("private",)))
    bare = (RouteTable(id="main", vpc="vpc"), RouteTable(id="out", vpc="vpc", routes=(TO_IGW,), subnets=("public",)))
    objects = balanced(kind, group("app", rule("0.0.0.0/0", 8080)), keeps=True, network_acls=edges, route_tables=bare)
    assert verdict(objects, "internet", "lb", 443) == expected


def test_a_private_host_behind_a_nat_gateway_answers_through_its_balancer():
    tables = (
        RouteTable(id="out", vpc="vpc", routes=(TO_IGW,), subnets=("public",)),
        RouteTable(id="inner", vpc="vpc", routes=(TO_NAT,), subnets=("private", "data")),
    )
    assert verdict(balanced(NLB, BY_CLIENT, keeps=True, route_tables=tables), "internet", "lb", 443) == YES


def test_one_target_of_two_that_refuses_makes_it_intermittent():
    objects = balanced(ALB, BY_GROUP)
    closed = host("closed", "private", "10.0.1.11", "default")
    (targets,) = objects.target_groups
    both = replace(targets, targets=(*targets.targets, Target(id="u", target="10.0.1.11")))
    objects = replace(objects, target_groups=(both,), network_interfaces=(*objects.network_interfaces, closed))
    assert verdict(objects, "internet", "lb", 443) == PERHAPS
    network = build(objects).network
    (node,) = (one for one in network.endpoints if one.workload == "lb" and not one.maybe)
    packet = Packet("external-ipv4", HOST.first(), node.id, node.addresses.first(), Header("tcp", 40000, 443))
    assert Outcome.ALLOWED in Reference(network).trace(packet).outcomes


def test_the_balancer_as_a_client_of_its_target():
    assert verdict(balanced(ALB, BY_GROUP), "lb", "server", 8080) == YES
    assert verdict(balanced(ALB, BY_CLIENT), "lb", "server", 8080) == NO


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"target_groups": ()}, PERHAPS),
        ({"listeners": ()}, NO),
        ({"listeners": (Listener(id="l", load_balancer="lb", port=443, protocol="HTTPS"),)}, YES),
        (
            {
                "listeners": (
                    Listener(id="l", load_balancer="lb", port=NOT_KNOWN, protocol="HTTP", target_groups=("tg",)),
                )
            },
            PERHAPS,
        ),
        (
            {"listeners": (Listener(id="l", load_balancer="lb", port=443, protocol="HTTP", target_groups=NOT_KNOWN),)},
            PERHAPS,
        ),
        ({"target_groups": (TargetGroup(id="tg", address="aws_lb_target_group.tg", port=8080),)}, PERHAPS),
        ({"target_groups": (TargetGroup(id="tg", port=8080),)}, NO),
        ({"target_groups": (TargetGroup(id="tg", target_type="lambda"),)}, YES),
    ],
)
def test_listeners_and_what_is_not_known_of_them(changes: dict[str, Any], expected: tuple[bool, bool]):
    assert verdict(balanced(ALB, BY_GROUP, **changes), "internet", "lb", 443) == expected


SCALED: dict[str, Any] = {"subnets": ("private", "data"), "launch_template": "lt", "target_groups": ("tg",)}


@pytest.mark.parametrize(
    "scaled",
    [
        {"autoscaling_groups": (AutoScalingGroup(id="asg", **SCALED),)},
        {"node_groups": (NodeGroup(id="nodes", cluster="c", **SCALED),)},
    ],
)
def test_whoever_a_group_that_scales_will_start_is_a_target(scaled: dict[str, Any]):
    objects = balanced(
        ALB,
        BY_GROUP,
        target_groups=(TargetGroup(id="tg", port=8080),),
        launch_templates=(LaunchTemplate(id="lt", security_groups=("app",)),),
        **scaled,
    )
    assert verdict(objects, "internet", "lb", 443) == YES
    assert build(objects).entries[0].title == "load balancer lb"
