"""Whether a claim about two sides holds in one scene, pair by pair: None where it does, else why it does not.

    allowed     every wanted header that the source sends *must* pass: proved on must
    led         every wanted header that the source sends to a `via` *must* get from there to one of the targets
    denied      no wanted header *may* pass, whatever the source's own proxy would send: proved on may
    encrypted   whatever TCP may pass is mutual TLS that cannot fall back; no other wanted protocol may pass at all
    identified  whatever TCP passes carries an identity that fits

An ambient client's traffic for a Service goes through the waypoint before it: what arrives so is allowed, whatever the
pods say to those who dial them. A workload's traffic to itself is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

from ringfence.engine.connectivity import Relation, related
from ringfence.engine.detours import around, from_own_ports
from ringfence.engine.explain import WITHHELD
from ringfence.engine.traffic import Traffic, offered, possible, surely_offered, traffic
from ringfence.engine.transport import Transport, Transports
from ringfence.engine.witness import Field, Witness
from ringfence.model.addresses import V6
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, ALL_MTLS, ALL_TCP, HeaderSet, union
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import NO_IDENTITY, Pattern
from ringfence.posture.document import Intent
from ringfence.posture.go_betweens import by_waypoint, relayed, strangers, to_strangers
from ringfence.posture.proofs import UNKNOWN, VIOLATED, Breach, Part, Proof, Scene, between, broken
from ringfence.posture.selected import Selected
from ringfence.topology.joined import UNBOUND

FALLS_BACK = {
    Transport.PERMISSIVE: "sends mutual TLS to {target}, which takes plaintext as well",
    Transport.PLAINTEXT: "sends plaintext to {target}",
    Transport.UNKNOWN: "may send plaintext to {target}",
}


STRANGERS = "not all that is registered behind it is in the files"

OUTSIDE = "outside"
"""The part of a side that stands for addresses outside."""


class Judgement:
    """Claims about one intent's sides in one scene. `outside` are the endpoints that stand for addresses outside."""

    def __init__(self, scene: Scene, outside: tuple[Endpoint, ...]) -> None:
        self._connectivity = scene.connectivity
        self._witnesses = scene.witnesses
        self._outside = outside
        self._relays, self._placed = scene.relays, scene.placed
        self._strangers = strangers(scene.connectivity.reach)
        self._request = f" with {scene.request}" if scene.request else ""

    def allowed(
        self, intent: Intent, sources: Selected, targets: Selected, wanted: HeaderSet
    ) -> Iterator[Breach | None]:
        """Whether each source reaches each target."""
        unsure = sources.unsure | targets.unsure
        reach = self._connectivity.reach
        for source, target, relations in self._pairs(sources, targets):
            asked = possible(wanted & union(offered(one) for one in source.endpoints))
            direct = bool(relations) and all(asked <= one.must for one in relations)
            served = True if direct else by_waypoint(self._connectivity.reach, source, target, asked)
            if served:
                yield None
                continue
            example = self._example(
                source, target, unsure, lambda sent, passing: _missing(wanted & sent, passing.may), reach.sent
            )
            sure = served is False and (example is not None or not relations)
            sought = example or (between(source, target), wanted)
            status = VIOLATED if sure else UNKNOWN
            yield Breach(status, partial(self._unreached, intent, status, source, target, wanted, sought))

    def led(
        self, intent: Intent, sources: Selected, vias: Selected, targets: Selected, wanted: HeaderSet
    ) -> Iterator[Breach | None]:
        """Whether whatever the sources send to each `via` gets to one of the targets."""
        reach = self._connectivity.reach
        ends = {one.id: ALL_HEADERS for one in targets.endpoints if one.id not in targets.unsure}
        others = {one.id: ALL_HEADERS for one in self._strangers}
        names = " or ".join(targets.by_workload()) or "what is outside"
        for source, via in product(self._parts(sources), self._parts(vias)):
            asked = possible(wanted & union(offered(one) for one in source.endpoints))
            led: list[tuple[Traffic, Traffic]] = []
            astray = False
            for one, other in product(source.endpoints, via.endpoints):
                if (one.addresses.first() < V6) == (other.addresses.first() < V6):
                    regions = reach.through(one, other, ends, source.addresses if one.every else None)
                    sent = reach.sent(one, other), reach.withheld(one, other)
                    led += [traffic(region.headers, one, *sent) for region in regions] or [(Traffic(), Traffic())]
                    astray |= bool(reach.through(one, other, others, source.addresses if one.every else None))
            if led and all(asked <= must for _, must in led):
                yield None
                continue
            sure = self._placed and not astray and not any(may.meets(asked) for may, _ in led)
            what = "is not led" if sure else "is not certainly led"
            why = "" if self._placed else f": {UNBOUND}"
            why = f": {STRANGERS}" if astray else why
            because = f"{source.name} {what} to {names} through {via.name}{self._request}{why}"
            yield self._lost(intent, VIOLATED if sure else UNKNOWN, because, (between(source, via), wanted))

    def denied(
        self, intent: Intent, sources: Selected, targets: Selected, wanted: HeaderSet
    ) -> Iterator[Breach | None]:
        """Whether no source reaches any target, directly or through what sends packets on."""
        unsure = sources.unsure | targets.unsure
        for source, target, relations in self._pairs(sources, targets):
            passing = [one for one in relations if _passing(one.headers.may, source.endpoints, wanted)]
            if not passing:
                yield self._around(intent, source, target, wanted)
                continue
            example = self._example(source, target, unsure, lambda sent, passing: wanted & sent & passing.must)
            what = "may reach" if example is None else "reaches"
            how = _passing(passing[0].headers.may, source.endpoints, wanted)
            because = f"{source.name} {what} {target.name} on {how}{self._request}"
            sought = example or (between(source, target), wanted)
            yield self._got_through(intent, UNKNOWN if example is None else VIOLATED, because, sought)

    def encrypted(
        self, intent: Intent, sources: Selected, targets: Selected, wanted: HeaderSet
    ) -> Iterator[Breach | None]:
        """Whether whatever passes is mutual TLS that cannot fall back."""
        unsure = sources.unsure | targets.unsure
        asked = possible(wanted)
        for source, target, relations in self._pairs(sources, targets):
            bare = possible(union(one.headers.may for one in relations) & (wanted - ALL_TCP))
            weak = _weakest(relations, asked.tcp)
            plain = wanted - ALL_MTLS
            if not bare and weak is None:
                yield self._around(intent, source, target, plain)
                continue
            if weak is None:
                because = f"{source.name} reaches {target.name} on {bare}, which a mesh does not encrypt"
            else:
                how = FALLS_BACK[weak[0]].format(target=target.name)
                because = f"{source.name} {how} on {Traffic(tcp=weak[1])}"
            sure = self._example(
                source, target, unsure, lambda sent, passing: (wanted - ALL_MTLS) & sent & passing.must
            )
            sought = sure or (between(source, target), plain)
            yield self._got_through(intent, UNKNOWN if sure is None else VIOLATED, because + self._request, sought)

    def identified(
        self, intent: Intent, sources: Selected, targets: Selected, wanted: HeaderSet, identity: str
    ) -> Iterator[Breach | None]:
        """Whether whatever TCP the sources send carries an identity that fits."""
        fitting, asked = pattern(identity), possible(wanted).tcp
        for source, target, relations in self._pairs(sources, targets):
            strangers = [one for one in source.endpoints if fitting.matches(one.identity) is not True]
            weak = _weakest(relations, asked, proven=(Transport.STRICT, Transport.PERMISSIVE))
            if not strangers and weak is None:
                yield None
                continue
            if strangers:
                shown = strangers[0].identity
                because = f"{source.name} proves {shown if shown != NO_IDENTITY else 'no identity'}, not {identity}"
                sure = fitting.matches(shown) is False
            else:
                assert weak is not None
                because = f"{source.name} {FALLS_BACK[weak[0]].format(target=target.name)}, which carries no identity"
                sure = weak[0] is Transport.PLAINTEXT
            sought = between(source, target), wanted
            yield self._got_through(intent, VIOLATED if sure else UNKNOWN, because, sought, free=False)

    def _got_through(
        self, intent: Intent, status: str, because: str, sought: tuple[Field, HeaderSet], free: bool = True
    ) -> Breach:
        """A breach that a packet shows which arrives."""
        return Breach(status, lambda: broken(intent, status, because, self._witnesses.passing(*sought, free=free)))

    def _lost(self, intent: Intent, status: str, because: str, sought: tuple[Field, HeaderSet]) -> Breach:
        """A breach that a packet shows which does not arrive."""
        return Breach(status, lambda: broken(intent, status, because, self._witnesses.failing(*sought)))

    def _unreached(
        self,
        intent: Intent,
        status: str,
        source: Part,
        target: Part,
        wanted: HeaderSet,
        sought: tuple[Field, HeaderSet],
    ) -> Proof:
        witness = self._witnesses.failing(*sought)
        what = "does not reach" if status == VIOLATED else "does not certainly reach"
        why = _demanded(witness) or (f": {WITHHELD}" if self._withheld(source, target, wanted) else "")
        return broken(intent, status, f"{source.name} {what} {target.name}{self._request}{why}", witness)

    def _parts(self, side: Selected) -> list[Part]:
        parts = [Part(name, members) for name, members in side.by_workload().items()]
        outside = tuple(one for one in self._outside if one.addresses & side.outside)
        return [*parts, Part(OUTSIDE, outside, side.outside)] if outside else parts

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

    def _around(self, intent: Intent, source: Part, target: Part, wanted: HeaderSet) -> Breach | None:
        found = around(self._connectivity.reach, between(source, target), wanted)
        if found is None:
            reach = self._connectivity.reach
            way = relayed(reach, self._relays, source, target, wanted)
            way = way or to_strangers(reach, self._strangers, source, target, wanted)
            if way is None:
                return None
            because = f"{source.name} may reach {target.name} through {way.title}{self._request}"
            return self._got_through(intent, UNKNOWN, because, (way.field, way.headers))
        what = "reaches" if found.sure else "may reach"
        because = f"{source.name} {what} {target.name} through {found.via.title}{self._request}"
        return self._got_through(intent, VIOLATED if found.sure else UNKNOWN, because, (found.field, found.headers))

    def _withheld(self, source: Part, target: Part, wanted: HeaderSet) -> bool:
        pairs = product(source.endpoints, target.endpoints)
        return any(self._connectivity.reach.withheld(one, other) & wanted for one, other in pairs)

    def _example(
        self,
        source: Part,
        target: Part,
        unsure: frozenset[str],
        breaking: Callable[[HeaderSet, Bounds[HeaderSet]], HeaderSet],
        sent: Callable[[Endpoint, Endpoint], HeaderSet] = lambda client, _: surely_offered(client),
    ) -> tuple[Field, HeaderSet] | None:
        """Two endpoints that break the intent whatever the unknowns turn out to be, and the headers with which they do.

        A witness alone does not show that: it has an address of its choice, and the endpoint may have another. `sent`
        is what the first endpoint sends the second: whatever it certainly can, where nothing else is said.
        """
        for one in source.endpoints:
            for other in target.endpoints:
                if any(each.maybe or each.perhaps or each.id in unsure for each in (one, other)):
                    continue
                for region in self._connectivity.reach.between(one, other, source.addresses, target.addresses):
                    example = breaking(from_own_ports(one, sent(one, other)), region.headers)
                    if example:
                        here = region.sources if one.every else None
                        there = region.destinations if other.every else None
                        return Field((one,), (other,), here, there), example
        return None


def _passing(passing: HeaderSet, clients: tuple[Endpoint, ...], wanted: HeaderSet) -> Traffic:
    """What of the wanted headers the first client that can sends and gets through, from one of its ports."""
    sent = (possible(passing & wanted & offered(one), one.ephemeral) for one in clients)
    return next((one for one in sent if one), Traffic())


def _missing(sent: HeaderSet, passing: HeaderSet) -> HeaderSet:
    """What is sent and does not pass, without what may be sent in the other transport and pass."""
    arriving = sent & passing
    other = {"tcp": arriving.mtls, "mtls": arriving.tcp}
    return (sent - passing).map(lambda name, region: region - other[name] if name in other else region)


def _demanded(witness: Witness | None) -> str:
    """What rules demand of the request that the intent does not say; nothing where they demand nothing."""
    open_ones = () if witness is None else witness.trace.demands()
    return f": it depends on whether {' and '.join(open_ones)}" if open_ones else ""


def _weakest(
    relations: tuple[Relation, ...], asked: IntervalSet, proven: tuple[Transport, ...] = (Transport.STRICT,)
) -> tuple[Transport, IntervalSet] | None:
    """A transport that is not good enough, and the asked ports that travel so; None where there is none."""
    travelling = Transports()
    for one in relations:
        travelling = travelling | one.transports
    found = ((kind, ports & asked) for kind, ports in travelling.parts() if kind not in proven)
    return next(((kind, ports) for kind, ports in found if ports), None)


def pattern(text: str) -> Pattern:
    """An identity with a `*` at either end, or none."""
    return Pattern(text.strip("*"), text.startswith("*"), text.endswith("*"))
