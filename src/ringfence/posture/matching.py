"""Which endpoints a selection names by labels, tags, namespace, kind and name.

Labels find a pod on its node's network, too, which no policy's selector does: people mean the workload. Tags are those
of a cloud's resource itself, not of its subnet. Where they are not all known, so is the selection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.own_node import HOST_NAMESPACE, HOST_POD
from ringfence.model.conditions import Truth, conjunction, disjunction
from ringfence.model.networks import Endpoint
from ringfence.model.selectors import AllOf, AnyOf, Comparison, Has, Label, Selector
from ringfence.posture.document import DoesNotExist, Exists, LabelSelector, NotIn, Selection
from ringfence.topology.aws.endpoints import TAG


def wanted(selection: Selection) -> Iterator[Selector]:
    """What a selection says of labels, of pods that policies see and of those that they do not, and of tags."""
    said = (
        ((POD, HOST_POD), selection.pod_selector, selection.labels),
        ((NAMESPACE, HOST_NAMESPACE), selection.namespace_selector, selection.namespace_labels),
    )
    for facets, selector, exact in said:
        if selector is not None or exact:
            yield AnyOf(tuple(AllOf((Has(one), *_labels(one, exact, selector))) for one in facets))
    for key, value in selection.tags.items():
        yield Label(TAG, key, Comparison.IN, frozenset((value,)))


def _labels(facet: str, exact: Mapping[str, str], selector: LabelSelector | None) -> Iterator[Selector]:
    more = LabelSelector() if selector is None else selector
    for key, value in (*exact.items(), *more.match_labels.items()):
        yield Label(facet, key, Comparison.IN, frozenset((value,)))
    for one in more.match_expressions:
        if isinstance(one, Exists | DoesNotExist):
            yield Label(facet, one.key, Comparison.PRESENT if isinstance(one, Exists) else Comparison.ABSENT)
        else:
            comparison = Comparison.NOT_IN if isinstance(one, NotIn) else Comparison.IN
            yield Label(facet, one.key, comparison, frozenset(one.values))


def matches(selection: Selection, selectors: tuple[Selector, ...], endpoint: Endpoint) -> Truth:
    """Whether the endpoint is what the selection names; `selectors` are those that are `wanted`."""
    kind = endpoint.workload.rpartition("[")[2].rstrip("]")
    return conjunction(
        (
            selection.workload is None or disjunction(named(endpoint, text) for text in listed(selection.workload)),
            selection.namespace is None or any(_lives_in(endpoint, one) for one in listed(selection.namespace)),
            selection.kind is None or kind in listed(selection.kind),
            *(one.matches(endpoint) for one in selectors),
        )
    )


def named(endpoint: Endpoint, text: str) -> bool:
    """Whether the text, with its wildcards, is the name of its workload, with or without the kind."""
    full = endpoint.title
    return _fits(full, text) or _fits(full.partition("[")[0], text)


def _lives_in(endpoint: Endpoint, pattern: str) -> bool:
    """A node lives in no namespace, whatever the pattern."""
    return bool(endpoint.namespace) and _fits(endpoint.namespace, pattern)


def _fits(text: str, pattern: str) -> bool:
    """`*` and `?` are wildcards; brackets are only brackets."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def listed(texts: str | list[str]) -> list[str]:
    """One text, or several, as a list."""
    return texts if isinstance(texts, list) else [texts]
