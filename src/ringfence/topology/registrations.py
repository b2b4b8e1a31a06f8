"""What a cluster registers with the cloud's target groups: its pods, or the ports that its nodes have for a Service.

    clusters:
      shop:
        targets:
          aws_lb_target_group.web: shop/web           # a Service that has one port, or
          aws_lb_target_group.api: shop/api:http      # one of its ports, by name or number

| said by | where |
|---|---|
| the posture file | `targets` of the cluster |
| a TargetGroupBinding of the AWS Load Balancer Controller | `targetGroupARN` or `targetGroupName`: the group's name |
| a Service or an Ingress that names a load balancer of the files | `topology.named_balancers` |

A group of target type `ip` gets the pods behind the Service, one of `instance` the nodes. With `networking`, and for
what an annotation says, the controller lets the balancer in by rules of its own at the nodes' groups, which no file
holds.

Source: AWS Load Balancer Controller, "TargetGroupBinding" and its CRD (elbv2.k8s.aws/v1beta1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.networks import Endpoint
from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.aws import AwsObjects, CidrPeer, GroupPeer, SecurityGroupRule, TargetGroup, Unknown
from ringfence.resources.kubernetes import KubernetesObjects, RawObject, mapping_at
from ringfence.topology.aws.estate import known, name
from ringfence.topology.aws.targets import Registered
from ringfence.topology.bindings import Binding
from ringfence.topology.kubernetes import Topology
from ringfence.topology.names import PORT_PROTOCOLS
from ringfence.topology.services import node_ports

GROUP, KIND = "elbv2.k8s.aws", "TargetGroupBinding"
ARN = "arn:"
PERHAPS = "which pods are behind the Service is not known"
MADE = "a rule that the controller makes for"
OPENS = Unknown("the load balancer controller may let it in by a rule that no file holds")


@dataclass(frozen=True, slots=True)
class Registration:
    """A Service behind a target group (its id). `port` None: whatever the Service has.

    `opens`: the controller may let the balancer in where the groups in the files do not.
    """

    group: str
    service: str
    port: int | str | None = None
    opens: bool = False
    span: Span = NOWHERE


def registrations(
    objects: KubernetesObjects, cloud: AwsObjects, binding: Binding, wrong: list[Diagnostic]
) -> Iterator[Registration]:
    """What the posture file and TargetGroupBindings say. What means nothing is complained about."""
    services = {one.metadata.qualified_name for one in objects.services}
    for text, service in binding.targets:
        found = [one for one in cloud.target_groups if text in (one.id, one.address)]
        place, _, port = service.partition(":")
        if not found:
            wrong.append(warning(f"cluster {binding.cluster}: target group {text} is not in the files", binding.span))
        elif place not in services:
            wrong.append(warning(f"cluster {binding.cluster}: Service {place} is not in the files", binding.span))
        else:
            yield from (Registration(one.id, place, _port(port), span=binding.span) for one in found)
    for one in objects.others:
        if (one.group, one.kind) == (GROUP, KIND):
            yield from _bound(one, cloud.target_groups, services, wrong)


def _bound(
    one: RawObject, groups: Iterable[TargetGroup], services: set[str], wrong: list[Diagnostic]
) -> Iterator[Registration]:
    spec = mapping_at(one.document, "spec")
    wanted = str(spec.get("targetGroupName") or spec.get("targetGroupARN") or "")
    reference = mapping_at(spec, "serviceRef")
    service = f"{one.metadata.namespace}/{reference.get('name', '')}"
    title = f"{KIND} {one.metadata.qualified_name}"
    found = [group for group in groups if _means(wanted, group)]
    if not found:
        wrong.append(warning(f"{title}: its target group ({wanted or 'no name'}) is not in the files", one.span))
    elif service not in services:
        wrong.append(warning(f"{title}: Service {service} is not in the files", one.span))
    else:
        port = reference.get("port")
        number = port if isinstance(port, int | str) and not isinstance(port, bool) else None
        opens = bool(mapping_at(spec, "networking").get("ingress"))
        yield from (Registration(group.id, service, number, opens, one.span) for group in found)


def _means(text: str, group: TargetGroup) -> bool:
    """Whether an ARN or a name is a target group's: `arn:aws:elasticloadbalancing:...:targetgroup/NAME/0123`."""
    if not text:
        return False
    if text in (group.id, group.address):
        return True
    parts = text.split(":targetgroup/")
    label = parts[-1].partition("/")[0] if text.startswith(ARN) and len(parts) == 2 else text
    return group.label == label


def _port(text: str) -> int | str | None:
    return int(text) if text.isdecimal() else text or None


def registered(
    found: Iterable[Registration],
    cluster: Topology,
    cloud: AwsObjects,
    pods: Iterable[Endpoint],
    nodes: Iterable[Endpoint],
) -> dict[str, tuple[Registered, ...]]:
    """The targets of each target group with which something is registered; none where they cannot be said.

    `pods` and `nodes` are the cluster's endpoints in their places.
    """
    people, machines = tuple(pods), tuple(nodes)
    groups = {one.id: one for one in cloud.target_groups}
    services = {one.metadata.qualified_name: one for one in cluster.objects.services}
    targets: dict[str, list[Registered]] = {}
    for one in found:
        targets.setdefault(one.group, [])
        kind = groups[one.group].target_type
        why = kind.because if isinstance(kind, Unknown) else ""
        for protocol in PORT_PROTOCOLS:
            for port, target in cluster.service_ports(one.service, protocol, one.port):
                if kind == "ip" or why:
                    behind = (
                        Registered(pod, target.port, why if target.holds(pod) else PERHAPS)
                        for pod in people
                        if target.may_hold(pod)
                    )
                    targets.setdefault(one.group, []).extend(behind)
                if kind == "instance" or why:
                    numbers = node_ports(services[one.service], port)
                    if len(numbers) == 1:
                        at_nodes = (Registered(node, numbers.first(), why) for node in machines)
                        targets.setdefault(one.group, []).extend(at_nodes)
    return {group: tuple(dict.fromkeys(some)) for group, some in targets.items()}


def opened(cloud: AwsObjects, found: Iterable[Registration], groups: Collection[str]) -> AwsObjects:
    """The cloud with what the controller may add to the nodes' groups: rules that let the balancers in."""
    opening = {one.group: one for one in found if one.opens}
    balancers = {one.id: one for one in cloud.load_balancers}
    rules = []
    for listener in cloud.listeners:
        for group in known(listener.target_groups):
            if group not in opening or listener.load_balancer not in balancers:
                continue
            balancer = balancers[str(listener.load_balancer)]
            peers: list[CidrPeer | GroupPeer] = [GroupPeer(one) for one in known(balancer.security_groups)]
            inside = (one for one in cloud.subnets if one.id in known(balancer.subnets) and isinstance(one.cidr, str))
            peers += [CidrPeer(str(one.cidr)) for one in inside]
            span = opening[group].span
            rules += [
                SecurityGroupRule(
                    id=f"{MADE} {name(balancer)}", egress=False, protocol="-1", peer=peer, exists=OPENS, span=span
                )
                for peer in peers
            ]
    added = tuple(dict.fromkeys(rules))
    changed = (
        replace(one, rules=(*one.rules, *added)) if added and one.id in groups else one for one in cloud.security_groups
    )
    return replace(cloud, security_groups=tuple(changed))
