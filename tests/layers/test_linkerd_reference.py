"""What is said of Linkerd's policies, held against a plain evaluator that was read from its sources a second time.

Random clusters (`linkerd_worlds`), random connections. Wherever the answer is certain, the evaluator's is the same. It
is open for one reason alone, and seldom: there are several Servers or routes of which no manifest tells which is older,
so that the proxy may be told one thing or another. `make soak` looks at fifty times as many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.explain import Explanation
from ringfence.engine.outcomes import Outcome
from ringfence.model.spans import Span
from ringfence.network import Network
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from ringfence.topology.kubernetes import build
from ringfence.topology.options import parse
from tests.layers.linkerd_worlds import CLUSTER_NETWORKS, Question, questions, request, world
from tests.oracles.linkerd.inbound import Linkerd

CERTAIN = {Outcome.ALLOWED: True, Outcome.DENIED: False}
MUTUAL = ("strict", "permissive")
SEEDS = st.integers(0, (1 << 64) - 1)
QUESTIONS = 40

Manifests = Sequence[dict[str, Any]]


def network(manifests: Manifests, options: Mapping[str, Any]) -> Network:
    chosen, wrong = parse(options)
    found, complaints = from_documents([Document(one, Span(f"{at}.yaml")) for at, one in enumerate(manifests)])
    assert not wrong
    assert [one.message for one in complaints if one.severity == "error"] == []
    return Network(build(found, chosen))


def linkerd(manifests: Manifests, options: Mapping[str, Any]) -> Linkerd:
    return Linkerd(manifests, options["linkerd_default_policy"], CLUSTER_NETWORKS)


def asked(found: Network, one: Question, http: Mapping[str, Any] | None) -> Explanation:
    transport = "plaintext" if one.plaintext else None
    return found.reach(one.client, one.server, f"tcp/{one.port}", http, client_tls=transport).explain()


def least(manifests: Manifests, options: Mapping[str, Any], one: Question) -> Manifests:
    """Manifests of which each is needed for the two to differ: what to look at when they do."""

    def differ(kept: Manifests) -> bool:
        try:
            ours = asked(network(kept, options), one, one.http).outcome
            return disagree(ours, linkerd(kept, options), one)
        except Exception:
            return False

    kept = list(manifests)
    for manifest in manifests:
        rest = [each for each in kept if each is not manifest]
        kept = rest if differ(rest) else kept
    return kept


def disagree(ours: Outcome, evaluator: Linkerd, one: Question) -> bool:
    """A certain answer has to be the only one, and an open one may not be open for nothing."""
    if ours not in CERTAIN:
        return len(list(evaluator.told(evaluator.pods[one.server], one.port))) == 1
    return evaluator.answers(one.client, one.server, one.port, one.http, one.plaintext) != {CERTAIN[ours]}


KINDS = ("detect", "detect routes", "http", "http routes", "grpc", "grpc routes", "opaque", "tls")


def kinds(evaluator: Linkerd, one: Question) -> Iterator[str]:
    """By which kinds of policy a question may be decided."""
    target = evaluator.pods[one.server]
    for told in evaluator.told(target, one.port) if target.meshed else ():
        routed = any("parentRefs" in route["spec"] for route in told.routes)
        yield f"{told.protocol} routes" if routed else told.protocol


def test_policies_decide_as_the_evaluator_does() -> None:
    seen, decided = Counter[Outcome](), Counter[tuple[str, Outcome]]()

    @given(SEEDS)
    def compare(seed: int) -> None:
        random = Random(seed)
        manifests, options = world(random)
        found, evaluator = network(manifests, options), linkerd(manifests, options)
        for one in questions(random, QUESTIONS):
            ours = asked(found, one, one.http)
            if disagree(ours.outcome, evaluator, one):
                raise AssertionError(one, ours.outcome, least(manifests, options, one), options)
            mutual = not one.plaintext and evaluator.mutual(one.client, one.server, one.port)
            assert (str(ours.transport) in MUTUAL) is mutual, (one, ours.transport, manifests)
            seen[ours.outcome] += 1
            decided.update((kind, ours.outcome) for kind in kinds(evaluator, one))

    compare()
    assert sum(count for outcome, count in seen.items() if outcome not in CERTAIN) < seen.total() / 20
    assert min(seen[Outcome.ALLOWED], seen[Outcome.DENIED]) > seen.total() / 5
    assert {(kind, outcome) for kind in KINDS for outcome in CERTAIN} <= decided.keys()


def fitting(evaluator: Linkerd, one: Question, random: Random) -> Iterator[Mapping[str, Any]]:
    """Requests that a client of this port may send: at a gRPC Server, calls."""
    target = evaluator.pods[one.server]
    calls = "grpc" in {told.protocol for told in evaluator.told(target, one.port)}
    for http in (request(random) for _ in range(5)):
        if not calls or (http["method"] == "POST" and http["path"].count("/") > 1):
            yield http


@given(SEEDS)
def test_what_is_certain_without_a_request_holds_for_each(seed: int) -> None:
    random = Random(seed)
    manifests, options = world(random)
    found, evaluator = network(manifests, options), linkerd(manifests, options)
    for one in questions(random, 3):
        ours = asked(found, one, None).outcome
        for http in fitting(evaluator, one, random):
            theirs = evaluator.answers(one.client, one.server, one.port, http, one.plaintext)
            assert ours not in CERTAIN or theirs == {CERTAIN[ours]}, (one, http, ours, theirs, manifests, options)
