"""Which inbound TCP of an ambient pod goes through ztunnel, and what goes past it.

    captured   all TCP, but for what is listed here
    own node   what runs on the pod's own node goes past ztunnel, so that kubelet's probes arrive
    bypass     the annotation `ambient.istio.io/bypass-inbound-capture: "true"` of a pod: plaintext goes straight to the
               application; HBONE goes through ztunnel still

The annotation is a pod's facet `ztunnel`, `inbound: bypassed`. Source: istio `cni/pkg/iptables`, `cni/pkg/config`;
Istio's page on ambient and Kubernetes NetworkPolicy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ringfence.layers import own_node
from ringfence.layers.mesh_facets import AMBIENT, of_planes
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_PLAINTEXT
from ringfence.model.rules import ANY_PEER, Action, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, Comparison, Label

FACET, INBOUND, BYPASSED = "ztunnel", "inbound", "bypassed"
ANNOTATION = "ambient.istio.io/bypass-inbound-capture"

CAPTURED = of_planes(AMBIENT)
"""The pods that ztunnel stands before."""

_BYPASSED = AllOf((CAPTURED, Label(FACET, INBOUND, Comparison.IN, frozenset((BYPASSED,)))))


def pod_facet(annotations: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """The facet of a pod with these annotations, if there is anything to say."""
    return {FACET: {INBOUND: BYPASSED}} if annotations.get(ANNOTATION) == "true" else {}


def stages(nodes: Iterable[str]) -> tuple[Stage, ...]:
    """What goes past ztunnel, before anything that it decides. `nodes`: the names of the cluster's nodes."""
    own = own_node.stage(nodes)
    captured = tuple(replace(one, subjects=AllOf((CAPTURED, one.subjects))) for one in own.scopes)
    past = Rule(Action.ALLOW, ANY_PEER, Bounds.exactly(ALL_PLAINTEXT), name="(plaintext goes past ztunnel)")
    return replace(own, scopes=captured), Stage("capture", (Scope(ANNOTATION, _BYPASSED, (past,)),), Action.PASS)
