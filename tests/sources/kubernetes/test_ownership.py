"""Pods and controllers joined to the workloads that reports name."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import ObjectMeta, OwnerReference, Pod, PodTemplate, RawObject, Workload
from ringfence.sources.kubernetes.ownership import join


def meta(name: str, owner: str = "") -> ObjectMeta:
    kind, _, of = owner.partition("/")
    return ObjectMeta(name, "shop", owner=OwnerReference(kind, of) if owner else None)


def controller(kind: str, name: str, owner: str = "", replicas: int | None = 1, **labels: str) -> Workload:
    return Workload(kind, meta(name, owner), (PodTemplate(labels=labels),), replicas)


def pod(name: str, owner: str = "", phase: str = "", **labels: str) -> Pod:
    return Pod(meta(name, owner), PodTemplate(labels=labels), phase)


def shape(found: tuple[Workload, ...]) -> list[tuple[str, list[str], list[dict[str, str]], int | None]]:
    return [
        (
            one.title,
            [each.metadata.name for each in one.pods],
            [dict(each.labels) for each in one.templates],
            one.replicas,
        )
        for one in found
    ]


@pytest.mark.parametrize(
    ("controllers", "pods", "expected"),
    [
        ([], [pod("a", app="x")], [("shop/a[Pod]", ["a"], [{"app": "x"}], 1)]),
        ([], [pod("a", phase="Succeeded", app="x")], [("shop/a[Pod]", ["a"], [{"app": "x"}], 0)]),
        (
            [],
            [pod("a", "Node/n"), pod("b", "Node/n")],
            [("shop/a[Pod]", ["a"], [{}], 1), ("shop/b[Pod]", ["b"], [{}], 1)],
        ),
        (
            [],
            [pod("a", "ReplicaSet/r", v="1"), pod("b", "ReplicaSet/r", v="1"), pod("c", "ReplicaSet/r", v="2")],
            [("shop/r[ReplicaSet]", ["a", "b", "c"], [{"v": "1"}, {"v": "2"}], None)],
        ),
        ([], [pod("a", "/r")], [("shop/r[Pod]", ["a"], [{}], None)]),
        (
            [controller("Deployment", "d", app="x"), controller("ReplicaSet", "r", "Deployment/d", app="x")],
            [pod("a", "ReplicaSet/r", app="x", **{"pod-template-hash": "1"}), pod("b", "ReplicaSet/r", app="y")],
            [("shop/d[Deployment]", ["a", "b"], [{"app": "x"}, {"app": "y"}], 1)],
        ),
        (
            [
                controller("Deployment", "d", v="2"),
                controller("ReplicaSet", "new", "Deployment/d", v="2"),
                controller("ReplicaSet", "old", "Deployment/d", v="1"),
                controller("ReplicaSet", "older", "Deployment/d", 0, v="0"),
            ],
            [],
            [("shop/d[Deployment]", [], [{"v": "2"}, {"v": "1"}], 1)],
        ),
        (
            [controller("ReplicaSet", "r", "Deployment/gone", app="x")],
            [pod("a", "ReplicaSet/r", app="x")],
            [("shop/r[ReplicaSet]", ["a"], [{"app": "x"}], 1)],
        ),
        (
            [controller("CronJob", "c", replicas=None), controller("Job", "j", "CronJob/c")],
            [pod("a", "Job/j", "Failed", x="y")],
            [("shop/c[CronJob]", ["a"], [{}], None)],
        ),
        ([controller("Deployment", "a", "ReplicaSet/b"), controller("ReplicaSet", "b", "Deployment/a")], [], None),
    ],
)
def test_joining(
    controllers: list[Workload],
    pods: list[Pod],
    expected: list[tuple[str, list[str], list[dict[str, str]], int]] | None,
) -> None:
    found = join(controllers, pods, [])
    assert expected is None or shape(found) == expected
    assert sorted(one.metadata.name for each in found for one in each.pods) == sorted(one.metadata.name for one in pods)
    assert found


@pytest.mark.parametrize(
    ("group", "kind", "target", "replicas"),
    [
        ("autoscaling", "HorizontalPodAutoscaler", {"kind": "Deployment", "name": "d"}, None),
        ("keda.sh", "ScaledObject", {"name": "d"}, None),
        ("autoscaling", "HorizontalPodAutoscaler", {"kind": "StatefulSet", "name": "d"}, 1),
        ("autoscaling", "HorizontalPodAutoscaler", None, 1),
        ("example.org", "HorizontalPodAutoscaler", {"kind": "Deployment", "name": "d"}, 1),
    ],
)
def test_autoscalers(group: str, kind: str, target: object, replicas: int | None) -> None:
    scaler = RawObject(f"{group}/v2", kind, meta("s"), {"spec": {"scaleTargetRef": target}})
    [found] = join([controller("Deployment", "d")], [], [scaler])
    assert found.replicas == replicas
