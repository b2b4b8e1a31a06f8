"""Which pods a SecurityGroupPolicy may select; what becomes of them in a cloud is in `test_composition`."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.layers.kubernetes_selectors import POD
from ringfence.model.addresses import ALL_IPV4
from ringfence.model.networks import Endpoint
from ringfence.resources.kubernetes import RawObject
from ringfence.topology.own_interfaces import GroupPolicies
from ringfence.topology.pods import NODES, PODS
from tests.layers.clusters import meta


def policies(*specs: Any) -> GroupPolicies:
    group = "vpcresources.k8s.aws/v1beta1"
    found = [RawObject(group, "SecurityGroupPolicy", meta(f"x/p{n}"), {"spec": one}) for n, one in enumerate(specs)]
    return GroupPolicies.among([*found, RawObject("other/v1", "SecurityGroupPolicy", meta("x/o"), {})])


def pod(namespace: str = "x", location: str = PODS, **labels: str) -> Endpoint:
    return Endpoint("p", location, ALL_IPV4, namespace=namespace, facets={POD: labels})


@pytest.mark.parametrize(
    ("spec", "one", "expected"),
    [
        ({"podSelector": {"matchLabels": {"app": "web"}}}, pod(app="web"), True),
        ({"podSelector": {"matchLabels": {"app": "web"}}}, pod(app="api"), False),
        ({"podSelector": {"matchLabels": {"app": "web"}}}, pod(), False),
        ({"podSelector": {"matchLabels": {"app": 3}}}, pod(), True),
        ({"podSelector": "broken"}, pod(), True),
        ({}, pod(), True),
        ({}, pod("y"), False),
        ({}, pod(location=NODES), False),
    ],
)
def test_whom_it_may_select(spec: Any, one: Endpoint, expected: bool):
    assert policies(spec).may_select(one) is expected


def test_each_is_told_of():
    assert [one.message.partition(" is")[0] for one in policies({}, {}).warnings()] == [
        "SecurityGroupPolicy x/p0",
        "SecurityGroupPolicy x/p1",
    ]
