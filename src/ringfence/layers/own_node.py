"""Traffic from a pod's own node is always allowed: kubelet's probes, and whatever else runs on the node's network.

The first stage of every pod's ingress, before any policy, with one scope for the pods of each node. Pods have the facet
`node` (the node that they run on), what runs on a node's own network has the facet `host` (that node's name); whoever's
place is not known has `unplaced`, and then it may be the same node or not.

Source: the Kubernetes page on network policies ("traffic from the node where a Pod is running is always allowed").
"""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.layers.kubernetes_selectors import POD
from ringfence.model.rules import Action, Peer, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, Comparison, Has, Label, Unsure

NODE, HOST, UNPLACED = "node", "host", "unplaced"

HOST_LABELS = "host labels"
"""The facet with the labels of the node on whose network something runs."""

HOST_POD, HOST_NAMESPACE, HOST_POD_PORT = "host pod", "host namespace", "host pod port"
"""Facets of a pod on its node's network: its labels, its namespace's, and its named ports. By these Services and people
find it, and no policy does."""

_MAYBE_SAME = AllOf((Has(HOST), Unsure("it may run on the pod's own node")))


def stage(nodes: Iterable[str]) -> Stage:
    """The stage for a cluster with these nodes."""
    return Stage("own node", (*map(_own, nodes), _ANYWHERE), Action.PASS)


def _own(name: str) -> Scope:
    here = frozenset((name,))
    same = Rule(Action.ALLOW, (Peer(Label(HOST, "name", Comparison.IN, here)),), name="(the pod's own)")
    return Scope(f"node {name}", AllOf((Has(POD), Label(NODE, "name", Comparison.IN, here))), (same, _SOMEWHERE))


_SOMEWHERE = Rule(Action.ALLOW, (Peer(AllOf((_MAYBE_SAME, Has(UNPLACED)))),), name="(may be the pod's own)")

_ANYWHERE = Scope(
    "node that is not known",
    AllOf((Has(POD), Has(UNPLACED))),
    (Rule(Action.ALLOW, (Peer(_MAYBE_SAME),), name="(may be the pod's own)"),),
)
