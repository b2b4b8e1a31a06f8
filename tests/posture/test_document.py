"""Reading a posture file: every mistake is a diagnostic at its line, and the rest stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.diagnostics import Severity
from ringfence.model.spans import Span
from ringfence.posture.document import Flow, Intent, Layout, Posture, Selection, read
from ringfence.sources.yaml_documents import documents


def reading(text: str) -> tuple[Posture, list[str]]:
    (document,) = documents(text, "ringfence.yaml")
    assert document.problem is None
    posture, found = read(document.value, document.span)
    assert all(one.severity is Severity.ERROR for one in found)
    return posture, [str(one).removeprefix("ringfence.yaml:").replace(" error: ", " ") for one in found]


WHOLE = """
version: 1
sources: [k8s/]
options: {cni: calico}
selections:
  web: shop/web
  data: {labels: {tier: data}, not: [web, {kind: Pod}], may_be_empty: true}
intents:
  - name: first
    reason: because
    allow: {from: web, to: [data, internet], ports: [tcp/5432, 80]}
  - {name: second, reason: of that, isolate: [web, data]}
mesh: {trust_domain: x}
"""


def test_a_whole_file():
    posture, found = reading(WHOLE)
    assert found == []
    assert posture == Posture(
        ["k8s/"],
        {"cni": "calico"},
        {
            "web": "shop/web",
            "data": Selection(labels={"tier": "data"}, not_=["web", Selection(kind="Pod")], may_be_empty=True),
        },
        (
            Intent("first", "because", allow=Flow(["data", "internet"], "web", ["tcp/5432", 80])),
            Intent("second", "of that", isolate=["web", "data"]),
        ),
        (0, 1),
        {"mesh": {"trust_domain": "x"}},
    )
    assert [one.kind for one in posture.intents] == ["allow", "isolate"]


@pytest.mark.parametrize("text", ["- a", "text", "1"])
def test_a_file_that_is_no_mapping(text):
    posture, found = reading(text)
    assert posture == Posture()
    assert found == ["1:1: a posture file is a mapping with sources, selections and intents"]


def test_sections_without_content_are_not_there():
    assert reading("intents:\nsources:\nselections:\nmesh:\n") == (Posture(), [])


GOOD = "{name: good, reason: r, deny: {from: a, to: b}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 2", "1:1: version 2 is not known; this is version 1"),
        ("version: one", "1:1: expected int, got str"),
        ("a: 1\nsurces: [x]", "2:1: there is no section 'surces' (did you mean sources?)"),
        ("sources: k8s", "1:1: expected array, got str"),
        ("sources: [k8s, 2]", "1:16: expected str, got int"),
        ("options:\n  cni: null", "2:3: expected bool | int | float | str | object | array, got null"),
        ("options: [x]", "1:1: options is a mapping"),
        ("selections: x", "1:1: selections is a mapping"),
        ("selections:\n  a: {workloda: x}", "2:7: there is no field 'workloda' here (did you mean workload?)"),
        ("selections:\n  a:\n    labels:\n      tier: 1", "3:5: expected str, got int"),
        ("selections:\n  a: {any: [web, {knid: Pod}]}", "2:19: there is no field 'knid' here (did you mean kind?)"),
        ("selections:\n  a: {any: []}", "2:7: expected array of length >= 1"),
        ("intents: {}", "1:1: intents is a list"),
        ("intents:\n  - text", "2:5: expected object, got str"),
        (
            "intents:\n  - {name: n, reason: r}",
            "2:5: intent 'n' must be exactly one of allow, deny, only, isolate, encrypted",
        ),
        ("intents:\n  - {reason: r, isolate: [a, b]}", "2:5: object missing required field name"),
        ("intents:\n  - {name: n, reason: r, isolate: [a]}", "2:26: expected array of length >= 2"),
        ("intents:\n  - {name: n, reason: ' ', isolate: [a, b]}", "2:15: intent 'n' has no reason (say why)"),
        (
            f"intents:\n  - {GOOD}\n  - {GOOD}",
            "3:6: there are two intents 'good' (rename one)",
        ),
        (
            "intents:\n  - name: n\n    reason: r\n    deny: {from: a, to: b, prots: [80]}",
            "4:28: there is no field 'prots' here (did you mean ports?)",
        ),
        (
            "intents:\n  - name: n\n    reason: r\n    deny: {from: [a, 3], to: b}",
            "4:22: expected str | object, got int",
        ),
        ("mesh: on", "1:1: mesh is a mapping"),
    ],
)
def test_a_mistake_is_shown_where_it_is(text, expected):
    assert expected in reading(text)[1]


def test_what_is_broken_costs_its_neighbours_nothing():
    text = f"""
options: {{cni: calico, wrong: null}}
selections: {{a: x, b: 5}}
intents:
  - broken
  - {GOOD}
"""
    posture, found = reading(text)
    assert len(found) == 3
    assert (posture.options, posture.selections) == ({"cni": "calico"}, {"a": "x"})
    assert [one.name for one in posture.intents] == ["good"]
    # So that what is said of an intent later stands at its own line.
    assert posture.places == (1,)


leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.binary(max_size=2))
keys = st.one_of(
    st.sampled_from([*Layout.__struct_fields__, *Intent.__struct_fields__, *Selection.__struct_encode_fields__]),
    st.text(max_size=2),
    st.integers(),
    st.none(),
)
anything = st.recursive(
    leaves,
    lambda parts: st.one_of(st.lists(parts, max_size=3), st.dictionaries(keys, parts, max_size=4)),
    max_leaves=12,
)


@given(anything)
def test_whatever_the_document_it_is_read_or_refused_with_a_place(document):
    _, found = read(document, Span("ringfence.yaml"))
    assert all(one.message and one.span.file == "ringfence.yaml" for one in found)


def test_a_selection_nested_too_deeply_is_refused():
    deep: Any = "shop/web"
    for _ in range(20_000):
        deep = {"not": deep}
    posture, found = read({"selections": {"a": deep}}, Span("ringfence.yaml"))
    assert len(found) == 1
    assert posture.selections == {}
