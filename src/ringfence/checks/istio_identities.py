"""Identities in Istio's AuthorizationPolicies that nobody proves, and rules at servers that are told none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from ringfence.checks.authorization import deciding, holders, peers_of, ports_of, representatives
from ringfence.checks.claims import Reason, Unproved, of_account
from ringfence.checks.finding import View
from ringfence.checks.mesh import (
    Pods,
    istio,
    listening,
    named,
    numbers,
    on_plane,
    plaintext_ports,
    plural,
    pods,
    selected,
)
from ringfence.layers.istio_destination_rules import SENT, Tls
from ringfence.layers.istio_hosts import covers, full, of_service
from ringfence.layers.istio_identities import LOCAL, PARTS
from ringfence.layers.istio_modes import EVERY_PORT, UNSEEN
from ringfence.layers.mesh_facets import AMBIENT, SIDECAR
from ringfence.model.intervals import IntervalSet
from ringfence.model.spans import Span
from ringfence.resources.istio.authentication import MutualTlsMode
from ringfence.resources.istio.authorization import AuthorizationPolicy, PolicyAction, PolicyRule, Source
from ringfence.resources.kubernetes import LabelSelector

ACTIONS = (PolicyAction.ALLOW, PolicyAction.DENY)
NO_MTLS = frozenset((MutualTlsMode.DISABLE.value, UNSEEN))
FIELDS = {"principals": "principals", "namespaces": "namespaces", "service_accounts": "serviceAccounts"}
"""The fields of a source that name identities, and how manifests write them."""


def of_istio(view: View) -> Iterator[Unproved]:
    """Everything of this kind, policy by policy."""
    for policy in deciding(view, *ACTIONS):
        servers = selected(view, policy, SIDECAR, AMBIENT)
        bare = _without_proxy(view, policy) if not servers else ()
        for place, rule in enumerate(policy.rules):
            named_sources = [one for one in rule.sources if any(getattr(one, field) for field in FIELDS)]
            if not named_sources:
                continue
            title = f"AuthorizationPolicy {policy.metadata.qualified_name}"
            if bare:
                where = f"{named(one.title for one in bare)}, which it is for,"
                what = f"{title} names identities, and {where} {plural(bare, 'has', 'have')} no proxy to ask for them"
                yield Unproved(what, rule.span, ((f"{bare[0].title} has no proxy", bare[0].template.span),))
                continue
            told = _told(view, rule, servers)
            if servers and not told:
                where = f"{_deaf(view, rule, servers)} {plural(servers, 'takes', 'take')} plaintext alone"
                yield Unproved(f"{title} names identities, and {where}", rule.span, _modes(view, servers))
                continue
            yield from _sources(view, policy, place, rule, title, told)


def _sources(
    view: View, policy: AuthorizationPolicy, place: int, rule: PolicyRule, title: str, told: dict[str, IntervalSet]
) -> Iterator[Unproved]:
    """The values that nobody fits, each; then those whose owners send plaintext, together."""
    plain: dict[str, tuple[Span, tuple[str, ...]]] = {}
    for number, source in enumerate(rule.sources):
        for field, written in FIELDS.items():
            for index, value in enumerate(getattr(source, field)):
                span = policy.span.at("spec", "rules", place, "from", number, "source", written, index)
                shown = f"namespace {value}" if field == "namespaces" else value
                found = holders(view, peers_of(view, policy, _source(field, value)), perhaps=True)
                why = None if found else _nobody(view, policy, field, value)
                if why is not None:
                    yield Unproved(f"{title} names {shown}, which nobody proves: {why[0]}", span, why[1])
                elif found and (clients := _in_plaintext(view, found, told)):
                    plain[shown] = (span, clients)
    if plain:
        clients = tuple(dict.fromkeys(client for _, names in plain.values() for client in names))
        because = tuple(_disabling(view, told))
        if not because or _take_plaintext(view, told):
            sends = f"{named(clients)} {plural(clients, 'sends', 'send')} plaintext to {named(told)}"
            first = next(iter(plain.values()))[0]
            yield Unproved(f"{title} names {named(plain)}, which nobody proves: {sends}", first, because)


def _take_plaintext(view: View, servers: dict[str, IntervalSet]) -> bool:
    """Whether some server takes plaintext; where none does, it is refused altogether, as another check says."""
    return any(one.title in servers and plaintext_ports(view, one) & servers[one.title] for one in pods(view))


def _source(field: str, value: str) -> Source:
    """A source that asks for one value of one field."""
    if field == "namespaces":
        return Source(namespaces=(value,))
    return Source(service_accounts=(value,)) if field == "service_accounts" else Source(principals=(value,))


def _nobody(view: View, policy: AuthorizationPolicy, field: str, value: str) -> tuple[str, tuple[Reason, ...]] | None:
    """Why no identity fits a value; None where its owner may be elsewhere, or the value is a pattern."""
    if "*" in value:
        return None
    if field == "namespaces":
        return of_account(view, value, "")
    if field == "service_accounts":
        namespace, slash, account = value.rpartition("/")
        return of_account(view, namespace if slash else policy.metadata.namespace, account)
    parts = value.split("/")
    if len(parts) != PARTS or (parts[1], parts[3]) != ("ns", "sa"):
        return f"a principal is written {LOCAL}/ns/NAMESPACE/sa/ACCOUNT", ()
    mesh = istio(view)
    domains = mesh.settings.trust_domains if mesh else ()
    known = of_account(view, parts[2], parts[4])
    if known is None and parts[0] not in (LOCAL, *domains) and _is_here(view, parts[2], parts[4]):
        return f"the trust domain of the mesh is {domains[0]}", ()
    return known


def _is_here(view: View, namespace: str, account: str) -> bool:
    return any(
        one.namespace == namespace and one.template.service_account_name == account and one.member for one in pods(view)
    )


def _without_proxy(view: View, policy: AuthorizationPolicy) -> tuple[Pods, ...]:
    """The pods that a policy selects by labels, where all of them are outside the mesh."""
    mesh, wanted = istio(view), dict(policy.selector or ())
    own = policy.metadata.namespace
    if not wanted or mesh is None or own == mesh.config.root_namespace:
        return ()
    chosen = [one for one in pods(view) if one.namespace == own and wanted.items() <= one.template.labels.items()]
    return tuple(chosen) if all(one.member is None for one in chosen) else ()


def _told(view: View, rule: PolicyRule, servers: Iterable[Pods]) -> dict[str, IntervalSet]:
    """By server: the ports of the rule on which it may be told an identity."""
    found = {one.title: _wanted(view, rule, one) & _mutual(view, one) for one in servers}
    return {title: ports for title, ports in found.items() if ports}


def _wanted(view: View, rule: PolicyRule, one: Pods) -> IntervalSet:
    """The ports that a rule is for at some pods: of those that they serve, where they are known to."""
    wanted = ports_of(rule)
    return wanted & listening(view).get(one.title, IntervalSet()) or wanted


def _mutual(view: View, one: Pods) -> IntervalSet:
    """The ports on which a member may take mutual TLS."""
    mesh = istio(view)
    proxy = mesh.pods.of(one.namespace, one.template) if mesh else None
    every = IntervalSet.of((0, 65535))
    if proxy is None:
        return every  # ztunnel always takes it
    own = {port: bool(choice.modes - NO_MTLS) for port, choice in proxy.takes.items() if port != EVERY_PORT}
    taking = IntervalSet.of(*(port for port, takes in own.items() if takes))
    return taking | (every - IntervalSet.of(*own)) if proxy.takes[EVERY_PORT].modes - NO_MTLS else taking


def _deaf(view: View, rule: PolicyRule, servers: tuple[Pods, ...]) -> str:
    return f"{numbers(_wanted(view, rule, servers[0]))} of {named(one.title for one in servers)}"


def _modes(view: View, servers: tuple[Pods, ...]) -> tuple[Reason, ...]:
    mesh = istio(view)
    choices = mesh.pods.modes.of(servers[0].namespace, servers[0].template.labels) if mesh else {}
    found = dict.fromkeys(policy for choice in choices.values() for policy in choice.policies)
    return tuple((f"PeerAuthentication {one.metadata.qualified_name} says {one.mode}", one.span) for one in found)


def _in_plaintext(view: View, clients: tuple[str, ...], told: dict[str, IntervalSet]) -> tuple[str, ...]:
    """The named clients, where all of them send plaintext to all of the servers on the ports in question."""
    with_sidecars = on_plane(view, SIDECAR)
    if not told or not with_sidecars.issuperset(clients):
        return ()
    ends, reach = view.connectivity.workloads, view.connectivity.reach
    for client in representatives(view, clients):
        for server, ports in told.items():
            for source, target in product(ends[client], ends.get(server, ())) if server != client else ():
                if reach.sent(source, target).mtls.some() & ports:
                    return ()
    return tuple(one for one in clients if set(told) - {one})


def _disabling(view: View, servers: Iterable[str]) -> Iterator[tuple[str, Span]]:
    """The DestinationRules that send plaintext to Services of these workloads."""
    wanted = set(servers)
    chosen = [one for one in pods(view) if one.title in wanted]
    for service in view.topology.objects.services:
        metadata = service.metadata
        selector = LabelSelector(tuple((service.selector or {}).items()))
        if not service.selector or not any(
            one.namespace == metadata.namespace and selector.matches(one.template.labels) for one in chosen
        ):
            continue
        for rule in view.topology.objects.destination_rules:
            policy = rule.policy
            modes = () if policy is None else (policy.tls, *(port.tls for port in policy.ports))
            plain = any(mode is not None and SENT[mode] is Tls.PLAINTEXT for mode in modes)
            if plain and covers(
                full(rule.host, rule.metadata.namespace), of_service(metadata.name, metadata.namespace)
            ):
                yield f"DestinationRule {rule.metadata.qualified_name} sends plaintext", rule.span
