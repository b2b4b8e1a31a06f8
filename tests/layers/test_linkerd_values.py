"""What holds for an installation: options before the ConfigMap before the chart's defaults."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from ringfence.layers.linkerd_options import LinkerdOptions
from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.linkerd_values import LinkerdValues, values
from ringfence.model.addresses import NO_ADDRESS, AddressSet
from ringfence.model.spans import NOWHERE
from ringfence.resources.kubernetes import ConfigMap, ObjectMeta
from tests.sources.damage import damaged


def config(content: Any, namespace: str = "linkerd") -> ConfigMap:
    return ConfigMap(ObjectMeta("linkerd-config", namespace), {}, NOWHERE, {"values": content})


def test_the_defaults_of_the_chart() -> None:
    plain = LinkerdValues()
    assert values(None, LinkerdOptions()) == values(config({}), LinkerdOptions()) == plain
    assert plain.default_policy == "all-unauthenticated"
    assert "10.1.2.3" in plain.cluster_networks
    assert "203.0.113.1" not in plain.cluster_networks
    assert "fd00::1" in plain.cluster_networks
    assert "203.0.113.1" in plain.probe_networks
    assert plain.ignored_inbound == plain.ignored_outbound == port_set("4567,4568")
    assert plain.opaque_ports == port_set("25,587,3306,4444,5432,6379,9300,11211")
    assert plain.identity("web", "shop") == "web.shop.serviceaccount.identity.linkerd.cluster.local"


@pytest.mark.parametrize(
    ("content", "field", "expected"),
    [
        ({"proxy": {"defaultInboundPolicy": "deny"}}, "default_policy", "deny"),
        ({"clusterNetworks": "10.0.0.0/8, 11.0.0.0/8"}, "cluster_networks", AddressSet.of("10.0.0.0-11.255.255.255")),
        ({"policyController": {"probeNetworks": ["10.0.0.0/24"]}}, "probe_networks", AddressSet.of("10.0.0.0/24")),
        ({"policyController": {"probeNetworks": []}}, "probe_networks", NO_ADDRESS),
        ({"proxy": {"opaquePorts": "25,3306"}}, "opaque_ports", port_set("25,3306")),
        ({"proxyInit": {"ignoreInboundPorts": "1,2"}}, "ignored_inbound", port_set("1-2")),
        ({"proxyInit": {"ignoreInboundPorts": ""}}, "ignored_inbound", port_set("")),
        ({"proxyInit": {"ignoreOutboundPorts": 25}}, "ignored_outbound", port_set("25")),
        ({"identityTrustDomain": "a.b", "clusterDomain": "c.d"}, "trust_domain", "a.b"),
        ({"identityTrustDomain": "", "clusterDomain": "c.d"}, "trust_domain", "c.d"),
        ({"egress": {"globalEgressNetworkNamespace": "out"}}, "egress_namespace", "out"),
    ],
)
def test_the_config_map(content: Any, field: str, expected: object) -> None:
    found = values(config(content), LinkerdOptions())
    assert getattr(found, field) == expected
    assert found.wrong == ()


def test_the_control_plane_is_where_the_config_map_is() -> None:
    assert (
        values(config({}, "mesh"), LinkerdOptions()).identity("*", "a")
        == "*.a.serviceaccount.identity.mesh.cluster.local"
    )


def test_options_go_first() -> None:
    content = {
        "proxy": {"defaultInboundPolicy": "deny"},
        "clusterNetworks": "10.0.0.0/8",
        "policyController": {"probeNetworks": ["10.0.0.0/8"]},
    }
    own = AddressSet.of("192.0.2.0/24")
    found = values(config(content), LinkerdOptions("audit", own, NO_ADDRESS))
    assert (found.default_policy, found.cluster_networks, found.probe_networks) == ("audit", own, NO_ADDRESS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"proxy": {"defaultInboundPolicy": "open"}}, "proxy.defaultInboundPolicy: 'open' is not one of"),
        ({"clusterNetworks": "here"}, "clusterNetworks: "),
        ({"clusterNetworks": [1]}, "clusterNetworks: 1 is no text"),
        ({"proxyInit": {"ignoreInboundPorts": "http"}}, "proxyInit.ignoreInboundPorts: 'http' is no port"),
        ({"identityTrustDomain": 1}, "identityTrustDomain: 1 is no text"),
    ],
)
def test_what_nobody_can_read_is_noted(content: Any, said: str) -> None:
    found = values(config(content), LinkerdOptions())
    assert len(found.wrong) == 1
    assert found.wrong[0].startswith(said)
    assert found == values(config({}), LinkerdOptions()).__class__(wrong=found.wrong)


WHOLE = {
    "clusterNetworks": "10.0.0.0/8",
    "proxy": {"defaultInboundPolicy": "deny"},
    "proxyInit": {"ignoreInboundPorts": "1", "ignoreOutboundPorts": "2"},
    "policyController": {"probeNetworks": ["10.0.0.0/8"]},
    "clusterDomain": "a.b",
}


@given(damaged(WHOLE))
def test_damage(content: Any) -> None:
    values(config(content), LinkerdOptions())
