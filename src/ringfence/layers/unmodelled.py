"""What is there, enforces, and has no layer here: the verdicts of what it could select are unknown.

Two things end up here: kinds of the closed list `ENFORCING_KINDS` that no layer lowers, and NetworkPolicies that the
reader refused. For the pods that such an object could select, this layer may allow, may deny, and may leave the
decision to the next: *must* is empty and *may* is everything. Guessing either way would make a false proof.

What an object could select:

    of a namespace                        the pods of that namespace
    of the cluster                        every pod; for kinds that also select hosts (`OF_HOSTS`), every node too
    Istio's, in the mesh's root namespace every pod, and so what is exported to all namespaces (`EXPORTED`)

Kinds that decide nothing by themselves (`PASSIVE`) make nothing unknown; staged policies do where the option
`calico_staged_as_enforced` asks what they would do. A refused NetworkPolicy counts where NetworkPolicy is enforced.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.own_node import HOST
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, AnyOf, Has, InNamespace, Selector, Unsure
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import ENFORCING_KINDS, NETWORK_POLICY, GroupKind, RawObject, RefusedObject

LAYER = "not modelled"
NAME = "(what it says is not known)"

PASSIVE: frozenset[GroupKind] = frozenset(
    {
        ("projectcalico.org", "NetworkSet"),
        ("projectcalico.org", "GlobalNetworkSet"),
        ("projectcalico.org", "Tier"),
        ("crd.projectcalico.org", "NetworkSet"),
        ("crd.projectcalico.org", "GlobalNetworkSet"),
        ("crd.projectcalico.org", "Tier"),
        ("cilium.io", "CiliumCIDRGroup"),
        ("crd.antrea.io", "Tier"),
        ("crd.antrea.io", "Group"),
        ("crd.antrea.io", "ClusterGroup"),
        ("policy.linkerd.io", "MeshTLSAuthentication"),
        ("policy.linkerd.io", "NetworkAuthentication"),
    }
)
"""Kinds that other kinds refer to: alone they change nothing."""

CALICO = ("projectcalico.org", "crd.projectcalico.org")

STAGED: frozenset[GroupKind] = frozenset(
    (group, kind)
    for group in CALICO
    for kind in ("StagedNetworkPolicy", "StagedGlobalNetworkPolicy", "StagedKubernetesNetworkPolicy")
)
"""Policies that are only watched, not enforced."""

OF_HOSTS: frozenset[GroupKind] = frozenset(
    {
        *((group, kind) for group in CALICO for kind in ("GlobalNetworkPolicy", "StagedGlobalNetworkPolicy")),
        ("cilium.io", "CiliumClusterwideNetworkPolicy"),
        ("crd.antrea.io", "ClusterNetworkPolicy"),
    }
)
"""Kinds of the cluster that select nodes as well as pods."""

HOSTS_ALONE: frozenset[GroupKind] = frozenset((group, "HostEndpoint") for group in CALICO)

EXPORTED: frozenset[GroupKind] = frozenset(
    {("networking.istio.io", "DestinationRule"), ("networking.istio.io", "ServiceEntry")}
)
"""Kinds of a namespace that decide for clients in all namespaces unless they say otherwise."""

ROOT_NAMESPACES = {
    "security.istio.io": "istio-system",
    "networking.istio.io": "istio-system",
    "policy.linkerd.io": "linkerd-egress",
}
"""By API group: the namespace (the product's default) whose objects count for all namespaces."""


POLICIES = {NETWORK_POLICY, *ENFORCING_KINDS}
"""Kinds of which one that was refused leaves verdicts open."""


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """One object whose effect is not known, and the endpoints that it could have one on."""

    title: str
    because: str
    subjects: Selector
    span: Span


def unmodelled(
    others: Iterable[RawObject], refused: Iterable[RefusedObject], staged: bool = False
) -> tuple[Unmodelled, ...]:
    """Everything that makes verdicts unknown, in the order of reading; with `staged`, staged policies as well."""
    found = []
    for one in others:
        kind = (one.group, one.kind)
        if kind in ENFORCING_KINDS and kind not in PASSIVE and (staged or kind not in STAGED):
            title = f"{one.kind} {one.metadata.qualified_name}"
            because = f"{title} is not modelled yet ({ENFORCING_KINDS[kind]})"
            found.append(Unmodelled(title, because, _selectable(kind, one.metadata.namespace), one.span))
    for gone in refused:
        if not gone.kind or any(gone.kind == kind for _, kind in POLICIES):
            title = f"{gone.kind or 'an unreadable document'} {gone.namespace}/{gone.name}".removesuffix(" /")
            found.append(Unmodelled(title, f"{title} was refused", _pods(gone.namespace), gone.span))
    return tuple(found)


def lower(objects: Iterable[Unmodelled]) -> tuple[Chain, ...]:
    """An egress and an ingress chain that leave open what these objects do; none without objects."""
    found = tuple(objects)
    if not found:
        return ()
    scopes = tuple(Scope(one.title, one.subjects, _open(one), span=one.span) for one in found)
    stage = Stage("not modelled", scopes, Action.PASS)
    return tuple(Chain(LAYER, direction, (stage,), Action.ALLOW) for direction in Direction)


def _open(one: Unmodelled) -> tuple[Rule, ...]:
    peers = (Peer(Unsure(one.because)),)
    return tuple(Rule(action, peers, name=NAME, span=one.span) for action in (Action.ALLOW, Action.DENY))


def _selectable(kind: GroupKind, namespace: str) -> Selector:
    """What an object of this kind and namespace (empty: of the cluster) could select."""
    if kind in HOSTS_ALONE:
        return Has(HOST)
    if kind in OF_HOSTS:
        return AnyOf((Has(POD), Has(HOST)))
    everywhere = kind in EXPORTED or ROOT_NAMESPACES.get(kind[0]) == namespace
    return _pods("" if everywhere else namespace)


def _pods(namespace: str) -> Selector:
    return AllOf((Has(POD), InNamespace(namespace))) if namespace else Has(POD)
