"""Machines outside of the cluster with a proxy of the mesh: the chains of sidecars, as they stand before them.

A machine has its labels under a facet of its own (`MACHINE`), so that no NetworkPolicy takes it for a pod; Istio's
selectors ask it as they ask pods. So its chains are those of the pods' sidecars, asked about that facet
(`at_machines`). Who its peers are is the same there as anywhere.
"""

from __future__ import annotations

from dataclasses import replace

from ringfence.layers.kubernetes_selectors import POD
from ringfence.model.rules import Chain
from ringfence.model.selectors import AllOf, AnyOf, Comparison, Has, InNamespace, Label, Not, Selector

MACHINE, ENTRY, TITLE = "machine", "istio machine", "title"
"""A machine's labels; what it is called."""


def at_machines(chain: Chain) -> Chain:
    """A chain of the pods' sidecars, before machines."""
    stages = (
        replace(
            stage,
            scopes=tuple(
                replace(
                    scope,
                    subjects=of_machines(scope.subjects),
                    rules=tuple(replace(rule, subjects=of_machines(rule.subjects)) for rule in scope.rules),
                )
                for scope in stage.scopes
            ),
        )
        for stage in chain.stages
    )
    return replace(chain, stages=tuple(stages))


def of_machines(selector: Selector) -> Selector:
    """A selector of pods, asked of machines."""
    match selector:
        case Has(facet) if facet == POD:
            return Has(MACHINE)
        case Label(facet) if facet == POD:
            return replace(selector, facet=MACHINE)
        case AllOf(parts):
            return AllOf(tuple(of_machines(one) for one in parts))
        case AnyOf(parts):
            return AnyOf(tuple(of_machines(one) for one in parts))
        case Not(part):
            return Not(of_machines(part))
    return selector


def called(title: str, namespace: str) -> Selector:
    """The machine of this title."""
    return AllOf((InNamespace(namespace), Label(ENTRY, TITLE, Comparison.IN, frozenset((title,)))))
