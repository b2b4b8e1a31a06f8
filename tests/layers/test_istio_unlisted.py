"""What sidecars send to what the registry does not list, by the mesh's mode, the pod's Sidecar and its annotations."""

from __future__ import annotations

import pytest

from tests.layers.istio_worlds import NETWORKING, PEOPLE, World, pod, service, thing

SKIPPING = {"traffic.sidecar.istio.io/excludeOutboundPorts": "9090"}
CLOSED = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "istio", "namespace": "istio-system"},
    "data": {"mesh": "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"},
}


def sidecar(mode: str | None, app: str = "", **spec: object) -> dict[str, object]:
    policy = {} if mode is None else {"outboundTrafficPolicy": {"mode": mode}}
    selector = {"workloadSelector": {"labels": {"app": app}}} if app else {}
    return thing(NETWORKING, "Sidecar", f"s{app}", {**selector, **policy, "egress": [{"hosts": ["*/*"]}], **spec})


@pytest.mark.parametrize(
    ("things", "closed"),
    [
        ((), False),
        ((CLOSED,), True),
        ((sidecar("REGISTRY_ONLY"),), True),
        ((sidecar("REGISTRY_ONLY", "other"),), False),
        ((CLOSED, sidecar(None)), True),
        ((CLOSED, sidecar("ALLOW_ANY")), False),
        ((CLOSED, sidecar("ALLOW_ANY", "a")), False),
        ((CLOSED, sidecar("ALLOW_ANY", "other")), True),
    ],
)
def test_an_unlisted_port_may_be_closed(things, closed):
    world = World(*PEOPLE, pod("a"), pod("web"), pod("plain/n"), service("web"), *things)
    assert [world.withheld("a", "web", 9090), world.withheld("a", "web", 8080)] == [closed, False]
    assert world.sent("a", "web", 9090) == "plaintext", "what is open stays possible"
    assert not world.withheld("plain/n", "web", 9090)


def test_a_port_that_goes_past_the_proxy_is_not_closed():
    world = World(*PEOPLE, pod("a", annotations=SKIPPING), pod("b"), pod("web"), CLOSED)
    assert [world.withheld(one, "web", port) for one, port in (("a", 9090), ("a", 9091), ("b", 9090))] == [
        False,
        True,
        True,
    ]


def test_a_host_that_the_pods_sidecar_hides_is_not_listed():
    hidden = sidecar("REGISTRY_ONLY", egress=[{"hosts": ["other/*"]}])
    assert World(*PEOPLE, pod("a"), pod("web"), service("web"), hidden).withheld("a", "web", 8080)
