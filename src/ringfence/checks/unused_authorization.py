"""An authorization that nothing calls.

## What it does
Takes each rule of an ALLOW policy, and each AuthorizationPolicy and ServerAuthorization of Linkerd, that admits clients
by identity, and asks whether any of those clients can reach any of its servers on its ports through everything else:
NetworkPolicies, DENY policies, the networks that it names itself. Authorizations whose clients are not in the files,
or prove no identity, are another finding's.

## Why it is bad
Either the client is meant to get through and does not, because the other layer was forgotten; or nobody needs the
permission any more, and it waits for the day when the other layer is relaxed.

## Example
    kind: AuthorizationPolicy      # for shop/db, whose NetworkPolicy admits shop/api alone
    spec: {rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]}

## Instead
Admit the client in the NetworkPolicy as well, or take the rule out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ringfence.checks.authorization import deciding, holders, meanings, representatives
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.checks.linkerd_identities import numbers_of, pods_of
from ringfence.checks.mesh import encrypted, linkerd, listening, named, numbers, plural, selected
from ringfence.engine.witness import Field
from ringfence.layers import istio_authorization, linkerd_inbound, ztunnel_authorization
from ringfence.layers.linkerd_authorizations import GROUP, Authorization
from ringfence.layers.linkerd_targets import Targets
from ringfence.layers.mesh_facets import AMBIENT, LINKERD, SIDECAR
from ringfence.model.headers import ALL_TCP
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import Action
from ringfence.model.spans import Span
from ringfence.resources.istio.authorization import PolicyAction
from ringfence.resources.linkerd import Server

CHECK = Check(
    "RF410",
    "unused-authorization",
    "authorization that nothing calls",
    Severity.LOW,
    "0.1",
    "admit the client in the other layers, too, or take the authorization out",
    (
        "https://istio.io/latest/docs/ops/best-practices/security/#use-default-deny-patterns",
        "https://linkerd.io/2/reference/authorization-policy/",
    ),
)


AUTHORIZATION = (istio_authorization.LAYER, ztunnel_authorization.LAYER, linkerd_inbound.LAYER)
RULE = "rules["
"""How the rules of Istio's policies are called, defaults never."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Whom something admits, by name, to which ports of which workloads."""

    title: str
    span: Span
    clients: tuple[str, ...]
    ports: dict[str, IntervalSet]


def run(view: View) -> Iterator[Finding]:
    """One finding for each rule or object."""
    for one in (*_of_istio(view), *_of_linkerd(view)):
        clients = representatives(view, one.clients)
        pairs = [(client, server) for client in clients for server in one.ports if client != server]
        if pairs and not any(_called(view, *pair, one.ports[pair[1]]) for pair in pairs):
            yield from _finding(view, one, pairs)


def _called(view: View, client: str, server: str, ports: IntervalSet) -> bool:
    """Whether the client may reach the server with its identity, or its proxies are what keeps it from that.

    Where it is what the one sends or the other takes that refuses it, other checks say so.
    """
    reach, ends = view.connectivity.reach, view.connectivity.workloads
    if any(one.headers.may.mtls.some() & ports for one in view.connectivity.relations(client, server)):
        return True
    travelling = (
        reach.sent(source, target) & reach.taken(source, target) for source in ends[client] for target in ends[server]
    )
    return not any(one.mtls.some() & ports for one in travelling)


def _finding(view: View, one: Permission, pairs: list[tuple[str, str]]) -> Iterator[Finding]:
    client, server = pairs[0]
    ends, ports = view.connectivity.workloads, one.ports[server]
    witness = view.witnesses.failing(Field(ends[client], ends[server]), encrypted(ports))
    refusing = [hop for hop in witness.branch.forward if hop.action == Action.DENY] if witness else []
    if any(hop.layer in AUTHORIZATION and RULE not in hop.rule for hop in refusing):
        return  # no rule refuses it: the permission itself does not hold there, as other checks say
    because = tuple((f"{hop.layer}: {hop.rule}", hop.span) for hop in refusing)
    reached = f"{numbers(ports)} of {named(one.ports)}"
    fails = plural(one.clients, "which cannot reach", "none of which can reach")
    message = f"{one.title} admits {named(one.clients)}, {fails} {reached}"
    yield Finding(CHECK, CHECK.severity, message, one.span, because, witness)


def _of_istio(view: View) -> Iterator[Permission]:
    for policy in deciding(view, PolicyAction.ALLOW):
        servers = selected(view, policy, SIDECAR, AMBIENT)
        for rule in policy.rules if servers else ():
            found = meanings(view, policy, rule)
            if not found or any(peer.identities is None for one in found for peer in one.peers):
                continue
            wanted = IntervalSet()
            for one in found:
                wanted |= one.ports
            clients = holders(view, (peer for one in found for peer in one.peers), perhaps=True)
            ports = {one.title: wanted & listening(view).get(one.title, wanted) or wanted for one in servers}
            yield Permission(f"AuthorizationPolicy {policy.metadata.qualified_name}", rule.span, clients, ports)


def _of_linkerd(view: View) -> Iterator[Permission]:
    mesh, objects = linkerd(view), view.topology.objects
    if mesh is None or not objects.linkerd_servers:
        return
    targets = Targets(objects, mesh.installed)
    for policy, found in targets.judged:
        if isinstance(found, Authorization):
            namespace, target = policy.metadata.namespace, policy.target_ref
            servers = [one for one in objects.linkerd_servers if one.metadata.namespace == namespace]
            if target.is_a(GROUP, "Server"):
                servers = [one for one in servers if one.metadata.name == target.name]
            elif not target.is_a("", "Namespace"):
                continue
            yield _permission(view, f"AuthorizationPolicy {policy.metadata.qualified_name}", found, servers)
    for old, judged in targets.judged_old:
        if isinstance(judged, Authorization):
            servers = [
                one
                for one in objects.linkerd_servers
                if one.metadata.namespace == old.metadata.namespace
                and (
                    one.metadata.name == old.server_name
                    or (old.server_selector is not None and old.server_selector.matches(one.metadata.labels))
                )
            ]
            yield _permission(view, f"ServerAuthorization {old.metadata.qualified_name}", judged, servers)


def _permission(view: View, title: str, found: Authorization, servers: Iterable[Server]) -> Permission:
    """What an authorization comes to; nobody where it asks for no identity."""
    ports: dict[str, IntervalSet] = {}
    for server in servers:
        for one in pods_of(view, server):
            if one.on(LINKERD):
                ports[one.title] = ports.get(one.title, IntervalSet()) | numbers_of(server, one)
    peers = found.rule(ALL_TCP).peers if found.identities is not None and not found.doubt else ()
    return Permission(title, found.span, holders(view, peers, perhaps=True), ports)
