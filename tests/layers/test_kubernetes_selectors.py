"""Label selectors of Kubernetes and of the rule language select the same pods."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.kubernetes_selectors import NAMESPACE, POD, PORT, named_port, pods, pods_anywhere
from ringfence.model.addresses import ALL_IPV4
from ringfence.model.networks import Endpoint
from ringfence.model.selectors import AllOf, InNamespace
from ringfence.resources.kubernetes import LabelSelector, LabelSelectorRequirement, SelectorOperator
from tests.layers.clusters import NAME, has

KEYS, VALUES = st.sampled_from(("app", "tier")), st.sampled_from(("a", "b", ""))
LABELS = st.dictionaries(KEYS, VALUES)


@st.composite
def requirements(draw: st.DrawFn) -> LabelSelectorRequirement:
    operator = draw(st.sampled_from(SelectorOperator))
    valued = operator in (SelectorOperator.IN, SelectorOperator.NOT_IN)
    values = draw(st.lists(VALUES, min_size=1, unique=True)) if valued else []
    return LabelSelectorRequirement(draw(KEYS), operator, tuple(sorted(values)))


SELECTORS = st.builds(
    LabelSelector,
    st.dictionaries(KEYS, VALUES).map(lambda found: tuple(sorted(found.items()))),
    st.lists(requirements(), max_size=2).map(tuple),
)


def pod(space, labels, **spaces):
    return Endpoint("x", "pods", ALL_IPV4, namespace=space, facets={POD: labels, NAMESPACE: {NAME: space, **spaces}})


@given(selector=SELECTORS, labels=LABELS)
def test_pods_of_one_namespace(selector, labels):
    assert pods("x", selector).matches(pod("x", labels)) is selector.matches(labels)
    assert pods("x", selector).matches(pod("y", labels)) is False


@given(selector=st.none() | SELECTORS, spaces=SELECTORS, labels=LABELS, space_labels=LABELS)
def test_pods_of_selected_namespaces(selector, spaces, labels, space_labels):
    expected = spaces.matches({NAME: "x", **space_labels}) and (selector is None or selector.matches(labels))
    assert pods_anywhere(spaces, selector).matches(pod("x", labels, **space_labels)) is expected


@pytest.mark.parametrize("selected", [has(**{NAME: "x"}), has(f"{NAME} in x,z"), has(f"{NAME} notin y")])
def test_a_namespace_by_its_name(selected):
    assert pods_anywhere(selected, None).matches(pod("x", {})) is True
    assert pods_anywhere(selected, None).matches(pod("y", {})) is False


def test_one_name_is_looked_for_in_that_namespace_alone():
    selector = pods_anywhere(has(**{NAME: "x"}), has(app="a"))
    assert isinstance(selector, AllOf)
    assert InNamespace("x") in selector.parts


@pytest.mark.parametrize("selector", [pods("", has()), pods_anywhere(has(), None), pods_anywhere(has("!app"), has())])
def test_what_is_no_pod_is_never_selected(selector):
    node = Endpoint("n", "nodes", ALL_IPV4, facets={"host": {"name": "n"}})
    assert selector.matches(node) is False
    assert selector.matches(None) is False


@pytest.mark.parametrize(("held", "expected"), [({"tcp/http": "80"}, True), ({"tcp/http": "81"}, False), ({}, False)])
def test_named_ports(held, expected):
    assert named_port("tcp", "http", 80).matches(Endpoint("p", "pods", ALL_IPV4, facets={PORT: held})) is expected
    assert named_port("udp", "http", 80).matches(Endpoint("p", "pods", ALL_IPV4, facets={PORT: held})) is False
