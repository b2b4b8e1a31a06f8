"""What a Linkerd proxy lets in: one stage at every pod, with the Servers of its namespace before the default policy.

    0          what the proxy never sees: all but TCP, and the ports that are skipped; and its own port
    1, 2, ...  the namespace's Servers, the oldest first, then by name: the first that has the port decides alone
    last       the pod's default policy, for ports without a Server

A Server lets in whom its ServerAuthorizations, the AuthorizationPolicies for it or for its namespace, and its
`accessPolicy` authorize; nobody else. A default policy authorizes by itself (`proxy-require-identity-inbound-ports`
makes its allowing kinds ask for an identity).

Where a Server speaks HTTP, routes decide first: a request takes the best of the routes whose parent the Server is
(HTTPRoutes, or GRPCRoutes for a gRPC Server) and needs an authorization of that route or of the Server; a request that
no route takes is answered 404. Without routes every request is as good as the connection, and the paths that HTTP
probes of the pod ask for are open to the networks of probes (GET only). A Server of protocol `unknown` is HTTP where
the client speaks it.

Policy looks at the port that the application listens on, whatever port the proxies use between them. Loopback traffic
and what a pod sends to itself pass by the proxy. Rate limits are no policy of this kind.

Sources: linkerd2's `policy-controller/k8s/index/src/inbound/index.rs`; linkerd2-proxy's `linkerd/app/inbound/src`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ringfence.layers.kubernetes_selectors import named_port, pods
from ringfence.layers.linkerd_authorizations import Authorization, authenticated, default_authorization
from ringfence.layers.linkerd_routes import HTTP, METHOD, PATH, Entry, entries
from ringfence.layers.linkerd_settings import (
    DEFAULT,
    IDENTITY,
    NOT_KNOWN,
    OPAQUE,
    PROBE,
    SKIP_INBOUND,
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

PortNumbers = Mapping[tuple[str, str], frozenset[int]]
"""The numbers that a named port (protocol in lower case, name) has on the pods of the cluster."""

GET = Atom(METHOD, Operator.EXACT, "GET")
PLAINTEXT_TCP = HeaderSet(tcp=FULL_PORTS)
UNDECLARED = "the annotations of its namespace are not known"
NO_ROUTE, NO_AUTHORIZATION = "no route matches", "no authorization applies"


@dataclass(frozen=True, slots=True)
class ServedPort:
    """A Server with what applies to it. `routes` hold each route with the authorizations that target it.

    `doubt`: why there may be other routes, so that nobody knows which requests it takes; empty where that is known.
    """

    server: Server
    authorizations: tuple[Authorization, ...] = ()
    routes: tuple[tuple[Route, tuple[Authorization, ...]], ...] = ()
    doubt: str = ""


def chain(
    servers: Iterable[ServedPort], pods_settings: Iterable[Settings], numbers: PortNumbers, installed: LinkerdValues
) -> Chain:
    """The ingress policy of all pods of the mesh. Linear in Servers, and in the distinct settings of pods."""
    distinct = tuple(dict.fromkeys(pods_settings))
    ranked = sorted(servers, key=lambda one: _age(one.server))
    places: dict[str, int] = {}
    scopes = [_bypass(distinct)]
    for one in ranked:
        namespace = one.server.metadata.namespace
        places[namespace] = places.get(namespace, 0) + 1
        if one.server.pod_selector is not None:
            scopes.append(_server(one, places[namespace], distinct, numbers, installed))
    scopes.append(_defaults(distinct, max(places.values(), default=0) + 1, installed))
    return Chain(LAYER, Direction.INGRESS, (Stage("inbound", tuple(scopes), Action.DENY),), Action.ALLOW)


def _age(server: Server) -> tuple[str, str]:
    return server.metadata.creation_timestamp, server.metadata.name


def _bypass(distinct: Sequence[Settings]) -> Scope:
    rules = [Rule(Action.ALLOW, ANY_PEER, Bounds.exactly(ALL_HEADERS - ALL_TCP), name="the proxy carries TCP only")]
    for skipped in _values(one.skip_inbound for one in distinct):
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


def _server(
    one: ServedPort, priority: int, distinct: Sequence[Settings], numbers: PortNumbers, installed: LinkerdValues
) -> Scope:
    server = one.server
    assert server.pod_selector is not None
    rules: list[Rule] = []
    for number, holders in _numbers(server, numbers):
        rules += _on_port(one, number, holders, distinct, installed)
    subjects = AllOf((of_planes(LINKERD), pods(server.metadata.namespace, server.pod_selector)))
    return Scope(f"Server {server.metadata.qualified_name}", subjects, tuple(rules), priority, server.span)


def _numbers(server: Server, numbers: PortNumbers) -> Iterator[tuple[int, Selector]]:
    """The numbers of a Server's port, and the pods that have it under this number."""
    if isinstance(server.port, int):
        yield server.port, ANYTHING
        return
    for number in sorted(numbers.get(("tcp", server.port), ())):
        yield number, named_port("tcp", server.port, number)


def _on_port(
    one: ServedPort, number: int, holders: Selector, distinct: Sequence[Settings], installed: LinkerdValues
) -> Iterator[Rule]:
    headers = ports("tcp", IntervalSet.of(number))
    protocol = one.server.proxy_protocol
    wanted = "GRPCRoute" if protocol == GRPC else "HTTPRoute"
    routes = {route: authorized for route, authorized in one.routes if route.kind == wanted}
    http = protocol not in (OPAQUE_PROTOCOL, TLS)
    if http and one.doubt:
        for action in (Action.ALLOW, Action.DENY):
            peers = (Peer(Unsure(one.doubt)),)
            yield Rule(action, peers, Bounds.exactly(headers), subjects=holders, name=NOT_KNOWN, span=one.server.span)
    if http and routes:
        if protocol == UNKNOWN:
            yield from _connection(one, headers, Negated(HTTP), holders)
        yield from _routed(one, routes, headers, holders)
        return
    if http and protocol != GRPC:
        yield from _probes(number, holders, distinct, installed)
    yield from _connection(one, headers, ALWAYS, holders)


def _connection(one: ServedPort, headers: HeaderSet, condition: Condition, holders: Selector) -> Iterator[Rule]:
    """The Server's own authorizations, and an end for everybody else."""
    for authorization in one.authorizations:
        yield authorization.rule(headers, condition, holders)
    yield _denied(headers, condition, holders, NO_AUTHORIZATION, one.server)


def _routed(
    one: ServedPort, routes: Mapping[Route, tuple[Authorization, ...]], headers: HeaderSet, holders: Selector
) -> Iterator[Rule]:
    for entry in entries(routes):
        name = _title(entry)
        if entry.rule.redirects:
            yield Rule(
                Action.DENY, ANY_PEER, Bounds.exactly(headers), entry.condition, holders, f"{name} redirects",
                entry.rule.span,
            )  # fmt: skip
            continue
        for authorization in (*routes[entry.route], *one.authorizations):
            yield authorization.rule(headers, entry.condition, holders)
        yield Rule(
            Action.DENY, ANY_PEER, Bounds.exactly(headers), entry.condition, holders, f"{name}: {NO_AUTHORIZATION}",
            entry.rule.span,
        )  # fmt: skip
    yield _denied(headers, ALWAYS, holders, NO_ROUTE, one.server)


def _title(entry: Entry) -> str:
    return f"{entry.route.kind} {entry.route.metadata.name}"


def _denied(headers: HeaderSet, condition: Condition, holders: Selector, name: str, server: Server) -> Rule:
    return Rule(Action.DENY, ANY_PEER, Bounds.exactly(headers), condition, holders, name, server.span)


def _probes(number: int, holders: Selector, distinct: Sequence[Settings], installed: LinkerdValues) -> Iterator[Rule]:
    """What the pods' own HTTP probes ask for on this port."""
    if not installed.probe_networks:
        return
    peers = (Peer(addresses=Bounds.exactly(installed.probe_networks)),)
    headers = Bounds.exactly(ports("tcp", IntervalSet.of(number)))
    for paths in dict.fromkeys(paths for one in distinct for port, paths in one.probes if port == number):
        condition = AllHold((GET, AnyHolds(tuple(Atom(PATH, Operator.EXACT, path) for path in paths))))
        subjects = _both(holders, having(f"{PROBE}/{number}", "\n".join(paths)))
        yield Rule(Action.ALLOW, peers, headers, condition, subjects, "HTTP probe")


def _defaults(distinct: Sequence[Settings], priority: int, installed: LinkerdValues) -> Scope:
    rules: list[Rule] = []
    for number in sorted({port for one in distinct for port, _ in one.probes}):
        opaque = {str(one.opaque_ports) for one in distinct if number in one.opaque_ports}
        rules += _probes(number, Not(having(OPAQUE, *opaque)) if opaque else ANYTHING, distinct, installed)
    for policy in dict.fromkeys(one.default_policy or NOT_KNOWN for one in distinct):
        rules += _default(policy, distinct, installed)
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
        for tightened in _values(one.identity_ports for one in distinct if one.default_policy == policy):
            narrowed = _both(subjects, having(IDENTITY, str(tightened)))
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


def _values(sets: Iterable[IntervalSet]) -> tuple[IntervalSet, ...]:
    """The distinct sets that hold anything."""
    return tuple(one for one in dict.fromkeys(sets) if one)


def _both(first: Selector, second: Selector) -> Selector:
    return second if first == ANYTHING else AllOf((first, second))
