"""A load balancer's health checks do not reach its targets.

## What it does
For each target group behind a listener asks whether the balancer's nodes reach the targets on the port of the health
check (that of the traffic, unless `health_check` names another), there and back: routes, ACLs of both subnets, the
groups of both. All health checks go over TCP, whatever the listener speaks. A network balancer checks the targets of a
node's own zone, where there are any. Nothing is said of targets that are not known, and of functions, which have none.

## Why it is bad
A target that fails its check gets no traffic. If all of them fail, the balancer sends to all: the service works, until
one target passes and takes everything. Who looks at the group of the traffic's port alone finds nothing wrong.

## Example
    health_check { port = 9090 }      # and the target's group admits 8080 from the balancer's

## Instead
    resource "aws_vpc_security_group_ingress_rule" "health" {
      security_group_id = aws_security_group.web.id, referenced_security_group_id = aws_security_group.alb.id
      ip_protocol = "tcp", from_port = 9090, to_port = 9090
    }
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.checks.cloud import estate, some
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.engine.witness import Field
from ringfence.model.addresses import V6
from ringfence.model.headers import HeaderSet, ports
from ringfence.model.headers import union as all_of
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.resources.aws import BalancerKind, LoadBalancer, TargetGroup
from ringfence.topology.aws.balancers import Balancers
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.aws.estate import Estate, doubt, known, name
from ringfence.topology.aws.population import population

CHECK = Check(
    "RF208",
    "health-check-blocked",
    "health checks do not reach the targets",
    Severity.MEDIUM,
    "0.1",
    "let the balancer's nodes reach the targets on the port of the health check, and the replies come back",
    (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html",
    ),
)

WITHOUT_CHECKS = ("lambda",)


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One node of a balancer, one target, and the health check's headers."""

    node: Endpoint
    target: Endpoint
    port: int

    @property
    def headers(self) -> HeaderSet:
        """What the check is: a connection from one of the node's own ports."""
        return ports("tcp", IntervalSet.of(self.port), self.node.ephemeral)


def run(view: View) -> Iterator[Finding]:
    """One finding for each balancer and target group."""
    found = estate(view)
    if found is None or not found.objects.listeners:
        return
    here = {one.id: one for one in view.topology.network.endpoints}
    balancers = Balancers(found, population(found))
    groups = {one.id: one for one in found.objects.target_groups}
    for balancer in found.objects.load_balancers:
        nodes = [here[one.id] for one in balancers.nodes.get(balancer.id, ()) if one.id in here]
        for group in (groups[one] for one in _behind(found, balancer) if one in groups):
            targets = [(here[one.id], port) for one, port in balancers.targets(group) if one.id in here]
            probes = list(_probes(balancer, group, nodes, targets))
            failing = [one for one in probes if not _passes(view, one)]
            if failing:
                yield _finding(view, balancer, group, failing, len(failing) == len(probes))


def _behind(found: Estate, balancer: LoadBalancer) -> Iterator[str]:
    """The target groups of a balancer's listeners."""
    listeners = (one for one in found.objects.listeners if one.load_balancer == balancer.id and one.exists is None)
    yield from dict.fromkeys(each for one in listeners for each in known(one.target_groups))


def _probes(
    balancer: LoadBalancer, group: TargetGroup, nodes: list[Endpoint], targets: list[tuple[Endpoint, int]]
) -> Iterator[Probe]:
    unsure = doubt(group.health_port, group.target_type, group.exists)
    if unsure is not None or group.target_type in WITHOUT_CHECKS:
        return
    for node in nodes:
        near = [one for one in targets if _zone(one[0]) == _zone(node)]
        for target, port in near if near and balancer.kind is BalancerKind.NETWORK else targets:
            if (node.addresses.first() < V6) == (target.addresses.first() < V6) and not (node.maybe or target.maybe):
                yield Probe(node, target, group.health_port if isinstance(group.health_port, int) else port)


def _zone(endpoint: Endpoint) -> str:
    return endpoint.facets.get(AWS, {}).get("zone", "")


def _passes(view: View, probe: Probe) -> bool:
    """Whether the check may come through; what is not known is no finding."""
    slices = view.connectivity.reach.between(probe.node, probe.target)
    return bool(all_of(one.headers.may for one in slices) & probe.headers)


def _finding(view: View, balancer: LoadBalancer, group: TargetGroup, failing: list[Probe], all_fail: bool) -> Finding:
    first = failing[0]
    who = some(one.target.workload for one in failing)
    numbers = ",".join(str(port) for port in dict.fromkeys(one.port for one in failing))
    which = "" if all_fail else " from some nodes or to some targets"
    message = f"health checks of {name(balancer)} (tcp {numbers}) do not reach {who}{which}"
    because = [(f"the targets of {name(group)}", group.span)]
    if not all_fail:
        because += [(f"{one.node.id} -> {one.target.id}", one.target.span) for one in failing]
    witness = view.witnesses.failing(Field((first.node,), (first.target,)), first.headers)
    return Finding(CHECK, CHECK.severity, message, group.span, tuple(because), witness)
