"""NetworkPolicy of `networking.k8s.io/v1`, as it stands after the API server's defaulting.

What absence and emptiness mean (the type's own documentation):

    rule without peers        every source or destination, also outside the cluster
    rule without ports        every protocol and port
    peer.pod_selector None    with a namespace_selector: all pods of those namespaces
    peer.namespace_selector None   with a pod_selector: the policy's own namespace
    port.port None            every port of the protocol
    no rules, type listed     nothing is allowed in that direction
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import SELECT_EVERYTHING, LabelSelector, ObjectMeta


class PolicyType(StrEnum):
    """A direction in which a policy isolates the pods that it selects."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


@dataclass(frozen=True, slots=True)
class IPBlock:
    """Addresses by CIDR, in canonical form (host bits zero). Each of `except_` lies strictly inside `cidr`."""

    cidr: str
    except_: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkPolicyPeer:
    """Selectors (both given: pods that match in namespaces that match) or an `ip_block`, never both."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NetworkPolicyPort:
    """One protocol (`TCP`, `UDP`, `SCTP`) with a number, a range `port..end_port`, a named container port or all."""

    protocol: str = "TCP"
    port: int | str | None = None
    end_port: int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NetworkPolicyRule:
    """One ingress rule (`peers` is its `from`) or egress rule (`to`): any of the peers on any of the ports."""

    peers: tuple[NetworkPolicyPeer, ...] = ()
    ports: tuple[NetworkPolicyPort, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """A policy: the pods of its own namespace that `pod_selector` matches are isolated in each of `policy_types`.

    `policy_types` is never empty: it is defaulted as the API server does. Rules of a direction that is not in it
    have no effect, and are kept because a finding may say so.
    """

    metadata: ObjectMeta
    pod_selector: LabelSelector = SELECT_EVERYTHING
    policy_types: tuple[PolicyType, ...] = (PolicyType.INGRESS,)
    ingress: tuple[NetworkPolicyRule, ...] = ()
    egress: tuple[NetworkPolicyRule, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)
