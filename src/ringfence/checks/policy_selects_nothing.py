"""A policy selects no pod.

## What it does
Looks for NetworkPolicies whose podSelector matches no pod, and no pod template, of their namespace. Pods on the host's
network do not count: no policy governs them.

## Why it is bad
The policy is there, reviews pass, and it protects nothing: a label was misspelt or renamed, or the policy stands in the
wrong namespace.

## Example
    spec: {podSelector: {matchLabels: {app: databse}}, policyTypes: [Ingress]}

## Instead
Select labels that the workload's pod template has; nearby names are suggested.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.namespaces import by_namespace
from ringfence.layers.kubernetes_selectors import POD
from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes import NetworkPolicy, Workload

CHECK = Check(
    "RF103",
    "policy-selects-nothing",
    "policy that selects nothing",
    Severity.MEDIUM,
    "0.1",
    "correct the podSelector or the namespace, or remove the policy",
    ("https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-resource",),
)


def run(view: View) -> Iterator[Finding]:
    """One finding for each such policy."""
    objects = view.topology.objects
    workloads = by_namespace(objects.workloads)
    for policy in objects.network_policies:
        if policy.pod_selector.selects_everything:
            continue
        here = workloads.get(policy.metadata.namespace, [])
        matching = [one for one in here if _matches(policy, one)]
        if not any(_governed(view, one) for one in matching):
            message = f"NetworkPolicy {policy.metadata.qualified_name} selects no pod"
            span = policy.span.at("spec", "podSelector")
            yield Finding(CHECK, CHECK.severity, message, span, tuple(_hints(policy, here, objects.workloads)))


def _matches(policy: NetworkPolicy, workload: Workload) -> bool:
    templates = workload.every_template
    return any(policy.pod_selector.matches(template.labels) for template in templates)


def _governed(view: View, workload: Workload) -> bool:
    """Whether policies know its pods as pods at all; one without endpoints has none now and may have some again."""
    members = view.connectivity.workloads.get(workload.title, ())
    return not members or any(POD in one.facets for one in members)


def _hints(policy: NetworkPolicy, here: list[Workload], workloads: tuple[Workload, ...]) -> Iterator[tuple[str, Span]]:
    """What was probably meant: a value that is near, or pods of another namespace."""
    for one in here:
        if _matches(policy, one):
            yield f"{one.title} runs on the host's network, where no policy governs it", one.span
    if not here:
        yield f"namespace {policy.metadata.namespace} has no workloads here", NOWHERE
    for key, value in policy.pod_selector.match_labels:
        values = {template.labels[key] for one in here for template in one.templates if key in template.labels}
        near = get_close_matches(value, sorted(values), 1)
        if value not in values and near:
            holder = next(one for one in here if any(t.labels.get(key) == near[0] for t in one.templates))
            yield f"{key}={value} is on no pod; {holder.title} has {key}={near[0]}", holder.span
    for one in workloads:
        elsewhere = one.metadata.namespace != policy.metadata.namespace
        if elsewhere and _matches(policy, one):
            yield f"{one.title} has these labels, in another namespace", one.span
            return
