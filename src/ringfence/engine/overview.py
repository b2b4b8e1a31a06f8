"""A network in a few numbers: how many pairs of workloads may exchange something, and who is open to the outside."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ringfence.engine.connectivity import Connectivity

MOST_PAIRS = 40_000
"""Pairs of kinds beyond which nobody waits for a count."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts over ordered pairs of different workloads; `from_outside` are those that the outside may reach."""

    workloads: int
    pairs: int
    connected: int
    from_outside: tuple[str, ...]


def overview(connectivity: Connectivity, inside: Collection[str]) -> Overview | None:
    """The numbers for the workloads `inside`; all others that stand for every address are the outside.

    None where there are more kinds of workloads than are counted in a moment.
    """
    kinds = [tuple(name for name in kind if name in inside) for kind in connectivity.kinds]
    kinds = [kind for kind in kinds if kind]
    if len(kinds) ** 2 > MOST_PAIRS:
        return None
    connected = 0
    for sources in kinds:
        for targets in kinds:
            pairs = len(sources) * (len(targets) - 1 if sources is targets else len(targets))
            if pairs and any(one.may for one in connectivity.relations(sources[0], targets[-1])):
                connected += pairs
    outside = [name for name, members in connectivity.workloads.items() if any(one.every for one in members)]
    reached = tuple(
        name
        for kind in kinds
        for name in kind
        if any(one.may for source in outside for one in connectivity.relations(source, kind[0]))
    )
    count = sum(map(len, kinds))
    return Overview(count, count * (count - 1), connected, reached)
