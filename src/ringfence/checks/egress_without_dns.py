"""A lock-down of egress forgot DNS.

## What it does
For workloads whose egress policies admit something: asks whether they admit DNS over UDP. A rule that names port 53
does, whoever its peers are; so does one whose ports hold 53 (or that has no ports) and whose peers are an address block
or may be the cluster's name server, the pods `k8s-app: kube-dns` of `kube-system`. TCP alone is not enough: resolvers
turn to it only after an answer over UDP.

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
from functools import lru_cache

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.layers.kubernetes_selectors import NAMESPACE, NAMESPACE_NAME, POD, PORT, pods
from ringfence.model.addresses import ALL_IPV4
from ringfence.model.headers import ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Direction, Rule, Scope
from ringfence.resources.kubernetes import LabelSelector
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

DNS = ports("udp", IntervalSet.of(53))
BEFORE_BASELINE = "policies"
"""The stage of the NetworkPolicies; what isolates there never asks the stages after it."""


def run(view: View) -> Iterator[Finding]:
    """One finding for each set of policies that together forgot it, at the first of them."""
    found: dict[tuple[str, ...], tuple[list[Scope], list[str]]] = {}
    servers = _name_servers(view)
    number = view.connectivity.reach.index.number
    for workload, members in view.connectivity.workloads.items():
        for endpoint in members:
            governing = _governing(view).get(number[endpoint.id], ()) if endpoint.location == PODS else ()
            scopes = [scope for own, scope in governing if own]
            cluster_wide = [scope for own, scope in governing if not own]
            rules = [*_admitting(scopes, endpoint), *_admitting(cluster_wide, endpoint)]
            if any(_admitting(scopes, endpoint)) and not any(_admits_dns(rule, servers) for rule in rules):
                entry = found.setdefault(tuple(scope.name for scope in scopes), (scopes, []))
                if workload not in entry[1]:
                    entry[1].append(workload)
    for names, (scopes, workloads) in found.items():
        shown = ", ".join(workloads[:3]) + (f" and {len(workloads) - 3} more" if len(workloads) > 3 else "")
        message = f"{shown} may open connections and cannot look names up: {' and '.join(names)} forgot UDP port 53"
        yield Finding(CHECK, CHECK.severity, message, _opening(scopes).span)


def _name_servers(view: View) -> list[Endpoint]:
    """The cluster's name server: its pods, or one made up where the files hold none; then its labels are not known."""
    own = pods("kube-system", LabelSelector((("k8s-app", "kube-dns"),)))
    found = [one for one in view.topology.network.endpoints if own.matches(one) is True]
    labels = {one.metadata.name: one.metadata.labels for one in view.topology.objects.namespaces}
    facets = {POD: {}, NAMESPACE: labels.get("kube-system", {NAMESPACE_NAME: "kube-system"})}
    unknown = frozenset((POD, PORT))
    made_up = Endpoint("name server", PODS, ALL_IPV4, namespace="kube-system", facets=facets, unknown_facets=unknown)
    return found or [made_up]


@lru_cache(maxsize=2)
def _governing(view: View) -> dict[int, list[tuple[bool, Scope]]]:
    """By a pod's number: the NetworkPolicies that may select it for egress, with True, and what goes before them."""
    index = view.connectivity.reach.index
    found: dict[int, list[tuple[bool, Scope]]] = {}
    for chain in view.topology.network.locations[PODS].chains:
        if chain.direction is not Direction.EGRESS:
            continue
        names = [stage.name for stage in chain.stages]
        last = names.index(BEFORE_BASELINE) if BEFORE_BASELINE in names else -1
        for place, stage in enumerate(chain.stages[: last + 1]):
            for scope in stage.scopes:
                for number in index.select(scope.subjects).may:
                    found.setdefault(number, []).append((place == last, scope))
    return found


def _admitting(scopes: list[Scope], endpoint: Endpoint) -> Iterator[Rule]:
    """The rules that admit something from this pod."""
    for scope in scopes:
        for rule in scope.rules:
            if rule.action is Action.ALLOW and rule.headers.may and rule.subjects.matches(endpoint) is not False:
                yield rule


def _admits_dns(rule: Rule, servers: list[Endpoint]) -> bool:
    if not rule.headers.may & DNS:
        return False
    if rule.headers.may & ports("udp") <= DNS:
        return True
    by_address = (peer for peer in rule.peers if peer.addresses is not None)
    by_origin = (peer.selector.matches(one) is not False for peer in rule.peers for one in servers)
    return any(by_address) or any(by_origin)


def _opening(scopes: list[Scope]) -> Scope:
    """The policy that opens something, where the missing line belongs."""
    return next((scope for scope in scopes if scope.rules), scopes[0])
