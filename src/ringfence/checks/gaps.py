"""Exceptions from a strict mesh, as the two meshes' parts of the check describe them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ringfence.checks.claims import Reason
from ringfence.model.headers import PORTS
from ringfence.model.intervals import IntervalSet
from ringfence.model.spans import Span

BARE = "the pod has no proxy"


@dataclass(frozen=True, slots=True)
class Gap:
    """One exception: what it is, on which ports, and what it is an exception from.

    Exceptions of one `what`, `owner` and ports are one finding, which names all of their workloads.
    """

    what: str
    span: Span
    above: Reason
    ports: IntervalSet = PORTS
    owner: str = ""
    sure: bool = True


def together(found: Iterable[tuple[Gap, str]]) -> Iterator[tuple[Gap, tuple[str, ...]]]:
    """Each exception once, with the titles of its workloads; certain where it is for all of them."""
    groups: dict[tuple[str, str, IntervalSet], list[tuple[Gap, str]]] = {}
    for gap, title in found:
        groups.setdefault((gap.what, gap.owner, gap.ports), []).append((gap, title))
    for members in groups.values():
        first, sure = members[0][0], all(gap.sure for gap, _ in members)
        yield replace(first, sure=sure), tuple(dict.fromkeys(title for _, title in members))
