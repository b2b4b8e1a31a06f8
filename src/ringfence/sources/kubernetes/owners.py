"""Putting pods and controllers together into workloads.

A pod belongs to the controller that its owner reference names, else to one whose selector adopts it (as a controller
does), else it is a workload of its own. A ReplicaSet of a Deployment and a Job of a CronJob are part of their owner. A
pod or ReplicaSet whose owner is not in the files makes a workload of the owner's name: reports speak of owners.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ringfence.resources.kubernetes import ObjectMeta, Pod, PodTemplate, Workload

Key = tuple[str, str, str]
"""Namespace, kind and name."""


def workloads(controllers: Iterable[Workload], pods: Iterable[Pod]) -> tuple[Workload, ...]:
    """The workloads in the order in which they, or the first of their pods, were read."""
    found: dict[Key, Workload] = {_key(one): one for one in controllers}
    for one in list(found.values()):
        owner = _owner(one.metadata)
        if owner is None or one.kind not in ("ReplicaSet", "Job"):
            continue
        parent = found.get(owner)
        if parent is not None:
            found[owner] = replace(parent, templates=parent.templates or one.templates)
            del found[_key(one)]
    children = {_key(one): _owner(one.metadata) for one in controllers if one.kind in ("ReplicaSet", "Job")}
    for pod in pods:
        key = _holder(pod, found, children)
        holder = found.get(key)
        if holder is None:
            namespace, kind, name = key
            itself = kind == "Pod" and name == pod.metadata.name
            meta = pod.metadata if itself else ObjectMeta(name, namespace)
            holder = Workload(kind, meta, (), 1 if itself else None, (), None, pod.span)
        found[key] = replace(holder, pods=(*holder.pods, pod), templates=_with(holder.templates, pod.template))
    return tuple(found.values())


def _holder(pod: Pod, found: dict[Key, Workload], children: dict[Key, Key | None]) -> Key:
    """The workload that a pod belongs to, whether or not it is in the files."""
    owner = _owner(pod.metadata)
    if owner is not None:
        grandparent = children.get(owner)
        return grandparent if grandparent is not None and owner not in found else owner
    namespace = pod.metadata.namespace
    for key, one in found.items():
        adopts = one.selector is not None and one.selector.matches(pod.template.labels)
        if key[0] == namespace and adopts and one.selector and not one.selector.selects_everything:
            return key
    return namespace, "Pod", pod.metadata.name


def _with(templates: tuple[PodTemplate, ...], new: PodTemplate) -> tuple[PodTemplate, ...]:
    """The templates, with one more where it differs in labels, ports or network."""
    looks = [(dict(one.labels), one.ports, one.host_network) for one in templates]
    return templates if (dict(new.labels), new.ports, new.host_network) in looks else (*templates, new)


def _owner(meta: ObjectMeta) -> Key | None:
    """The owner that a report would name; a node owns the static pods that it runs, and is no workload."""
    if meta.owner is None or meta.owner.kind == "Node":
        return None
    return meta.namespace, meta.owner.kind or "Pod", meta.owner.name


def _key(one: Workload) -> Key:
    return one.metadata.namespace, one.kind, one.metadata.name
