from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.addresses import AddressSet
from ringfence.model.conditions import conjunction, disjunction, negation
from ringfence.model.selectors import (
    ANYTHING,
    NOTHING,
    Addressed,
    AllOf,
    AnyOf,
    Comparison,
    Has,
    InNamespace,
    Label,
    Member,
    Not,
    Unsure,
)
from tests.model.strategies import endpoint

NOBODY = None
BARE = endpoint()
WEB = endpoint(namespace="shop", facets={"pod": {"app": "web"}, "namespace": {}}, groups=frozenset({"sg-1"}))
HAZY = endpoint(
    facets={"pod": {"app": "web"}},
    unknown_facets=frozenset({"pod", "namespace"}),
    groups=frozenset({"sg-1"}),
    maybe_groups=frozenset({"sg-2"}),
)
FOREIGN = endpoint(any_group=True)
ALIKE = frozenset({"web", "api"})


@pytest.mark.parametrize(
    ("selector", "nobody", "bare", "web", "hazy"),
    [
        (ANYTHING, True, True, True, True),
        (NOTHING, False, False, False, False),
        (AllOf(()), True, True, True, True),
        (Unsure("who knows"), None, None, None, None),
        (Has("pod"), False, False, True, None),
        (Has("node"), False, False, False, False),
        (Label("pod", "app", Comparison.IN, ALIKE), False, False, True, None),
        (Label("pod", "app", Comparison.IN, frozenset()), False, False, False, None),
        (Label("pod", "app", Comparison.IN, frozenset({"db"})), False, False, False, None),
        (Label("pod", "app", Comparison.NOT_IN, ALIKE), True, True, False, None),
        (Label("pod", "app", Comparison.NOT_IN, frozenset({"db"})), True, True, True, None),
        (Label("pod", "app", Comparison.PRESENT), False, False, True, None),
        (Label("pod", "tier", Comparison.PRESENT), False, False, False, None),
        (Label("pod", "app", Comparison.ABSENT), True, True, False, None),
        (Label("pod", "tier", Comparison.ABSENT), True, True, True, None),
        (Label("node", "zone", Comparison.ABSENT), True, True, True, True),
        (InNamespace("shop"), False, False, True, None),
        (InNamespace(""), False, True, False, None),
        (Member("sg-1"), False, False, True, True),
        (Member("sg-2"), False, False, False, None),
        (Member("sg-3"), False, False, False, False),
        (Not(Has("pod")), True, True, False, None),
        (AllOf((Has("pod"), Member("sg-1"))), False, False, True, None),
        (AllOf((Has("pod"), Member("sg-3"))), False, False, False, False),
        (AnyOf((Has("pod"), Member("sg-1"))), False, False, True, True),
    ],
)
def test_three_values(selector, nobody, bare, web, hazy):
    found = [selector.matches(one) for one in (NOBODY, BARE, WEB, HAZY)]
    assert found == [nobody, bare, web, hazy]


@pytest.mark.parametrize(
    ("held", "wanted", "expected"),
    [
        ("10.0.0.1", "10.0.0.0/24", True),
        ("10.0.0.0/24", "10.0.0.1", None),
        ("10.0.0.1", "10.0.1.0/24", False),
        ("fd00::1", "0.0.0.0/0", False),
    ],
)
def test_an_address_of_its_own(held, wanted, expected):
    one = endpoint(addresses=AddressSet.of(held))
    assert Addressed(AddressSet.of(wanted)).matches(one) is expected
    assert Addressed(AddressSet.of(wanted)).matches(NOBODY) is False


def test_groups_that_nobody_knows():
    assert Member("sg-9").matches(FOREIGN) is None
    assert Not(Member("sg-9")).matches(FOREIGN) is None


leaves = st.one_of(
    st.just(ANYTHING),
    st.just(NOTHING),
    st.just(Unsure("who knows")),
    st.sampled_from(["pod", "namespace"]).map(Has),
    st.builds(
        Label,
        st.sampled_from(["pod", "namespace"]),
        st.sampled_from(["app", "tier"]),
        st.sampled_from(list(Comparison)),
        st.frozensets(st.sampled_from(["x", "y"])),
    ),
    st.sampled_from(["a", ""]).map(InNamespace),
    st.sampled_from(["g", "h"]).map(Member),
)
selectors = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3).map(lambda found: AllOf(tuple(found))),
        st.lists(parts, max_size=3).map(lambda found: AnyOf(tuple(found))),
        parts.map(Not),
    ),
    max_leaves=6,
)
labels = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["x", "y"]))
facets = st.dictionaries(st.sampled_from(["pod", "namespace"]), labels)
groups = st.frozensets(st.sampled_from(["g", "h"]))
namespaces = st.sampled_from(["a", "b", ""])
known_endpoints = st.builds(
    lambda namespace, facets, groups: endpoint(namespace=namespace, facets=facets, groups=groups),
    namespaces,
    facets,
    groups,
)


@given(st.lists(selectors, max_size=3), st.one_of(st.none(), known_endpoints))
def test_connectives_are_kleenes(parts, subject):
    answers = [part.matches(subject) for part in parts]
    assert AllOf(tuple(parts)).matches(subject) is conjunction(answers)
    assert AnyOf(tuple(parts)).matches(subject) is disjunction(answers)
    assert [Not(part).matches(subject) for part in parts] == [negation(answer) for answer in answers]


@given(
    st.sampled_from(["pod", "namespace"]),
    st.sampled_from(["app", "tier"]),
    st.frozensets(st.sampled_from(["x", "y"])),
    st.one_of(st.none(), known_endpoints),
)
def test_comparisons_come_in_opposites(facet, key, values, subject):
    def answer(comparison):
        return Label(facet, key, comparison, values).matches(subject)

    assert answer(Comparison.NOT_IN) is negation(answer(Comparison.IN))
    assert answer(Comparison.ABSENT) is negation(answer(Comparison.PRESENT))
    assert not answer(Comparison.IN) or answer(Comparison.PRESENT)


@given(selectors, known_endpoints, st.sets(st.sampled_from(["pod", "groups", "namespace"])), facets, namespaces)
def test_what_is_said_of_the_unknown_holds_for_every_case(selector, subject, hidden, other_facets, other_namespace):
    """An answer that stands while something is hidden stands whatever the hidden turns out to be."""
    facets_hidden = frozenset(hidden - {"groups"})
    seen = endpoint(
        namespace=subject.namespace,
        facets=subject.facets,
        unknown_facets=facets_hidden,
        groups=frozenset() if "groups" in hidden else subject.groups,
        any_group="groups" in hidden,
    )
    answer = selector.matches(seen)
    choices = [
        [subject.facets, other_facets] if "pod" in hidden else [subject.facets],
        [subject.facets, other_facets] if "namespace" in hidden else [subject.facets],
        [subject.namespace, other_namespace] if "namespace" in hidden else [subject.namespace],
        [subject.groups, frozenset(), frozenset({"g", "h"})] if "groups" in hidden else [subject.groups],
    ]
    for pods, spaces, namespace, members in product(*choices):
        merged = {name: found[name] for name, found in (("pod", pods), ("namespace", spaces)) if name in found}
        world = endpoint(namespace=namespace, facets=merged, groups=members)
        assert answer is None or selector.matches(world) in (answer, None)


@given(selectors, known_endpoints, facets, st.sampled_from(["app", "tier", None]))
def test_what_is_said_of_attributes_that_are_not_listed_holds_for_every_case(selector, subject, others, key):
    """Attributes that are listed stand; of the others one, or with None any, may be there."""
    seen = endpoint(
        namespace=subject.namespace,
        facets=subject.facets,
        groups=subject.groups,
        open_facets=frozenset(subject.facets if key is None else ()),
        unknown_keys=frozenset((facet, key) for facet in subject.facets if key is not None),
    )
    answer = selector.matches(seen)
    for more in ({}, *others.values()):
        chosen = {name: value for name, value in more.items() if key in (None, name)}
        filled = {facet: {**chosen, **attributes} for facet, attributes in subject.facets.items()}
        world = endpoint(namespace=subject.namespace, facets=filled, groups=subject.groups)
        assert answer is None or selector.matches(world) in (answer, None)


def test_an_attribute_that_is_listed_is_known_and_no_other_where_a_facet_is_open():
    seen = endpoint(facets={"tag": {"tier": "data"}}, open_facets=frozenset({"tag"}))
    one = endpoint(facets={"tag": {"tier": "data"}}, unknown_keys=frozenset({("tag", "team")}))
    tier, team, name = (Label("tag", key, Comparison.IN, frozenset({"data"})) for key in ("tier", "team", "name"))
    assert [one.matches(seen) for one in (tier, team, name)] == [True, None, None]
    assert [selector.matches(one) for selector in (tier, team, name)] == [True, None, False]
