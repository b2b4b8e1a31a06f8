"""What a client's own proxy sends (purpose `offer`): to which peer and port plaintext, to which mutual TLS.

A sidecar knows destinations by the ports that Services and ServiceEntries list. A packet in this language has the pod's
port, so each listed port is followed to the pods behind it; what no listed port leads to goes out in plaintext. How a
listed port is sent is in `istio_destination_rules`, over which subsets in `istio_routes`; auto-mTLS adds:

    no auto-mTLS in the mesh, a host outside of it    plaintext
    the Service's namespace is in DISABLE             plaintext, whatever its workloads say
    a headless Service, a load balancer that passes the client's address through
                                                      mutual TLS where all endpoints are proxied, otherwise plaintext
    else                                              per endpoint, by its facet `istio auto mtls`

A pod that two listed ports lead to in different transports may be sent either: their scopes have one priority, so what
they disagree about is open. The client's Sidecar and the Service's `exportTo` say which ports it does not know; its
`excludeOutboundPorts` which go past the proxy. What it does with the rest is in `istio_unlisted`.

Sources: istio `core/cluster_builder.go`, `core/cluster_tls.go` (`buildUpstreamTLSSettings`),
`pilot/pkg/model/push_context.go` (`BestEffortInferServiceMTLSMode`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ringfence.layers.istio_destination_rules import EVERYBODY, DestinationRules, Merged, Tls
from ringfence.layers.istio_egress import by_client, knows
from ringfence.layers.istio_facets import GATEWAY_KIND, KIND, OTHER_PORTS, PROXY, SCOPE, SIDECAR_KIND
from ringfence.layers.istio_machines import MACHINE
from ringfence.layers.istio_modes import Modes
from ringfence.layers.istio_mtls import LAYER, SIDECARS
from ringfence.layers.istio_routes import ITSELF, NOT_REACHED, Routing
from ringfence.layers.istio_sending import Way, rules
from ringfence.layers.istio_unlisted import closing, skips, stages
from ringfence.layers.kubernetes_selectors import POD, labels
from ringfence.layers.mesh_facets import NO_PLANE, of_planes
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_MTLS, ALL_PLAINTEXT
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Peer, Purpose, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, AnyOf, Comparison, InNamespace, Label, Not, Selector, Unsure
from ringfence.model.spans import NOWHERE
from ringfence.resources.istio.authentication import MutualTlsMode
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import Labels, Sidecar
from ringfence.resources.kubernetes import LabelSelector

OUTBOUND_UNKNOWN = "its annotations leave addresses out of what its proxy sees"
DISABLE = MutualTlsMode.DISABLE


@dataclass(frozen=True, slots=True)
class Backend:
    """Pods on one port; where `addresses` is given, those that have one of them."""

    selector: Selector
    port: int
    addresses: AddressSet | None = None


@dataclass(frozen=True, slots=True)
class ListedPort:
    """A port that the registry lists for a host, and what it leads to.

    `protocol` as in `istio_routes`. `headless`: the client's own destination address is kept. `all_proxied`: whether
    every endpoint counts as proxied (None: not known); asked only where the address is kept. `exported`: the namespaces
    whose clients know it. `external`: auto-mTLS leaves it alone. `written`: all is written down as proxied.
    """

    host: str
    namespace: str
    port: int
    protocol: str
    backends: tuple[Backend, ...]
    headless: bool = False
    all_proxied: bool | None = True
    exported: frozenset[str] = frozenset((EVERYBODY,))
    external: bool = False
    written: bool = False


@dataclass(frozen=True, slots=True)
class Clients:
    """What the clients of one mesh follow. `skipped`: ports that some client's proxy does not see on the way out.

    `gateways`, `ambient`: whether the mesh has such pods.
    """

    rules: DestinationRules
    routing: Routing
    modes: Modes
    config: MeshConfig
    sidecars: tuple[Sidecar, ...] = ()
    skipped: frozenset[int] = frozenset()
    gateways: bool = False
    ambient: bool = False


def offer(listed: Iterable[ListedPort], clients: Clients) -> Chain:
    """The chain at every pod."""
    known = tuple(listed)
    hosts = {(one.host, one.port): one for one in known}
    ways: dict[Way, dict[int, list[Peer]]] = {}
    for one in known:
        for way, part in _ways(one, clients, hosts):
            for backend in one.backends:
                peers = ways.setdefault(way, {}).setdefault(backend.port, [])
                selector = AllOf((backend.selector, _labelled(part))) if part else backend.selector
                addresses = None if backend.addresses is None else Bounds.exactly(backend.addresses)
                peers.append(Peer(selector, addresses))
    scopes = tuple(
        Scope(
            way.name,
            way.clients,
            tuple(rule for port, peers in found.items() for rule in rules(way, port, _together(peers))),
            span=way.span,
        )
        for way, found in ways.items()
    )
    encrypted, plain = Bounds.exactly(ALL_MTLS), Bounds.exactly(ALL_PLAINTEXT)
    bare = Rule(Action.DENY, ANY_PEER, encrypted, name="no proxy sends mutual TLS")
    unsure = (Peer(Unsure(OUTBOUND_UNKNOWN)),)
    past = (
        Rule(Action.DENY, unsure, encrypted, name="past the proxy"),
        Rule(Action.ALLOW, unsure, plain, name="past the proxy"),
    )
    every = (
        Stage("clients outside", (Scope("clients outside the mesh", of_planes(NO_PLANE), (bare,)),), Action.ALLOW),
        Stage("past the proxy", (Scope("outbound addresses", skips(OTHER_PORTS), past),), Action.PASS),
        Stage("listed ports", scopes, Action.PASS),
        *stages(clients.config.outbound_traffic_policy, clients.sidecars, clients.skipped),
    )
    return Chain(LAYER, Direction.EGRESS, every, Action.ALLOW, purpose=Purpose.OFFER)


def _labelled(part: Labels) -> Selector:
    """The pods and machines with these labels."""
    return AnyOf(tuple(AllOf(labels(facet, LabelSelector(part))) for facet in (POD, MACHINE)))


def _together(peers: Iterable[Peer]) -> tuple[Peer, ...]:
    """The same peers, those that are told by selectors alone as one: they may be all the pods of a cluster."""
    found = tuple(dict.fromkeys(peers))
    plain = tuple(one.selector for one in found if one.addresses is None)
    merged = (Peer(AnyOf(plain) if len(plain) > 1 else plain[0]),) if plain else ()
    return (*merged, *(one for one in found if one.addresses is not None))


@dataclass(frozen=True, slots=True)
class _Sent:
    """How some clients of a namespace send: those with the labels, or those with none of `others`."""

    labels: Labels | None
    others: tuple[Labels, ...]
    tls: Tls
    part: Labels
    merged: Merged | None = field(hash=False)
    unmatched: bool = False
    """Goes out as what the registry does not list does."""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """What the clients' labels must be."""
        if self.labels is not None:
            return labels(POD, LabelSelector(self.labels))
        return tuple(Not(AllOf(labels(POD, LabelSelector(one)))) for one in self.others)


_Hosts = Mapping[tuple[str, int], ListedPort]


def _ways(listed: ListedPort, clients: Clients, hosts: _Hosts) -> Iterator[tuple[Way, Labels]]:
    """Every way in which some clients send to a port, and the labels of the pods that it leads to."""
    common: list[Selector] = [SIDECARS]
    if listed.port in clients.skipped:
        common.append(Not(skips(str(listed.port))))
        yield Way(AllOf((SIDECARS, skips(str(listed.port)))), Tls.PLAINTEXT, "excludeOutboundPorts"), ()
    kinds = ((SIDECAR_KIND, False), (GATEWAY_KIND, True)) if clients.gateways else (("", False),)
    apart, rest = _scopes(listed, clients)
    for kind, gateway in kinds:
        own = (Label(PROXY, KIND, Comparison.IN, frozenset((kind,))),) if kind else ()
        for limits, sidecar in ((rest, None), *(() if gateway else apart)):
            for namespaces, sent in _by_namespace(listed, clients, hosts, gateway, sidecar):
                for one in sent:
                    who = AllOf((*common, *own, *limits, *namespaces, *one.selectors, *_open(clients, one)))
                    rule = one.merged.rule if one.merged else None
                    name, span = (rule.metadata.qualified_name, rule.span) if rule else ("no DestinationRule", NOWHERE)
                    yield Way(who, one.tls, name, clients.ambient and not listed.headless, span), one.part


def _open(clients: Clients, sent: _Sent) -> tuple[Selector, ...]:
    """Who sends it at all: what the registry does not list may be closed."""
    closed = closing(clients.config.outbound_traffic_policy, clients.sidecars) if sent.unmatched else None
    return () if closed is None else (Not(closed),)


_Scopes = tuple[tuple[tuple[Selector, ...], Sidecar], ...]


def _scopes(listed: ListedPort, clients: Clients) -> tuple[_Scopes, tuple[Selector, ...]]:
    """The clients under each Sidecar that makes them reach a port otherwise, and the rest that know it at all."""
    root = clients.config.root_namespace
    apart, out = [], []
    for one in clients.sidecars:
        home = listed.namespace if by_client(one, root) else one.metadata.namespace
        asked = one, root, listed.host, listed.port
        known = knows(one, home, listed.host, listed.namespace, listed.port)
        if known and not by_client(one, root) and not clients.routing.limited(*asked):
            continue
        out.append(one.metadata.qualified_name)
        if known or clients.routing.led(*asked):
            apart.append(((Label(PROXY, SCOPE, Comparison.IN, frozenset(out[-1:])),), one))
    return tuple(apart), (Not(Label(PROXY, SCOPE, Comparison.IN, frozenset(out))),) if out else ()


def _by_namespace(
    listed: ListedPort, clients: Clients, hosts: _Hosts, gateway: bool, sidecar: Sidecar | None
) -> Iterator[tuple[tuple[Selector, ...], tuple[_Sent, ...]]]:
    """How the clients of each namespace send; those that send like the rest are among the rest."""
    differing = clients.rules.namespaces(listed.host)
    named = {*differing, *clients.routing.differing(gateway, sidecar), *listed.exported, listed.namespace} - {EVERYBODY}
    if sidecar is not None:
        named.add(sidecar.metadata.namespace)
    rest = _sent("", listed, clients, hosts, gateway, sidecar)
    sent = {one: _sent(one, listed, clients, hosts, gateway, sidecar) for one in sorted(named)}
    apart = {namespace: one for namespace, one in sent.items() if one != rest}
    for namespace, one in apart.items():
        yield (InNamespace(namespace),), one
    yield ((Not(AnyOf(tuple(InNamespace(one) for one in apart))),) if apart else ()), rest


def _sent(
    client: str, listed: ListedPort, clients: Clients, hosts: _Hosts, gateway: bool, sidecar: Sidecar | None
) -> tuple[_Sent, ...]:
    reached = clients.routing.reached(client, gateway, sidecar).get((listed.host, listed.port), NOT_REACHED)
    exported = bool(listed.exported & {EVERYBODY, client})
    dialled = exported and (sidecar is None or knows(sidecar, client, listed.host, listed.namespace, listed.port))
    if not dialled and not (reached.foreign and (exported or client == listed.namespace)):
        return ()
    own = reached.subsets if dialled else set()
    found: dict[_Sent, None] = {}
    for alternative in clients.rules.followed(client, listed.host, listed.namespace):
        others = tuple(one.labels for one in alternative if one.labels is not None)
        for followed in alternative:
            merged = followed.merged
            names = own | reached.foreign
            if dialled and reached.anything:
                names |= {ITSELF, *(one.name for one in merged.rule.subsets)} if merged else {ITSELF}
            apart, before = others if followed.labels is None else (), len(found)
            for name in sorted(names):
                subset = merged.subset(name) if merged and name != ITSELF else None
                if subset is None and name != ITSELF:
                    continue  # such a subset has no cluster: requests for it fail
                kept = listed.headless or (merged is not None and merged.passthrough(name, listed.port))
                if kept and name not in own and not reached.anything:
                    continue  # whoever dials another host stays at its pods
                part = subset.labels if subset and not kept else ()
                for tls in _resolved(listed, clients, merged, name, kept):
                    found[_Sent(followed.labels, apart, tls, part, merged)] = None
            if dialled and len(found) == before and listed.headless and not reached.bare:
                # Whoever dials the pods themselves dials the host: nothing goes past its routes.
                found[_Sent(followed.labels, apart, Tls.NOTHING, (), merged)] = None
    if reached.bare if dialled else found:  # routes lead to what a client knows by nothing else
        found[_Sent(None, (), Tls.PLAINTEXT, (), None, unmatched=True)] = None
    for host, port, name in sorted(reached.instead if dialled else ()):
        found |= dict.fromkeys(_staying(client, hosts[host, port], clients, name))
    return tuple(found)


def _staying(client: str, listed: ListedPort, clients: Clients, name: str) -> Iterator[_Sent]:
    """How the pods of another host are sent to whose route leads here, if the client's own address is kept here."""
    for alternative in clients.rules.followed(client, listed.host, listed.namespace):
        others = tuple(one.labels for one in alternative if one.labels is not None)
        for followed in alternative:
            merged = followed.merged
            kept = listed.headless or (merged is not None and merged.passthrough(name, listed.port))
            if kept and (name == ITSELF or (merged is not None and merged.subset(name) is not None)):
                for tls in _resolved(listed, clients, merged, name, kept):
                    yield _Sent(followed.labels, others if followed.labels is None else (), tls, (), merged)


def _resolved(listed: ListedPort, clients: Clients, merged: Merged | None, subset: str, kept: bool) -> tuple[Tls, ...]:
    """What the rule comes to once auto-mTLS has had its say; several where that is not known.

    `kept`: the client's own destination address is, so that the proxy knows nothing of the endpoint.
    """
    tls = merged.tls(subset, listed.port) if merged else None
    if tls is not None:
        return (tls,)
    modes = clients.modes.of_namespace(listed.namespace).modes
    if listed.external or not clients.config.enable_auto_mtls or modes == {DISABLE}:
        return (Tls.PLAINTEXT,)
    tls = merged.by_endpoint(subset, listed.port) if merged else Tls.AUTO
    surely = kept or (listed.written and tls in (Tls.AUTO, Tls.PROXIED))
    found = {Tls.MUTUAL if surely else tls}
    if listed.headless or (merged is not None and merged.all_alike(subset)):
        found = {True: found, False: {Tls.PLAINTEXT}, None: found | {Tls.PLAINTEXT}}[listed.all_proxied]
    return tuple(sorted(found | {Tls.PLAINTEXT} if DISABLE in modes else found))
