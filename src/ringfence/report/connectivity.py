"""Connectivity as JSON (schema `ringfence.connectivity/1`) and as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ringfence.engine.connectivity import Connectivity, Edge, Node
from ringfence.engine.outcomes import Outcome
from ringfence.engine.traffic import Traffic, by_protocol, possible, spoken
from ringfence.engine.transport import Transport, Transports
from ringfence.engine.witness import Field, Witness, Witnesses
from ringfence.model.addresses import AddressSet
from ringfence.model.conditions import ALWAYS
from ringfence.model.headers import HeaderSet, ports
from ringfence.report.packets import reason
from ringfence.report.style import Style, one_line
from ringfence.topology.entries import CONTROLLER, SOME_NODE
from ringfence.topology.mesh.waypoints import WAYPOINTS
from ringfence.topology.names import INTERNET

SCHEMA = "ringfence.connectivity/1"


HIDDEN = {SOME_NODE, WAYPOINTS}
"""Placeholders that no file names."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to show: None for all. `traffic` limits edges to those that carry some of it.

    `source_addresses` and `target_addresses` limit the sides that stand for addresses outside.
    """

    sources: frozenset[str] | None = None
    targets: frozenset[str] | None = None
    traffic: Traffic | None = None
    source_addresses: AddressSet | None = None
    target_addresses: AddressSet | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What is shown. With `groups`, the edges are between them; `flows` are the details of each edge.

    `conditions` says of each edge what its requests must be, empty where that does not matter.
    """

    edges: tuple[Edge, ...]
    assumed_open: tuple[str, ...]
    groups: dict[str, tuple[str, ...]] | None = None
    flows: tuple[tuple[dict[str, Any], ...], ...] | None = None
    conditions: tuple[str, ...] = ()


def result(
    connectivity: Connectivity, witnesses: Witnesses, wanted: Wanted, grouped: bool = False, detail: bool = False
) -> Result:
    """The edges between what the files hold, the outside and the ingress controller."""
    groups = _groups(connectivity) if grouped else None
    found = _between_groups(connectivity, wanted, groups) if groups else _between(connectivity, wanted)
    narrowed = (_narrowed(edge, wanted) for edge in found if wanted.traffic is None or edge.may.meets(wanted.traffic))
    edges = tuple(edge for edge in narrowed if edge is not None)
    members = groups or {name: (name,) for name in connectivity.workloads}
    flows = tuple(tuple(_flows(connectivity, witnesses, edge, members)) for edge in edges) if detail else None
    asking = _asks_for_requests(connectivity)
    conditions = tuple(
        _condition(witnesses, edge, _field(connectivity, edge, members)) if asking else "" for edge in edges
    )
    return Result(edges, connectivity.reach.network.assumed_open, groups, flows, conditions)


def _asks_for_requests(connectivity: Connectivity) -> bool:
    """Whether any rule of the network looks at application requests."""
    chains = (chain for place in connectivity.reach.network.locations.values() for chain in place.chains)
    scopes = (scope for chain in chains for stage in chain.stages for scope in stage.scopes)
    return any(rule.condition != ALWAYS for scope in scopes for rule in scope.rules)


def _condition(witnesses: Witnesses, edge: Edge, field: Field) -> str:
    """What requests must be for an edge that is not certain; empty where something else is open."""
    if edge.may == edge.must:
        return ""
    witness = witnesses.passing(field, edge.headers.may, free=False)
    return "" if witness is None else _demanded(witness)


def _demanded(witness: Witness) -> str:
    return " or ".join(witness.trace.demands(Outcome.ALLOWED))


def _field(connectivity: Connectivity, edge: Edge, members: dict[str, tuple[str, ...]]) -> Field:
    """Where the packets of an edge are looked for."""
    sources = connectivity.workloads[members[edge.source.name][0]]
    targets = connectivity.workloads[members[edge.target.name][-1]]
    return Field(sources, targets, edge.source.addresses, edge.target.addresses)


def _narrowed(edge: Edge, wanted: Wanted) -> Edge | None:
    """The edge limited to the wanted addresses; a part of a region behaves as the whole does."""
    source = _part(edge.source, wanted.source_addresses)
    target = _part(edge.target, wanted.target_addresses)
    return None if source is None or target is None else replace(edge, source=source, target=target)


def _part(node: Node, wanted: AddressSet | None) -> Node | None:
    if wanted is None or node.addresses is None:
        return node
    inside = node.addresses & wanted
    return replace(node, addresses=inside) if inside else None


def _between(connectivity: Connectivity, wanted: Wanted) -> Iterator[Edge]:
    names = [name for name in connectivity.workloads if name not in HIDDEN]
    sources = [name for name in names if wanted.sources is None or name in wanted.sources]
    targets = [name for name in names if name != CONTROLLER and (wanted.targets is None or name in wanted.targets)]
    return connectivity.edges(sources, targets)


def _groups(connectivity: Connectivity) -> dict[str, tuple[str, ...]]:
    """Workloads that behave alike, by the id that edges name; one that is alone is called by its name."""
    found: dict[str, tuple[str, ...]] = {}
    for kind in connectivity.kinds:
        names = tuple(name for name in kind if name not in HIDDEN)
        if names:
            found[names[0] if len(names) == 1 else f"group-{len(found) + 1}"] = names
    return found


def _between_groups(connectivity: Connectivity, wanted: Wanted, groups: dict[str, tuple[str, ...]]) -> Iterator[Edge]:
    clients = {
        members[0]: name
        for name, members in groups.items()
        if wanted.sources is None or not wanted.sources.isdisjoint(members)
    }
    servers = {
        members[-1]: name
        for name, members in groups.items()
        if members != (CONTROLLER,) and (wanted.targets is None or not wanted.targets.isdisjoint(members))
    }
    for source, target in connectivity.pairs(clients, servers):
        for edge in connectivity.between(source, target):
            nodes = replace(edge.source, name=clients[source]), replace(edge.target, name=servers[target])
            yield replace(edge, source=nodes[0], target=nodes[1])


def _flows(
    connectivity: Connectivity, witnesses: Witnesses, edge: Edge, members: dict[str, tuple[str, ...]]
) -> Iterator[dict[str, Any]]:
    """One flow for each protocol of an edge and transport of TCP, with what admits it and the places on its way."""
    field = _field(connectivity, edge, members)
    identities = {one.identity for one in field.sources}
    for headers, transport in _kinds(edge):
        traffic = possible(headers) & edge.may
        witness = witnesses.passing(field, edge.headers.may & headers, free=False)
        if not traffic or witness is None:
            continue
        hops = witness.branch.forward
        encrypted = transport in (Transport.STRICT, Transport.PERMISSIVE)
        yield {
            "traffic": traffic.document(),
            "reading": "must" if traffic <= edge.must else "may",
            "because": [reason(hop) for hop in hops if hop.layer],
            "via": [hop.location for hop in hops if not hop.layer],
            "mtls": str(transport),
            "identity": next(iter(identities)) if encrypted and len(identities) == 1 else None,
            "condition": _demanded(witness) or None,
        }


def _kinds(edge: Edge) -> Iterator[tuple[HeaderSet, Transport]]:
    """The headers of each protocol; those of TCP by how they travel."""
    for transport, numbers in edge.transports.parts():
        yield ports("tcp", numbers), transport
    for name in ("udp", "sctp", "icmp", "icmpv6", "other"):
        yield by_protocol(name), Transport.PLAINTEXT


def document(found: Result) -> dict[str, Any]:
    """The JSON document."""
    out: dict[str, Any] = {"schema": SCHEMA, "assumed_open": list(found.assumed_open)}
    if found.groups is not None:
        out["groups"] = {name: list(members) for name, members in found.groups.items()}
    edges = [_edge(edge) for edge in found.edges]
    for place, condition in enumerate(found.conditions):
        edges[place] |= {"condition": condition} if condition else {}
    for place, flows in enumerate(found.flows or ()):
        edges[place]["flows"] = list(flows)
    return out | {"edges": edges}


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "src": node_text(edge.source),
        "dst": node_text(edge.target),
        "may": edge.may.document(),
        "must": edge.must.document(),
        "mtls": str(edge.transports.overall),
    }


def node_text(node: Node) -> str:
    """A node as reports name it."""
    return "internet[External]" if node.addresses == INTERNET else str(node)


def text(found: Result, style: Style) -> str:
    """The edges by source; what is possible and not certain is marked with what is certain."""
    lines: list[str] = []
    for name, members in (found.groups or {}).items():
        if len(members) > 1:
            lines.append(f"{style.bold(name)}: {', '.join(members)}")
    source = ""
    for place, edge in enumerate(found.edges):
        if node_text(edge.source) != source:
            source = node_text(edge.source)
            lines += ["", style.bold(source)]
        note = "" if edge.may == edge.must else style.warn(f"   certain: {edge.must}")
        if found.conditions[place]:
            note = style.warn(f"   if {one_line(found.conditions[place])}")
        if edge.transports.overall is not Transport.PLAINTEXT:
            note += f"   mTLS: {_shown(edge.transports, style)}"
        lines.append(f"  -> {node_text(edge.target)}   {style.good(str(edge.may))}{note}")
        for flow in found.flows[place] if found.flows else ():
            lines += [f"       {spoken(flow['traffic'])}", *(f"         {style.dim(one)}" for one in flow["because"])]
    if not found.edges:
        lines += ["", "nothing passes"]
    return "\n".join([*lines, "", *assumptions(found.assumed_open, style)]).lstrip("\n") + "\n"


def _shown(found: Transports, style: Style) -> str:
    """`strict`, or the ports of each kind where there are several."""
    mark = {Transport.STRICT: style.good}
    parts = found.parts()
    words = [(kind, str(kind) if len(parts) == 1 else f"{kind} tcp {numbers}") for kind, numbers in parts]
    return ", ".join(mark.get(kind, style.warn)(text) for kind, text in words)


def assumptions(assumed_open: tuple[str, ...], style: Style) -> list[str]:
    """What every verdict rests on and the files do not say."""
    return [style.dim(f"assumed: {one}") for one in assumed_open]
