"""What is there, enforces, and has no layer here: the verdicts of what it could select are unknown.

Two things end up here: kinds of the closed list `ENFORCING_KINDS` that no layer lowers, and NetworkPolicies that the
reader refused. For the pods that such an object could select, this layer may allow, may deny, and may leave the
decision to the next: *must* is empty and *may* is everything. Guessing either way would make a false proof.

An object of a namespace could select the pods of that namespace; any other one, every pod. Kinds that decide nothing
by themselves (`PASSIVE`) are only named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ringfence.layers.kubernetes_selectors import POD
from ringfence.model.rules import Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, Has, InNamespace, Selector, Unsure
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import ENFORCING_KINDS, GroupKind, RawObject, RefusedObject

LAYER = "not modelled"

PASSIVE: frozenset[GroupKind] = frozenset(
    {
        ("projectcalico.org", "NetworkSet"),
        ("projectcalico.org", "GlobalNetworkSet"),
        ("projectcalico.org", "StagedNetworkPolicy"),
        ("projectcalico.org", "StagedGlobalNetworkPolicy"),
        ("projectcalico.org", "StagedKubernetesNetworkPolicy"),
        ("projectcalico.org", "Tier"),
        ("crd.projectcalico.org", "NetworkSet"),
        ("crd.projectcalico.org", "GlobalNetworkSet"),
        ("crd.projectcalico.org", "StagedNetworkPolicy"),
        ("crd.projectcalico.org", "StagedGlobalNetworkPolicy"),
        ("crd.projectcalico.org", "StagedKubernetesNetworkPolicy"),
        ("crd.projectcalico.org", "Tier"),
        ("cilium.io", "CiliumCIDRGroup"),
        ("crd.antrea.io", "Tier"),
        ("crd.antrea.io", "Group"),
        ("crd.antrea.io", "ClusterGroup"),
        ("policy.linkerd.io", "MeshTLSAuthentication"),
        ("policy.linkerd.io", "NetworkAuthentication"),
    }
)
"""Kinds that other kinds refer to, or that are staged: alone they change nothing."""


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """One object whose effect is not known, and the endpoints that it could have one on."""

    title: str
    because: str
    subjects: Selector
    span: Span


def unmodelled(others: Iterable[RawObject], refused: Iterable[RefusedObject]) -> tuple[Unmodelled, ...]:
    """Everything that makes verdicts unknown, in the order of reading."""
    found = []
    for one in others:
        kind = (one.group, one.kind)
        if kind in ENFORCING_KINDS and kind not in PASSIVE:
            title = f"{one.kind} {one.metadata.qualified_name}"
            because = f"{title} is not modelled yet ({ENFORCING_KINDS[kind]})"
            found.append(Unmodelled(title, because, _subjects(one.metadata.namespace), one.span))
    for gone in refused:
        if gone.kind == "NetworkPolicy":
            title = f"NetworkPolicy {gone.namespace}/{gone.name}"
            found.append(Unmodelled(title, f"{title} was refused", _subjects(gone.namespace), gone.span))
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
    return tuple(Rule(action, peers, name=one.because, span=one.span) for action in (Action.ALLOW, Action.DENY))


def _subjects(namespace: str) -> Selector:
    return AllOf((Has(POD), InNamespace(namespace))) if namespace else Has(POD)
