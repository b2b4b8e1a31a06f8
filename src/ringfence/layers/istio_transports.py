"""In which transports the clients of one namespace send to one listed port, and to which of its pods.

How a port is sent is in `istio_destination_rules`, over which subsets in `istio_routes`; auto-mTLS adds:

    no auto-mTLS in the mesh, a host outside of it    plaintext
    the Service's namespace is in DISABLE             plaintext, whatever its workloads say
    a headless Service, a load balancer that passes the client's address through
                                                      mutual TLS where all endpoints are proxied, otherwise plaintext
    else                                              per endpoint, by its facet `istio auto mtls`

The Service's `exportTo` and the client's Sidecar say which ports it does not know. Those it reaches by routes alone: of
ports that it knows, or of names that only VirtualServices know. Its proxy has a cluster for them, but no listener, so
that a connection to their own addresses is one to what the registry does not list. A Service of the client's own
namespace has such a cluster even where it is exported to others only, or to nobody: then without endpoints, if its own
annotation says so, and with them if the mesh's default does.

Sources: istio `core/cluster_builder.go`, `core/cluster_tls.go` (`buildUpstreamTLSSettings`),
`pilot/pkg/model/push_context.go` (`BestEffortInferServiceMTLSMode`), `sidecar.go` (`collectImportedServices`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ringfence.layers.istio_destination_rules import EVERYBODY, Merged, Tls
from ringfence.layers.istio_egress import has_clusters, knows
from ringfence.layers.istio_listed import Clients, Hosts, ListedPort
from ringfence.layers.istio_reached import ITSELF, NOT_REACHED, Lead
from ringfence.layers.kubernetes_selectors import POD, labels
from ringfence.model.selectors import AllOf, Not, Selector
from ringfence.resources.istio.authentication import MutualTlsMode
from ringfence.resources.istio.networking import Labels, Sidecar
from ringfence.resources.kubernetes import LabelSelector

DISABLE = MutualTlsMode.DISABLE


@dataclass(frozen=True, slots=True)
class Sent:
    """How some clients of a namespace send: those with the labels, or those with none of `others`."""

    labels: Labels | None
    others: tuple[Labels, ...]
    tls: Tls
    part: Labels
    merged: Merged | None = field(hash=False)
    unmatched: bool = False
    """Goes out as what the registry does not list does; nothing at all where that is closed."""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """What the clients' labels must be."""
        if self.labels is not None:
            return labels(POD, LabelSelector(self.labels))
        return tuple(Not(AllOf(labels(POD, LabelSelector(one)))) for one in self.others)


def sent(
    client: str, listed: ListedPort, clients: Clients, hosts: Hosts, gateway: bool, sidecar: Sidecar | None
) -> tuple[Sent, ...]:
    """How clients of a namespace send to a port; `sidecar` limits them. Nothing: as what the registry does not list."""
    reached = clients.routing.reached(client, gateway, sidecar).get((listed.host, listed.port), NOT_REACHED)
    dialled = _known(client, listed, sidecar)
    taken = [one for one in reached.foreign if gateway or _taken(one, client, hosts, sidecar)]
    if not dialled and not _has_cluster(client, listed, sidecar):
        taken = []
    named = (
        () if dialled else [(key, lead.subset) for key, lead in reached.named if _taken(lead, client, hosts, sidecar)]
    )
    if not dialled and not taken and not named:
        return ()
    own, foreign = reached.subsets if dialled else set(), {one.subset for one in taken}
    sure = own | {one.subset for one in taken if not one.by_name or gateway}
    found: dict[Sent, None] = {}
    bare = dialled and reached.bare
    perhaps = bare and reached.astray  # of routes for the same name the first may lead nowhere
    astray = dialled and reached.sourced and reached.astray
    for alternative in clients.rules.followed(client, listed.host, listed.namespace):
        others = tuple(one.labels for one in alternative if one.labels is not None)
        for followed in alternative:
            merged = followed.merged
            names = own | foreign
            if dialled and reached.anything:
                names |= {ITSELF, *(one.name for one in merged.rule.subsets)} if merged else {ITSELF}
            apart = others if followed.labels is None else ()
            leading = set()
            for name in sorted(names):
                subset = merged.subset(name) if merged and name != ITSELF else None
                if subset is None and name != ITSELF:
                    astray |= reached.sourced and name in own
                    perhaps |= reached.bare and name in own
                    continue  # such a subset has no cluster: requests for it fail
                kept = listed.headless or (merged is not None and merged.passthrough(name, listed.port))
                if kept and name not in own and not reached.anything:
                    continue  # whoever dials another port stays at its pods
                leading.add(name)
                part = subset.labels if subset and not kept else ()
                for tls in _resolved(listed, clients, merged, name, kept):
                    found[Sent(followed.labels, apart, tls, part, merged)] = None
            if dialled and not leading and listed.headless and not reached.bare:
                # Whoever dials the pods themselves dials the host: nothing goes past its routes.
                found[Sent(followed.labels, apart, Tls.NOTHING, (), merged)] = None
            unsure = not (leading & sure or (dialled and reached.anything)) or not listed.exported
            perhaps |= bool(leading) and unsure
            bare |= bool(leading) and (unsure or not dialled)
    for (host, port), name in sorted(named):
        there = hosts[host, port]
        if _has_cluster(client, there, sidecar) and (staying := tuple(_staying(client, there, clients, name))):
            found |= dict.fromkeys(staying)
            bare = perhaps = True
    if astray and listed.headless:
        found[Sent(None, (), Tls.NOTHING, (), None)] = None
    elif astray:
        bare = perhaps = True
    if bare:  # what no route takes, and what a client knows by routes alone
        found[Sent(None, (), Tls.PLAINTEXT, (), None, unmatched=True)] = None
    if perhaps:  # whether anybody uses such a name, nobody knows; a Service that nobody may know has no endpoints
        found[Sent(None, (), Tls.NOTHING, (), None, unmatched=True)] = None
    for host, port, name in sorted(reached.instead if dialled else ()):
        if _has_cluster(client, hosts[host, port], sidecar):
            found |= dict.fromkeys(_staying(client, hosts[host, port], clients, name))
    return tuple(found)


def _exported(client: str, listed: ListedPort) -> bool:
    return bool(listed.exported & {EVERYBODY, client})


def _known(client: str, listed: ListedPort, sidecar: Sidecar | None) -> bool:
    """Whether clients of a namespace have a listener for a port."""
    limited = sidecar is not None and not knows(sidecar, client, listed.host, listed.namespace, listed.port)
    return _exported(client, listed) and not limited


def _has_cluster(client: str, listed: ListedPort, sidecar: Sidecar | None) -> bool:
    """Whether routes to a port lead anywhere for clients of a namespace."""
    limited = sidecar is not None and not has_clusters(sidecar, listed.port)
    return (_exported(client, listed) or client == listed.namespace) and not limited


def _taken(lead: Lead, client: str, hosts: Hosts, sidecar: Sidecar | None) -> bool:
    """Whether clients of a namespace may take a route from elsewhere."""
    return any(_known(client, hosts[key], sidecar) for key in lead.dialled) is not lead.by_name


def _staying(client: str, listed: ListedPort, clients: Clients, name: str) -> Iterator[Sent]:
    """How the pods of another host are sent to whose route leads here, if the client's own address is kept here."""
    for alternative in clients.rules.followed(client, listed.host, listed.namespace):
        others = tuple(one.labels for one in alternative if one.labels is not None)
        for followed in alternative:
            merged = followed.merged
            kept = listed.headless or (merged is not None and merged.passthrough(name, listed.port))
            if kept and (name == ITSELF or (merged is not None and merged.subset(name) is not None)):
                for tls in _resolved(listed, clients, merged, name, kept):
                    yield Sent(followed.labels, others if followed.labels is None else (), tls, (), merged)


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
    unsure = DISABLE in modes or not listed.exported
    return tuple(sorted(found | {Tls.PLAINTEXT} if unsure else found))
