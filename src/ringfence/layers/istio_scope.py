"""Which pods an AuthorizationPolicy or RequestAuthentication is for, as a selector and for one pod's labels.

    root namespace   policies there are for the pods of every namespace
    selector         all labels, exactly; none: every pod
    targetRefs       to a Gateway: the pods that Gateway API started for it, in the policy's own namespace, no others;
                     to a Service, ServiceEntry or GatewayClass: waypoints, and so no pod with a sidecar

A waypoint's own pods take no policy by selector. Source: istio `pilot/pkg/model/policyattachment.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ringfence.layers.istio_waypoint import GATEWAY_NAME, MANAGED, MANAGED_BY
from ringfence.layers.kubernetes_selectors import POD, labels
from ringfence.layers.mesh_facets import SIDECAR, of_planes
from ringfence.model.selectors import AllOf, Comparison, Has, InNamespace, Label, Not, Selector
from ringfence.resources.istio.authorization import TargetReference
from ringfence.resources.kubernetes import LabelSelector, ObjectMeta

WAYPOINTS = Label(POD, MANAGED, Comparison.IN, frozenset(MANAGED_BY))
SIDECARS = AllOf((Has(POD), of_planes(SIDECAR), Not(WAYPOINTS)))
"""The pods whose own proxy enforces policies; gateways are such."""


class Scoped(Protocol):
    """A policy."""

    @property
    def metadata(self) -> ObjectMeta:
        """Its namespace and name."""

    @property
    def selector(self) -> tuple[tuple[str, str], ...] | None:
        """The labels that it selects."""

    @property
    def target_refs(self) -> tuple[TargetReference, ...]:
        """The objects that it attaches to."""


def subjects(policy: Scoped, root_namespace: str) -> Selector:
    """The pods that a policy is for."""
    namespace = policy.metadata.namespace
    if policy.target_refs:
        wanted: Selector = Label(POD, GATEWAY_NAME, Comparison.IN, _gateways(policy))
        return AllOf((SIDECARS, InNamespace(namespace), wanted))
    place = () if namespace == root_namespace else (InNamespace(namespace),)
    return AllOf((SIDECARS, *place, *labels(POD, LabelSelector(policy.selector or ()))))


def selects(policy: Scoped, root_namespace: str, namespace: str, of_pod: Mapping[str, str]) -> bool:
    """Whether a policy is for the pods of a namespace that have these labels."""
    own = policy.metadata.namespace
    if of_pod.get(MANAGED) in MANAGED_BY:
        return False
    if policy.target_refs:
        return own == namespace and of_pod.get(GATEWAY_NAME) in _gateways(policy)
    return own in (root_namespace, namespace) and dict(policy.selector or ()).items() <= of_pod.items()


def _gateways(policy: Scoped) -> frozenset[str]:
    return frozenset(one.name for one in policy.target_refs if one.kind == "Gateway")
