"""What Istio's injector gives to pods that say nothing, and whom it leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.layers.istio_captured import INTERCEPTION, TRAFFIC
from ringfence.layers.istio_injector import NAME, PROXY_CONFIG, injector
from ringfence.resources.kubernetes import ConfigMap, ObjectMeta

EXCLUDED = f"{TRAFFIC}excludeInboundPorts"


def config_map(name: str, unreadable: bool = False, **parsed: Any) -> ConfigMap:
    return ConfigMap(ObjectMeta(name, "istio-system"), parsed=parsed, unreadable=unreadable)


def values(**proxy: Any) -> ConfigMap:
    return config_map(NAME, values={"global": {"proxy": proxy}})


def mesh(mode: Any) -> ConfigMap:
    return config_map("istio", mesh={"defaultConfig": {"interceptionMode": mode}})


@pytest.mark.parametrize(
    ("config_maps", "own", "given"),
    [
        ((), {}, {}),
        ((), {"a": "b"}, {}),
        ((config_map("istio", mesh={}),), {}, {}),
        ((mesh("NONE"),), {}, {INTERCEPTION: "NONE"}),
        ((mesh(2),), {}, {INTERCEPTION: "NONE"}),
        ((mesh("NONE"),), {INTERCEPTION: "REDIRECT"}, {}),
        ((mesh("NONE"),), {PROXY_CONFIG: "concurrency: 2\ninterceptionMode: TPROXY\n"}, {INTERCEPTION: "TPROXY"}),
        ((), {PROXY_CONFIG: '{"interceptionMode": "NONE"}'}, {INTERCEPTION: "NONE"}),
        ((), {PROXY_CONFIG: "concurrency: 2"}, {}),
        ((values(excludeInboundPorts="8080", image="x"),), {}, {EXCLUDED: "8080"}),
        ((values(excludeInboundPorts=8080),), {}, {EXCLUDED: "8080"}),
        ((values(excludeInboundPorts="8080"),), {EXCLUDED: ""}, {}),
        ((values(includeIPRanges="10.0.0.0/8"),), {}, {f"{TRAFFIC}includeOutboundIPRanges": "10.0.0.0/8"}),
        (
            (config_map(f"{NAME}-canary", values={"global": {"proxy": {"excludeInboundPorts": "80"}}}),),
            {},
            {EXCLUDED: "80"},
        ),
        ((config_map(NAME, values={"global": 1}),), {}, {}),
    ],
)  # fmt: skip
def test_the_annotations_that_a_pod_is_given(config_maps, own, given):
    assert injector(config_maps).annotations(own) == {**given, **own}


WEB, NOT_WEB = {"matchLabels": {"app": "web"}}, {"matchExpressions": [{"key": "app", "operator": "Exists"}]}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, False),
        ({"policy": "enabled"}, False),
        ({"policy": "disabled"}, True),
        ({"policy": "disabled", "alwaysInjectSelector": [WEB]}, False),
        ({"policy": "disabled", "alwaysInjectSelector": ["?"]}, None),
        ({"neverInjectSelector": []}, False),
        ({"neverInjectSelector": [{}]}, False),
        ({"neverInjectSelector": [WEB]}, True),
        ({"neverInjectSelector": [NOT_WEB]}, True),
        ({"neverInjectSelector": [{"matchLabels": {"app": "other"}}]}, False),
        ({"neverInjectSelector": [WEB], "alwaysInjectSelector": [WEB]}, True),
        ({"neverInjectSelector": [{"matchExpressions": [{"key": "app"}]}]}, None),
    ],
)
def test_whom_it_leaves_out(config, expected):
    found = injector([config_map(NAME, config=config)])
    assert found.leaves_out({"app": "web"}) is expected


def test_what_nobody_can_read_may_leave_out_anybody():
    assert injector([config_map(NAME, unreadable=True)]).leaves_out({}) is None
