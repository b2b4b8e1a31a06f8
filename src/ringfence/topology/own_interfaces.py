"""Pods that may have a network interface of their own, with groups that are not their node's.

    SecurityGroupPolicy      pods that one may select get a branch interface with its groups, if the CNI is told to
                             (ENABLE_POD_ENI); whether policies, their node's groups or source NAT count for them as
                             well depends on the CNI's mode (POD_SECURITY_GROUP_ENFORCING_MODE)
    aws_eks_fargate_profile  pods that one selects run on Fargate, in the profile's subnets, and nothing there enforces
                             NetworkPolicy. Pods of DaemonSets and of the host's network do not run there

Neither is worked out: whatever such a pod sends or gets is left open, on each way that it may take. So nothing about
one is ever proved, neither that it reaches something nor that it does not, unless the cloud around has no way at all.

    pods with interfaces in S  --open-->  S                 by its own interface
                               --open-->  fabric in S       as a pod of its node, where it may be one

Source: EKS user guide, "Assign security groups to individual Pods", "Define which Pods use AWS Fargate when launched".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.security_group import LAYER
from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.networks import Endpoint, Link, Location
from ringfence.model.selectors import Not, Selector
from ringfence.resources.kubernetes import RawObject
from ringfence.topology.aws.estate import undecided
from ringfence.topology.entries import CONTROLLER
from ringfence.topology.kubernetes import FABRIC
from ringfence.topology.pods import PODS

POLICY = ("vpcresources.k8s.aws", "SecurityGroupPolicy")
OPEN = "it may have an interface of its own, whose groups and ways are not modelled"


@dataclass(frozen=True)
class GroupPolicies:
    """The SecurityGroupPolicies of a cluster."""

    objects: tuple[RawObject, ...] = ()

    @classmethod
    def among(cls, objects: Iterable[RawObject]) -> GroupPolicies:
        """Those of a cluster's other objects."""
        return cls(tuple(one for one in objects if (one.group, one.kind) == POLICY))

    def may_select(self, pod: Endpoint) -> bool:
        """Whether one of them may mean a pod; what a service account's labels say is not known."""
        if pod.location != PODS:
            return False
        labels = pod.facets.get(POD)
        return any(
            one.metadata.namespace == pod.namespace and (labels is None or _may_hold(one.document, labels))
            for one in self.objects
        )

    def warnings(self) -> Iterator[Diagnostic]:
        """One for each."""
        for one in self.objects:
            message = f"SecurityGroupPolicy {one.metadata.qualified_name} is not modelled"
            yield warning(f"{message}: what passes at the pods that it may select is unknown", one.span)


def _may_hold(document: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """False where an exact label that the policy asks for is another one or missing."""
    spec = document.get("spec")
    selector = spec.get("podSelector") if isinstance(spec, Mapping) else None
    wanted = selector.get("matchLabels") if isinstance(selector, Mapping) else None
    if not isinstance(wanted, Mapping):
        return True
    return all(not isinstance(value, str) or labels.get(str(key)) == value for key, value in wanted.items())


def location(key: str) -> str:
    """Where the pods with interfaces of their own in a place stand."""
    return f"pods with interfaces in {key}"


def place(key: str) -> Location:
    """The location, at which everything is open."""
    return Location(location(key), undecided(LAYER, OPEN), kind="pod")


def links(key: str, subnet: str, mine: Selector, controller: Selector) -> Iterator[Link]:
    """The ways of an own interface. `mine` are the cluster's endpoints in the place."""
    here = location(key)
    yield Link("own interface", here, subnet, None, Not(controller), exits=True)
    yield Link("own interface", subnet, here, None, mine, enters=True)
    yield Link("ingress controller", FABRIC, here, enters=True)
    yield Link("ingress controller", here, CONTROLLER, exits=True)


def links_by_node(key: str) -> Iterator[Link]:
    """The ways of a pod of its node, which one with an interface of its own may take as well."""
    here, fabric = location(key), f"fabric in {key}"
    yield Link("pod network", here, fabric, exits=True)
    for source in (f"within {key}", fabric, f"node of {key}", f"node ports of {key}"):
        yield Link("pod network", source, here, enters=True)
