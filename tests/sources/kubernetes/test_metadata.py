"""Names, labels, owners and selectors."""

from __future__ import annotations

import pytest

from ringfence.model.spans import Span
from ringfence.resources.kubernetes import (
    SELECT_EVERYTHING,
    LabelSelector,
    LabelSelectorRequirement,
    ObjectMeta,
    OwnerReference,
    SelectorOperator,
)
from ringfence.sources.kubernetes.metadata import label_selector, object_meta, optional_selector
from ringfence.sources.kubernetes.parts import Part

IN, EXISTS = SelectorOperator.IN, SelectorOperator.EXISTS


def owners(*references: dict[str, object]) -> dict[str, object]:
    return {"name": "x", "ownerReferences": list(references)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"name": "x"}, ObjectMeta("x", "default")),
        ({"name": "x", "namespace": ""}, ObjectMeta("x", "default")),
        ({"name": "x", "namespace": "a", "labels": None}, ObjectMeta("x", "a")),
        ({"name": "x", "labels": {"a": None}, "annotations": {"A/b": "c d"}}, None),
        (
            {"name": "x", "labels": {"a": None}, "annotations": {"a/b": "c d"}},
            ObjectMeta("x", "default", {"a": ""}, {"a/b": "c d"}),
        ),
        ({"generateName": "x-"}, ObjectMeta("x-*", "default")),
        (
            {"name": "x", "creationTimestamp": "2026-03-01T10:00:00Z"},
            ObjectMeta("x", "default", creation_timestamp="2026-03-01T10:00:00Z"),
        ),
        ({"name": "x", "creationTimestamp": None}, ObjectMeta("x", "default")),
        (
            owners({"kind": "A", "name": "a"}, {"kind": "B", "name": "b", "controller": True, "apiVersion": "apps/v1"}),
            ObjectMeta("x", "default", owner=OwnerReference("B", "b", "apps/v1")),
        ),
        (
            owners({"kind": "A", "name": "a"}, {"kind": "B", "name": "b"}),
            ObjectMeta("x", "default", owner=OwnerReference("A", "a")),
        ),
    ],
)
def test_object_meta(value: dict[str, object], expected: ObjectMeta | None) -> None:
    part = Part.root(value, Span())
    found = object_meta(part, namespaced=True)
    assert part.problems.all == []
    assert expected is None or found == expected


def test_cluster_scoped_objects_have_no_namespace() -> None:
    assert object_meta(Part.root({"name": "x", "namespace": "y"}, Span()), namespaced=False).namespace == ""


@pytest.mark.parametrize(
    ("value", "message", "kept"),
    [
        ({}, "name: is missing", False),
        ({"name": ""}, "name: is missing", False),
        ({"name": 1}, "name: must be text, not the number 1", False),
        (
            {"name": "A"},
            "name: 'A' is not a DNS subdomain (lower case letters, digits, inner '-' and '.', at most 253)",
            True,
        ),
        ({"name": "{{ x }}"}, "name: '{{ x }}' is not a DNS subdomain", False),
        (
            {"name": "a", "namespace": "a.b"},
            "namespace: 'a.b' is not a DNS label (lower case letters, digits and inner '-', at most 63)",
            True,
        ),
        ({"name": "a", "lables": {}}, "lables: there is no such field", False),
        (
            {"name": "a", "labels": {"a b": "c"}},
            "labels.a b: 'a b' cannot be a label's key (letters, digits, inner '-', '_', '.', after 'domain/')",
            False,
        ),
        (
            {"name": "a", "labels": {"a": "-"}},
            "labels.a: '-' cannot be a label's value (letters, digits, inner '-', '_', '.', at most 63)",
            False,
        ),
        ({"name": "a", "annotations": {"a b": ""}}, "annotations.a b: 'a b' cannot be an annotation's key", False),
        ({"name": "a", "annotations": {"a": "x" * 262144}}, "annotations: annotations are larger than 256 KiB", False),
        ({"generateName": "-"}, "generateName: '-' cannot begin a DNS subdomain", False),
    ],
    ids=lambda value: str(value)[:40],
)
def test_refused_metadata(value: dict[str, object], message: str, kept: bool) -> None:
    part = Part.root(value, Span())
    object_meta(part, namespaced=True)
    assert [one.message for one in part.problems.all] == [message]
    assert part.problems.refusals == [] or not kept


def expression(*values: object, key: object = "a", operator: object = "In") -> dict[str, object]:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, SELECT_EVERYTHING),
        ({}, SELECT_EVERYTHING),
        ({"matchLabels": {}, "matchExpressions": []}, SELECT_EVERYTHING),
        ({"matchLabels": {"b": "1", "a": None}}, LabelSelector((("a", ""), ("b", "1")))),
        (expression("c", "b", "c"), LabelSelector((), (LabelSelectorRequirement("a", IN, ("b", "c")),))),
        (expression(operator="Exists"), LabelSelector((), (LabelSelectorRequirement("a", EXISTS),))),
    ],
)
def test_selectors(value: object, expected: LabelSelector) -> None:
    part = Part.root(value, Span())
    assert label_selector(part) == expected
    assert optional_selector(part) == (None if value is None else expected)
    assert part.problems.all == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (expression(), "matchExpressions[0]: In needs at least one value"),
        (expression("b", operator="Exists"), "matchExpressions[0]: Exists takes no values"),
        (
            expression("b", operator="in"),
            "matchExpressions[0].operator: 'in' is not one of In, NotIn, Exists, DoesNotExist (did you mean In?)",
        ),
        (expression(operator=None), "matchExpressions[0]: operator is missing"),
        ({"matchLabel": {}}, "matchLabel: there is no such field (did you mean matchLabels?)"),
    ],
)
def test_refused_selectors(value: object, message: str) -> None:
    part = Part.root(value, Span())
    label_selector(part)
    [problem] = part.problems.refusals
    assert message == problem.message + (f" ({problem.remedy})" if problem.remedy else "")
