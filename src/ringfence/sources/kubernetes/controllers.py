"""The controllers that make pods: Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, ReplicationController
and Argo's Rollout.

All read to the same `Workload`, not yet joined with what they own (`ownership` does that). They differ in where the
template stands, whether a selector is demanded, and what says how many pods there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ringfence.resources.kubernetes import LabelSelector, PodTemplate, Workload
from ringfence.sources.kubernetes import syntax
from ringfence.sources.kubernetes.metadata import label_selector, object_meta
from ringfence.sources.kubernetes.parts import Part
from ringfence.sources.kubernetes.pods import template

CURRENT = ("apps/v1", "argoproj.io/v1alpha1")
"""Versions in which a selector is demanded; older ones took the template's labels."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How one kind is written.

    `above`: the way from the spec to the part that holds the template. `count`: the field with the number of pods,
    empty where there is none. `selects`: whether it has a label selector that must match the template.
    """

    above: tuple[str, ...] = ()
    count: str = "replicas"
    selects: bool = True


SHAPES: Mapping[str, Shape] = {
    "Deployment": Shape(),
    "StatefulSet": Shape(),
    "ReplicaSet": Shape(),
    "Rollout": Shape(),
    "DaemonSet": Shape(count=""),
    "ReplicationController": Shape(selects=False),
    "Job": Shape(count="parallelism", selects=False),
    "CronJob": Shape(above=("jobTemplate", "spec"), count="", selects=False),
}


def controller(part: Part) -> Workload:
    """A controller of any of the kinds, alone."""
    kind = part["kind"].text()
    shape = SHAPES[kind]
    metadata = object_meta(part["metadata"], namespaced=True)
    spec = part["spec"]
    holder = spec
    for step in shape.above:
        holder = holder[step]
    # A Rollout may refer to the Deployment whose template it runs.
    refers = kind == "Rollout" and spec["workloadRef"].present
    made = () if refers and not spec["template"].present else (template(holder["template"]),)
    replicas = None
    if shape.count:
        replicas = spec[shape.count].integer(1)
        if replicas < 0:
            spec[shape.count].refuse(f"{replicas} is less than 0")
        if kind == "Job" and spec["suspend"].boolean():
            replicas = 0
    return Workload(
        kind=kind,
        metadata=metadata,
        templates=made,
        replicas=replicas,
        selector=_selector(part, kind, made, refers),
        span=part.span,
    )


def _selector(part: Part, kind: str, made: tuple[PodTemplate, ...], refers: bool) -> LabelSelector | None:
    place = part["spec"]["selector"]
    if kind == "ReplicationController":
        return _map_selector(place, made)
    if not place.present:
        if SHAPES[kind].selects and part["apiVersion"].value in CURRENT and not refers:
            place.slip("is missing", "select the labels of the template")
        return None
    selector = label_selector(place)
    if SHAPES[kind].selects:
        if selector.selects_everything:
            place.slip("is empty", "select the labels of the template")
        _matches(place, selector, made)
    return selector


def _map_selector(place: Part, made: tuple[PodTemplate, ...]) -> LabelSelector | None:
    """A ReplicationController's selector is plain labels; without one it takes the template's."""
    labels = syntax.labels(place)
    if not labels:
        return None
    selector = LabelSelector(tuple(sorted(labels.items())))
    _matches(place, selector, made)
    return selector


def _matches(place: Part, selector: LabelSelector, made: tuple[PodTemplate, ...]) -> None:
    if made and not selector.matches(made[0].labels):
        place.refuse("does not match the labels of the template")
