"""One chain, asked about many subjects and peers.

Subjects fall into *classes* by the scopes that govern them and by what the rules of these scopes ask of them; a class
is worked out once (`engine.subjects`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import reduce
from itertools import groupby
from operator import or_

from ringfence.engine.bits import EMPTY, Bits
from ringfence.engine.folding import Entry, Group, Tier
from ringfence.engine.index import Index
from ringfence.engine.subjects import Profile, SubjectClass, View
from ringfence.engine.verdicts import Verdict
from ringfence.model.conditions import Request, Truth, conjunction
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Chain, Scope
from ringfence.model.selectors import ANYTHING, Selector

Answers = tuple[tuple[int, Truth], ...]
"""What is true or open, by place; what is false is left out."""


class Judge:
    """Evaluates one chain for one request (or none)."""

    def __init__(self, chain: Chain, index: Index, request: Request | None = None) -> None:
        self.chain = chain
        self._index = index
        self._request = request
        self._scopes = [(place, scope) for place, stage in enumerate(chain.stages) for scope in stage.scopes]
        self._classes: dict[tuple[Answers, Answers], SubjectClass] = {}
        self._of_subject: dict[int, SubjectClass] = {}
        self._asking: dict[Answers, frozenset[int]] = {}
        subjects = [scope.subjects for _, scope in self._scopes]
        self._everyone: Answers = tuple((place, True) for place, one in enumerate(subjects) if one == ANYTHING)
        self._governing = self._answers(enumerate(subjects))
        self._questions: dict[Selector, int] = {}
        for _, scope in self._scopes:
            for rule in scope.rules:
                if rule.subjects != ANYTHING:
                    self._questions.setdefault(rule.subjects, len(self._questions))
        self._told = self._answers((place, one) for one, place in self._questions.items())

    def subject_class(self, subject: Endpoint | None) -> SubjectClass:
        """The class of a subject; None for one whose origin was lost."""
        number = -1 if subject is None else self._index.number[subject.id]
        found = self._of_subject.get(number)
        if found is None:
            found = self._of_subject[number] = self._classify(subject, number)
        return found

    def verdict(self, subject: Endpoint | None, peer: View) -> Verdict:
        """Which headers the chain lets pass between the two. Raises Split."""
        return self.subject_class(subject).verdict(peer)

    def profile(self, subject: Endpoint | None) -> Profile:
        """The verdicts for all peers, whatever their identity; for chains that ask for none."""
        return self.subject_class(subject).profile

    def let_through(self, subject: Endpoint | None) -> Bits:
        """The endpoints of which some headers may pass; where an identity is asked for, all of them.

        What is said of endpoints that stand for every one of their addresses means nothing, as in `profile`.
        """
        if self.subject_class(subject).by_identity:
            return self._index.all
        profile = self.profile(subject)
        named = reduce(or_, (bits for bits, _ in profile.pieces), EMPTY)
        passing = reduce(or_, (bits for bits, verdict in profile.pieces if verdict.may), EMPTY)
        return passing | (self._index.all - named) if profile.others.may else passing

    def _answers(self, questions: Iterable[tuple[int, Selector]]) -> dict[int, list[tuple[int, Truth]]]:
        """By endpoint number: which of these selectors select it, without those that select everyone."""
        found: defaultdict[int, list[tuple[int, Truth]]] = defaultdict(list)
        for place, selector in questions:
            if selector == ANYTHING:
                continue
            selected = self._index.select(selector)
            for number in selected.must:
                found[number].append((place, True))
            if selected.must is not selected.may:
                for number in selected.may - selected.must:
                    found[number].append((place, None))
        return found

    def _classify(self, subject: Endpoint | None, number: int) -> SubjectClass:
        governing: Answers
        told: Answers
        if subject is None:
            scopes = ((place, scope.subjects.matches(None)) for place, (_, scope) in enumerate(self._scopes))
            rules = ((place, one.matches(None)) for one, place in self._questions.items())
            governing = tuple((place, truth) for place, truth in scopes if truth is not False)
            told = tuple((place, truth) for place, truth in rules if truth is not False)
        else:
            own = self._governing.get(number, ())
            governing = tuple(sorted((*self._everyone, *own), key=lambda pair: pair[0]))
            told = tuple(self._told.get(number, ()))
        asked = self._asked(governing)
        answers = tuple((place, truth) for place, truth in told if place in asked)
        found = self._classes.get((governing, answers))
        if found is None:
            tiers = self._tiers(governing, dict(answers))
            found = self._classes[governing, answers] = SubjectClass(tiers, self.chain.default, self._index)
        else:
            found.several = True
        return found

    def _asked(self, governing: Answers) -> frozenset[int]:
        """What the rules of these scopes ask of a subject."""
        found = self._asking.get(governing)
        if found is None:
            rules = (rule for place, _ in governing for rule in self._scopes[place][1].rules)
            asked = (rule.subjects for rule in rules if rule.subjects != ANYTHING)
            found = self._asking[governing] = frozenset(self._questions[one] for one in asked)
        return found

    def _tiers(self, governing: Answers, told: dict[int, Truth]) -> tuple[Tier, ...]:
        tiers = []
        for stage_place, members in groupby(governing, key=lambda pair: self._scopes[pair[0]][0]):
            scopes = [(self._scopes[place][1], truth is True) for place, truth in members]
            scopes.sort(key=lambda pair: pair[0].priority)
            groups = [
                Group(tuple((governs, self._entries(scope, told)) for scope, governs in equals))
                for _, equals in groupby(scopes, key=lambda pair: pair[0].priority)
            ]
            certain = any(governs for _, governs in scopes)
            tiers.append(Tier(self.chain.stages[stage_place].end, certain, tuple(groups)))
        return tuple(tiers)

    def _entries(self, scope: Scope, told: dict[int, Truth]) -> tuple[Entry, ...]:
        entries = []
        for rule in scope.rules:
            meant = True if rule.subjects == ANYTHING else told.get(self._questions[rule.subjects], False)
            truth = conjunction((meant, rule.condition.evaluate(self._request))) if meant is not False else False
            if truth is not False:
                entries.append(Entry(rule.action, rule.peers, rule.headers, truth is True))
        return tuple(entries)
