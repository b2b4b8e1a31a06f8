"""Which endpoints a selection names: names with wildcards, namespaces, kinds, labels on either network, tags."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.own_node import HOST_NAMESPACE, HOST_POD
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint
from ringfence.posture.document import Selection
from ringfence.posture.matching import listed, matches, named, wanted
from ringfence.topology.aws.endpoints import TAG


def endpoint(
    workload: str, facets: Mapping[str, Mapping[str, str]], namespace: str = "", unknown: str = ""
) -> Endpoint:
    return Endpoint(
        "x",
        "here",
        AddressSet.of("10.0.0.1"),
        workload=workload,
        namespace=namespace,
        facets=facets,
        unknown_facets=frozenset((unknown,)),
    )


WEB = endpoint("shop/web[Deployment]", {POD: {"app": "web"}, NAMESPACE: {"team": "a"}}, "shop")
ON_HOST = endpoint("shop/agent[DaemonSet]", {HOST_POD: {"app": "agent"}, HOST_NAMESPACE: {"team": "a"}}, "shop")
NODE = endpoint("n1[Node]", {})
TAGGED = endpoint('aws_instance.web["a"]', {TAG: {"Tier": "web"}})
UNREAD = endpoint("shop/odd[Pod]", {NAMESPACE: {"team": "a"}}, "shop", POD)


@pytest.mark.parametrize(
    ("selection", "endpoint", "expected"),
    [
        (Selection(workload="shop/web"), WEB, True),
        (Selection(workload=["shop/db", "*/web"]), WEB, True),
        (Selection(workload="shop/db"), WEB, False),
        (Selection(namespace="sh*"), WEB, True),
        (Selection(namespace="*"), NODE, False),
        (Selection(kind="Deployment"), WEB, True),
        (Selection(kind=["Pod", "Node"]), WEB, False),
        (Selection(kind="Node"), NODE, True),
        (Selection(labels={"app": "web"}), WEB, True),
        (Selection(labels={"app": "agent"}), ON_HOST, True),
        (Selection(labels={"app": "web"}, namespace_labels={"team": "b"}), WEB, False),
        (Selection(labels={"app": "web"}), UNREAD, None),
        (Selection(namespace_labels={"team": "a"}), UNREAD, True),
        (Selection(tags={"Tier": "web"}), TAGGED, True),
        (Selection(tags={"Tier": "data"}), TAGGED, False),
        (Selection(tags={"Tier": "web"}), WEB, False),
    ],
)
def test_matches(selection: Selection, endpoint: Endpoint, expected: bool | None) -> None:
    assert matches(selection, tuple(wanted(selection)), endpoint) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('aws_instance.web["a"]', True),
        ("aws_instance.*", True),
        ("aws_instance.web[*]", True),
        ("aws_instance.w", False),
    ],
)
def test_brackets_are_only_brackets(text: str, expected: bool) -> None:
    assert named(TAGGED, text) is expected


def test_one_or_several() -> None:
    assert listed("a") == ["a"] == listed(["a"])
