"""Which pods belong to which workload.

A controller or pod that names an owner which was read is part of that owner: the ReplicaSet and its pods of a
Deployment, the Job of a CronJob. Pods that name an owner which was not read make a workload of that owner's name. A pod
that a Node owns is a static one and stands for itself, as does a pod without an owner. An owner that does not say its
kind counts as a Pod, the least that it can be.

An owner's templates are its own, then those of what it owns that differ in labels, ports or network: during a rollout
old and new pods run side by side. The labels and annotations that controllers add on the way do not count as a
difference. A controller of nothing (`replicas: 0`) that another one owns adds no template.

The number of pods is not known where an autoscaler sets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ringfence.resources.kubernetes import ObjectMeta, Pod, PodTemplate, RawObject, Workload

Key = tuple[str, str, str]
"""Kind, namespace and name. Kinds of workloads are told apart by name alone; no two groups share one."""

ADDED_LABELS = frozenset({
    "pod-template-hash", "controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index", "controller-uid", "job-name", "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name", "batch.kubernetes.io/job-completion-index", "rollouts-pod-template-hash",
})  # fmt: skip
"""Labels that controllers add to the pods they make."""
AUTOSCALERS = {("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")}


def join(controllers: Iterable[Workload], pods: Iterable[Pod], others: Iterable[RawObject]) -> tuple[Workload, ...]:
    """The workloads that reports name, in the order in which their first part was read."""
    found: dict[Key, Workload] = {_key(one.kind, one.metadata): one for one in controllers}
    parts: dict[Key, tuple[list[PodTemplate], list[Pod]]] = {}
    for key, one in found.items():
        root = _root(key, found)
        templates, _ = parts.setdefault(root, ([], []))
        if root != key and one.replicas != 0:
            templates.extend(one.templates)
    for pod in pods:
        key = _owner_key(pod.metadata) or _key("Pod", pod.metadata)
        root = _root(key, found)
        templates, owned = parts.setdefault(root, ([], []))
        if not pod.finished or root not in found:
            templates.append(pod.template)
        owned.append(pod)
    scaled = {key for one in others if (one.group, one.kind) in AUTOSCALERS for key in _scaled(one)}
    return tuple(_workload(root, found.get(root), *parts[root], root in scaled) for root in parts)


def _workload(
    key: Key, declared: Workload | None, templates: list[PodTemplate], pods: list[Pod], scaled: bool
) -> Workload:
    if declared:
        seen = {_essence(one) for one in declared.templates}
        more = _distinct(templates, seen)
        replicas = None if scaled and declared.replicas != 0 else declared.replicas
        return replace(declared, templates=declared.templates + more, pods=tuple(pods), replicas=replicas)
    kind, namespace, name = key
    alone = key == _key("Pod", pods[0].metadata)
    return Workload(
        kind=kind,
        metadata=pods[0].metadata if alone else ObjectMeta(name, namespace),
        templates=_distinct(templates, set()),
        replicas=int(not pods[0].finished) if alone else None,
        pods=tuple(pods),
        span=pods[0].span,
    )


def _key(kind: str, metadata: ObjectMeta) -> Key:
    return kind, metadata.namespace, metadata.name


def _owner_key(metadata: ObjectMeta) -> Key | None:
    owner = metadata.owner
    if owner is None or owner.kind == "Node" or not owner.name:
        return None
    return owner.kind or "Pod", metadata.namespace, owner.name


def _root(key: Key, found: Mapping[Key, Workload]) -> Key:
    """The topmost owner that was read; a circle of owners ends where it was entered."""
    passed = {key}
    while key in found:
        above = _owner_key(found[key].metadata)
        if above is None or above not in found or above in passed:
            break
        key = above
        passed.add(key)
    return key


def _distinct(templates: Iterable[PodTemplate], seen: set[Any]) -> tuple[PodTemplate, ...]:
    different = []
    for one in templates:
        essence = _essence(one)
        if essence not in seen:
            seen.add(essence)
            different.append(one)
    return tuple(different)


def _essence(template: PodTemplate) -> Any:
    """What makes two templates the same for the network."""
    labels = frozenset((key, value) for key, value in template.labels.items() if key not in ADDED_LABELS)
    return labels, frozenset(template.ports), template.host_network, template.service_account_name


def _scaled(autoscaler: RawObject) -> Iterable[Key]:
    spec = autoscaler.document.get("spec")
    target = spec.get("scaleTargetRef") if isinstance(spec, dict) else None
    if isinstance(target, dict) and isinstance(target.get("name"), str):
        yield str(target.get("kind") or "Deployment"), autoscaler.metadata.namespace, target["name"]
