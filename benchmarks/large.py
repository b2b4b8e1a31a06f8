"""The large figure: 100,000 pods in 25,000 namespaces under 75,000 policies, as model objects.

    python -m benchmarks.large [NAMESPACES]

Prints the time to build the objects, to solve them, the peak memory of the process, and the ratio of the solve time to
what `orjson.loads` needs for the same cluster as JSON.
"""

from __future__ import annotations

import resource
import sys
import time

import orjson

from benchmarks.cluster import cluster, document
from benchmarks.solving import solve


def main() -> None:
    """Prints the figures."""
    namespaces = int(sys.argv[1]) if len(sys.argv) > 1 else 25_000
    began = time.perf_counter()
    network = cluster(namespaces)
    built = time.perf_counter()
    solution = solve(network)
    solved = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    del network
    raw = orjson.dumps(document(namespaces))
    loading = time.perf_counter()
    orjson.loads(raw)
    loaded = time.perf_counter() - loading
    print(f"pods {solution.endpoints - 1:,}, namespaces {namespaces:,}, policies {3 * namespaces:,}")
    print(f"build  {built - began:8.2f} s")
    print(f"solve  {solved - built:8.2f} s   {solution.classes:,} classes, {solution.pieces:,} pieces")
    print(f"memory {peak:8,} MiB at the peak")
    ratio = (solved - built) / loaded
    print(f"orjson {loaded:8.2f} s for {len(raw) / 1e6:.0f} MB: solving takes {ratio:.1f} times as long")
    for name, pairs in solution.pairs.items():
        print(f"{name}: {pairs:,} pairs may exchange something")


if __name__ == "__main__":
    main()
