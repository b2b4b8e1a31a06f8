"""One rule of an AuthorizationPolicy as peers, ports and a condition, on an HTTP and on a TCP port of a workload.

A rule is one of its sources, one of its operations, and all of its `when` conditions; what it becomes depends on how
the port is read:

    http    every field is asked
    tcp     a rule with fields of HTTP (hosts, methods, paths, request principals, headers, anything of `request.auth`)
            is dropped as a whole where it allows, and loses those fields where it denies: stricter both times

`remoteIpBlocks` and `remote.ip` ask for the last address of `x-forwarded-for`, without that header (and on TCP) for the
connection's own, as `ipBlocks` and `source.ip` always do; at a gateway nobody knows what that header counts for.
`destination.ip` is the pod's own address. The values of `experimental.envoy.filters.*` are a filter's, and never known.

Source: istio `pilot/pkg/security/authz/model/model.go`, `generator.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from ringfence.layers import istio_identities as identities
from ringfence.layers import istio_texts as texts
from ringfence.layers.identity_patterns import together
from ringfence.layers.istio_requests import FORWARDED
from ringfence.layers.istio_tokens import CLAIM, WORDS, claim, claim_name
from ringfence.model.addresses import EVERYWHERE, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import ALWAYS, NOT_EMPTY, AllHold, AnyHolds, Atom, Condition, Negated, Operator
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import Pattern, Peer
from ringfence.model.selectors import ANYTHING, Addressed, AllOf, Not, Selector, Unsure
from ringfence.resources.istio.authorization import JWTRule, Operation, PolicyRule, Source

HEADERS, CLAIMS, FILTERS = "request.headers[", "request.auth.claims[", "experimental."

Values = tuple[str, ...]
Asked = tuple[str, Values, Values]
"""An attribute, the values that it may have, and those that it may not. Fields are named by their attribute."""

SOURCE_FIELDS = (
    ("source.principal", "principals"),
    ("source.namespace", "namespaces"),
    ("source.serviceAccount", "service_accounts"),
    ("source.trustDomain", "trust_domains"),
    ("source.ip", "ip_blocks"),
    ("remote.ip", "remote_ip_blocks"),
    ("request.auth.principal", "request_principals"),
)
OPERATION_FIELDS = (("destination.port", "ports"), ("host", "hosts"), ("method", "methods"), ("path", "paths"))
TRUSTED = Unsure("how many proxies before it a gateway trusts to tell a client's address is not read")
ANY_TEXT = (Operator.PATTERN, NOT_EMPTY)
OF_TARGETS = ("destination.", "connection.", FILTERS)
OF_HTTP = ("request.", "host", "method", "path")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule is enforced: the policy's namespace, the mesh's trust domains, which tokens are verified there."""

    namespace: str
    domains: identities.TrustDomains
    tokens: tuple[JWTRule, ...] = ()
    gateway: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """One way to match a rule."""

    peers: tuple[Peer, ...]
    ports: IntervalSet = PORTS
    targets: Selector = ANYTHING
    condition: Condition = ALWAYS


def differs(rule: PolicyRule) -> bool:
    """Whether the rule is another one on TCP ports than on HTTP ports."""
    return any(name.startswith((*OF_HTTP, "remote.")) for name, _, _ in _everything(rule))


def asks_for_tokens(rule: PolicyRule) -> bool:
    """Whether what the rule means depends on the tokens that a workload verifies."""
    return any(name.startswith("request.auth.") for name, _, _ in _everything(rule))


def asked_subjects(rules: Iterable[PolicyRule]) -> frozenset[str]:
    """The headers and claims that rules, and the check of tokens, ask for, as subjects of a request."""
    found = {f"header:{name}" for name in ("origin", "access-control-request-method")}
    names = {claim_name(path) for path in (("iss",), ("sub",), ("aud",), ("azp",))}
    for name, _, _ in (one for rule in rules for one in _everything(rule)):
        if name.startswith(HEADERS):
            found.add(_header(name))
        elif name.startswith(CLAIMS):
            names.add(claim_name(claim_path(name)))
    return frozenset((*found, *(prefix + name for name in names for prefix in (CLAIM, WORDS))))


def matches(rule: PolicyRule, place: Place, *, http: bool, allows: bool) -> Iterator[Match]:
    """The ways to match a rule on a port that is read as HTTP, or as TCP; none where it is dropped there."""
    of_http = [name for name, _, _ in _everything(rule) if name.startswith(OF_HTTP)]
    if not http and allows and of_http:
        return
    when = [(one.key, one.values, one.not_values) for one in rule.when]
    of_client = [one for one in when if not one[0].startswith(OF_TARGETS)]
    of_target = [one for one in when if one[0].startswith(OF_TARGETS)]
    clients: dict[Condition, list[Peer]] = {}
    for source in rule.sources or (Source(),):
        for peer, condition in _clients((*_fields(source, SOURCE_FIELDS), *of_client), place, http):
            clients.setdefault(condition, []).append(peer)
    for operation in rule.operations or (Operation(),):
        ports, targets, wanted = _targets((*_fields(operation, OPERATION_FIELDS), *of_target), http)
        if not ports:
            continue
        for condition, peers in clients.items():
            yield Match(tuple(dict.fromkeys(peers)), ports, targets, _all((condition, wanted)))


def _everything(rule: PolicyRule) -> Iterator[Asked]:
    for source in rule.sources:
        yield from _fields(source, SOURCE_FIELDS)
    for operation in rule.operations:
        yield from _fields(operation, OPERATION_FIELDS)
    for one in rule.when:
        yield one.key, one.values, one.not_values


def _fields(part: Source | Operation, known: Iterable[tuple[str, str]]) -> Iterator[Asked]:
    for attribute, field in known:
        values, excluded = getattr(part, field), getattr(part, f"not_{field}")
        if values or excluded:
            yield attribute, values, excluded


def _clients(asked: Iterable[Asked], place: Place, http: bool) -> Iterator[tuple[Peer, Condition]]:
    """Whom a source and the conditions on clients mean, each with what its request must be."""
    wanted: list[tuple[Pattern, ...]] = []
    unwanted: list[Pattern] = []
    direct, remote = EVERYWHERE, EVERYWHERE
    forwarded: list[Condition] = []
    conditions: list[Condition] = []
    for name, values, excluded in asked:
        patterns = _patterns(name, place)
        if patterns is not None:
            wanted += [patterns(values)] if values else []
            unwanted += patterns(excluded)
        elif name == "source.ip":
            direct &= _within(values, excluded)
        elif name == "remote.ip":
            remote &= _within(values, excluded)
            forwarded += _signed(lambda some: Atom(FORWARDED, Operator.WITHIN, ",".join(some)), values, excluded)
        elif http:
            conditions += _signed(_of_request(name, place), values, excluded)
    proven, barred = together(tuple(wanted)), tuple(unwanted)
    if not forwarded or not http:
        yield _peer(direct & remote, proven, barred), _all(conditions)
        return
    there = Atom(FORWARDED, Operator.PRESENT)
    yield _peer(direct & remote, proven, barred), _all((*conditions, Negated(there)))
    if place.gateway:
        yield replace(_peer(direct, proven, barred), selector=TRUSTED), _all((*conditions, there))
    else:
        yield _peer(direct, proven, barred), _all((*conditions, there, *forwarded))


def _targets(asked: Iterable[Asked], http: bool) -> tuple[IntervalSet, Selector, Condition]:
    """The ports and pods that an operation and the conditions on targets mean, and what the request must be."""
    ports = PORTS
    pods: list[Selector] = []
    conditions: list[Condition] = []
    for name, values, excluded in asked:
        if name == "destination.port":
            ports &= IntervalSet.of(*map(int, values)) if values else PORTS
            ports -= IntervalSet.of(*map(int, excluded))
        elif name == "destination.ip":
            pods += [Addressed(AddressSet.of(*values))] if values else []
            pods += [Not(Addressed(AddressSet.of(*excluded)))] if excluded else []
        elif http or name.startswith(OF_TARGETS):
            conditions += _signed(_of_operation(name), values, excluded)
    return ports, AllOf(tuple(pods)) if pods else ANYTHING, _all(conditions)


def _patterns(name: str, place: Place) -> Callable[[Values], tuple[Pattern, ...]] | None:
    match name:
        case "source.principal":
            return lambda values: identities.principals(values, place.domains)
        case "source.namespace":
            return identities.namespaces
        case "source.serviceAccount":
            return lambda values: identities.service_accounts(values, place.namespace)
        case "source.trustDomain":
            return lambda values: identities.trust_domains(values, place.domains)
    return None


def _of_request(name: str, place: Place) -> Callable[[Values], Condition]:
    """The condition that a request has one of some values of an attribute."""
    if name == "request.auth.principal":
        return lambda values: AnyHolds(tuple(_principal(one, place.tokens) for one in values))
    if name.startswith(HEADERS):
        return lambda values: texts.any_of(texts.header, _header(name), values)
    path = {"request.auth.audiences": ("aud",), "request.auth.presenter": ("azp",)}.get(name) or claim_path(name)
    return lambda values: claim(place.tokens, path, lambda subject: texts.any_of(texts.text, subject, values))


def _of_operation(name: str) -> Callable[[Values], Condition]:
    match name:
        case "host":
            return lambda values: texts.any_of(texts.host, name, values)
        case "method":
            return lambda values: texts.any_of(texts.header, name, values)
        case "path":
            return lambda values: texts.any_of(texts.path, name, values)
        case "connection.sni":
            return lambda values: texts.any_of(texts.text, "sni", values)
    return lambda values: texts.any_of(texts.text, name, values)


def _header(key: str) -> str:
    return f"header:{key[len(HEADERS) : -1].lower()}"


def _principal(value: str, tokens: tuple[JWTRule, ...]) -> Condition:
    """`issuer/subject`: the subject is what follows the last slash. A star stands for one of them or a part of it."""
    issuer, slash, subject = value.rpartition("/") if "/" in value else (value, "", "")
    of_issuer, of_subject = (Operator.EXACT, issuer), (Operator.EXACT, subject)
    if value == "*":
        of_issuer = of_subject = ANY_TEXT
    elif value.startswith("*"):
        of_issuer = (Operator.SUFFIX, issuer[1:]) if slash and issuer != "*" else ANY_TEXT
        of_subject = of_subject if slash else (Operator.SUFFIX, value[1:])
    elif value.endswith("*"):
        of_issuer = of_issuer if slash else (Operator.PREFIX, value[:-1])
        of_subject = (Operator.PREFIX, subject[:-1]) if slash and subject != "*" else ANY_TEXT
    return AllHold(
        (
            claim(tokens, ("iss",), lambda name: Atom(name, *of_issuer)),
            claim(tokens, ("sub",), lambda name: Atom(name, *of_subject)),
        )
    )


def claim_path(key: str) -> tuple[str, ...]:
    """The names of nested claims: `request.auth.claims[org][unit]`; brackets that do not match are one name."""
    inside = key[len(CLAIMS) : -1]
    names = inside.split("][")
    return (inside,) if any("[" in one or "]" in one for one in names) else tuple(names)


def _signed(holds: Callable[[Values], Condition], values: Values, excluded: Values) -> Iterator[Condition]:
    if values:
        yield holds(values)
    if excluded:
        yield Negated(holds(excluded))


def _within(values: Values, excluded: Values) -> AddressSet:
    return (AddressSet.of(*values) if values else EVERYWHERE) - AddressSet.of(*excluded)


def _peer(addresses: AddressSet, proven: tuple[Pattern, ...] | None, barred: tuple[Pattern, ...]) -> Peer:
    where = None if addresses == EVERYWHERE else Bounds.exactly(addresses)
    return Peer(addresses=where, identities=proven, excluded=barred)


def _all(parts: Iterable[Condition]) -> Condition:
    """All of some conditions, without those that always hold."""
    kept = tuple(part for part in parts if part != ALWAYS)
    return kept[0] if len(kept) == 1 else AllHold(kept)
