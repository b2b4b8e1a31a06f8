"""Selections resolved on a network: which endpoints, and which addresses outside.

Placeholders (`{node}`, `{ingress-controller}`) stand for what no file shows: labels, namespaces, kinds and wildcards
find what the files show. A placeholder is found by its name, and the controller in `everything`.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from ringfence.model.addresses import EVERYWHERE, NO_ADDRESS, AddressSet
from ringfence.model.conditions import Truth
from ringfence.model.diagnostics import Diagnostic, RingfenceError, error
from ringfence.model.networks import Endpoint, Network
from ringfence.model.spans import Span
from ringfence.posture.document import Reference, References, Selection
from ringfence.posture.matching import listed, matches, named, wanted
from ringfence.posture.selected import Selected, may_lie_in, narrowed
from ringfence.posture.suggestions import nearest
from ringfence.topology.entries import CONTROLLER, SOME_NODE
from ringfence.topology.mesh.waypoints import WAYPOINTS
from ringfence.topology.names import side

EVERYTHING = "everything"
PLACEHOLDERS = (SOME_NODE, CONTROLLER, WAYPOINTS)
NOBODY = (SOME_NODE, WAYPOINTS)

DEEPEST = 100
"""Selections within selections, and by name; far from where Python's stack ends."""


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
        if not self.is_name(references):
            found = self._filtered(lambda one: named(one, references))
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

    def is_name(self, reference: str) -> bool:
        """Whether it names one thing outright: neither a selection nor a pattern."""
        return not (reference in self._selections or reference == EVERYTHING or set("*?") & set(reference))

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
        inside = tuple(one for one in self.network.endpoints if not one.every and one.workload not in NOBODY)
        return Selected(inside, EVERYWHERE)

    def _question(self, text: str) -> Selected:
        found = side(text, self.network.endpoints)
        inside = tuple(one for one in found.endpoints if not one.every)
        outside = found.addresses or EVERYWHERE if any(one.every for one in found.endpoints) else NO_ADDRESS
        if found.sure or found.addresses is None:
            return Selected(inside, outside)
        held = narrowed(inside, found.addresses)
        return Selected(held, outside, frozenset(one.id for one in held))

    def _selection(self, selection: Selection, span: Span) -> Selected:
        """All parts of a selection together."""
        parts: list[Selected] = []
        if selection.cidr is not None:
            parts.append(self._blocks(listed(selection.cidr), span.at("cidr")))
        selectors = tuple(wanted(selection))
        if selectors or any((selection.workload, selection.namespace, selection.kind)):
            parts.append(self._filtered(lambda one: matches(selection, selectors, one)))
        if selection.any is not None:
            parts.append(self.resolve(list(selection.any), span.at("any")))
        parts += [self.resolve(one, span.at("all", place)) for place, one in enumerate(selection.all or ())]
        found = parts[0] if parts else self._everything()
        for part in parts[1:]:
            found = found & part
        if selection.not_ is not None:
            found = found - self.resolve(selection.not_, span.at("not"))
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
        there = (one for one in self.network.endpoints if not one.every and one.workload != WAYPOINTS)
        inside = tuple(one for one in there if may_lie_in(one, block))
        unsure = frozenset(one.id for one in inside if not one.addresses <= block)
        # Addresses of a family that this network does not know are nobody's.
        return Selected(narrowed(inside, block), block & self._known, unsure)

    def _filtered(self, matches: Callable[[Endpoint], Truth]) -> Selected:
        shown = (one for one in self.network.endpoints if not one.every and one.workload not in PLACEHOLDERS)
        answers = [(one, matches(one)) for one in shown]
        kept = tuple(one for one, truth in answers if truth is not False)
        return Selected(kept, NO_ADDRESS, frozenset(one.id for one, truth in answers if truth is None))
