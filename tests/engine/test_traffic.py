"""Traffic: source ports folded away, and how it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.traffic import (
    ALL_TRAFFIC,
    Traffic,
    by_protocol,
    certain,
    offered,
    possible,
    spoken,
    traffic,
)
from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, ALL_PLAINTEXT, NO_HEADERS, HeaderSet, icmp, ports, protocol, union
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import EPHEMERAL, Endpoint

from .networks import HEADERS, header_sets

CLIENT = Endpoint("a", "here", AddressSet.of("10.0.0.1"))
MESHED = Endpoint("b", "here", AddressSet.of("10.0.0.1"), identity="ns/a/sa/x")


def one(*numbers: int | tuple[int, int]) -> IntervalSet:
    return IntervalSet.of(*numbers)


@pytest.mark.parametrize(
    ("headers", "document", "text"),
    [
        (ALL_HEADERS, "all", "all"),
        (NO_HEADERS, {}, "nothing"),
        (ports("tcp", one(80, 443)), {"tcp": "80,443"}, "tcp 80,443"),
        (
            ports("tcp", one((9000, 9100))) | ports("udp", one(53)),
            {"tcp": "9000-9100", "udp": "53"},
            "tcp 9000-9100 · udp 53",
        ),
        (ports("tcp"), {"tcp": "0-65535"}, "tcp"),
        (icmp(one(8), one(0)), {"icmp": "8/0"}, "icmp 8/0"),
        (icmp(one(8), one(0)) | icmp(one(3)), {"icmp": "3,8/0"}, "icmp 3,8/0"),
        (icmp(one((3, 4)), one(0, 2)), {"icmp": "3-4/0,3-4/2"}, "icmp 3-4/0,3-4/2"),
        (icmp(), {"icmp": "0-255/0-255"}, "icmp"),
        (icmp(version=6), {"icmpv6": "0-255/0-255"}, "icmpv6"),
        (protocol(47) | protocol(50), {"other": "47,50"}, "other protocols 47,50"),
        (by_protocol("other"), {"other": "0,2-5,7-16,18-57,59-131,133-255"}, "other protocols"),
    ],
)
def test_how_it_is_written(headers, document, text):
    found = possible(headers)
    assert (found.document(), str(found), spoken(document)) == (document, text, text)


@pytest.mark.parametrize(
    ("sources", "may", "must"),
    [
        (one((0, 65535)), "80", "80"),
        (EPHEMERAL, "80", "80"),
        (one((32768, 65535)), "80", ""),
        (one(22), "", ""),
    ],
)
def test_a_client_does_not_choose_its_port(sources, may, must):
    headers = ports("tcp", one(80), sources)
    assert (str(possible(headers).tcp), str(certain(headers).tcp)) == (may, must)


@pytest.mark.parametrize(
    ("client", "headers", "may", "must"),
    [
        (CLIENT, ports("tcp", one(80)), "80", "80"),
        # Without an identity there is no mutual TLS to offer.
        (CLIENT, ports("mtls", one(80)), "", ""),
        (CLIENT, ports("tcp", one(80)) & ALL_PLAINTEXT, "80", "80"),
        # What a meshed client is let in with on one transport only is not certain.
        (MESHED, ports("mtls", one(80)), "80", ""),
        (MESHED, ports("tcp", one(80)) & ALL_PLAINTEXT, "80", ""),
        (MESHED, ports("tcp", one(80)), "80", "80"),
    ],
)
def test_transports(client, headers, may, must):
    found = traffic(Bounds.exactly(headers), client)
    assert tuple(str(part.tcp) for part in found) == (may, must)
    assert (offered(client) == ALL_HEADERS) == bool(client.identity)


def test_the_protocols_make_up_everything():
    names = ("tcp", "udp", "sctp", "icmp", "icmpv6", "other")
    assert union(map(by_protocol, names)) == ALL_HEADERS
    assert possible(ALL_HEADERS) == ALL_TRAFFIC
    assert ALL_TRAFFIC.everything


def holds(found: Traffic, header) -> bool:
    if header.plane == "other":
        return header.protocol in found.others
    if header.plane in ("icmp", "icmpv6"):
        return (header.x, header.y) in getattr(found, header.plane)
    name = "tcp" if header.plane == "mtls" else header.plane
    return header.y in getattr(found, name)


@given(header_sets, header_sets, st.sampled_from([one(5), one(5, 15), one((0, 65535))]))
def test_traffic_is_what_some_or_every_port_of_the_client_passes(a: HeaderSet, b: HeaderSet, ephemeral: IntervalSet):
    may, must = possible(a, ephemeral), certain(a & ALL_PLAINTEXT, ephemeral)
    assert must <= may
    for header in HEADERS:
        if header in a and (header.plane not in ("tcp", "mtls", "udp") or header.x in ephemeral):
            assert holds(may, header)
        own = header.plane in ("tcp", "udp") and header.x in ephemeral
        if own and holds(must, header):
            assert header in a
    both = possible(a & b, ephemeral)
    assert both <= may
    assert not both or may.meets(possible(b, ephemeral))
    assert bool(may) == (may != Traffic())
