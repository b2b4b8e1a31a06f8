"""AuthorizationPolicy and RequestAuthentication at sidecars and gateways: one chain, at every such pod's ingress.

    past the proxy   ports that the proxy does not capture, and what is not TCP
    tokens           a request whose token no RequestAuthentication verifies is refused
    CUSTOM           what a rule matches goes to the policy's external authorizer, and is refused where that says so
    DENY             what a rule matches is refused
    ALLOW            where one such policy is for the pod, a rule of one of them must match

A policy that is audited or tried dry decides nothing. Which policies are for a pod, `istio_scope` says; what a rule
means, `istio_rules`; how a port is read, `istio_inbound`: a port that is read as its bytes look has the rules of HTTP
where `protocol` is http, and those of TCP otherwise.

**External authorizers.** One whose provider is not in the mesh's configuration, or not the only one that the CUSTOM
policies of a pod name (unless a flag of istiod allows several), cannot be asked: then whatever the rules match is
refused. A provider that is asked by HTTP is not asked on TCP ports. A CUSTOM policy that is tried dry is not enforced
by older releases and refuses what it matches in newer ones, so that what it matches is not known.

Sources: istio `pilot/pkg/security/authz/builder`, `pilot/pkg/security/authn/policy_applier.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ringfence.layers import istio_listeners
from ringfence.layers.istio_captured import ALWAYS_PAST, Listeners, past
from ringfence.layers.istio_inbound import (
    DETECTED,
    EITHER,
    FACET,
    HTTP,
    PAST,
    PORTS,
    PROVIDERS,
    TCP,
    TOKENS,
    Inbound,
    is_gateway,
    past_key,
    ports,
)
from ringfence.layers.istio_options import Authorizer
from ringfence.layers.istio_requests import PROTOCOL
from ringfence.layers.istio_rules import Match, Place, asks_for_tokens, differs, matches
from ringfence.layers.istio_scope import SIDECARS, selects, subjects
from ringfence.layers.istio_tokens import refused
from ringfence.layers.mesh_facets import not_carried_by
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import ALWAYS, AllHold, Atom, Condition, Operator
from ringfence.model.headers import NO_HEADERS, HeaderSet
from ringfence.model.headers import ports as headers_of
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, AllOf, Comparison, Label, Selector, Unsure
from ringfence.resources.istio.authorization import (
    AuthorizationPolicy,
    JWTRule,
    PolicyAction,
    PolicyRule,
    RequestAuthentication,
)
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import ServiceEntry
from ringfence.resources.kubernetes import PodTemplate, Service

LAYER = "Istio authorization"

TRIED_DRY = "releases of Istio differ in whether a CUSTOM policy that is tried dry refuses"
UNCLEAR = "Services disagree on how this port is read, and nobody knows which is older"
NOT_TCP = not_carried_by("the proxy")


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the mesh. `authorizers` None: which providers there are is not known."""

    root_namespace: str = "istio-system"
    trust_domains: tuple[str, ...] = ("cluster.local",)
    authorizers: Mapping[str, Authorizer] | None = field(default=None, hash=False)
    several_authorizers: bool = False


def settings(
    mesh: MeshConfig, ext_authz: tuple[tuple[str, Authorizer], ...] | None, several: bool, known: bool
) -> Settings:
    """The settings of a mesh. `known`: whether the mesh's configuration is in the files."""
    authorizers: dict[str, Authorizer] | None = None
    if ext_authz is not None:
        authorizers = dict(ext_authz)
    elif known:
        authorizers = {one.name: Authorizer(one.protocol) for one in mesh.extension_providers if one.protocol}
    return Settings(mesh.root_namespace, (mesh.trust_domain, *mesh.trust_domain_aliases), authorizers, several)


@dataclass(frozen=True, slots=True)
class Kind:
    """The pods of one template: their namespace and labels, and what they do with inbound connections."""

    namespace: str
    labels: Mapping[str, str] = field(hash=False)
    inbound: Inbound


def kind(
    namespace: str,
    template: PodTemplate,
    services: Iterable[Service],
    policies: Iterable[AuthorizationPolicy],
    requests: Iterable[RequestAuthentication],
    root_namespace: str,
    entries: Iterable[ServiceEntry] = (),
    listeners: tuple[Listeners, ...] = (),
) -> Kind:
    """What the pods of a template do. `services`, `entries`: those of their namespace; `listeners`: of its Sidecar."""
    pod = template.labels
    tokens = (one for one in requests if one.jwt_rules and selects(one, root_namespace, namespace, pod))
    custom = (one for one in policies if one.action is PolicyAction.CUSTOM)
    providers = {one.provider for one in custom if selects(one, root_namespace, namespace, pod)}
    gateway = is_gateway(template)
    inbound = Inbound(
        () if gateway else istio_listeners.ports(listeners, ports(services, template, entries)),
        tuple(sorted(one.metadata.qualified_name for one in tokens)),
        tuple(sorted(providers)),
        ALWAYS_PAST if gateway else past(template.annotations, listeners),
        gateway,
    )
    return Kind(namespace, pod, inbound)


def authorization(
    policies: Iterable[AuthorizationPolicy],
    requests: Iterable[RequestAuthentication],
    kinds: Iterable[Kind],
    settings: Settings,
) -> tuple[Chain, ...]:
    """The chain of these policies, whose pods are of these kinds; none where there is no policy."""
    found, tokens = tuple(policies), tuple(requests)
    if not found and not tokens:
        return ()
    lowering = _Lowering(tokens, tuple(dict.fromkeys(kinds)), settings)
    by_action = {
        action: tuple(lowering.scope(one) for one in found if one.action is action and not _idle(one))
        for action in (PolicyAction.CUSTOM, PolicyAction.DENY, PolicyAction.ALLOW)
    }
    stages = (
        Stage("past the proxy", tuple(lowering.past()), Action.PASS),
        Stage("RequestAuthentication", tuple(lowering.tokens()), Action.PASS),
        Stage("CUSTOM", by_action[PolicyAction.CUSTOM], Action.PASS),
        Stage("DENY", by_action[PolicyAction.DENY], Action.PASS),
        Stage("ALLOW", by_action[PolicyAction.ALLOW], Action.DENY),
    )
    return (Chain(LAYER, Direction.INGRESS, stages, Action.ALLOW),)


def _idle(policy: AuthorizationPolicy) -> bool:
    return policy.dry_run and policy.action is not PolicyAction.CUSTOM


def facet(key: str, *values: str) -> Selector:
    """The pods whose inbound facet says one of these."""
    return Label(FACET, key, Comparison.IN, frozenset(values))


@dataclass(frozen=True)
class _Lowering:
    requests: tuple[RequestAuthentication, ...]
    kinds: tuple[Kind, ...]
    settings: Settings

    @cached_property
    def _by_namespace(self) -> dict[str, list[Kind]]:
        found: dict[str, list[Kind]] = {}
        for one in self.kinds:
            found.setdefault(one.namespace, []).append(one)
        return found

    def past(self) -> Iterator[Scope]:
        """What goes past the proxy: ports, for each set of them, and other protocols."""
        yield Scope("captured protocols", SIDECARS, (NOT_TCP,))
        for one in dict.fromkeys(kind.inbound.past for kind in self.kinds):
            where = AllOf((SIDECARS, facet(PAST, past_key(one))))
            headers = Bounds(headers_of("tcp", one.must), headers_of("tcp", one.may), one.because)
            rule = Rule(Action.ALLOW, ANY_PEER, headers, name="(a port past the proxy)")
            yield Scope("captured ports", where, (rule,))

    def tokens(self) -> Iterator[Scope]:
        """The refusal of bad tokens, for each set of RequestAuthentications."""
        groups: dict[tuple[str, ...], dict[str, Inbound]] = {}
        for one in self.kinds:
            if one.inbound.tokens:
                groups.setdefault(one.inbound.tokens, {})[one.inbound.reading] = one.inbound
        for names, readings in groups.items():
            condition = refused(self._jwt_rules(names))
            span = next(one.span for one in self.requests if one.metadata.qualified_name == names[0])
            rules = tuple(
                Rule(Action.DENY, ANY_PEER, headers, _all(condition, read_as), facet(PORTS, reading), "bad token", span)
                for reading, inbound in readings.items()
                for headers, read_as in _read(inbound, IntervalSet.of((0, 65535)), http=True)
            )
            yield Scope(", ".join(names), AllOf((SIDECARS, facet(TOKENS, ",".join(names)))), rules, span=span)

    def scope(self, policy: AuthorizationPolicy) -> Scope:
        """One policy."""
        rules: list[Rule] = []
        for place, rule in enumerate(policy.rules):
            rules += self._rules(policy, rule, f"rules[{place}]")
        where = subjects(policy, self.settings.root_namespace)
        return Scope(policy.metadata.qualified_name, where, tuple(rules), span=policy.span)

    def _rules(self, policy: AuthorizationPolicy, rule: PolicyRule, name: str) -> Iterator[Rule]:
        allows = policy.action is PolicyAction.ALLOW
        by_port = differs(rule) or policy.action is PolicyAction.CUSTOM
        namespace, domains = policy.metadata.namespace, self.settings.trust_domains
        shape = Rule(Action.ALLOW if allows else Action.DENY, name=name, span=rule.span)
        if not by_port:
            for match in matches(rule, Place(namespace, domains), http=False, allows=allows):
                yield _rule(shape, match, Bounds.exactly(headers_of("tcp", match.ports)), ALWAYS, ())
            return
        for inbound, where in self._groups(policy, rule):
            place = Place(namespace, domains, self._jwt_rules(inbound.tokens), inbound.gateway)
            for http in (True, False):
                asked = self._asked(policy, inbound, http)
                if asked is None:
                    continue
                extra, who = asked
                for match in matches(rule, place, http=http, allows=allows):
                    for headers, read_as in _read(inbound, match.ports, http=http):
                        yield _rule(shape, _among(match, who), headers, _all(extra, read_as), where)

    def _groups(self, policy: AuthorizationPolicy, rule: PolicyRule) -> Iterator[tuple[Inbound, tuple[Selector, ...]]]:
        """The kinds of pods for which a rule means different things, of those that the policy is for."""
        of_tokens, of_providers = asks_for_tokens(rule), policy.action is PolicyAction.CUSTOM
        seen: set[tuple[Selector, ...]] = set()
        own, root = policy.metadata.namespace, self.settings.root_namespace
        for one in self.kinds if own == root else self._by_namespace.get(own, ()):
            if not selects(policy, root, one.namespace, one.labels):
                continue
            where = [facet(PORTS, one.inbound.reading)]
            where += [facet(TOKENS, ",".join(one.inbound.tokens))] if of_tokens else []
            where += [facet(PROVIDERS, ",".join(one.inbound.providers))] if of_providers else []
            if tuple(where) not in seen:
                seen.add(tuple(where))
                yield one.inbound, tuple(where)

    def _asked(self, policy: AuthorizationPolicy, inbound: Inbound, http: bool) -> tuple[Condition, Selector] | None:
        """When a rule decides about what it matches, a condition, and for whom; None: never."""
        if policy.action is not PolicyAction.CUSTOM:
            return ALWAYS, ANYTHING
        known = self.settings.authorizers
        conflict = len(inbound.providers) > 1 and not self.settings.several_authorizers
        if conflict or (known is not None and policy.provider not in known):
            return None if policy.dry_run else (ALWAYS, ANYTHING)
        authorizer = known[policy.provider] if known is not None else Authorizer("")
        if not http and authorizer.protocol == "http":
            return None
        if policy.dry_run:
            return ALWAYS, Unsure(TRIED_DRY)
        if authorizer.decision:
            return (ALWAYS, ANYTHING) if authorizer.decision == "deny" else None
        return Atom(f"authorizer:{policy.provider}", Operator.EXACT, "deny"), ANYTHING

    def _jwt_rules(self, names: tuple[str, ...]) -> tuple[JWTRule, ...]:
        return tuple(rule for one in self.requests if one.metadata.qualified_name in names for rule in one.jwt_rules)


def _read(inbound: Inbound, wanted: IntervalSet, *, http: bool) -> Iterator[tuple[Bounds[HeaderSet], Condition]]:
    """The ports, of those wanted, that are read as HTTP (or as TCP), and when."""
    certain = inbound.read_as(HTTP if http else TCP) & wanted
    if certain:
        yield Bounds.exactly(headers_of("tcp", certain)), ALWAYS
    if either := inbound.read_as(EITHER) & wanted:
        yield Bounds(NO_HEADERS, headers_of("tcp", either), UNCLEAR), ALWAYS
    if detected := inbound.read_as(DETECTED) & wanted:
        as_looks = Atom(PROTOCOL, Operator.EXACT, "http" if http else "tcp")
        yield Bounds.exactly(headers_of("tcp", detected)), as_looks


def _among(match: Match, who: Selector) -> Match:
    """The match for these peers alone."""
    return match if who == ANYTHING else replace(match, peers=tuple(replace(one, selector=who) for one in match.peers))


def _rule(shape: Rule, match: Match, headers: Bounds[HeaderSet], extra: Condition, where: tuple[Selector, ...]) -> Rule:
    subjects = AllOf((*where, match.targets)) if where else match.targets
    return replace(shape, peers=match.peers, headers=headers, condition=_all(match.condition, extra), subjects=subjects)


def _all(*parts: Condition) -> Condition:
    kept = tuple(part for part in parts if part != ALWAYS)
    return kept[0] if len(kept) == 1 else AllHold(kept)
