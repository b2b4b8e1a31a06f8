"""What every Kubernetes object has: a name, labels, owners; and how labels are selected.

Names follow the API types (`k8s.io/apimachinery/pkg/apis/meta/v1`) in snake case. Label selection is the one piece of
semantics that all layers share, so it lives beside the type: a selector is the conjunction of its requirements, an
empty one selects everything, and `NotIn` and `DoesNotExist` also select objects that lack the key.

A selector that is *absent* is `None` in the field that would hold it; that never means the same as `LabelSelector()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ringfence.model.spans import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class OwnerReference:
    """Who manages an object: of several owners, the one marked `controller` (else the first)."""

    kind: str
    name: str
    api_version: str = ""


@dataclass(frozen=True, slots=True)
class ObjectMeta:
    """Name and labels of an object.

    `namespace` is empty for cluster-scoped kinds only: a namespaced object without one is in `default`.
    `creation_timestamp` is as the API server wrote it (RFC 3339, UTC, so texts compare as times); empty in manifests.
    """

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    owner: OwnerReference | None = None
    creation_timestamp: str = ""

    @property
    def qualified_name(self) -> str:
        """`namespace/name`, or the name alone for cluster-scoped kinds."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class SelectorOperator(StrEnum):
    """How a requirement compares; the first two take values, the last two take none."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True, slots=True)
class LabelSelectorRequirement:
    """One `matchExpressions` entry. `values` is sorted and without duplicates; empty for `Exists`, `DoesNotExist`."""

    key: str
    operator: SelectorOperator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels meets the requirement."""
        match self.operator:
            case SelectorOperator.IN:
                return self.key in labels and labels[self.key] in self.values
            case SelectorOperator.NOT_IN:
                return self.key not in labels or labels[self.key] not in self.values
            case SelectorOperator.EXISTS:
                return self.key in labels
            case SelectorOperator.DOES_NOT_EXIST:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """A conjunction of requirements; `LabelSelector()` selects everything.

    `match_labels` is sorted by key, so that equal selectors are equal values; expressions keep their written order.
    """

    match_labels: tuple[tuple[str, str], ...] = ()
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()

    @property
    def selects_everything(self) -> bool:
        """Whether there is no requirement at all."""
        return not self.match_labels and not self.match_expressions

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(labels.get(key) == value for key, value in self.match_labels) and all(
            requirement.matches(labels) for requirement in self.match_expressions
        )


SELECT_EVERYTHING = LabelSelector()


@dataclass(frozen=True, slots=True)
class RawObject:
    """An object of a kind that has no type here (yet), kept as plain data for the layer that knows it.

    `document` is the whole object: dict, list, str, int, float, bool, None. Of a Secret it holds certificates only.
    """

    api_version: str
    kind: str
    metadata: ObjectMeta
    document: Mapping[str, Any] = field(hash=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def group(self) -> str:
        """The API group: `policy.networking.k8s.io` of `policy.networking.k8s.io/v1alpha1`; empty for the core."""
        return self.api_version.rpartition("/")[0]


def mapping_at(document: Mapping[str, Any], *steps: str) -> Mapping[str, Any]:
    """A mapping inside plain data; empty where it is absent or something else."""
    for step in steps:
        found = document.get(step)
        document = found if isinstance(found, Mapping) else {}
    return document


@dataclass(frozen=True, slots=True)
class RefusedObject:
    """An object that was not read because the API server would refuse it (a diagnostic says why).

    What it would have selected or permitted is unknown: whoever proves something must not take it as absent.
    Empty `name` or `namespace`: not even that could be read.
    """

    kind: str
    namespace: str
    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)
