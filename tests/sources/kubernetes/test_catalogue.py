"""The table of kinds fits the objects that it fills."""

from __future__ import annotations

from dataclasses import fields

import pytest

from ringfence.resources.kubernetes import ENFORCING_KINDS, WORKLOAD_KINDS, KubernetesObjects
from ringfence.sources.kubernetes.catalogue import (
    BY_GROUP,
    CLOSED,
    CLUSTER_SCOPED,
    KINDS,
    Kind,
    counted,
    group_of,
)
from ringfence.sources.kubernetes.controllers import SHAPES


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_kinds(kind: Kind) -> None:
    rooms = {one.name for one in fields(KubernetesObjects)} | {"controllers", "pods"}
    assert kind.room in rooms
    assert all(group_of(version) == kind.group for version in kind.served)
    assert not set(kind.served) & set(kind.retired)
    assert kind.group not in CLOSED or kind.kind in CLOSED[kind.group]
    assert BY_GROUP[kind.group, kind.kind] is kind


def test_every_field_is_filled() -> None:
    made = {kind.room for kind in KINDS} | {"workloads", "others", "refused", "counts"}
    assert {one.name for one in fields(KubernetesObjects)} <= made


def test_all_workload_kinds_are_read() -> None:
    assert {kind.kind for kind in KINDS if kind.room == "controllers"} == set(SHAPES) == set(WORKLOAD_KINDS) - {"Pod"}


def test_cluster_wide_enforcing_kinds_are_known() -> None:
    cluster_wide = {one for one in ENFORCING_KINDS if one[1].startswith(("Cluster", "Global", "CiliumClusterwide"))}
    assert cluster_wide <= CLUSTER_SCOPED


@pytest.mark.parametrize(
    ("api_version", "group", "count"),
    [("v1", "", "Pod"), ("apps/v1", "apps", "apps/Pod"), ("a.b/v1", "a.b", "a.b/Pod"), ("/v1", "", "Pod")],
)
def test_groups(api_version: str, group: str, count: str) -> None:
    assert group_of(api_version) == group
    assert counted(group, "Pod") == count
