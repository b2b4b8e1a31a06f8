"""The published schema and the reader accept and refuse the same documents, cross references aside."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from ringfence.model.spans import Span
from ringfence.posture.document import KINDS, Layout, read
from ringfence.posture.schema import schema

VALIDATOR = jsonschema.Draft202012Validator(schema())
FLOW = {"from": "a", "to": "b"}


def intent(**more: Any) -> dict[str, Any]:
    return {"name": "n", "reason": "r"} | more


def expressed(**expression: Any) -> dict[str, Any]:
    return {"selections": {"a": {"podSelector": {"matchExpressions": [expression]}}}}


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert set(schema()["$defs"]["Layout"]["properties"]) == set(Layout.__struct_fields__)


@pytest.mark.parametrize(
    ("document", "accepted"),
    [
        ({}, True),
        ([], False),
        (None, False),
        ("text", False),
        ({"version": 1}, True),
        ({"version": 2}, False),
        ({"version": "1"}, False),
        ({"version": True}, False),
        ({"nothing": 1}, False),
        ({"sources": None, "selections": None, "intents": None, "options": None, "mesh": None, "version": None}, True),
        ({"sources": "k8s/"}, False),
        ({"sources": ["k8s/"]}, True),
        ({"sources": [1]}, False),
        ({"sources": {}}, False),
        ({"sources": False}, False),
        ({"options": {"a": 1, "b": "x", "c": True, "d": 1.5, "e": ["x"], "f": {"x": []}}}, True),
        ({"options": {"a": None}}, False),
        ({"options": {"a": [1]}}, False),
        ({"options": []}, False),
        ({"selections": []}, False),
        ({"selections": {"a": "shop/web"}}, True),
        ({"selections": {"a": {}}}, True),
        ({"selections": {"a": None}}, False),
        ({"selections": {"a": 1}}, False),
        ({"selections": {"a": []}}, False),
        ({"selections": {"a": {"workload": "x", "namespace": ["a", "b"], "kind": "Pod"}}}, True),
        ({"selections": {"a": {"workload": []}}}, False),
        ({"selections": {"a": {"cidr": []}}}, False),
        ({"selections": {"a": {"any": []}}}, False),
        ({"selections": {"a": {"any": ["b", {"not": "c"}]}}}, True),
        ({"selections": {"a": {"any": "b"}}}, False),
        ({"selections": {"a": {"not": []}}}, False),
        ({"selections": {"a": {"not": ["b", {"all": ["c"]}]}}}, True),
        ({"selections": {"a": {"not_": "b"}}}, False),
        ({"selections": {"a": {"labels": {"x": 1}}}}, False),
        ({"selections": {"a": {"labels": {"x": "1"}, "namespace_labels": {"y": "z"}}}}, True),
        ({"selections": {"a": {"may_be_empty": "yes"}}}, False),
        ({"selections": {"a": {"podSelector": {}, "namespaceSelector": {"matchLabels": {"x": "y"}}}}}, True),
        ({"selections": {"a": {"podSelector": {"match_labels": {}}}}}, False),
        ({"selections": {"a": {"podSelector": {"matchLabels": {"x": 1}}}}}, False),
        (expressed(key="k", operator="Exists"), True),
        (expressed(key="k", operator="Exists", values=["x"]), False),
        (expressed(key="k", operator="DoesNotExist"), True),
        (expressed(key="k", operator="In", values=["x", "y"]), True),
        (expressed(key="k", operator="NotIn", values=["x"]), True),
        (expressed(key="k", operator="In"), False),
        (expressed(key="k", operator="In", values=[]), False),
        (expressed(key="k", operator="Has", values=["x"]), False),
        (expressed(key="k", values=["x"]), False),
        (expressed(operator="Exists"), False),
        ({"intents": {}}, False),
        ({"intents": [intent()]}, False),
        ({"intents": [intent(allow=FLOW)]}, True),
        ({"intents": [intent(allow=FLOW, deny=FLOW)]}, False),
        ({"intents": [intent(allow=FLOW, deny=None)]}, True),
        ({"intents": [intent(allow=None)]}, False),
        ({"intents": [intent(allow=FLOW, reason="")]}, False),
        ({"intents": [intent(allow=FLOW, reason=" \n")]}, False),
        ({"intents": [{"name": "n", "allow": FLOW}]}, False),
        ({"intents": [{"reason": "r", "allow": FLOW}]}, False),
        ({"intents": [intent(allow={"from": "a"})]}, False),
        ({"intents": [intent(allow={"from": [], "to": "b"})]}, False),
        ({"intents": [intent(allow={"from": ["a", {"kind": "Pod"}], "to": {"cidr": "10.0.0.0/8"}})]}, True),
        ({"intents": [intent(deny=FLOW | {"ports": []})]}, False),
        ({"intents": [intent(only=FLOW | {"ports": ["tcp/80", 81]})]}, True),
        ({"intents": [intent(only=FLOW | {"ports": 80})]}, False),
        ({"intents": [intent(only=FLOW | {"port": [80]})]}, False),
        ({"intents": [intent(isolate=["a", "b"])]}, True),
        ({"intents": [intent(isolate=["a"])]}, False),
        ({"intents": [intent(isolate=[])]}, False),
        ({"intents": [intent(isolate="a")]}, False),
        ({"mesh": {"anything": [1]}}, True),
        ({"mesh": "x"}, False),
        ({"clusters": []}, False),
    ],
    ids=repr,
)
def test_a_document_is_accepted_or_refused_by_both(document, accepted):
    assert (by_schema(document), by_reader(document)) == (accepted, accepted)


def by_schema(document: Any) -> bool:
    valid: bool = VALIDATOR.is_valid(document)
    return valid


def by_reader(document: Any) -> bool:
    return not read(document, Span("ringfence.yaml"))[1]


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2),
    st.just(1.5),
    st.sampled_from(["", "a", " "]),
    st.just([]),
    st.just({}),
)


def rarely(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Something of the right shape mostly, and anything sometimes."""
    return st.integers(0, 19).flatmap(lambda chance: junk if chance == 0 else good)


def section(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping with some of these fields, and sometimes with one that nobody knows."""
    known = st.fixed_dictionaries({}, optional={name.rstrip("_"): rarely(value) for name, value in fields.items()})
    return st.tuples(known, st.integers(0, 19)).map(lambda pair: pair[0] | ({"unheard": 1} if pair[1] == 0 else {}))


words = st.sampled_from(["a", "b", "shop/web", "10.0.0.0/8"])
lists = st.lists(rarely(words), min_size=0, max_size=2)
texts = st.one_of(words, lists)
labels = st.dictionaries(words, rarely(words), max_size=2)
expressions = st.builds(
    lambda base, operator: base | operator,
    section(key=words, values=lists),
    st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]).map(lambda one: {"operator": one}),
)
selectors = section(matchLabels=labels, matchExpressions=st.lists(rarely(expressions), max_size=2))


def deeper(references: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(rarely(references), max_size=2)
    return section(
        workload=texts,
        namespace=texts,
        kind=texts,
        labels=labels,
        namespace_labels=labels,
        podSelector=selectors,
        namespaceSelector=selectors,
        cidr=texts,
        any=several,
        all=several,
        not_=st.one_of(references, several),
        may_be_empty=st.booleans(),
    )


references = st.recursive(words, deeper, max_leaves=4)
sides = st.one_of(references, st.lists(rarely(references), max_size=2))
flows = st.builds(
    lambda base, ports: base | ports,
    st.fixed_dictionaries({"from": rarely(sides), "to": rarely(sides)}),
    section(ports=st.lists(rarely(st.one_of(words, st.integers(1, 9))), max_size=2)),
)


@st.composite
def intents(draw):
    found = []
    for place in range(draw(st.integers(0, 2))):
        kinds = draw(st.one_of(st.sampled_from(KINDS).map(lambda one: [one]), st.lists(st.sampled_from(KINDS))))
        one = {
            kind: draw(rarely(st.lists(references, min_size=1, max_size=3) if kind == "isolate" else flows))
            for kind in kinds
        }
        base = draw(section(name=st.just(f"n{place}"), reason=st.just("because")))
        found.append({"name": f"n{place}", "reason": "because"} | base | one)
    return found


documents = section(
    version=st.just(1),
    sources=lists,
    options=st.dictionaries(words, st.one_of(words, lists, junk), max_size=2),
    selections=st.dictionaries(words, rarely(references), max_size=2),
    intents=intents(),
    mesh=st.dictionaries(words, junk, max_size=1),
)


@given(rarely(documents))
def test_schema_and_reader_agree(document):
    accepted = by_schema(document)
    event("accepted" if accepted else "refused")
    names = (
        [one.get("name") for one in document.get("intents") or () if isinstance(one, dict)]
        if isinstance(document, dict) and isinstance(document.get("intents"), list)
        else []
    )
    if len(names) == len(set(map(repr, names))):  # that names differ is not a schema's to say
        assert by_reader(document) == accepted
