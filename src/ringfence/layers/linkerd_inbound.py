"""What a Linkerd proxy lets in: one stage at every pod, with the Servers of its namespace before the default policy.

    0          what the proxy never sees: all but TCP, and the ports that are skipped; and its own port
    1, 2, ...  the namespace's Servers, the oldest first, then by name: the first that has the port decides alone. Where
               one has no creation time and shares a number with another, nobody knows which: they have no order
    last       the pod's default policy, for ports without a Server

A Server lets in whom its ServerAuthorizations, the AuthorizationPolicies for it or for its namespace, and its
`accessPolicy` authorize; nobody else. A default policy authorizes by itself (`proxy-require-identity-inbound-ports`
makes its allowing kinds ask for an identity).

Where a Server speaks HTTP, routes decide first: a request takes the best of the routes whose parent the Server is
(HTTPRoutes, or GRPCRoutes for a gRPC Server) and needs an authorization of that route or of the Server; a request that
no route takes is answered 404. Without routes every request is as good as the connection, and the paths that HTTP
probes of the pod ask for are open to the networks of probes (GET only). A Server of protocol `unknown` is HTTP where
the client speaks it, and a gRPC Server without routes refuses requests that are said to be no calls (GET, ...).

A member that is told that a port is opaque sends bytes, and no HTTP is seen in them: to a Server of protocol `unknown`
they are a connection, and a Server that has to be HTTP refuses them. Any Server of protocol `opaque` tells so, the
younger of two as well, and so does an annotation.

Policy looks at the port that the application listens on, whatever port the proxies use between them. Loopback traffic
and what a pod sends to itself pass by the proxy. Rate limits are no policy of this kind.

Sources: linkerd2's `policy-controller/k8s/index/src/inbound/index.rs`, `policy-controller/core/src/inbound.rs` and
`controller/api/destination` (`createWeightedAddr`, `SetToServerProtocol`); linkerd2-proxy's `linkerd/app/inbound/src`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ringfence.layers.linkerd_authorizations import Authorization, authenticated, default_authorization
from ringfence.layers.linkerd_requests import NO_CALL
from ringfence.layers.linkerd_routes import HTTP, METHOD, PATH, Entry, entries, unordered
from ringfence.layers.linkerd_servers import Opaque, Proxies, Ranked, both, ranked, selected, values
from ringfence.layers.linkerd_settings import (
    DEFAULT,
    IDENTITY,
    NOT_KNOWN,
    OPAQUE,
    PROBE,
    SKIP_INBOUND,
    TOLD_OPAQUE,
    Settings,
    having,
)
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.layers.mesh_facets import LINKERD, of_planes
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import ALWAYS, AllHold, AnyHolds, Atom, Condition, Negated, Operator
from ringfence.model.headers import ALL_HEADERS, ALL_TCP, FULL_PORTS, HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, AllOf, Not, Selector, Unsure
from ringfence.resources.kubernetes import Route
from ringfence.resources.linkerd import GRPC, TLS, UNKNOWN, Server
from ringfence.resources.linkerd import OPAQUE as OPAQUE_PROTOCOL

LAYER = "Linkerd"

PROXY_PORT = 4143
"""Where proxies reach each other."""

GET = Atom(METHOD, Operator.EXACT, "GET")
PLAINTEXT_TCP = HeaderSet(tcp=FULL_PORTS)
UNDECLARED = "the annotations of its namespace are not known"
NO_ROUTE, NO_AUTHORIZATION = "no route matches", "no authorization applies"
AGE = "which is older is not known"
TOLD = "clients are told that the port is opaque, so no HTTP is seen"


@dataclass(frozen=True, slots=True)
class ServedPort:
    """A Server with what applies to it. `routes` hold each route with the authorizations that target it.

    `doubt`: why there may be other routes, so that nobody knows which requests it takes; empty where that is known.
    """

    server: Server
    authorizations: tuple[Authorization, ...] = ()
    routes: tuple[tuple[Route, tuple[Authorization, ...]], ...] = ()
    doubt: str = ""


def chain(servers: Iterable[ServedPort], pods_settings: Iterable[Settings], installed: LinkerdValues) -> Chain:
    """The ingress policy of all pods of the mesh. Linear in Servers, and in the distinct settings of pods."""
    proxies = Proxies(tuple(dict.fromkeys(pods_settings)))
    found = {one.server: one for one in servers}
    opaque = Opaque(proxies, tuple(found))
    scopes, last = [_bypass(proxies.distinct)], 0
    for one in ranked(found, proxies):
        scopes.append(_server(found[one.server], one, proxies, opaque, installed))
        last = max(last, one.place)
    scopes.append(_defaults(proxies, last + 1, installed))
    return Chain(LAYER, Direction.INGRESS, (Stage("inbound", tuple(scopes), Action.DENY),), Action.ALLOW)


def _bypass(distinct: Sequence[Settings]) -> Scope:
    rules = [Rule(Action.ALLOW, ANY_PEER, Bounds.exactly(ALL_HEADERS - ALL_TCP), name="the proxy carries TCP only")]
    for skipped in values(one.skip_inbound for one in distinct):
        rules.append(
            Rule(
                Action.ALLOW,
                ANY_PEER,
                Bounds.exactly(ports("tcp", skipped)),
                subjects=having(SKIP_INBOUND, str(skipped)),
                name="skip-inbound-ports",
            )
        )
    own = PLAINTEXT_TCP & ports("tcp", IntervalSet.of(PROXY_PORT))
    rules.append(Rule(Action.DENY, ANY_PEER, Bounds.exactly(own), name="the proxy's own port takes mutual TLS only"))
    return Scope("(past the proxy)", of_planes(LINKERD), tuple(rules), 0)


def _server(one: ServedPort, rank: Ranked, proxies: Proxies, opaque: Opaque, installed: LinkerdValues) -> Scope:
    server = one.server
    rules: list[Rule] = []
    for number, holders in rank.ports:
        rules += _on_port(one, number, holders, proxies, opaque, installed)
    subjects = AllOf((of_planes(LINKERD), selected(server)))
    return Scope(f"Server {server.metadata.qualified_name}", subjects, tuple(rules), rank.place, server.span)


def _on_port(
    one: ServedPort, number: int, holders: Selector, proxies: Proxies, opaque: Opaque, installed: LinkerdValues
) -> Iterator[Rule]:
    headers = ports("tcp", IntervalSet.of(number))
    protocol = one.server.proxy_protocol
    if protocol in (OPAQUE_PROTOCOL, TLS):
        yield from _connection(one, headers, ALWAYS, holders)
        return
    told = opaque.of(one.server.metadata.namespace, number)
    if told is not None:
        mutual, where = HeaderSet(mtls=headers.mtls), both(holders, told)
        if protocol == UNKNOWN:
            yield from _connection(one, mutual, ALWAYS, where)
        else:
            yield _denied(mutual, ALWAYS, where, TOLD, one.server)
    if one.doubt:
        yield from _not_known(headers, ALWAYS, holders, one.doubt, one.server)
    wanted = "GRPCRoute" if protocol == GRPC else "HTTPRoute"
    routes = {route: authorized for route, authorized in one.routes if route.kind == wanted}
    if routes:
        if protocol == UNKNOWN:
            yield from _connection(one, headers, Negated(HTTP), holders)
        yield from _routed(one, routes, headers, holders)
        return
    if protocol == GRPC:
        yield _denied(headers, NO_CALL, holders, NO_ROUTE, one.server)
    else:
        yield from _probes(number, headers, holders, proxies, installed)
    yield from _connection(one, headers, ALWAYS, holders)


def _not_known(
    headers: HeaderSet, condition: Condition, holders: Selector, because: str, server: Server
) -> Iterator[Rule]:
    for action in (Action.ALLOW, Action.DENY):
        peers = (Peer(Unsure(because)),)
        yield Rule(action, peers, Bounds.exactly(headers), condition, holders, NOT_KNOWN, server.span)


def _connection(one: ServedPort, headers: HeaderSet, condition: Condition, holders: Selector) -> Iterator[Rule]:
    """The Server's own authorizations, and an end for everybody else."""
    for authorization in one.authorizations:
        yield authorization.rule(headers, condition, holders)
    yield _denied(headers, condition, holders, NO_AUTHORIZATION, one.server)


def _routed(
    one: ServedPort, routes: Mapping[Route, tuple[Authorization, ...]], headers: HeaderSet, holders: Selector
) -> Iterator[Rule]:
    lets_in = {route: (*own, *one.authorizations) for route, own in routes.items()}
    found = entries(routes)
    for place, entry in enumerate(found):
        for other in found[place + 1 :]:
            if other.rank != entry.rank:
                break
            if unordered(entry, other):
                yield from _perhaps_first(entry, other, lets_in, headers, holders)
        name = _title(entry)
        if entry.rule.redirects:
            yield Rule(
                Action.DENY, ANY_PEER, Bounds.exactly(headers), entry.condition, holders, f"{name} redirects",
                entry.rule.span,
            )  # fmt: skip
            continue
        for authorization in lets_in[entry.route]:
            yield authorization.rule(headers, entry.condition, holders)
        yield Rule(
            Action.DENY, ANY_PEER, Bounds.exactly(headers), entry.condition, holders, f"{name}: {NO_AUTHORIZATION}",
            entry.rule.span,
        )  # fmt: skip
    yield _denied(headers, ALWAYS, holders, NO_ROUTE, one.server)


def _perhaps_first(
    entry: Entry,
    other: Entry,
    lets_in: Mapping[Route, tuple[Authorization, ...]],
    headers: HeaderSet,
    holders: Selector,
) -> Iterator[Rule]:
    """What the other of two equals says, where it is open which of them is older."""
    own, others = (() if one.rule.redirects else lets_in[one.route] for one in (entry, other))
    if own == others:
        return
    condition = AllHold((entry.condition, other.condition))
    unsure = Unsure(f"{_title(entry)} or {_title(other)}: {AGE}")
    for authorization in others:
        rule = authorization.rule(headers, condition, holders)
        peers = tuple(replace(peer, selector=both(peer.selector, unsure)) for peer in rule.peers)
        yield replace(rule, peers=peers)
    refused = Bounds.exactly(headers)
    yield Rule(Action.DENY, (Peer(unsure),), refused, condition, holders, _title(other), other.rule.span)


def _title(entry: Entry) -> str:
    return f"{entry.route.kind} {entry.route.metadata.name}"


def _denied(headers: HeaderSet, condition: Condition, holders: Selector, name: str, server: Server) -> Rule:
    return Rule(Action.DENY, ANY_PEER, Bounds.exactly(headers), condition, holders, name, server.span)


def _probes(
    number: int, headers: HeaderSet, holders: Selector, proxies: Proxies, installed: LinkerdValues
) -> Iterator[Rule]:
    """What the pods' own HTTP probes ask for on this port."""
    if not installed.probe_networks:
        return
    peers = (Peer(addresses=Bounds.exactly(installed.probe_networks)),)
    for paths in proxies.probes.get(number, ()):
        condition = AllHold((GET, AnyHolds(tuple(Atom(PATH, Operator.EXACT, path) for path in paths))))
        subjects = both(holders, having(f"{PROBE}/{number}", "\n".join(paths)))
        yield Rule(Action.ALLOW, peers, Bounds.exactly(headers), condition, subjects, "HTTP probe")


def _defaults(proxies: Proxies, priority: int, installed: LinkerdValues) -> Scope:
    rules: list[Rule] = []
    for number in proxies.probes:
        opaque = [str(one) for one in proxies.opaque if number in one]
        told = [str(one) for one in proxies.told if number in one]
        seen = Not(having(OPAQUE, *opaque)) if opaque else ANYTHING
        told_otherwise = Not(having(TOLD_OPAQUE, *told)) if told else ANYTHING
        headers = ports("tcp", IntervalSet.of(number))
        rules += _probes(number, HeaderSet(tcp=headers.tcp), seen, proxies, installed)
        rules += _probes(number, HeaderSet(mtls=headers.mtls), both(seen, told_otherwise), proxies, installed)
    for policy in dict.fromkeys(one.default_policy or NOT_KNOWN for one in proxies.distinct):
        rules += _default(policy, proxies.distinct, installed)
    rules.append(Rule(Action.DENY, ANY_PEER, Bounds.exactly(ALL_TCP), name=NO_AUTHORIZATION))
    return Scope("default policy", of_planes(LINKERD), tuple(rules), priority)


def _default(policy: str, distinct: Sequence[Settings], installed: LinkerdValues) -> Iterator[Rule]:
    subjects = having(DEFAULT, policy)
    if policy == NOT_KNOWN:
        yield Rule(
            Action.ALLOW, (Peer(Unsure(UNDECLARED)),), Bounds.exactly(ALL_TCP), subjects=subjects, name=NOT_KNOWN
        )
        return
    refused = Rule(Action.DENY, ANY_PEER, Bounds.exactly(ALL_TCP), subjects=subjects, name=policy)
    found = default_authorization(policy, installed, policy)
    if found is None:
        yield refused
        return
    if policy != "audit":
        for tightened in values(one.identity_ports for one in distinct if one.default_policy == policy):
            narrowed = both(subjects, having(IDENTITY, str(tightened)))
            headers = ports("tcp", tightened)
            yield authenticated(found).rule(headers, subjects=narrowed)
            yield Rule(
                Action.DENY,
                ANY_PEER,
                Bounds.exactly(headers),
                subjects=narrowed,
                name="proxy-require-identity-inbound-ports",
            )
    yield found.rule(ALL_TCP, subjects=subjects)
    yield replace(refused, name=f"{policy}: {NO_AUTHORIZATION}")
