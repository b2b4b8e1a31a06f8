"""An entry leads to pods that a policy cuts off.

## What it does
Follows every Ingress, Gateway route, NodePort and LoadBalancer to the pods behind it, and asks whether its traffic is
admitted there.

## Why it is bad
The entry is configured, its address answers, and every request ends in a timeout: the policy at the pods does not know
the ingress controller (or the nodes, or the clients) as a peer.

## Example
    kind: NetworkPolicy
    spec: {podSelector: {}, policyTypes: [Ingress]}     # and an Ingress that leads to these pods

## Instead
Admit the ingress controller's namespace on the pods' target port.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.entry_targets import ways
from ringfence.checks.finding import Check, Finding, Severity, View

CHECK = Check(
    "RF105",
    "entry-cut-off",
    "entry whose way to its pods a policy cuts off",
    Severity.HIGH,
    "0.1",
    "admit the entry's source (the ingress controller's namespace, the nodes, the clients) on the target port",
    ("https://kubernetes.io/docs/concepts/services-networking/network-policies/",),
)


def run(view: View) -> Iterator[Finding]:
    """One finding for each entry, workload and port that is refused."""
    for way in ways(view):
        if way.may:
            continue
        witness = view.witnesses.failing(way.field, way.headers)
        port = f"{way.target.protocol}/{way.target.port}"
        message = f"{way.entry.title} leads to {way.workload} on {port}, and its traffic is refused there"
        hops = witness.trace.decisive.forward if witness else ()
        because = tuple((_reason(hop.layer, hop.rule, hop.because), hop.span) for hop in hops if hop.action == "deny")
        yield Finding(CHECK, CHECK.severity, message, way.entry.span, because, witness)


def _reason(layer: str, rule: str, because: str) -> str:
    return f"{layer}: {because or rule}"
