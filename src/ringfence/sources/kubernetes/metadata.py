"""`metadata` and label selectors, which all kinds share (`k8s.io/apimachinery/pkg/apis/meta/v1`)."""

from __future__ import annotations

from ringfence.resources.kubernetes import (
    SELECT_EVERYTHING,
    LabelSelector,
    LabelSelectorRequirement,
    ObjectMeta,
    OwnerReference,
    SelectorOperator,
)
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.parts import Part

FIELDS = (
    "name", "namespace", "labels", "annotations", "generateName", "ownerReferences", "uid", "resourceVersion",
    "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "finalizers",
    "managedFields", "selfLink", "clusterName",
)  # fmt: skip
"""Everything that metadata may hold; the last two only in dumps of old clusters."""
OPERATORS = tuple(SelectorOperator)
DEFAULT_NAMESPACE = "default"
GENERATED = "*"
"""Ends the name of an object that only has a `generateName`."""


def object_meta(part: Part, *, namespaced: bool, rule: str = syntax.DNS_SUBDOMAIN) -> ObjectMeta:
    """The metadata of an object whose name follows a rule of `syntax`."""
    part.only(*FIELDS)
    prefix = part["generateName"].text()
    if prefix and not part["name"].value:
        name = prefix + GENERATED
        if not syntax.RULES[rule][0].fullmatch(prefix + "0"):
            part["generateName"].refuse(f"{prefix!r} cannot begin a {rule}")
    else:
        name = syntax.name(part["name"], rule)
    namespace = ""
    if namespaced:
        namespace = syntax.optional_name(part["namespace"], syntax.DNS_LABEL) or DEFAULT_NAMESPACE
    return ObjectMeta(
        name,
        namespace,
        syntax.labels(part["labels"]),
        syntax.annotated(part["annotations"]),
        _owner(part["ownerReferences"]),
        part["creationTimestamp"].text(),
    )


def _owner(part: Part) -> OwnerReference | None:
    chosen = None
    for reference in part.items():
        owner = OwnerReference(reference["kind"].text(), reference["name"].text(), reference["apiVersion"].text())
        if reference["controller"].boolean():
            return owner
        chosen = chosen or owner
    return chosen


def label_selector(part: Part) -> LabelSelector:
    """A selector; one that is absent, null or empty selects everything (whoever must tell them apart looks first)."""
    part.only("matchLabels", "matchExpressions")
    match_labels = syntax.labels(part["matchLabels"])
    requirements = tuple(_requirement(item) for item in part["matchExpressions"].items())
    if not match_labels and not requirements:
        return SELECT_EVERYTHING
    return LabelSelector(tuple(sorted(match_labels.items())), requirements)


def optional_selector(part: Part) -> LabelSelector | None:
    """A selector, None where it is absent or null."""
    return label_selector(part) if part.present else None


def _requirement(part: Part) -> LabelSelectorRequirement:
    part.only("key", "operator", "values")
    key = part["key"].text()
    syntax.label_key(part["key"], key)
    values = tuple(sorted({syntax.label_value(value) for value in part["values"].items()}))
    operator = part["operator"].one_of(OPERATORS, SelectorOperator.EXISTS)
    if not part["operator"].present:
        part.refuse("operator is missing")
    takes_values = operator in (SelectorOperator.IN, SelectorOperator.NOT_IN)
    if takes_values and not values:
        part.refuse(f"{operator} needs at least one value")
    if not takes_values and values and operator in OPERATORS:
        part.refuse(f"{operator} takes no values")
    known = SelectorOperator(operator) if operator in OPERATORS else SelectorOperator.EXISTS
    return LabelSelectorRequirement(key, known, values)
