"""Kubernetes' label selectors as the rule language's, and which facets pods have.

A pod endpoint has the facets

    pod        its labels
    namespace  the labels of its namespace
    port       its named container ports, `tcp/http` -> `8080`
    host port  the container ports that its node answers for, `tcp/8080`; only where there are such

so that every layer that selects pods reads them alike.
"""

from __future__ import annotations

from ringfence.model.selectors import AllOf, Comparison, Has, InNamespace, Label, Selector
from ringfence.resources.kubernetes import LabelSelector, SelectorOperator

POD, NAMESPACE, PORT, HOST_PORT = "pod", "namespace", "port", "host port"

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that the API server puts on every namespace; it is never open, even where the other labels are."""

COMPARISONS = {
    SelectorOperator.IN: Comparison.IN,
    SelectorOperator.NOT_IN: Comparison.NOT_IN,
    SelectorOperator.EXISTS: Comparison.PRESENT,
    SelectorOperator.DOES_NOT_EXIST: Comparison.ABSENT,
}


def labels(facet: str, selector: LabelSelector) -> tuple[Selector, ...]:
    """The requirements of a label selector on one facet; empty where it selects everything."""
    exact = (Label(facet, key, Comparison.IN, frozenset((value,))) for key, value in selector.match_labels)
    expressions = (
        Label(facet, one.key, COMPARISONS[one.operator], frozenset(one.values)) for one in selector.match_expressions
    )
    return (*exact, *expressions)


def pods(namespace: str, selector: LabelSelector) -> Selector:
    """The pods of one namespace that a selector selects."""
    return AllOf((Has(POD), InNamespace(namespace), *labels(POD, selector)))


def pods_anywhere(namespaces: LabelSelector, selector: LabelSelector | None) -> Selector:
    """The pods that a selector selects (None: all) in the namespaces that another one selects."""
    wanted = () if selector is None else labels(POD, selector)
    names = _only_name(namespaces)
    if names is not None:
        return AllOf((Has(POD), InNamespace(names), *wanted))
    return AllOf((Has(POD), *labels(NAMESPACE, namespaces), *wanted))


def named_port(protocol: str, name: str, number: int) -> Selector:
    """The pods on which a container port of this name and protocol (lower case) has this number."""
    return Label(PORT, f"{protocol}/{name}", Comparison.IN, frozenset((str(number),)))


def _only_name(selector: LabelSelector) -> str | None:
    """The namespace that a selector names by its one standard label, which keeps the selection in a narrow window."""
    if selector.match_expressions or len(selector.match_labels) != 1:
        return None
    key, value = selector.match_labels[0]
    return value if key == NAMESPACE_NAME else None
