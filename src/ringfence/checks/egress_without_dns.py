"""A lock-down of egress forgot DNS.

## What it does
For workloads whose egress policies admit something: asks whether they admit DNS (port 53, UDP or TCP) to the cluster's
name server, or to anything at all.

## Why it is bad
Clients look names up before they connect. With DNS refused, every connection that the policy admits fails all the same,
and the error speaks of names, not of policies.

## Example
    spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]}

## Instead
    egress:
      - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]
        ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.model.headers import NO_HEADERS, HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Direction, Scope
from ringfence.model.selectors import AnyOf
from ringfence.topology.pods import PODS

CHECK = Check(
    "RF106",
    "egress-without-dns",
    "egress lock-down that forgot DNS",
    Severity.MEDIUM,
    "0.1",
    "admit UDP and TCP 53 to the cluster's name server",
    ("https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/",),
)

DNS = ports("udp", IntervalSet.of(53)) | ports("tcp", IntervalSet.of(53))


def run(view: View) -> Iterator[Finding]:
    """One finding for each set of policies that together forgot it, at the first of them."""
    found: dict[tuple[str, ...], tuple[list[Scope], list[str]]] = {}
    for workload, members in view.connectivity.workloads.items():
        for endpoint in members:
            scopes = _governing(view, endpoint)
            if scopes and not _admitted(scopes, endpoint) & DNS and _admitted(scopes, endpoint):
                entry = found.setdefault(tuple(scope.name for scope in scopes), (scopes, []))
                if workload not in entry[1]:
                    entry[1].append(workload)
    for names, (scopes, workloads) in found.items():
        shown = ", ".join(workloads[:3]) + (f" and {len(workloads) - 3} more" if len(workloads) > 3 else "")
        message = f"{shown} may open connections and cannot look names up: {' and '.join(names)} forgot port 53"
        yield Finding(CHECK, CHECK.severity, message, _opening(scopes).span)


def _governing(view: View, endpoint: Endpoint) -> list[Scope]:
    """The egress policies that select a pod."""
    if endpoint.location != PODS:
        return []
    chains = view.topology.network.locations[PODS].chains
    scopes = (
        scope
        for chain in chains
        if chain.direction is Direction.EGRESS
        for stage in chain.stages
        for scope in stage.scopes
    )
    return [scope for scope in scopes if scope.subjects.matches(endpoint) is not False]


def _admitted(scopes: list[Scope], endpoint: Endpoint) -> HeaderSet:
    """Everything that their rules admit to anybody; a peer that nobody can be counts for nothing."""
    admitted = NO_HEADERS
    for scope in scopes:
        for rule in scope.rules:
            somebody = any(not isinstance(peer.selector, AnyOf) or peer.selector.parts for peer in rule.peers)
            if somebody and rule.subjects.matches(endpoint) is not False:
                admitted |= rule.headers.may
    return admitted


def _opening(scopes: list[Scope]) -> Scope:
    """The policy that opens something, where the missing line belongs."""
    return next((scope for scope in scopes if scope.rules), scopes[0])
