"""What an Istio policy is for: a selector on labels, or references to gateways, services and classes.

The rules are those of istiod's validation (`validateOneOfSelectorType`, `validatePolicyTargetReference`) and of the
custom resource definitions.
"""

from __future__ import annotations

from ringfence.resources.istio.authorization import TargetReference
from ringfence.sources.kubernetes.istio_parts import workload_selector
from ringfence.sources.kubernetes.parts import Part

Labels = tuple[tuple[str, str], ...]

TARGETS = {
    "Service": "",
    "ServiceEntry": "networking.istio.io",
    "Gateway": "gateway.networking.k8s.io",
    "GatewayClass": "gateway.networking.k8s.io",
}
"""The kinds that a policy may attach to, and the group of each."""

MOST_TARGETS = 16


def selector(part: Part) -> Labels | None:
    """The labels that a workload must have, sorted by key; None where there is no selector."""
    found = workload_selector(part)
    if found == ():
        part.warn("selects every workload of the namespace", "leave it out, or name labels")
    return found


def target_refs(spec: Part) -> tuple[TargetReference, ...]:
    """The references of `targetRefs`, or the one of `targetRef`; refuses them beside each other and a selector."""
    several = spec["targetRefs"].items()
    if len(several) > MOST_TARGETS:
        spec["targetRefs"].refuse(f"holds more than {MOST_TARGETS} references")
    one = spec["targetRef"]
    if sum((spec["selector"].present, one.present, spec["targetRefs"].present)) > 1:
        spec.refuse("only one of selector, targetRef and targetRefs can be set")
    return tuple(_target(part) for part in ([one] if one.present else several))


def _target(part: Part) -> TargetReference:
    part.only("group", "kind", "name", "namespace")
    group, kind, name = part["group"].text(), part["kind"].text(), part["name"].text()
    group = "" if group == "core" else group
    if not name:
        part.refuse("name is missing")
    if part["namespace"].text():
        part["namespace"].refuse("a policy can only refer to its own namespace", "leave it out")
    if TARGETS.get(kind) != group:
        known = ", ".join(f"{one} of {where or 'the core'}" for one, where in TARGETS.items())
        part.refuse(f"{kind!r} of {group or 'the core'} is no target: {known}")
    return TargetReference(group, kind, name)
