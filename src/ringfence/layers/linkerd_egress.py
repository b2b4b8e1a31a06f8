"""EgressNetworks: whether what a member sends to addresses outside passes its own proxy.

    a namespace with EgressNetworks   only these count for its pods
    every other namespace             those of the installation's egress namespace count
    several hold an address           the smallest block wins, then the older network, then the name
    none holds it                     it passes

`Deny` refuses what no attached route takes; which requests the routes take is not modelled, so with a route attached it
is open what passes. Ports that the client skips pass by the proxy. A pod of the cluster that lies in a network is
refused where the client dials it directly and not through a Service, which nobody sees here; it is open, too.

It is the client's own proxy that refuses, and whoever holds the client can go around it (Linkerd's documentation says
so, too). So `Deny` leaves open what passes: it proves no denial, and nothing that it refuses arrives for certain.

Source: linkerd2's `policy-controller/k8s/index/src/outbound/index/egress_network.rs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from ringfence.layers.kubernetes_selectors import POD
from ringfence.layers.linkerd_inbound import LAYER
from ringfence.layers.linkerd_settings import SKIP_OUTBOUND, Settings, having
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.layers.mesh_facets import LINKERD, of_planes
from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_TCP, ports
from ringfence.model.rules import ANY_PEER, Action, Chain, Direction, Peer, Rule, Scope, Stage
from ringfence.model.selectors import AllOf, AnyOf, Has, InNamespace, Not, Selector, Unsure
from ringfence.resources.kubernetes import Route
from ringfence.resources.linkerd import EgressNetwork

GROUP, KIND = "policy.linkerd.io", "EgressNetwork"
DIRECTLY = "a pod inside an EgressNetwork: it depends on whether the client dials it or a Service"
AROUND = "an EgressNetwork refuses it at the client's own proxy, and whoever holds the client can go around that"
ROUTED = "routes are attached to the EgressNetwork"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of an EgressNetwork; `size`: how many addresses its CIDR has."""

    network: EgressNetwork
    addresses: AddressSet
    size: int


def chain(
    networks: Iterable[EgressNetwork], routes: Iterable[Route], distinct: Iterable[Settings], installed: LinkerdValues
) -> Chain | None:
    """What the proxies of all members refuse to send; None without EgressNetworks."""
    by_namespace: dict[str, list[EgressNetwork]] = {}
    for one in networks:
        by_namespace.setdefault(one.metadata.namespace, []).append(one)
    if not by_namespace:
        return None
    attached = {parent for route in routes for parent in _parents(route)}
    scopes = [_bypass(tuple(distinct))]
    for namespace, found in by_namespace.items():
        where: Selector = InNamespace(namespace)
        if namespace == installed.egress_namespace:
            others = tuple(InNamespace(name) for name in by_namespace if name != namespace)
            where = Not(AnyOf(others))
        rules = tuple(rule for block in _blocks(found, installed) for rule in _rules(block, attached))
        scopes.append(Scope(f"EgressNetworks of {namespace}", AllOf((of_planes(LINKERD), where)), rules, 1))
    return Chain(LAYER, Direction.EGRESS, (Stage("egress networks", tuple(scopes), Action.ALLOW),), Action.ALLOW)


def _parents(route: Route) -> Iterator[tuple[str, str]]:
    for parent in route.parent_refs:
        if (parent.group.lower(), parent.kind.lower()) == (GROUP, KIND.lower()):
            yield parent.namespace, parent.name


def _bypass(distinct: Sequence[Settings]) -> Scope:
    rules = tuple(
        Rule(
            Action.ALLOW,
            ANY_PEER,
            Bounds.exactly(ports("tcp", skipped)),
            subjects=having(SKIP_OUTBOUND, str(skipped)),
            name="skip-outbound-ports",
        )
        for skipped in dict.fromkeys(one.skip_outbound for one in distinct if one.skip_outbound)
    )
    return Scope("(past the proxy)", of_planes(LINKERD), rules, 0)


def _blocks(networks: Iterable[EgressNetwork], installed: LinkerdValues) -> list[Block]:
    """All blocks, the deciding one first."""
    found = [block for one in networks for block in _blocks_of(one, installed)]
    return sorted(
        found,
        key=lambda one: (one.size, one.network.metadata.creation_timestamp, one.network.metadata.name),
    )


def _blocks_of(one: EgressNetwork, installed: LinkerdValues) -> Iterator[Block]:
    if one.networks is None:
        for everything, size in ((ALL_IPV4, 1 << 32), (ALL_IPV6, 1 << 128)):
            yield Block(one, everything - installed.cluster_networks, size)
        return
    for network in one.networks:
        yield Block(one, network.addresses, ip_network(network.cidr).num_addresses)


def _rules(block: Block, attached: set[tuple[str, str]]) -> Iterator[Rule]:
    network, where = block.network, Bounds.exactly(block.addresses)
    metadata = network.metadata
    allowed = network.traffic_policy == "Allow"
    open_routes = not allowed and (metadata.namespace, metadata.name) in attached
    outside: Selector = Not(Has(POD))
    if open_routes:
        outside = Unsure(ROUTED)
    elif not allowed:
        outside = AllOf((outside, Unsure(AROUND)))
    peers = [Peer(outside, where), *([] if open_routes else [Peer(AllOf((Has(POD), Unsure(DIRECTLY))), where)])]
    name = f"EgressNetwork {metadata.name} {network.traffic_policy}"
    for peer in peers:
        yield Rule(
            Action.ALLOW if allowed else Action.DENY, (peer,), Bounds.exactly(ALL_TCP), name=name, span=network.span
        )
    if open_routes:
        yield Rule(Action.ALLOW, (Peer(addresses=where),), Bounds.exactly(ALL_TCP), name=f"{name}, routes")
