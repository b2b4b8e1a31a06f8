"""How each step grows: parse, lower, solve and report, at n, 2n and 4n namespaces of four pods and three policies.

    python -m benchmarks.growth [NAMESPACES]

Each figure is the best of three runs in one process. *Solve* works out the profile of every class of pods in both
directions; *report* pairs the behaviour groups of the first namespaces and renders them as JSON.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import orjson
import yaml

from benchmarks.cluster import document
from benchmarks.solving import solve
from ringfence.engine.connectivity import Connectivity
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Witnesses
from ringfence.report import connectivity as report
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import documents
from ringfence.topology.kubernetes import build

STEPS = ("parse", "lower", "solve", "report", "orjson")
REPORTED = 25
"""Namespaces whose edges are rendered: pairs grow with the square, and nobody reads them all."""


def measure(namespaces: int) -> dict[str, float]:
    """Seconds for each step."""
    objects = document(namespaces)
    text = yaml.dump_all(objects, Dumper=yaml.CSafeDumper)
    raw = orjson.dumps(objects)
    taken: dict[str, float] = {}
    read, taken["parse"] = best(lambda: from_documents(documents(text, "cluster.yaml"))[0])
    topology, taken["lower"] = best(lambda: build(read))
    _, taken["solve"] = best(lambda: solve(topology.network))
    connectivity = Connectivity(Reachability(topology.network))
    some = frozenset(name for name in connectivity.workloads if name.startswith(tuple(shown(namespaces))))
    wanted = report.Wanted(some, some)
    witnesses = Witnesses(connectivity.reach)
    _, taken["report"] = best(lambda: report.document(report.result(connectivity, witnesses, wanted)))
    _, taken["orjson"] = best(lambda: orjson.loads(raw))
    return taken


def shown(namespaces: int) -> list[str]:
    """The namespaces that are reported on."""
    return [f"team-{place}/" for place in range(min(REPORTED, namespaces))]


def best(work: Callable[[], Any]) -> tuple[Any, float]:
    """The result, and the shortest of three runs in seconds."""
    shortest, result = float("inf"), None
    for _ in range(3):
        began = time.perf_counter()
        result = work()
        shortest = min(shortest, time.perf_counter() - began)
    return result, shortest


def main() -> None:
    """Prints the table."""
    start = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    sizes = [start, 2 * start, 4 * start]
    table({size: measure(size) for size in sizes}, STEPS)


def table(found: dict[int, dict[str, float]], steps: Iterable[str]) -> None:
    """Prints seconds by step for each number of namespaces, and the ratios from one to the next."""
    print(f"{'step':<8}" + "".join(f"{size:>8} ns" for size in found) + "   growth per doubling")
    for step in steps:
        times = [taken[step] for taken in found.values()]
        ratios = " ".join(f"{after / before:.1f}x" for before, after in pairwise(times))
        print(f"{step:<8}" + "".join(f"{one * 1000:>8.0f} ms" for one in times) + f"   {ratios}")


if __name__ == "__main__":
    main()
