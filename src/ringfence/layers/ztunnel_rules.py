"""What istiod leaves of an AuthorizationPolicy's rule when it hands it to ztunnel, which knows nothing of HTTP.

A rule becomes *clauses*: one for all its operations, one for all its sources, one for each condition. A clause is a
list of alternatives (`Match`), each holding the fields that ztunnel knows; the rule fires where every clause has an
alternative that matches. What is left out depends on the action:

    ALLOW  a rule with any field of HTTP is removed. A policy without rules stays, and allows nothing
    DENY   only the field is removed. An alternative with nothing left never matches, so a clause of which nothing is
           left never does, and the rule never fires, whatever its other clauses say. Beside a field that stays, the
           removal makes the alternative match more
    trustDomains of a source are removed like that in both: istiod does not notice them
    AUDIT, CUSTOM, dry-run   never reach ztunnel

A rule without clauses (`{}`) matches everything. As HTTP count hosts, methods, paths, request principals, every
condition but the five on source and destination (so `source.trustDomain`, too), and also `remoteIpBlocks` and
`connection.sni`.

Source: istiod `pilot/pkg/serviceregistry/ambient/authorization.go` (`convertAuthorizationPolicy`, `handleRule`),
ztunnel `src/rbac.rs` (`Authorization::matches`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.istio.authorization import (
    AuthorizationPolicy,
    Operation,
    PolicyAction,
    PolicyRule,
    Source,
    When,
)

Values = tuple[tuple[str, ...], tuple[str, ...]]
"""What a field must be one of, and what it must be none of; both empty: not asked."""

UNASKED: Values = ((), ())


@dataclass(frozen=True, slots=True)
class Match:
    """One alternative of a clause; all its fields must hold. Without any it never matches."""

    principals: Values = UNASKED
    namespaces: Values = UNASKED
    service_accounts: Values = UNASKED
    source_ips: Values = UNASKED
    destination_ips: Values = UNASKED
    destination_ports: Values = UNASKED

    @property
    def empty(self) -> bool:
        """Whether nothing is asked."""
        return self == Match()


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a rule: `kind` is `to`, `from` or `when`."""

    kind: str
    matches: tuple[Match, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def dead(self) -> bool:
        """Whether nothing can match it."""
        return all(one.empty for one in self.matches)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A field that ztunnel does not know. `alone`: nothing else was asked beside it."""

    name: str
    alone: bool
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Conversion:
    """A rule as ztunnel gets it. `removed`: it does not get it."""

    clauses: tuple[Clause, ...]
    dropped: tuple[Dropped, ...] = ()
    removed: bool = False

    @property
    def fires(self) -> bool:
        """Whether any connection can match."""
        return not self.removed and not any(clause.dead for clause in self.clauses)


CONDITIONS = {
    "source.ip": "source_ips",
    "source.namespace": "namespaces",
    "source.principal": "principals",
    "destination.ip": "destination_ips",
    "destination.port": "destination_ports",
}
"""The conditions that ztunnel knows."""

HTTP_OPERATIONS = ("hosts", "methods", "paths")
HTTP_SOURCES = ("request_principals", "remote_ip_blocks", "trust_domains")
OVERLOOKED = ("trustDomains", "notTrustDomains")
"""Fields of a source that istiod drops without removing an ALLOW rule: it then allows more than is written."""


def reaches(policy: AuthorizationPolicy) -> bool:
    """Whether ztunnel gets the policy at all."""
    known = policy.action in (PolicyAction.ALLOW, PolicyAction.DENY)
    return known and not policy.dry_run and not policy.target_refs


def convert(rule: PolicyRule, action: PolicyAction) -> Conversion:
    """What is left of a rule of an ALLOW or DENY policy."""
    clauses: list[Clause] = []
    dropped: list[Dropped] = []
    parted: tuple[tuple[str, tuple[Operation | Source, ...]], ...] = (("to", rule.operations), ("from", rule.sources))
    for kind, parts in parted:
        if parts:
            matches = tuple(map(_match, parts))
            clauses.append(Clause(kind, matches, rule.span))
            for part, match in zip(parts, matches, strict=True):
                dropped += (Dropped(name, match.empty, part.span) for name in _http(part))
    for when in rule.when:
        match = _condition(when)
        clauses.append(Clause("when", (match,), when.span))
        dropped += [Dropped(when.key, True, when.span)] if when.key not in CONDITIONS else []
    seen = any(one.name not in OVERLOOKED for one in dropped)
    return Conversion(tuple(clauses), tuple(dropped), action is PolicyAction.ALLOW and seen)


def _match(part: Operation | Source) -> Match:
    if isinstance(part, Operation):
        return Match(destination_ports=(part.ports, part.not_ports))
    return Match(
        principals=(part.principals, part.not_principals),
        namespaces=(part.namespaces, part.not_namespaces),
        service_accounts=(part.service_accounts, part.not_service_accounts),
        source_ips=(part.ip_blocks, part.not_ip_blocks),
    )


def _condition(when: When) -> Match:
    name = CONDITIONS.get(when.key)
    return Match() if name is None else Match(**{name: (when.values, when.not_values)})


def _http(part: Operation | Source) -> Iterator[str]:
    """The fields of HTTP that are set, by the names that manifests give them."""
    names = HTTP_OPERATIONS if isinstance(part, Operation) else HTTP_SOURCES
    for name in (one for stem in names for one in (stem, f"not_{stem}")):
        if getattr(part, name):
            first, *rest = name.split("_")
            yield first + "".join(word.capitalize() for word in rest)
