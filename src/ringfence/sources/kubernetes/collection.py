"""Documents to objects: lists unpacked, each object read by its kind, doubles found, the rest kept as plain data.

Nothing is dropped without a word. A document is an object, or a list of them, or there is a diagnostic: an error where
it might have been something that a cluster takes (it then stands among the refused ones), a warning once per file where
it is something else altogether (a values file, the posture file).

An object of Istio's with the label `istio.io/rev` counts for the control planes of that revision alone, and which those
are no file says: it is kept as plain data, so that nobody takes it for granted.

Two objects of one kind, namespace and name cannot be in one cluster. The first stands; a second one that says the same
is a warning, one that says something else an error, and a policy or way in so lost counts as refused. Of a Namespace
told twice with other labels or annotations neither stands: `kubectl apply` leaves what comes last, and files have no
order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error, warning
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import (
    ENFORCING_KINDS,
    NETWORK_POLICY,
    GroupKind,
    KubernetesObjects,
    RawObject,
    RefusedObject,
)
from ringfence.resources.kubernetes.kinds import DECIDING_KINDS, NAMESPACE, OPENING_KINDS, revised
from ringfence.sources.kubernetes import catalogue, ownership
from ringfence.sources.kubernetes.catalogue import BY_GROUP, BY_VERSION, CLOSED, CLUSTER_SCOPED, Kind
from ringfence.sources.kubernetes.metadata import DEFAULT_NAMESPACE, GENERATED, object_meta
from ringfence.sources.kubernetes.parts import Part, shown, suggestion
from ringfence.sources.kubernetes.pods import undeclared_namespace
from ringfence.sources.kubernetes.secrets import without_secrets
from ringfence.sources.yaml_documents import Document

Identity = tuple[GroupKind, str, str]
"""Group and kind, namespace, name."""

KIND_LINE = re.compile(r"^\s{0,2}[\"']?kind[\"']?\s*:\s*[\"']?(\w+)", re.MULTILINE)
"""The kind of a document that could not be parsed."""
CLUSTER_WIDE = ("Cluster", "Global")
"""A kind that begins so and is not known otherwise has no namespace."""


class Collection:
    """Takes documents one after another; `objects` is what they come to."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.rooms: dict[str, list[Any]] = {kind.room: [] for kind in catalogue.KINDS}
        self.others: list[RawObject] = []
        self.refused: list[RefusedObject] = []
        self.counts: Counter[str] = Counter()
        self.seen: dict[Identity, tuple[Span, Any]] = {}
        self.generated: Counter[Identity] = Counter()
        self.scopes: dict[GroupKind, bool] = {}
        self.strange: set[str] = set()
        self.contested: list[str] = []

    def define(self, documents: Iterable[Document]) -> None:
        """Learns from custom resource definitions which kinds have no namespace."""
        for document in documents:
            for value, _ in _unpacked(document.value, document.span):
                if isinstance(value, dict) and value.get("kind") == "CustomResourceDefinition":
                    spec = Part.root(value, document.span)["spec"]
                    scope, group, kind = spec["scope"].value, spec["group"].value, spec["names"]["kind"].value
                    if isinstance(group, str) and isinstance(kind, str):
                        self.scopes[group, kind] = scope != "Cluster"

    def add(self, document: Document) -> None:
        """Reads one document."""
        if document.problem:
            self.diagnostics.append(document.problem)
            kind = KIND_LINE.search(document.text)
            self.refused.append(RefusedObject(kind[1] if kind else "", "", "", document.span))
            return
        for value, span in _unpacked(document.value, document.span):
            self._object(value, span)

    def objects(self) -> KubernetesObjects:
        """All that was read, with pods joined to workloads and a namespace for everything that lives in one."""
        rooms = dict(self.rooms)
        workloads = ownership.join(rooms.pop("controllers"), rooms.pop("pods"), self.others)
        declared = {one.metadata.name for one in rooms["namespaces"]}
        inhabited = dict.fromkeys((*(namespace for _, namespace, _ in self.seen if namespace), *self.contested))
        rooms["namespaces"] += [undeclared_namespace(name) for name in inhabited if name not in declared]
        return KubernetesObjects(
            workloads=workloads,
            others=tuple(self.others),
            refused=tuple(self.refused),
            counts=dict(self.counts),
            **{room: tuple(found) for room, found in rooms.items()},
        )

    def _object(self, value: Any, span: Span) -> None:
        part = Part.root(value, span)
        named = value if isinstance(value, dict) else {}
        kind, api_version = named.get("kind"), named.get("apiVersion")
        if not isinstance(kind, str) or not isinstance(api_version, str) or not kind or not api_version:
            self._unnamed(part, kind, api_version)
            return
        if kind.endswith("List") and not part["spec"].present:
            part["items"].items()  # what gets here with items has no list of them
        typed = self._typed(part, api_version, kind)
        if part.problems.refusals:
            self._refuse(part, kind)
            return
        self._read(part, typed, api_version, kind)

    def _unnamed(self, part: Part, kind: Any, api_version: Any) -> None:
        """A document that does not say what it is: nothing of a cluster, unless it looks like one."""
        known = isinstance(kind, str) and any(kind == one for _, one in (*BY_GROUP, *ENFORCING_KINDS))
        object_like = part["metadata"].present and (part["spec"].present or api_version is not None)
        if known or object_like or (kind is not None and api_version is not None):
            missing = [name for name in ("apiVersion", "kind") if not isinstance(part[name].value, str)]
            part.refuse(f"missing or no text: {', '.join(missing) or 'apiVersion or kind'}")
            self._refuse(part, kind if isinstance(kind, str) else "")
        elif part._span.file not in self.strange:
            self.strange.add(part._span.file)
            what = "this is no Kubernetes object (no apiVersion and kind) and was left out"
            self.diagnostics.append(warning(what, part.span))

    def _typed(self, part: Part, api_version: str, kind: str) -> Kind | None:
        """The kind's reader, if it has one; notes versions that no server serves."""
        found = BY_VERSION.get((api_version, kind))
        group = catalogue.group_of(api_version)
        if found:
            if api_version in found.retired:
                # A workload that no server takes is only not there yet; a policy that none takes restricts nobody.
                tell = part["apiVersion"].refuse if kind == "NetworkPolicy" else part["apiVersion"].warn
                tell(f"no server serves {kind} in {api_version} any more", f"write {found.served[0]}")
            return found
        in_group = BY_GROUP.get((group, kind))
        if in_group:
            versions = ", ".join(in_group.served)
            part["apiVersion"].refuse(f"there is no {kind} in {api_version}", f"write {versions}")
        elif group in CLOSED and kind not in CLOSED[group] and not part.problems.refusals:
            homes = [one.served[0] for one in catalogue.KINDS if one.kind == kind]
            remedy = f"write apiVersion: {homes[0]}" if homes else suggestion(kind, tuple(CLOSED[group]))
            part["kind"].refuse(f"there is no kind {shown(kind)} in {api_version}", remedy)
        elif kind == "NetworkPolicy" and (group, kind) not in ENFORCING_KINDS:
            part["apiVersion"].warn(f"nobody knows a NetworkPolicy in {shown(api_version)}", "networking.k8s.io/v1?")
        return None

    def _read(self, part: Part, typed: Kind | None, api_version: str, kind: str) -> None:
        group_kind = (typed.group, typed.kind) if typed else (catalogue.group_of(api_version), kind)
        nameless = not part["metadata"]["name"].present and not part["metadata"]["generateName"].present
        if typed is None and nameless and group_kind not in ENFORCING_KINDS:
            what = f"this {kind} has no metadata.name, is no object of a cluster and was left out"
            self.diagnostics.append(warning(what, part.span))
            return
        value = typed.read(part) if typed else self._raw(part, group_kind, api_version)
        if typed and not part.problems.refusals and revised(group_kind, value.metadata.labels):
            typed, value = None, self._raw(part, group_kind, api_version)
        if part.problems.refusals:
            self._refuse(part, kind)
            return
        value = self._unique(part, group_kind, value)
        self.diagnostics.extend(part.problems.all)
        if value is not None:
            (self.rooms[typed.room] if typed else self.others).append(value)
            self.counts[catalogue.counted(*group_kind)] += 1

    def _raw(self, part: Part, group_kind: GroupKind, api_version: str) -> RawObject:
        namespaced = self._namespaced(group_kind, bool(part["metadata"]["namespace"].value))
        metadata = object_meta(part["metadata"], namespaced=namespaced)
        secret = group_kind == ("", "Secret")
        document = without_secrets(part) if secret else part.value
        if secret:
            metadata = replace(metadata, annotations=document["metadata"]["annotations"])
        return RawObject(api_version, group_kind[1], metadata, document, part.span)

    def _namespaced(self, group_kind: GroupKind, says_so: bool) -> bool:
        if group_kind in CLUSTER_SCOPED:
            return False
        if group_kind in self.scopes:
            return self.scopes[group_kind]
        return says_so or not group_kind[1].startswith(CLUSTER_WIDE)

    def _unique(self, part: Part, group_kind: GroupKind, value: Any) -> Any:
        """The object under a name of its own; None where an earlier one has it."""
        metadata = value.metadata
        if metadata.name.endswith(GENERATED):
            self.generated[group_kind, metadata.namespace, metadata.name] += 1
            number = self.generated[group_kind, metadata.namespace, metadata.name]
            metadata = replace(metadata, name=metadata.name + (str(number) if number > 1 else ""))
            value = replace(value, metadata=metadata)
        identity = (group_kind, metadata.namespace, metadata.name)
        first = self.seen.get(identity)
        if first is None:
            self.seen[identity] = (part.span, part.value)
            return value
        title = f"{group_kind[1]} {metadata.qualified_name}"
        if first[1] == part.value:
            part.warn(f"{title} stands at {first[0]} already, word for word")
            return None
        disputed = self._disputed(group_kind, value)
        remedy = f"keep one: {'neither was taken' if disputed else 'the first was taken, this one was left out'}"
        self.diagnostics.append(error(f"{title} stands at {first[0]} already", part.span, remedy))
        if disputed or group_kind in (NETWORK_POLICY, *ENFORCING_KINDS, *OPENING_KINDS, *DECIDING_KINDS):
            self.refused.append(RefusedObject(group_kind[1], metadata.namespace, metadata.name, part.span))
        return None

    def _disputed(self, group_kind: GroupKind, value: Any) -> bool:
        """Whether a Namespace says something else than the one before it, which then stands no longer."""
        if group_kind != ("", NAMESPACE):
            return False
        name, room = value.metadata.name, self.rooms["namespaces"]
        others = [one for one in room if one.metadata.name == name and _said(one) != _said(value)]
        self.rooms["namespaces"] = [one for one in room if one not in others]
        if others:
            self.contested.append(name)
        return bool(others)

    def _refuse(self, part: Part, kind: str) -> None:
        self.diagnostics.extend(part.problems.all)
        metadata = part["metadata"]
        name, namespace = metadata["name"].value, metadata["namespace"].value
        cluster_wide = any(kind == one for _, one in CLUSTER_SCOPED)
        namespace = namespace if isinstance(namespace, str) else "" if namespace is not None else DEFAULT_NAMESPACE
        place = "" if cluster_wide or not metadata.present else namespace
        self.refused.append(RefusedObject(kind, place, name if isinstance(name, str) else "", part.span))


def _said(namespace: Any) -> tuple[Any, Any]:
    """What other objects ask of a Namespace."""
    return namespace.metadata.labels, namespace.metadata.annotations


def _unpacked(value: Any, span: Span) -> Iterator[tuple[Any, Span]]:
    """The objects of a list, or the one object. Items of a typed list (`PodList`) take kind and version from it."""
    waiting = [(value, span)]
    while waiting:
        value, span = waiting.pop()
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str) or not kind.endswith("List") or not isinstance(value.get("items"), list | None):
            yield value, span
            continue
        inherited = {"kind": kind.removesuffix("List"), "apiVersion": value.get("apiVersion")} if kind != "List" else {}
        if "items" not in value:
            if kind != "List" and "spec" in value:
                yield value, span
            continue
        items = value["items"] or []
        for index in range(len(items) - 1, -1, -1):
            item = {**inherited, **items[index]} if isinstance(items[index], dict) and inherited else items[index]
            waiting.append((item, span.at("items", index)))
