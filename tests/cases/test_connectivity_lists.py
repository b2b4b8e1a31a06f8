"""`connectivity-lists`: the complete lists of permitted connections that another analyser's tests expect."""

from __future__ import annotations

from typing import Any

from ringfence.engine.connectivity import Connectivity, Edge
from ringfence.engine.reach import Reachability
from ringfence.engine.traffic import Traffic
from ringfence.model.addresses import AddressSet
from ringfence.model.intervals import IntervalSet
from ringfence.topology.entries import CONTROLLER, OUTSIDE, SOME_NODE
from ringfence.topology.kubernetes import build

from .known import Case, cases, for_each

ALL_PORTS = IntervalSet.of((1, 65535))

Connections = dict[tuple[str, str, Any], AddressSet | None]
"""By source, destination and traffic: the addresses outside, where one side is outside."""


@for_each("case", cases("connectivity-lists"), ids=lambda case: case.name)
def test_the_listed_connections_are_exactly_the_permitted_ones(case: Case, record_property):
    record_property("case", "connectivity-lists")
    network = build(case.objects(), case.options()).network
    edges = [edge for edge in Connectivity(Reachability(network)).edges() if listed(edge)]
    expected = expectation(case)
    assert found(edges, lambda edge: edge.may) == expected
    assert found(edges, lambda edge: edge.must) == expected


def listed(edge: Edge) -> bool:
    """Whether the lists know such edges: they hold workloads, the outside and what the controller opens."""
    names = {edge.source.name, edge.target.name}
    nodes = any(name.endswith("[Node]") for name in names)
    return names != {OUTSIDE} and not nodes and SOME_NODE not in names and edge.target.name != CONTROLLER


def found(edges: list[Edge], traffic) -> Connections:
    out: Connections = {}
    for edge in edges:
        passing: Traffic = traffic(edge)
        if passing:
            key = (edge.source.name, edge.target.name, frozen(passing.document()))
            outside = edge.source.addresses or edge.target.addresses
            before = out.get(key)
            out[key] = outside | before if outside is not None and before is not None else outside
    return out


def expectation(case: Case) -> Connections:
    out: Connections = {}
    for one in case.content["expect"]["connectivity"]:
        if one["conn"] == "none":
            continue
        ends, outside = [], None
        for end in (one["src"], one["dst"]):
            text = end.removesuffix("[External]")
            ends.append(OUTSIDE if text != end else end)
            outside = AddressSet.of(text) if text != end else outside
        key = (ends[0], ends[1], frozen(one["conn"]))
        before = out.get(key)
        out[key] = outside | before if outside is not None and before is not None else outside
    return out


def frozen(traffic: str | dict[str, str]) -> tuple[IntervalSet, ...]:
    """TCP, UDP and SCTP ports: the lists know nothing else, and count ports from 1."""
    if traffic == "all":
        return (ALL_PORTS,) * 3
    assert isinstance(traffic, dict)
    return tuple(_ports(traffic.get(name, "")) & ALL_PORTS for name in ("tcp", "udp", "sctp"))


def _ports(text: str) -> IntervalSet:
    pairs = (part.partition("-") for part in text.split(",") if part)
    return IntervalSet.of(*((int(low), int(high or low)) for low, _, high in pairs))
