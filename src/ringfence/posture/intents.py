"""The proof of intents: each is proved, violated (with a packet that shows it) or unknown.

    allow      every wanted header *must* pass between every pair;
               with `via`: every wanted header that is sent there *must* get to one of the targets
    deny       no wanted header *may* pass between any pair
    only       the sources may use the ports; nobody else anything, and they nothing else
    isolate    a deny between each two of the sides, both ways
    encrypted  what passes is mutual TLS, and nothing can fall back

With `http` an intent is about each request by itself; with `identity` the client must prove it, and a deny is about
those alone who may prove it. `only` does not count nodes, or what runs on their network, among the others: a pod's own
node always reaches it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import Any

from ringfence.model.addresses import EVERYWHERE
from ringfence.model.diagnostics import Diagnostic, InputError, error
from ringfence.model.headers import ALL_HEADERS, ALL_MTLS, ALL_TCP, HeaderSet, union
from ringfence.model.networks import Endpoint
from ringfence.model.spans import Span
from ringfence.posture.document import Flow, Http, Intent, Posture
from ringfence.posture.judgement import Judgement, pattern
from ringfence.posture.proofs import PROVED, UNKNOWN, VIOLATED, Breach, Proof, Scene, Scenes
from ringfence.posture.selected import Selected
from ringfence.posture.selections import Resolver
from ringfence.topology.entries import SOME_NODE
from ringfence.topology.names import headers

SAME = "both sides are the same: what a workload sends to itself is no intent's business"


def prove(posture: Posture, span: Span, scenes: Scenes) -> tuple[list[Proof], list[Diagnostic]]:
    """All intents of a posture. What is wrong with a selection is a diagnostic, and its intent is unknown."""
    diagnostics: list[Diagnostic] = []
    prover = _Prover(posture, span, scenes, diagnostics)
    proofs = [
        prover.proof(intent, span.at("intents", place))
        for place, intent in zip(posture.places, posture.intents, strict=True)
    ]
    prover.resolver.resolve_all()
    return proofs, diagnostics


class _Prover:
    def __init__(self, posture: Posture, span: Span, scenes: Scenes, diagnostics: list[Diagnostic]) -> None:
        self._scenes = scenes
        self._plain = scenes({})
        network = self._plain.connectivity.reach.network
        self.resolver = Resolver(network, posture.selections, span.at("selections"), diagnostics)
        self._diagnostics = diagnostics
        self._endpoints = network.endpoints

    def proof(self, intent: Intent, span: Span) -> Proof:
        before = self.resolver.failures, len(self._diagnostics)
        worst, count = None, 0
        for breach in self._breaches(intent, span):
            count += 1
            if breach is not None and (worst is None or (worst.status, breach.status) == (UNKNOWN, VIOLATED)):
                worst = breach.proof()
            if worst is not None and worst.status == VIOLATED:
                break
        if (self.resolver.failures, len(self._diagnostics)) != before:
            return Proof(intent, UNKNOWN, "what it speaks of could not be resolved", span)
        if worst is None and not count and self._with_itself(intent, span):
            return Proof(intent, UNKNOWN, SAME, span)
        return worst or Proof(intent, PROVED, span=span, pairs=count)

    def _with_itself(self, intent: Intent, span: Span) -> bool:
        """Whether a side that is named outright is all that the other holds, where no pair of two was found.

        A namespace of a single workload keeps what is said of all in it.
        """
        flow: Flow | None = None if intent.isolate is not None else getattr(intent, intent.kind)
        sides = intent.isolate if flow is None else [flow.from_, flow.to]
        outright = any(isinstance(one, str) and self.resolver.is_name(one) for one in sides or ())
        if not outright or (flow is not None and flow.identity is not None):
            return False
        first, *others = (self.resolver.resolve(one, span) for one in sides or ())
        return all((first if flow is None else first.opening, *others))

    def _breaches(self, intent: Intent, span: Span) -> Iterator[Breach | None]:
        """One answer for each pair: None where the intent holds."""
        if intent.isolate is not None:
            sides = [self.resolver.resolve(one, span.at("isolate", n)) for n, one in enumerate(intent.isolate)]
            for one, other in permutations(sides, 2):
                yield from self._judgement(self._plain).denied(intent, one.opening, other, ALL_HEADERS)
            return
        flow: Flow = getattr(intent, intent.kind)
        place = span.at(intent.kind)
        sources = self.resolver.resolve(flow.from_, place.at("from")).opening
        targets = self.resolver.resolve(flow.to, place.at("to"))
        wanted = self._headers(flow, place.at("ports"), ALL_TCP if intent.kind == "encrypted" else ALL_HEADERS)
        for request in requests(flow.http):
            yield from self._in_scene(intent, flow, place, self._scenes(request), sources, targets, wanted)

    def _in_scene(
        self,
        intent: Intent,
        flow: Flow,
        span: Span,
        scene: Scene,
        sources: Selected,
        targets: Selected,
        wanted: HeaderSet,
    ) -> Iterator[Breach | None]:
        judge = self._judgement(scene)
        if intent.kind == "deny" and flow.identity is not None:
            yield from judge.denied(intent, _who_may_prove(flow.identity, sources), targets, wanted & ALL_MTLS)
            return
        if intent.kind == "deny":
            yield from judge.denied(intent, sources, targets, wanted)
            return
        if flow.via is not None:
            vias = self.resolver.resolve(flow.via, span.at("via"))
            yield from judge.led(intent, sources, vias, targets, wanted)
        elif intent.kind == "encrypted":
            yield from judge.encrypted(intent, sources, targets, wanted)
        else:
            yield from judge.allowed(intent, sources, targets, wanted)
        if flow.identity is not None:
            yield from judge.identified(intent, sources, targets, wanted, flow.identity)
        if intent.kind == "only":
            allowed = wanted if flow.identity is None else wanted & ALL_MTLS
            plain = self._judgement(self._plain)
            yield from plain.denied(intent, self._others(sources), targets, ALL_HEADERS)
            yield from plain.denied(intent, sources, targets, ALL_HEADERS - allowed)

    def _judgement(self, scene: Scene) -> Judgement:
        return Judgement(scene, tuple(one for one in self._endpoints if one.every))

    def _headers(self, flow: Flow, span: Span, default: HeaderSet) -> HeaderSet:
        if flow.ports is None:
            return default
        found = []
        for place, text in enumerate(flow.ports):
            try:
                found.append(headers(str(text)))
            except InputError as wrong:
                complaint = wrong.diagnostic
                self._diagnostics.append(error(complaint.message, span.at(place), complaint.remedy))
        return union(found)

    def _others(self, sources: Selected) -> Selected:
        chosen = {one.id for one in sources.endpoints} - sources.unsure
        others = tuple(one for one in self._endpoints if not one.every and one.id not in chosen and not _on_node(one))
        return Selected(others, EVERYWHERE - sources.outside)


def requests(http: Http | None) -> Iterator[Mapping[str, Any]]:
    """Each request that an intent is about; what has a wildcard is left open, so that it may be anything."""
    if http is None:
        yield {}
        return
    fixed: dict[str, Any] = {name: part for name in ("headers", "claims") if (part := getattr(http, name))}
    choices = (http.methods or ["*"], http.paths or ["*"], http.hosts or ["*"])
    for method, path, host in product(*choices):
        named = {"method": method, "path": path, "host": host}
        yield {name: text for name, text in named.items() if "*" not in text} | fixed


def _who_may_prove(identity: str, sources: Selected) -> Selected:
    """Those of the sources whose identity may fit."""
    wanted = pattern(identity)
    fitting = tuple(one for one in sources.endpoints if wanted.matches(one.identity) is not False)
    return Selected(fitting, unsure=sources.unsure)


def _on_node(endpoint: Endpoint) -> bool:
    return endpoint.workload == SOME_NODE or "host" in endpoint.facets
