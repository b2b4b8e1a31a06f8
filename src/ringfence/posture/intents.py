"""The proof of intents: each is proved, violated (with a packet that shows it) or unknown.

    allow    every wanted header *must* pass between every pair: proved on must
    deny     no wanted header *may* pass between any pair: proved on may
    only     the sources may use the ports; nobody else anything, and they nothing else
    isolate  a deny between each two of the sides, both ways

A workload's traffic to itself is nobody's business here. `only` does not count nodes, or what runs on their network,
among the others: a pod's own node always reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations

from ringfence.engine.connectivity import Connectivity, Relation, related
from ringfence.engine.outcomes import Branch
from ringfence.engine.traffic import Traffic, offered, possible
from ringfence.engine.witness import Field, Witness, Witnesses
from ringfence.model.addresses import EVERYWHERE, AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.diagnostics import Diagnostic, InputError, error
from ringfence.model.headers import ALL_HEADERS, PORT_PLANES, PORTS, HeaderSet, Region, union
from ringfence.model.networks import Endpoint
from ringfence.model.spans import NOWHERE, Span
from ringfence.posture.document import Flow, Intent, Posture
from ringfence.posture.selections import Resolver, Selected
from ringfence.topology.entries import SOME_NODE
from ringfence.topology.names import headers

PROVED, VIOLATED, UNKNOWN = "proved", "violated", "unknown"


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of one intent. `because` says what decided; `witness` is a packet that does what it should not."""

    intent: Intent
    status: str
    because: str = ""
    span: Span = NOWHERE
    witness: Witness | None = None
    pairs: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One side of one pair: the endpoints of a workload, or all that stand for addresses outside."""

    name: str
    endpoints: tuple[Endpoint, ...]
    addresses: AddressSet | None = None


def prove(
    posture: Posture, span: Span, connectivity: Connectivity, witnesses: Witnesses
) -> tuple[list[Proof], list[Diagnostic]]:
    """All intents of a posture. What is wrong with a selection is a diagnostic, and its intent is unknown."""
    diagnostics: list[Diagnostic] = []
    prover = _Prover(posture, span, connectivity, witnesses, diagnostics)
    proofs = [
        prover.proof(intent, span.at("intents", place))
        for place, intent in zip(posture.places, posture.intents, strict=True)
    ]
    prover.resolver.resolve_all()
    return proofs, diagnostics


class _Prover:
    def __init__(
        self,
        posture: Posture,
        span: Span,
        connectivity: Connectivity,
        witnesses: Witnesses,
        diagnostics: list[Diagnostic],
    ) -> None:
        network = connectivity.reach.network
        self.resolver = Resolver(network, posture.selections, span.at("selections"), diagnostics)
        self._connectivity = connectivity
        self._witnesses = witnesses
        self._diagnostics = diagnostics
        self._outside = tuple(one for one in network.endpoints if one.every)

    def proof(self, intent: Intent, span: Span) -> Proof:
        before = self.resolver.failures, len(self._diagnostics)
        worst, count = None, 0
        for verdict in self._verdicts(intent, span):
            count += 1
            if verdict is not None and (worst is None or (worst.status, verdict.status) == (UNKNOWN, VIOLATED)):
                worst = verdict
            if worst is not None and worst.status == VIOLATED:
                break
        if (self.resolver.failures, len(self._diagnostics)) != before:
            return Proof(intent, UNKNOWN, "what it speaks of could not be resolved", span)
        return worst or Proof(intent, PROVED, span=span, pairs=count)

    def _verdicts(self, intent: Intent, span: Span) -> Iterator[Proof | None]:
        """One verdict for each pair: None where it holds."""
        if intent.isolate is not None:
            sides = [self.resolver.resolve(one, span.at("isolate", n)) for n, one in enumerate(intent.isolate)]
            for one, other in permutations(sides, 2):
                yield from self._denied(intent, one, other, ALL_HEADERS)
            return
        flow: Flow = getattr(intent, intent.kind)
        place = span.at(intent.kind)
        sources = self.resolver.resolve(flow.from_, place.at("from"))
        targets = self.resolver.resolve(flow.to, place.at("to"))
        wanted = self._headers(flow, place.at("ports"))
        if intent.kind in ("allow", "only"):
            yield from self._allowed(intent, sources, targets, wanted)
        if intent.kind == "deny":
            yield from self._denied(intent, sources, targets, wanted)
        if intent.kind == "only":
            yield from self._denied(intent, self._others(sources), targets, ALL_HEADERS)
            yield from self._denied(intent, sources, targets, ALL_HEADERS - wanted)

    def _headers(self, flow: Flow, span: Span) -> HeaderSet:
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
        others = tuple(
            one
            for one in self._connectivity.reach.network.endpoints
            if not one.every and one.id not in chosen and not _on_node(one)
        )
        return Selected(others, EVERYWHERE - sources.outside)

    def _parts(self, side: Selected) -> list[Part]:
        parts = [Part(name, members) for name, members in side.by_workload().items()]
        outside = tuple(one for one in self._outside if one.addresses & side.outside)
        return [*parts, Part("outside", outside, side.outside)] if outside else parts

    def _pairs(self, sources: Selected, targets: Selected) -> Iterator[tuple[Part, Part, tuple[Relation, ...]]]:
        there = self._parts(targets)
        for source in self._parts(sources):
            for target in there:
                if source.name != target.name:
                    yield source, target, self._relations(source, target)

    def _relations(self, source: Part, target: Part) -> tuple[Relation, ...]:
        """Memoised by kind where both sides are whole workloads."""
        whole = self._connectivity.workloads
        if source.endpoints == whole.get(source.name) and target.endpoints == whole.get(target.name):
            return self._connectivity.relations(source.name, target.name)
        limits = source.addresses, target.addresses
        return tuple(related(self._connectivity.reach, source.endpoints, target.endpoints, limits))

    def _allowed(
        self, intent: Intent, sources: Selected, targets: Selected, wanted: HeaderSet
    ) -> Iterator[Proof | None]:
        unsure = sources.unsure | targets.unsure
        reach = self._connectivity.reach
        for source, target, relations in self._pairs(sources, targets):
            asked = possible(wanted & union(offered(one) for one in source.endpoints))
            if relations and all(asked <= one.must for one in relations):
                yield None
                continue
            broken = self._example(
                source, target, unsure, lambda sent, passing: wanted & sent - passing.may, reach.sent
            )
            sure = broken is not None or not relations
            witness = self._witnesses.failing(*(broken or (_field(source, target), wanted)))
            what = "does not reach" if sure else "does not certainly reach"
            yield _proof(intent, VIOLATED if sure else UNKNOWN, f"{source.name} {what} {target.name}", witness)

    def _denied(
        self, intent: Intent, sources: Selected, targets: Selected, wanted: HeaderSet
    ) -> Iterator[Proof | None]:
        unsure = sources.unsure | targets.unsure
        for source, target, relations in self._pairs(sources, targets):
            passing = [one for one in relations if _passing(one.headers.may, source.endpoints, wanted)]
            if not passing:
                yield self._around(intent, source, target, wanted)
                continue
            broken = self._example(source, target, unsure, lambda sent, passing: wanted & sent & passing.must)
            witness = self._witnesses.passing(*(broken or (_field(source, target), wanted)))
            what = "may reach" if broken is None else "reaches"
            traffic = _passing(passing[0].headers.may, source.endpoints, wanted)
            because = f"{source.name} {what} {target.name} on {traffic}"
            yield _proof(intent, UNKNOWN if broken is None else VIOLATED, because, witness)

    def _around(self, intent: Intent, source: Part, target: Part, wanted: HeaderSet) -> Proof | None:
        """A way through somebody who sends packets on (a balancer, a node's port), which a deny must not miss."""
        reach = self._connectivity.reach
        ends = {one.id: wanted for one in target.endpoints}
        for via in reach.go_betweens:
            if via.id in ends or via in source.endpoints:
                continue
            for one in source.endpoints:
                for region in reach.through(one, via, ends, source.addresses if one.every else None):
                    if not region.headers.may & _from_own_ports(one, offered(one)):
                        continue
                    sure = bool(region.headers.must & _from_own_ports(one, offered(one))) and not (
                        one.maybe or via.maybe
                    )
                    field = Field((one,), (via,), region.sources if one.every else None)
                    witness = self._witnesses.passing(field, region.headers.may)
                    through = via.title
                    what = "reaches" if sure else "may reach"
                    because = f"{source.name} {what} {target.name} through {through}"
                    return _proof(intent, VIOLATED if sure else UNKNOWN, because, witness)
        return None

    def _example(
        self,
        source: Part,
        target: Part,
        unsure: frozenset[str],
        breaking: Callable[[HeaderSet, Bounds[HeaderSet]], HeaderSet],
        sent: Callable[[Endpoint, Endpoint], HeaderSet] = lambda client, _: offered(client),
    ) -> tuple[Field, HeaderSet] | None:
        """Two endpoints that break the intent whatever the unknowns turn out to be, and the headers with which they do.

        A witness alone does not show that: it has an address of its choice, and the endpoint may have another. `sent`
        is what the first endpoint sends the second: whatever it can, where nothing else is said.
        """
        for one in source.endpoints:
            for other in target.endpoints:
                if one.maybe or other.maybe or one.id in unsure or other.id in unsure:
                    continue
                for region in self._connectivity.reach.between(one, other, source.addresses, target.addresses):
                    broken = breaking(_from_own_ports(one, sent(one, other)), region.headers)
                    if broken:
                        here = region.sources if one.every else None
                        there = region.destinations if other.every else None
                        return Field((one,), (other,), here, there), broken
        return None


def _passing(passing: HeaderSet, clients: tuple[Endpoint, ...], wanted: HeaderSet) -> Traffic:
    """What of the wanted headers the first client that can sends and gets through, from one of its ports."""
    sent = (possible(passing & wanted & offered(one), one.ephemeral) for one in clients)
    return next((traffic for traffic in sent if traffic), Traffic())


def _from_own_ports(client: Endpoint, headers: HeaderSet) -> HeaderSet:
    """Those of the headers that leave one of the client's own ports."""
    own = Region.of(client.ephemeral, PORTS)
    return headers.map(lambda name, region: region & own if name in PORT_PLANES else region)


def _field(source: Part, target: Part) -> Field:
    return Field(source.endpoints, target.endpoints, source.addresses, target.addresses)


def _proof(intent: Intent, status: str, because: str, witness: Witness | None) -> Proof:
    return Proof(intent, status, because, NOWHERE if witness is None else _decided(witness.branch), witness)


def _decided(branch: Branch) -> Span:
    """Where the rule that decides stands; where it has no place, the last rule before it that has one."""
    judged = [hop for hop in (*branch.forward, *branch.back, branch.deciding) if hop is not None and hop.layer]
    return next((hop.span for hop in reversed(judged) if hop.span != NOWHERE), NOWHERE)


def _on_node(endpoint: Endpoint) -> bool:
    return endpoint.workload == SOME_NODE or "host" in endpoint.facets
