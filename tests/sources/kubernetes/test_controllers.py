"""Controllers: where each kind keeps its template, how many pods it has, and what its selector must be."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import LabelSelector, Workload
from tests.sources.kubernetes.texts import good, read, thing

TEMPLATE = "template: {metadata: {labels: {app: x}}, spec: {containers: [{name: a, image: a}]}}"
SELECTOR = "selector: {matchLabels: {app: x}}"
APP = LabelSelector((("app", "x"),))


@pytest.mark.parametrize(
    ("api_version", "kind", "spec", "replicas", "selector"),
    [
        ("apps/v1", "Deployment", f"{{{SELECTOR}, {TEMPLATE}}}", 1, APP),
        ("apps/v1", "Deployment", f"{{replicas: 0, {SELECTOR}, {TEMPLATE}}}", 0, APP),
        ("apps/v1", "Deployment", f"{{replicas: null, {SELECTOR}, {TEMPLATE}}}", 1, APP),
        ("apps/v1", "StatefulSet", f"{{replicas: 3, {SELECTOR}, {TEMPLATE}}}", 3, APP),
        ("apps/v1", "ReplicaSet", f"{{{SELECTOR}, {TEMPLATE}}}", 1, APP),
        ("apps/v1", "DaemonSet", f"{{{SELECTOR}, {TEMPLATE}}}", None, APP),
        ("v1", "ReplicationController", f"{{selector: {{app: x}}, {TEMPLATE}}}", 1, APP),
        ("v1", "ReplicationController", f"{{{TEMPLATE}}}", 1, None),
        ("batch/v1", "Job", f"{{{TEMPLATE}}}", 1, None),
        ("batch/v1", "Job", f"{{parallelism: 4, {TEMPLATE}}}", 4, None),
        ("batch/v1", "Job", f"{{suspend: true, {TEMPLATE}}}", 0, None),
        ("batch/v1", "CronJob", f"{{jobTemplate: {{spec: {{{TEMPLATE}}}}}}}", None, None),
        ("argoproj.io/v1alpha1", "Rollout", f"{{{SELECTOR}, {TEMPLATE}}}", 1, APP),
    ],
)
def test_kinds(api_version: str, kind: str, spec: str, replicas: int | None, selector: LabelSelector | None) -> None:
    [found] = good(thing(api_version, kind, spec)).workloads
    assert (found.title, found.replicas, found.selector) == (f"shop/x[{kind}]", replicas, selector)
    assert [one.labels for one in found.templates] == [{"app": "x"}]
    assert found.templates[0].containers[0].name == "a"


def test_a_rollout_may_refer_to_a_deployment() -> None:
    spec = "{workloadRef: {apiVersion: apps/v1, kind: Deployment, name: y}}"
    [found] = good(thing("argoproj.io/v1alpha1", "Rollout", spec)).workloads
    assert found.templates == ()


@pytest.mark.parametrize(
    ("kind", "spec", "message", "kept"),
    [
        (
            "Deployment",
            f"{{{TEMPLATE}}}",
            "4:1: error: spec.selector: is missing (select the labels of the template)",
            1,
        ),
        (
            "Deployment",
            f"{{selector: {{}}, {TEMPLATE}}}",
            "4:8: error: spec.selector: is empty (select the labels of the template)",
            1,
        ),
        (
            "Deployment",
            f"{{selector: {{matchLabels: {{app: y}}}}, {TEMPLATE}}}",
            "4:8: error: spec.selector: does not match the labels of the template",
            0,
        ),
        ("Deployment", f"{{replicas: -1, {SELECTOR}, {TEMPLATE}}}", "4:8: error: spec.replicas: -1 is less than 0", 0),
        ("StatefulSet", f"{{{SELECTOR}}}", None, 0),
        ("DaemonSet", f"{{{SELECTOR}, template: x}}", None, 0),
    ],
)
def test_refusals(kind: str, spec: str, message: str | None, kept: int) -> None:
    objects, said = read(thing("apps/v1", kind, spec))
    assert said
    assert message is None or said == [f"f:{message}"]
    assert len(objects.workloads) == kept


def test_old_versions_took_the_labels_of_the_template() -> None:
    objects, said = read(thing("extensions/v1beta1", "Deployment", f"{{{TEMPLATE}}}"))
    assert said == [
        "f:1:1: warning: apiVersion: no server serves Deployment in extensions/v1beta1 any more (write apps/v1)"
    ]
    [found] = objects.workloads
    assert isinstance(found, Workload)
    assert (found.kind, found.selector) == ("Deployment", None)
    assert objects.counts == {"apps/Deployment": 1}
