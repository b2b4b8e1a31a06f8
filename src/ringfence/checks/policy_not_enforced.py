"""Nothing enforces the policies.

## What it does
Looks at the network plugin that the posture file names or the manifests show, and whether it enforces NetworkPolicy.

## Why it is bad
The API server stores policies whatever the plugin does. Where the plugin ignores them, everything is open, and nothing
says so.

## Example
    kind: DaemonSet
    metadata: {name: kube-flannel-ds, namespace: kube-flannel}

## Instead
Run a plugin that enforces (Calico, Cilium, Antrea ...), or switch enforcement on (`ENABLE_NETWORK_POLICY` of the Amazon
VPC CNI).
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.finding import Check, Finding, Severity, View

CHECK = Check(
    "RF104",
    "policy-not-enforced",
    "policy that nothing enforces",
    Severity.HIGH,
    "0.1",
    "run a network plugin that enforces NetworkPolicy, or switch it on",
    ("https://kubernetes.io/docs/concepts/services-networking/network-policies/#prerequisites",),
)


def run(view: View) -> Iterator[Finding]:
    """One finding for the whole cluster, at the plugin (or the first policy, where no file holds it)."""
    policies = view.topology.objects.network_policies
    found = view.topology.enforcement
    if found.enforced is False and policies:
        many = len(policies) > 1
        count = f"{len(policies)} NetworkPolicies are" if many else "one NetworkPolicy is"
        message = f"{count} there, and nothing enforces {'them' if many else 'it'}"
        span = found.span if found.span.file else policies[0].span
        yield Finding(CHECK, CHECK.severity, message, span, ((found.because, found.span),))
