"""Cluster policies of the network-policy-api project (`policy.networking.k8s.io`), in one shape for their versions.

    AdminNetworkPolicy           v1alpha1   tier Admin, before every NetworkPolicy
    BaselineAdminNetworkPolicy   v1alpha1   tier Baseline, for what no NetworkPolicy isolates; there is one, `default`
    ClusterNetworkPolicy         v1alpha2   names its tier

The `Accept` of v1alpha2 and the `Allow` of v1alpha1 are the same action, here `Allow`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import LabelSelector, ObjectMeta

ADMIN, BASELINE = "Admin", "Baseline"


@dataclass(frozen=True, slots=True)
class PodsOf:
    """Pods that `pods` selects (None: all) in namespaces that `namespaces` selects."""

    namespaces: LabelSelector
    pods: LabelSelector | None = None


@dataclass(frozen=True, slots=True)
class ClusterPolicyPeer:
    """One kind of peer. All None: a peer that this version does not know, which must fail closed.

    `networks` are CIDRs in canonical form; `domain_names` may begin with `*.`.
    """

    pods: PodsOf | None = None
    nodes: LabelSelector | None = None
    networks: tuple[str, ...] | None = None
    domain_names: tuple[str, ...] | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def known(self) -> bool:
        """Whether it says anything that is understood."""
        return any(one is not None for one in (self.pods, self.nodes, self.networks, self.domain_names))


@dataclass(frozen=True, slots=True)
class ClusterPolicyPort:
    """A protocol with ports `port..end_port`, or a container port's name (protocol empty: of any protocol).

    `port` None and no name: every port of the protocol.
    """

    protocol: str
    port: int | None = None
    end_port: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class ClusterPolicyRule:
    """`action` is Allow, Deny or Pass. `ports` None: every protocol and port."""

    action: str
    name: str
    peers: tuple[ClusterPolicyPeer, ...]
    ports: tuple[ClusterPolicyPort, ...] | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ClusterPolicy:
    """A policy of one tier; a lower `priority` goes first. Without rules in a direction it does nothing there."""

    kind: str
    metadata: ObjectMeta
    tier: str
    priority: int
    subject: PodsOf
    ingress: tuple[ClusterPolicyRule, ...] = ()
    egress: tuple[ClusterPolicyRule, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)
