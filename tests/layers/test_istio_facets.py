"""What a proxy sees of its pod's ports, and what it is sent."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_captured import TRAFFIC
from ringfence.layers.istio_facets import AUTO, MODE, POLICY, PROXY, at_port, gateway, sidecar
from ringfence.layers.istio_modes import DEFAULT, EVERY_PORT, Choice
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint
from ringfence.resources.istio.authentication import MutualTlsMode, PeerAuthentication
from ringfence.resources.istio.networking import IngressListener
from ringfence.resources.kubernetes import ObjectMeta

POLICIES = (PeerAuthentication(ObjectMeta("p", "shop")),)
STRICT = Choice(frozenset[str](("STRICT",)), POLICIES)
DISABLE = Choice(frozenset[str](("DISABLE",)), POLICIES)
OWN = {"15020": "UNSEEN", "15021": "UNSEEN", "15090": "UNSEEN"}


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, {"*": "STRICT", "80": "DISABLE"}),
        ({"excludeInboundPorts": "80, 90"}, {"*": "STRICT", "80": "UNSEEN", "90": "UNSEEN"}),
        ({"excludeInboundPorts": ""}, {"*": "STRICT", "80": "DISABLE"}),
        ({"includeInboundPorts": "*"}, {"*": "STRICT", "80": "DISABLE"}),
        ({"includeInboundPorts": "90"}, {"*": "UNSEEN", "80": "UNSEEN", "90": "STRICT"}),
        ({"includeInboundPorts": "80"}, {"*": "UNSEEN", "80": "DISABLE"}),
        ({"includeInboundPorts": ""}, {"*": "UNSEEN", "80": "UNSEEN"}),
        (
            {"includeInboundPorts": "80,90", "excludeInboundPorts": "90"},
            {"*": "UNSEEN", "80": "DISABLE"},
        ),
        ({"excludeInboundPorts": "x"}, {"*": "STRICT|UNSEEN", "80": "DISABLE|UNSEEN"}),
        ({"includeInboundPorts": "x"}, {"*": "STRICT|UNSEEN", "80": "DISABLE|UNSEEN"}),
    ],
)
def test_inbound_ports(annotations, expected):
    written = {f"{TRAFFIC}{key}": value for key, value in annotations.items()}
    found = sidecar({EVERY_PORT: STRICT, 80: DISABLE}, {}, written).facets
    assert found[MODE] == expected | OWN
    assert found[POLICY]["*"] == ("" if expected["*"] == "UNSEEN" else "shop/p")


@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        (IngressListener(8080, capture_mode="NONE"), {"*": "STRICT", "80": "DISABLE", "8080": "STRICT|UNSEEN"}),
        (IngressListener(80, capture_mode="NONE"), {"*": "STRICT", "80": "DISABLE|UNSEEN"}),
        (IngressListener(8080), {"*": "STRICT", "80": "DISABLE"}),
    ],
)
def test_a_socket_of_the_proxys_own(listener, expected):
    found = sidecar({EVERY_PORT: STRICT, 80: DISABLE}, {}, {}, listeners=((listener,),)).facets
    assert found[MODE] == expected | OWN


def test_a_sidecar_that_is_not_known_leaves_what_is_sent_open():
    assert "skips *" in sidecar({EVERY_PORT: STRICT}, {}, {}, "shop/s", limits_known=False).facets[PROXY]


def test_without_interception_nothing_is_seen():
    found = sidecar({EVERY_PORT: STRICT}, {}, {"sidecar.istio.io/interceptionMode": "NONE"}).facets
    assert found[MODE]["*"] == "UNSEEN"
    assert "skips *" in found[PROXY]


def test_without_interception_listeners_are_seen():
    listeners = (IngressListener(8080), IngressListener(9090, capture_mode="IPTABLES"), IngressListener(80))
    apart = {"sidecar.istio.io/interceptionMode": "NONE"}
    found = sidecar({EVERY_PORT: STRICT, 9090: STRICT}, {}, apart, listeners=(listeners,)).facets[MODE]
    assert found == {"*": "UNSEEN", "9090": "UNSEEN", "8080": "STRICT", "80": "STRICT|UNSEEN"} | OWN


@pytest.mark.parametrize(
    ("choice", "labels", "expected"),
    [
        (STRICT, {}, "mtls"),
        (DEFAULT, {}, "mtls"),
        (DISABLE, {}, "plaintext"),
        (STRICT | DISABLE, {}, "mtls|plaintext"),
        (STRICT, {"security.istio.io/tlsMode": "istio"}, "mtls"),
        (STRICT, {"security.istio.io/tlsMode": "disabled"}, "plaintext"),
        (STRICT, {"security.istio.io/tlsMode": "other"}, "plaintext"),
    ],
)
def test_what_is_sent_by_auto_mtls(choice, labels, expected):
    assert sidecar({EVERY_PORT: choice}, labels, {}).facets[AUTO]["*"] == expected


def test_a_port_that_is_not_seen_is_still_sent_mutual_tls():
    found = sidecar({EVERY_PORT: STRICT}, {}, {f"{TRAFFIC}excludeInboundPorts": "80"}).facets
    assert (found[MODE]["80"], found[AUTO]["80"]) == ("UNSEEN", "mtls")


def test_what_the_proxy_is():
    found = sidecar({EVERY_PORT: STRICT}, {}, {f"{TRAFFIC}excludeOutboundPorts": "80,81"}, "shop/s").facets[PROXY]
    assert found == {"kind": "sidecar", "tls": "istio", "scope": "shop/s", "skips 80": "", "skips 81": ""}


def test_gateways_take_what_their_servers_say():
    both = frozenset((True, False))
    found = gateway({443: frozenset((True,)), 80: frozenset((False,)), 8443: both}).facets
    assert found[MODE] == {"*": "UNSEEN", "443": "STRICT", "80": "UNSEEN", "8443": "STRICT|UNSEEN"}
    assert found[AUTO] == {"*": "plaintext"}
    assert found[PROXY] == {"kind": "gateway", "tls": "disabled"}


def test_a_ports_own_value_goes_before_that_of_the_rest():
    facets = sidecar({EVERY_PORT: STRICT, 80: DISABLE}, {}, {}).facets
    pod = Endpoint("p", "pods", AddressSet.of("10.0.0.1"), facets=facets)
    assert [at_port(MODE, port, ("STRICT",)).matches(pod) for port in (80, 81)] == [False, True]
    assert [at_port(MODE, port, (MutualTlsMode.DISABLE,)).matches(pod) for port in (80, 81)] == [True, False]
