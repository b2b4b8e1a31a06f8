"""A rule on identities does not hold for who has none, and plaintext is taken.

## What it does
Looks for rules of ALLOW policies that only exclude identities (`notPrincipals`, `notNamespaces`), and for rules of DENY
policies that name identities, at pods that take plaintext on the rule's ports. It then looks for somebody whose
plaintext gets through: for a DENY rule the denied workload itself, which may open a connection past its own proxy.

## Why it is bad
A plaintext connection has no identity: it is none of those that are excluded, and none of those that are denied. So
whoever is to be kept out needs only to leave his certificate at home. The severity is high where a packet shows it.

## Example
    kind: AuthorizationPolicy
    spec: {action: DENY, rules: [{from: [{source: {namespaces: [guests]}}]}]}       # the mesh is PERMISSIVE

## Instead
Make the server STRICT, or turn the rule round: deny whoever is none of those that may (`notNamespaces` in a DENY rule
holds for plaintext, too), or allow by name.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.authorization import deciding, holders, meanings, representatives
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.mesh import Pods, listening, modes_of, named, passing, plaintext_ports, plural, selected, stranger
from ringfence.engine.witness import Witness
from ringfence.layers.istio_rules import Match
from ringfence.layers.mesh_facets import AMBIENT, SIDECAR
from ringfence.model.intervals import IntervalSet
from ringfence.resources.istio.authorization import AuthorizationPolicy, PolicyAction, PolicyRule

CHECK = Check(
    "RF406",
    "plaintext-lets-through",
    "rule on identities that plaintext gets round",
    Severity.HIGH,
    "0.1",
    "make the server STRICT, or deny whoever is none of those that may",
    ("https://istio.io/latest/docs/ops/best-practices/security/#safer-authorization-policy-patterns",),
)

EXCLUDES = "excludes identities alone, so that it admits every plaintext connection"
DENIES = "denies by identity, which no plaintext connection has"


def run(view: View) -> Iterator[Finding]:
    """One finding for each rule."""
    for policy in deciding(view, PolicyAction.ALLOW, PolicyAction.DENY):
        servers = selected(view, policy, SIDECAR, AMBIENT)
        for rule in policy.rules if servers else ():
            found = [one for one in meanings(view, policy, rule) if _by_identity(one, policy.action)]
            if found:
                yield from _taking(view, policy, rule, found, servers)


def _by_identity(one: Match, action: PolicyAction) -> bool:
    """Whether an ALLOW rule excludes identities and demands none, or a DENY rule demands one."""
    if action is PolicyAction.ALLOW:
        return any(peer.identities is None and peer.excluded for peer in one.peers)
    return all(peer.identities is not None for peer in one.peers)


def _taking(
    view: View, policy: AuthorizationPolicy, rule: PolicyRule, found: list[Match], servers: tuple[Pods, ...]
) -> Iterator[Finding]:
    taking: dict[str, IntervalSet] = {}
    for one in servers:
        wanted = IntervalSet()
        for match in found:
            wanted |= match.ports
        taken = plaintext_ports(view, one) & wanted
        if taken & (listening(view).get(one.title) or taken):
            taking[one.title] = taken
    if not taking:
        return
    first = next(one for one in servers if one.title in taking)
    because = (modes_of(view, first),)
    title = f"AuthorizationPolicy {policy.metadata.qualified_name}"
    where = f"{named(taking)} {plural(taking, 'takes', 'take')} plaintext"
    if policy.action is PolicyAction.ALLOW:
        witness = _admitted(view, rule, taking)
        severity = CHECK.severity if witness else Severity.MEDIUM
        yield Finding(CHECK, severity, f"{title} {EXCLUDES}, and {where}", rule.span, because, witness)
    else:
        sure, witness = _denied(view, found, taking)
        severity = CHECK.severity if sure else Severity.MEDIUM
        if witness:
            yield Finding(CHECK, severity, f"{title} {DENIES}, and {where}", rule.span, because, witness)


def _admitted(view: View, rule: PolicyRule, taking: dict[str, IntervalSet]) -> Witness | None:
    """A plaintext packet that the rule itself admits."""
    for title, ports in taking.items():
        witness = stranger(view, title, ports)
        if witness is not None and any(hop.span == rule.span for hop in witness.branch.forward):
            return witness
    return None


def _denied(view: View, found: list[Match], taking: dict[str, IntervalSet]) -> tuple[bool, Witness | None]:
    """A plaintext packet that gets through: of somebody who is denied by name (then True), else of anybody."""
    clients = representatives(view, holders(view, (peer for one in found for peer in one.peers)))
    for title, ports in taking.items():
        for client in clients:
            wanted = ports & (listening(view).get(title) or ports)
            witness = passing(view, client, title, wanted) if client != title else None
            if witness is not None:
                return True, witness
    strangers = (stranger(view, title, ports) for title, ports in taking.items())
    return False, next((one for one in strangers if one is not None), None)
