"""Selections resolved on a network: which endpoints, and which addresses outside.

What a selection may hold and what it certainly holds can differ, where labels are not known; the resolved selection
keeps what it may hold, and `unsure` says which of that is not certain. A proof of a deny covers all of it; a proof of
an allow has to, too.

Labels find a pod on its node's network, too, which no policy's selector does: people mean the workload. A block holds
the endpoints whose address is certainly in it, and may hold one whose address is from a known pool that reaches into
it. Of a pod that may have any address at all, no block holds anything: the files then say nothing of addresses.
A service of AWS whose addresses nobody knows may be in any public block. What is asked of it then is asked for the
addresses of that block alone, where rules and routes for the block hold for it, too; and as it opens no connection, it
is nobody who comes from there.

Tags are those of a cloud's resource itself, not of its subnet. Where they are not all known, so is the selection.

Placeholders (`{node}`, `{ingress-controller}`) stand for what no file shows: labels, namespaces, kinds and wildcards
find what the files show. A placeholder is found by its name, and the controller in `everything`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.own_node import HOST_NAMESPACE, HOST_POD
from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, EVERYWHERE, NO_ADDRESS, AddressSet
from ringfence.model.conditions import Truth, conjunction, disjunction
from ringfence.model.diagnostics import Diagnostic, RingfenceError, error
from ringfence.model.networks import Endpoint, Network, by_workload
from ringfence.model.selectors import AllOf, AnyOf, Comparison, Has, Label, Selector
from ringfence.model.spans import Span
from ringfence.posture.document import DoesNotExist, Exists, LabelSelector, NotIn, Reference, References, Selection
from ringfence.posture.suggestions import nearest
from ringfence.topology.aws.endpoints import AWS, SERVICE, TAG
from ringfence.topology.entries import CONTROLLER, SOME_NODE
from ringfence.topology.mesh.waypoints import WAYPOINTS
from ringfence.topology.names import side

EVERYTHING = "everything"
PLACEHOLDERS = (SOME_NODE, CONTROLLER, WAYPOINTS)

DEEPEST = 100
"""Selections within selections, and by name; far from where Python's stack ends."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What a side of an intent holds. `outside` are addresses of endpoints that stand for all of theirs."""

    endpoints: tuple[Endpoint, ...] = ()
    outside: AddressSet = NO_ADDRESS
    unsure: frozenset[str] = frozenset()

    def __or__(self, other: Selected) -> Selected:
        known: dict[str, Endpoint] = {}
        for one in self.endpoints + other.endpoints:
            same = known.get(one.id, one)
            known[one.id] = one if same.addresses <= one.addresses else _within(same, same.addresses | one.addresses)
        sure = {one.id for one in self.endpoints} - self.unsure | {one.id for one in other.endpoints} - other.unsure
        return Selected(tuple(known.values()), self.outside | other.outside, frozenset(known) - sure)

    def __bool__(self) -> bool:
        return bool(self.endpoints or self.outside)

    @property
    def opening(self) -> Selected:
        """The same as the side that opens connections: without what is there by a block alone and opens none."""
        kept = tuple(one for one in self.endpoints if not (one.id in self.unsure and _is_service(one)))
        return Selected(kept, self.outside, self.unsure & {one.id for one in kept})

    def by_workload(self) -> dict[str, tuple[Endpoint, ...]]:
        """The endpoints of each workload."""
        return by_workload(self.endpoints)


class Resolver:
    """Resolves the selections of one posture file on one network; complaints go to `diagnostics`.

    `failures` grows with everything that could not be resolved, what was complained about before included.
    """

    def __init__(
        self, network: Network, selections: dict[str, Reference], span: Span, diagnostics: list[Diagnostic]
    ) -> None:
        self.network = network
        self._selections = selections
        self._span = span
        self._diagnostics = diagnostics
        self._found: dict[str, Selected] = {}
        self._open: list[str] = []
        self._broken: set[str] = set()
        self._known = AddressSet.union(one.addresses for one in network.endpoints if one.every)
        self._depth = 0
        self.failures = 0

    def resolve(self, references: References, span: Span) -> Selected:
        """Everything that one of the references selects. Empty (and a diagnostic) where one selects nothing."""
        if self._depth >= DEEPEST:
            self._complain(f"selections stand on each other more than {DEEPEST} deep", span)
            return Selected()
        self._depth += 1
        found = self._resolved(references, span)
        self._depth -= 1
        return found

    def _resolved(self, references: References, span: Span) -> Selected:
        if isinstance(references, list):
            found = Selected()
            for place, one in enumerate(references):
                found = found | self.resolve(one, span.at(place))
            return found
        if isinstance(references, Selection):
            return self._checked(references, "this selection", span)
        if references in self._selections:
            return self._named(references)
        if references == EVERYTHING:
            return self._everything()
        if "*" in references or "?" in references:
            found = self._filtered(lambda one: _named(one, references))
            if not found:
                self._complain(f"{references} matches nothing", span, "a selection may say may_be_empty: true")
            return found
        try:
            found = self._question(references)
        except RingfenceError as wrong:
            near = get_close_matches(references, self._selections, 1)
            remedy = f"did you mean the selection {near[0]}?" if near else wrong.diagnostic.remedy
            self._complain(wrong.diagnostic.message, span, remedy)
            return Selected()
        return found

    def resolve_all(self) -> None:
        """Resolves every named selection, so that one that matches nothing is told of even where no intent uses it."""
        for name in self._selections:
            self._named(name)

    def _complain(self, message: str, span: Span, remedy: str = "") -> None:
        self.failures += 1
        self._diagnostics.append(error(message, span, remedy))

    def _named(self, name: str) -> Selected:
        if name in self._open:
            self._complain(f"selection {name!r} contains itself", self._span.at(name))
            return Selected()
        if name not in self._found:
            before = self.failures
            self._open.append(name)
            self._found[name] = self._checked_named(name)
            self._open.pop()
            if self.failures > before:
                self._broken.add(name)
        elif name in self._broken:
            self.failures += 1
        return self._found[name]

    def _checked_named(self, name: str) -> Selected:
        reference, span = self._selections[name], self._span.at(name)
        if isinstance(reference, str):
            return self.resolve(reference, span)
        return self._checked(reference, f"selection {name!r}", span)

    def _checked(self, selection: Selection, what: str, span: Span) -> Selected:
        before = self.failures
        found = self._selection(selection, span)
        # Where a part of it was complained about, that is why it is empty.
        if not found and not selection.may_be_empty and self.failures == before:
            near = nearest(selection, self.network)
            known = f"did you mean {' or '.join(near)}? else " if near else "correct it, or "
            remedy = f"{known}say may_be_empty: true"
            self._complain(f"{what} matches nothing", span, remedy)
        return found

    def _everything(self) -> Selected:
        inside = tuple(one for one in self.network.endpoints if not one.every and one.workload != SOME_NODE)
        return Selected(inside, EVERYWHERE)

    def _question(self, text: str) -> Selected:
        found = side(text, self.network.endpoints)
        inside = tuple(one for one in found.endpoints if not one.every)
        outside = found.addresses or EVERYWHERE if any(one.every for one in found.endpoints) else NO_ADDRESS
        if found.sure or found.addresses is None:
            return Selected(inside, outside)
        held = _narrowed(inside, found.addresses)
        return Selected(held, outside, frozenset(one.id for one in held))

    def _selection(self, selection: Selection, span: Span) -> Selected:
        """All parts of a selection together."""
        parts: list[Selected] = []
        if selection.cidr is not None:
            parts.append(self._blocks(_list(selection.cidr), span.at("cidr")))
        wanted = tuple(_wanted(selection))
        if wanted or any((selection.workload, selection.namespace, selection.kind)):
            parts.append(self._filtered(lambda one: _matches(selection, wanted, one)))
        if selection.any is not None:
            parts.append(self.resolve(list(selection.any), span.at("any")))
        parts += [self.resolve(one, span.at("all", place)) for place, one in enumerate(selection.all or ())]
        found = parts[0] if parts else self._everything()
        for part in parts[1:]:
            found = _both(found, part)
        if selection.not_ is not None:
            found = _without(found, self.resolve(selection.not_, span.at("not")))
        return found

    def _blocks(self, texts: list[str], span: Span) -> Selected:
        found = Selected()
        for place, text in enumerate(texts):
            try:
                found = found | Selected((), AddressSet.of(text))
            except ValueError:
                message = f"{text!r} is no address, block or range"
                self._complain(message, span.at(place), "write 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
        block = found.outside
        inside = tuple(one for one in self.network.endpoints if not one.every and _may_lie_in(one, block))
        unsure = frozenset(one.id for one in inside if not one.addresses <= block)
        # Addresses of a family that this network does not know are nobody's.
        return Selected(_narrowed(inside, block), block & self._known, unsure)

    def _filtered(self, matches: Callable[[Endpoint], Truth]) -> Selected:
        shown = (one for one in self.network.endpoints if not one.every and one.workload not in PLACEHOLDERS)
        answers = [(one, matches(one)) for one in shown]
        kept = tuple(one for one, truth in answers if truth is not False)
        return Selected(kept, NO_ADDRESS, frozenset(one.id for one, truth in answers if truth is None))


def _narrowed(endpoints: tuple[Endpoint, ...], block: AddressSet) -> tuple[Endpoint, ...]:
    """The endpoints, services with what they may have of the block."""
    return tuple(_within(one, one.addresses & block) if _is_service(one) else one for one in endpoints)


def _within(endpoint: Endpoint, addresses: AddressSet) -> Endpoint:
    return endpoint if endpoint.addresses == addresses else replace(endpoint, addresses=addresses)


def _is_service(endpoint: Endpoint) -> bool:
    return endpoint.facets.get(AWS, {}).get("kind") == SERVICE


def _may_lie_in(endpoint: Endpoint, block: AddressSet) -> bool:
    if endpoint.addresses <= block:
        return True
    anywhere = any(family <= endpoint.addresses for family in (ALL_IPV4, ALL_IPV6))
    return not anywhere and bool(endpoint.addresses & block)


def _wanted(selection: Selection) -> Iterator[Selector]:
    """What a selection says of labels, of pods that policies see and of those that they do not, and of tags."""
    said = (
        ((POD, HOST_POD), selection.pod_selector, selection.labels),
        ((NAMESPACE, HOST_NAMESPACE), selection.namespace_selector, selection.namespace_labels),
    )
    for facets, selector, exact in said:
        if selector is not None or exact:
            yield AnyOf(tuple(AllOf((Has(one), *_labels(one, exact, selector))) for one in facets))
    for key, value in selection.tags.items():
        yield Label(TAG, key, Comparison.IN, frozenset((value,)))


def _labels(facet: str, exact: Mapping[str, str], selector: LabelSelector | None) -> Iterator[Selector]:
    more = LabelSelector() if selector is None else selector
    for key, value in (*exact.items(), *more.match_labels.items()):
        yield Label(facet, key, Comparison.IN, frozenset((value,)))
    for one in more.match_expressions:
        if isinstance(one, Exists | DoesNotExist):
            yield Label(facet, one.key, Comparison.PRESENT if isinstance(one, Exists) else Comparison.ABSENT)
        else:
            comparison = Comparison.NOT_IN if isinstance(one, NotIn) else Comparison.IN
            yield Label(facet, one.key, comparison, frozenset(one.values))


def _matches(selection: Selection, wanted: tuple[Selector, ...], endpoint: Endpoint) -> Truth:
    kind = endpoint.workload.rpartition("[")[2].rstrip("]")
    return conjunction(
        (
            selection.workload is None or disjunction(_named(endpoint, text) for text in _list(selection.workload)),
            selection.namespace is None or any(_lives_in(endpoint, one) for one in _list(selection.namespace)),
            selection.kind is None or kind in _list(selection.kind),
            *(one.matches(endpoint) for one in wanted),
        )
    )


def _named(endpoint: Endpoint, text: str) -> bool:
    full = endpoint.title
    return _fits(full, text) or _fits(full.partition("[")[0], text)


def _lives_in(endpoint: Endpoint, pattern: str) -> bool:
    """A node lives in no namespace, whatever the pattern."""
    return bool(endpoint.namespace) and _fits(endpoint.namespace, pattern)


def _fits(text: str, pattern: str) -> bool:
    """`*` and `?` are wildcards; brackets are only brackets."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _list(texts: str | list[str]) -> list[str]:
    return texts if isinstance(texts, list) else [texts]


def _both(one: Selected, other: Selected) -> Selected:
    ids = {endpoint.id for endpoint in other.endpoints}
    kept = tuple(endpoint for endpoint in one.endpoints if endpoint.id in ids)
    unsure = frozenset(endpoint.id for endpoint in kept) & (one.unsure | other.unsure)
    return Selected(kept, one.outside & other.outside, unsure)


def _without(one: Selected, other: Selected) -> Selected:
    gone = {endpoint.id for endpoint in other.endpoints} - other.unsure
    kept = tuple(endpoint for endpoint in one.endpoints if endpoint.id not in gone)
    unsure = frozenset(endpoint.id for endpoint in kept) & (one.unsure | other.unsure)
    return Selected(kept, one.outside - other.outside, unsure)
