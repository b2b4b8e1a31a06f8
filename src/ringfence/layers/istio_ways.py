"""Which clients send to a listed port in different ways: all that are told apart, each with what it sends.

Clients differ by whether they are gateways, by the Sidecar that limits what they know, by their namespace (which
DestinationRules and VirtualServices it sees, what is exported to it), by their labels, and by the ports that go past
their proxies. Clients that send alike are left together: there is one way for each difference, none for each namespace.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.layers.istio_destination_rules import EVERYBODY, Tls
from ringfence.layers.istio_egress import by_client, has_clusters, knows
from ringfence.layers.istio_facets import GATEWAY_KIND, KIND, PROXY, SCOPE, SIDECAR_KIND
from ringfence.layers.istio_listed import Clients, Hosts, ListedPort
from ringfence.layers.istio_mtls import SIDECARS
from ringfence.layers.istio_sending import Way
from ringfence.layers.istio_transports import Sent, sent
from ringfence.layers.istio_unlisted import closing, skips
from ringfence.model.selectors import AllOf, AnyOf, Comparison, InNamespace, Label, Not, Selector
from ringfence.model.spans import NOWHERE
from ringfence.resources.istio.networking import Labels, Sidecar


def ways(listed: ListedPort, clients: Clients, hosts: Hosts) -> Iterator[tuple[Way, Labels]]:
    """Every way in which some clients send to a port, and the labels of the pods that it leads to."""
    common: list[Selector] = [SIDECARS]
    if listed.port in clients.skipped:
        common.append(Not(skips(str(listed.port))))
        yield Way(AllOf((SIDECARS, skips(str(listed.port)))), Tls.PLAINTEXT, "excludeOutboundPorts"), ()
    kinds = ((SIDECAR_KIND, False), (GATEWAY_KIND, True)) if clients.gateways else (("", False),)
    apart, rest = _scopes(listed, clients, hosts)
    for kind, gateway in kinds:
        own = (Label(PROXY, KIND, Comparison.IN, frozenset((kind,))),) if kind else ()
        for limits, sidecar in ((rest, None), *(() if gateway else apart)):
            for namespaces, alternatives in _by_namespace(listed, clients, hosts, gateway, sidecar):
                for one in alternatives:
                    who = AllOf((*common, *own, *limits, *namespaces, *one.selectors, *_open(clients, one)))
                    rule = one.merged.rule if one.merged else None
                    name, span = (rule.metadata.qualified_name, rule.span) if rule else ("no DestinationRule", NOWHERE)
                    yield Way(who, one.tls, name, clients.ambient and not listed.headless, span), one.part


def _open(clients: Clients, one: Sent) -> tuple[Selector, ...]:
    """Who sends it at all: what the registry does not list may be closed, and what may be closed sends nothing."""
    closed = closing(clients.config.outbound_traffic_policy, clients.sidecars) if one.unmatched else None
    if closed is None:
        return ()
    return (closed,) if one.tls is Tls.NOTHING else (Not(closed),)


_Scopes = tuple[tuple[tuple[Selector, ...], Sidecar], ...]


def _scopes(listed: ListedPort, clients: Clients, hosts: Hosts) -> tuple[_Scopes, tuple[Selector, ...]]:
    """The clients under each Sidecar that makes them reach a port otherwise, and the rest that know it at all."""
    root = clients.config.root_namespace
    apart, out = [], []
    for one in clients.sidecars:
        home = listed.namespace if by_client(one, root) else one.metadata.namespace
        asked = one, root, listed.host, listed.port
        known = knows(one, home, listed.host, listed.namespace, listed.port)
        leads, instead = clients.routing.apart(listed.host, listed.port, sidecar=one)
        dialled = {key: hosts[key] for lead in leads for key in lead.dialled}
        alike = known and not by_client(one, root) and not clients.routing.limited(*asked)
        if alike and _all_known(one, dialled) and all(has_clusters(one, port) for _, port in instead):
            continue
        out.append(one.metadata.qualified_name)
        if known or leads:
            apart.append(((Label(PROXY, SCOPE, Comparison.IN, frozenset(out[-1:])),), one))
    return tuple(apart), (Not(Label(PROXY, SCOPE, Comparison.IN, frozenset(out))),) if out else ()


def _all_known(sidecar: Sidecar, ports: Hosts) -> bool:
    """Whether a Sidecar, which is the same for all its clients, lets them know all these ports."""
    return all(knows(sidecar, "", host, one.namespace, port) for (host, port), one in ports.items())


def _by_namespace(
    listed: ListedPort, clients: Clients, hosts: Hosts, gateway: bool, sidecar: Sidecar | None
) -> Iterator[tuple[tuple[Selector, ...], tuple[Sent, ...]]]:
    """How the clients of each namespace send; those that send like the rest are among the rest."""
    differing = clients.rules.namespaces(listed.host)
    leads, instead = clients.routing.apart(listed.host, listed.port, gateway, sidecar)
    around = (listed, *(hosts[key] for lead in leads for key in lead.dialled), *(hosts[key] for key in instead))
    named = {*differing, *clients.routing.differing(gateway, sidecar)}
    named |= {name for host, _ in instead for name in clients.rules.namespaces(host)}
    named |= {name for one in around for name in (one.namespace, *one.exported) if name != EVERYBODY}
    if sidecar is not None:
        named.add(sidecar.metadata.namespace)
    rest = sent("", listed, clients, hosts, gateway, sidecar)
    each = {one: sent(one, listed, clients, hosts, gateway, sidecar) for one in sorted(named)}
    apart = {namespace: one for namespace, one in each.items() if one != rest}
    for namespace, one in apart.items():
        yield (InNamespace(namespace),), one
    yield ((Not(AnyOf(tuple(InNamespace(one) for one in apart))),) if apart else ()), rest
