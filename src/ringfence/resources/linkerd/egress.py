"""EgressNetwork (`policy.linkerd.io/v1alpha1`): whether what meshed clients send out of the cluster passes."""

from __future__ import annotations

from dataclasses import dataclass, field

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import ObjectMeta
from ringfence.resources.linkerd.networks import Network


@dataclass(frozen=True, slots=True)
class EgressNetwork:
    """`traffic_policy` (Allow, Deny) decides about what no attached route takes.

    `networks` None: every address outside the cluster's networks.
    """

    metadata: ObjectMeta
    traffic_policy: str
    networks: tuple[Network, ...] | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)
