"""`metadata` and label selectors."""

from __future__ import annotations

from ringfence.resources.kubernetes import (
    LabelSelector,
    LabelSelectorRequirement,
    ObjectMeta,
    OwnerReference,
    SelectorOperator,
)
from ringfence.sources.kubernetes.fields import Item
from ringfence.sources.kubernetes.syntax import key_problem, label_problem, name_problem, value_problem


def metadata(document: Item, namespaced: bool, label_names: bool = False) -> ObjectMeta:
    """The object's metadata. `label_names`: the name must be a DNS label; an object may have a generated name."""
    inner = document.part("metadata")
    name = inner.text("name")
    generated = inner.text("generateName")
    namespace = inner.text("namespace")
    if not name and not generated:
        inner.problem("", "has no name")
    wrong = (label_problem if label_names else name_problem)(name) if name else ""
    if wrong:
        inner.slip("name", f"{name!r} {wrong}")
    if namespace and label_problem(namespace):
        inner.problem("namespace", f"{namespace!r} {label_problem(namespace)}")
    owners = [
        (one.flag("controller"), OwnerReference(one.text("kind"), one.text("name"), one.text("apiVersion")))
        for one in inner.items("ownerReferences")
        if one.text("name")
    ]
    owner = next((one for controls, one in owners if controls), owners[0][1] if owners else None)
    return ObjectMeta(
        name or generated,
        (namespace or "default") if namespaced else "",
        inner.labels("labels"),
        inner.text_map("annotations"),
        owner,
    )


def selector(parent: Item, key: str) -> LabelSelector | None:
    """A label selector; None where it is absent, which never means the same as one that is empty."""
    inner = parent.item(key)
    if inner is None:
        return None
    inner.only(("matchLabels", "matchExpressions"))
    exact = inner.labels("matchLabels")
    return LabelSelector(tuple(sorted(exact.items())), tuple(map(_requirement, inner.items("matchExpressions"))))


def _requirement(item: Item) -> LabelSelectorRequirement:
    item.only(("key", "operator", "values"))
    key, operator, values = item.text("key"), item.text("operator"), item.texts("values")
    if key_problem(key):
        item.problem("key", f"{key!r} {key_problem(key)}")
    if operator not in tuple(SelectorOperator):
        item.problem("operator", f"{operator!r} is not one of {', '.join(SelectorOperator)}")
        return LabelSelectorRequirement(key, SelectorOperator.EXISTS)
    takes_values = operator in (SelectorOperator.IN, SelectorOperator.NOT_IN)
    if takes_values and not values:
        item.problem("values", f"must not be empty with operator {operator}")
    if not takes_values and values:
        item.problem("values", f"must be empty with operator {operator}")
    for value in values:
        if value_problem(value):
            item.problem("values", f"{value!r} {value_problem(value)}")
    return LabelSelectorRequirement(key, SelectorOperator(operator), tuple(sorted(set(values))))
