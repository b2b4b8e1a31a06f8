"""A namespace has no default deny.

## What it does
For each namespace with workloads and each direction: looks for a NetworkPolicy that selects every pod, and for none
that selects every pod and admits everything: policies add up, so such a one opens what the other closed. Namespaces of
Kubernetes' own (`kube-...`) are left out.

## Why it is bad
Without one, whatever no policy selects is open: every new workload starts unprotected, and a policy whose selector has
a typing error protects nothing.

## Example
    kind: NetworkPolicy
    spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}     # the only one in its namespace

## Instead
    kind: NetworkPolicy
    metadata: {name: default-deny}
    spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.namespaces import by_namespace
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import NetworkPolicy, PolicyType, Workload

CHECK = Check(
    "RF102",
    "no-default-deny",
    "namespace without default deny",
    Severity.MEDIUM,
    "0.1",
    "add a NetworkPolicy with an empty podSelector and both policy types",
    ("https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-policies",),
)


def run(view: View) -> Iterator[Finding]:
    """One finding for each namespace, which names the directions."""
    objects = view.topology.objects
    declared = {one.metadata.name: one.span for one in objects.namespaces if one.declared}
    governing = by_namespace(objects.network_policies)
    for namespace, workloads in by_namespace(objects.workloads).items():
        if namespace.startswith("kube-"):
            continue
        policies = governing.get(namespace, [])
        open_directions = [kind for kind in PolicyType if not _denied(policies, kind)]
        if not open_directions:
            continue
        because = tuple(_open(kind, workloads, policies) for kind in open_directions)
        directions = " and ".join(kind.lower() for kind in open_directions)
        message = f"namespace {namespace} has no default deny for {directions}"
        yield Finding(CHECK, CHECK.severity, message, declared.get(namespace, workloads[0].span), because)


def _denied(policies: list[NetworkPolicy], kind: PolicyType) -> bool:
    """Whether the policies isolate every pod of their namespace and do not let everything in or out again."""
    whole = [one for one in policies if kind in one.policy_types and one.pod_selector.selects_everything]
    return bool(whole) and not any(_admits_everything(one, kind) for one in whole)


def _admits_everything(policy: NetworkPolicy, kind: PolicyType) -> bool:
    rules = policy.ingress if kind is PolicyType.INGRESS else policy.egress
    selects_all = kind in policy.policy_types and policy.pod_selector.selects_everything
    return selects_all and any(not rule.peers and not rule.ports for rule in rules)


def _open(kind: PolicyType, workloads: list[Workload], policies: list[NetworkPolicy]) -> tuple[str, Span]:
    """Which workloads nothing isolates today, or what undoes the isolation."""
    opening = next((policy for policy in policies if _admits_everything(policy, kind)), None)
    if opening is not None:
        return f"{kind.lower()}: {opening.metadata.name} admits everything", opening.span
    bare = [one for one in workloads if not any(_isolates(policy, kind, one) for policy in policies)]
    if not bare:
        return f"{kind.lower()}: every workload of today is selected by a policy; the next one would not be", Span()
    names = ", ".join(one.metadata.name for one in bare[:4]) + (f" and {len(bare) - 4} more" if len(bare) > 4 else "")
    return f"{kind.lower()}: no policy isolates {names}", bare[0].span


def _isolates(policy: NetworkPolicy, kind: PolicyType, workload: Workload) -> bool:
    selected = all(policy.pod_selector.matches(template.labels) for template in workload.templates)
    return kind in policy.policy_types and selected
