"""What Ringfence says of policies, held against a running kernel: real packets between network namespaces.

An agent of SIG Network (`policy_agent`) decides about them. Every flow between the pods, and to and from what is
outside, is asked of both. Not asked: a pod about itself (its packets stay within), and the pods' own node (that it
passes is a rule of the agent's in front of all policies). Where the agent departs from the documentation, `OTHERWISE`
shows it.

`RINGFENCE_SOAK=minutes` goes on with other policies each time for so long.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.model.addresses import AddressSet
from ringfence.model.spans import Span
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options
from tests.servers.batches import batches
from tests.servers.evaluators import End, Evaluators, header
from tests.servers.flows import Flow
from tests.servers.manifests import Manifest
from tests.servers.policy_agent import Cluster, cluster
from tests.servers.policy_grid import GRID, OTHERWISE, Otherwise, Row
from tests.servers.policy_worlds import ADDRESSES, OUTSIDE, PORTS, WHATS, population, world

FIXED = range(60)
ENDS = {**ADDRESSES, **OUTSIDE}
AGENTS = Options(baseline_per_direction=False)
"""The agent's reading of what is left open: whom a NetworkPolicy of either direction selects, no baseline is for."""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("kernel"), population(), OUTSIDE, PORTS) as running:
        yield running


def flows(chance: random.Random) -> list[Flow]:
    """Every pair of which one is a pod, and everything that may be sent, over the one family or the other."""
    pairs = [pair for pair in permutations(ENDS, 2) if not {*pair} <= {*OUTSIDE}]
    return [Flow(a, ENDS[b][chance.randrange(2)], what) for a, b in pairs for what in WHATS]


def flow(text: str) -> Flow:
    """As the grid writes it."""
    source, _, target, what, *six = text.split()
    return Flow(source, ENDS[target][bool(six)], what)


def ours(policies: Sequence[Manifest], options: Options, asked: Iterable[Flow]) -> dict[Flow, Outcome]:
    """What Ringfence says."""
    everything = [*population(), *policies]
    found, _ = from_documents(Document(one, Span(f"{place}.yaml")) for place, one in enumerate(everything))
    assert not found.refused
    evaluators = Evaluators(build(found, options).network)
    names = {address: name for name, addresses in ENDS.items() for address in addresses}

    def end(name: str, six: bool) -> End:
        kind = f"external-ipv{6 if six else 4}" if name in ("near", "far") else f"{name}[Pod]{' IPv6' if six else ''}"
        return kind, AddressSet.of(ENDS[name][six])

    return {
        one: evaluators.outcome(end(one.source, one.six), end(names[one.address], one.six), header(one.what, one.six))
        for one in asked
    }


def compared(kernel: Cluster, policies: Sequence[Manifest], asked: Sequence[Flow]) -> set[Flow]:
    """Both are asked, and agree: the flows that pass."""
    kernel.enforce(policies)
    said = ours(policies, AGENTS, asked)
    theirs = kernel.ask(asked)
    for _ in range(5):  # what was lost on the way is asked again; what passed, passed
        missing = [flow for flow in asked if said[flow] is Outcome.ALLOWED and flow not in theirs]
        theirs |= kernel.ask(missing) if missing else set()
    wrong = [
        (flow, str(said[flow]), flow in theirs)
        for flow in asked
        if said[flow] is not (Outcome.ALLOWED if flow in theirs else Outcome.DENIED)
    ]
    assert wrong == [], policies
    return theirs


@pytest.mark.parametrize("row", GRID, ids=lambda row: row.what)
def test_what_is_known(row: Row, kernel: Cluster) -> None:
    known = map(flow, [*row.passing.splitlines(), *row.stopped.splitlines()])
    passing = compared(kernel, row.policies, list({*flows(random.Random(row.what)), *known}))
    assert [text for text in row.passing.splitlines() if flow(text) not in passing] == []
    assert [text for text in row.stopped.splitlines() if flow(text) in passing] == []


@pytest.mark.parametrize("row", OTHERWISE, ids=lambda row: row.what)
def test_where_the_agent_departs(row: Otherwise, kernel: Cluster) -> None:
    kernel.enforce(row.policies)
    asked = flow(row.flow)
    assert (asked in kernel.ask([asked])) is row.theirs
    assert ours(row.policies, Options(), [asked]) == {asked: row.ours}


def test_random_worlds(kernel: Cluster) -> None:
    for seeds in batches(FIXED, len(FIXED)):
        seen = Counter[bool]()
        for seed in seeds:
            asked = flows(random.Random(seed))
            passing = compared(kernel, world(seed), asked)
            seen.update(one in passing for one in asked)
        assert min(seen[True], seen[False]) > seen.total() / 5
