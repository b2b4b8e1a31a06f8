"""The internet's way through a balancer and a node's port to a pod, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ringfence.resources.aws import (
    BalancerKind,
    LaunchTemplate,
    Listener,
    LoadBalancer,
    NodeGroup,
    RouteTable,
    TargetGroup,
)
from ringfence.topology import kubernetes
from ringfence.topology.aws import build
from ringfence.topology.bindings import Binding
from ringfence.topology.composition import compose
from tests.layers.clusters import block, cluster, has, policy, service, template, workload
from tests.layers.clusters import rule as policy_rule
from tests.topology.aws.clouds import NO, PERHAPS, TO_IGW, YES, cloud, group, rule, verdict

ADMITTING = (rule("nodes", None, "-1"), rule("web", 30080))
BOUND = Binding("shop", nodes=("nodes",))
OVERLAY = replace(BOUND, data_path="overlay")
WEB = workload("x/web", template("tcp/http=8080", app="web"))

FROM_CLIENTS = policy("x/web", has(app="web"), ingress=(policy_rule(block("198.51.100.0/24"), "tcp/8080"),))
FROM_NODES = policy("x/web", has(app="web"), ingress=(policy_rule(block("10.0.0.0/16"), "tcp/8080"),))
OTHER_PORT = policy("x/web", has(app="web"), ingress=(policy_rule("tcp/80"),))


def served(
    *policies: Any,
    binding: Binding = BOUND,
    local: bool = False,
    number: int = 30080,
    keeps: bool = True,
    nodes: Any = ADMITTING,
) -> kubernetes.Topology:
    """A network balancer in `public` sends port 443 to port 30080 of nodes in `private` and `data`."""
    listener = Listener(id="l", load_balancer="lb", port=443, protocol="TCP", target_groups=("tg",))
    objects = cloud(
        security_groups=(group("default"), group("web", rule("0.0.0.0/0", 443)), group("nodes", *nodes)),
        route_tables=(
            RouteTable(id="main", vpc="vpc"),
            RouteTable(id="out", vpc="vpc", routes=(TO_IGW,), subnets=("public",)),
        ),
        network_interfaces=(),
        load_balancers=(
            LoadBalancer(id="lb", kind=BalancerKind.NETWORK, subnets=("public",), security_groups=("web",)),
        ),
        listeners=(listener,),
        target_groups=(
            TargetGroup(id="tg", port=30080, protocol="TCP", target_type="instance", preserve_client_ip=keeps),
        ),
        launch_templates=(LaunchTemplate(id="lt", security_groups=("nodes",)),),
        node_groups=(
            NodeGroup(
                id="nodes", cluster="c", subnets=("private", "data"), launch_template="lt", target_groups=("tg",)
            ),
        ),
    )
    policy_mode = "Local" if local else "Cluster"
    front = service("x/web", "tcp/80=http", kind="LoadBalancer", external_traffic_policy=policy_mode)
    (port,) = front.ports
    front = replace(front, ports=(replace(port, node_port=number),))
    return compose(kubernetes.build(cluster(WEB, front, *policies)), build(objects), binding)


@pytest.mark.parametrize("binding", [BOUND, OVERLAY])
@pytest.mark.parametrize(
    ("policies", "more", "expected"),
    [
        pytest.param((), {}, YES, id="no policy"),
        pytest.param((OTHER_PORT,), {}, PERHAPS, id="the pod's port is refused, but to its own node"),
        pytest.param((OTHER_PORT,), {"local": True}, NO, id="the pod's port is refused"),
        pytest.param((FROM_NODES,), {}, YES, id="the pod sees its nodes"),
        pytest.param((FROM_CLIENTS,), {}, PERHAPS, id="and not the client: its own node may get in"),
        pytest.param((FROM_CLIENTS,), {"local": True}, YES, id="unless traffic stays on the node"),
        pytest.param((FROM_NODES,), {"local": True}, NO, id="then it does not see the nodes"),
        pytest.param((FROM_CLIENTS,), {"local": True, "keeps": False}, NO, id="and the balancer keeps the client"),
        pytest.param((), {"nodes": (rule("nodes", None, "-1"),)}, NO, id="the nodes' group refuses the balancer"),
        pytest.param((), {"number": 0}, PERHAPS, id="a node port that nobody knows"),
        pytest.param((), {"number": 30081}, YES, id="no Service listens there: the node itself"),
    ],
)
def test_the_internet_reaches_a_pod_through_its_nodes(binding: Binding, policies: Any, more: Any, expected: Any):
    assert verdict(served(*policies, binding=binding, **more).network, "internet", "lb", 443) == expected


def test_a_service_port_of_udp_leaves_tcp_to_the_node():
    found = served()
    assert verdict(found.network, "internet", "lb", 443, "udp") == NO
    assert verdict(found.network, "internet", "x/web[Deployment]", 8080) == NO
