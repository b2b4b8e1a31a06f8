"""A network in a few numbers: how many pairs of workloads may exchange something, and who is open to the outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import islice

from ringfence.engine.connectivity import Connectivity
from ringfence.engine.transport import Transport

MOST_PAIRS = 40_000
"""Pairs of kinds that may exchange something, beyond which nobody waits for a count."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts over ordered pairs of different workloads; `from_outside` are those that the outside may reach.

    `transports` counts the pairs some of whose TCP travels so (a pair may count for several); empty without a mesh.
    """

    workloads: int
    pairs: int
    connected: int
    from_outside: tuple[str, ...]
    transports: dict[str, int] = field(default_factory=dict)


def overview(connectivity: Connectivity, inside: Collection[str]) -> Overview | None:
    """The numbers for the workloads `inside`; all others that stand for every address are the outside.

    None where there is more to work out than is done in a moment.
    """
    kinds = [tuple(name for name in kind if name in inside) for kind in connectivity.kinds]
    kinds = [kind for kind in kinds if kind]
    firsts, lasts = {kind[0]: kind for kind in kinds}, {kind[-1]: kind for kind in kinds}
    worked_out = list(islice(connectivity.pairs(firsts, lasts), MOST_PAIRS + 1))
    if len(worked_out) > MOST_PAIRS:
        return None
    connected = 0
    transports: Counter[Transport] = Counter()
    for source, target in worked_out:
        sources, targets = firsts[source], lasts[target]
        pairs = len(sources) * (len(targets) - 1 if sources is targets else len(targets))
        relations = connectivity.relations(source, target)
        connected += pairs if any(one.may for one in relations) else 0
        found = {kind for one in relations for kind, _ in one.transports.parts()}
        transports.update(dict.fromkeys(found, pairs))
    outside = [name for name, members in connectivity.workloads.items() if any(one.every for one in members)]
    reached = tuple(
        name
        for kind in kinds
        for name in kind
        if any(one.may for source in outside for one in connectivity.relations(source, kind[0]))
    )
    count = sum(map(len, kinds))
    shown = {str(kind): transports[kind] for kind in Transport if transports[kind]}
    meshed = shown.keys() - {str(Transport.PLAINTEXT)}
    return Overview(count, count * (count - 1), connected, reached, shown if meshed else {})
