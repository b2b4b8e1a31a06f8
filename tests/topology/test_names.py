"""What names and ports mean in questions, and what is said where they mean nothing."""

from __future__ import annotations

import pytest

from ringfence.model.addresses import AddressSet
from ringfence.model.diagnostics import InputError
from ringfence.model.headers import ALL_HEADERS, HeaderSet, from_port, icmp, ports, protocol
from ringfence.model.intervals import IntervalSet
from ringfence.topology.names import INTERNET, headers, side
from tests.checks.manifests import deployment, ingress, node, pod, service, view

ENDPOINTS = view(
    deployment("web"),
    deployment("web", namespace="other"),
    pod("job", status="{podIP: 10.1.2.3}"),
    pod("web-1", status="{podIP: 10.1.2.4}"),
    node(),
    service(),
    ingress(),
).topology.network.endpoints


@pytest.mark.parametrize(
    ("text", "endpoints", "addresses"),
    [
        ("shop/web", ["shop/web[Deployment]"], None),
        ("shop/web[Deployment]", ["shop/web[Deployment]"], None),
        ("shop/job", ["shop/job[Pod]"], None),
        ("n1", ["n1[Node]"], None),
        ("n1[Node]", ["n1[Node]"], None),
        ("{ingress-controller}", ["{ingress-controller}"], None),
        ("10.1.2.3", ["shop/job[Pod]"], None),
        ("10.1.2.3/32", ["shop/job[Pod]"], None),
        ("10.1.2.5", ["external-ipv4"], "10.1.2.5"),
        ("10.1.2.0/24", ["external-ipv4"], "10.1.2.0/24"),
        ("10.0.0.1-10.0.0.2", ["external-ipv4"], "10.0.0.1-10.0.0.2"),
        ("0.0.0.0/0", ["external-ipv4"], "0.0.0.0/0"),
        ("internet", ["external-ipv4"], str(INTERNET)),
    ],
)
def test_sides(text, endpoints, addresses):
    found = side(text, ENDPOINTS)
    assert [one.id for one in found.endpoints] == endpoints
    assert (None if found.addresses is None else str(found.addresses)) == addresses
    assert found.name == text


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("shop/wbe", "shop/wbe is nothing that this network knows", "did you mean shop/web"),
        ("shop/web[Pod]", "shop/web[Pod] is nothing that this network knows", "did you mean shop/web"),
        ("zzz", "zzz is nothing that this network knows", "name a workload as namespace/name, or an address"),
        ("", " is nothing that this network knows", "name a workload"),
        ("10.0.0.300", "10.0.0.300 is nothing that this network knows", "name a workload"),
        ("10.0.0.2-10.0.0.1", "10.0.0.2-10.0.0.1 is nothing", "name a workload"),
        ("2001:db8::1", "2001:db8::1: this network knows no addresses of that family", ""),
    ],
)
def test_names_that_mean_nothing(text, message, remedy):
    with pytest.raises(InputError) as raised:
        side(text, ENDPOINTS)
    assert raised.value.diagnostic.message.startswith(message)
    assert raised.value.diagnostic.remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("8.8.8.8", True),
        ("10.0.0.1", False),
        ("172.15.255.255", True),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("203.0.113.1", False),
        ("224.0.0.1", False),
        ("2600::1", True),
        ("fd00::1", False),
        ("fe80::1", False),
        ("2001:db8::1", False),
        ("::1", False),
        ("2001:2::1", False),
        ("3fff::/20", False),
        ("3fff:1000::/20", True),
        ("2002::1", True),
    ],
)
def test_the_internet_is_what_is_globally_routed(address, inside):
    assert (AddressSet.of(address) <= INTERNET) == inside


def one(*numbers: int | tuple[int, int]) -> IntervalSet:
    return IntervalSet.of(*numbers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("any", ALL_HEADERS),
        ("tcp/5432", ports("tcp", one(5432))),
        ("TCP/5432", ports("tcp", one(5432))),
        (" udp/53 ", ports("udp", one(53))),
        ("5432", ports("tcp", one(5432))),
        ("tcp/80,443,8000-8100", ports("tcp", one(80, 443, (8000, 8100)))),
        ("sctp", ports("sctp")),
        ("tcp/", ports("tcp")),
        ("tcp/0-65535", ports("tcp")),
        ("icmp", icmp()),
        ("icmp/8", icmp(one(8))),
        ("icmp/8/0", icmp(one(8), one(0))),
        ("icmpv6/128", icmp(one(128), version=6)),
        ("protocol/47", protocol(47)),
        ("protocol/6", ports("tcp")),
    ],
)
def test_ports(text, expected: HeaderSet):
    assert headers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "http",
            "tcp/http",
            "tcp/65536",
            "tcp/-1",
            "tcp/80-",
            "tcp/-80",
            "tcp/90-80",
            "tcp/80,,81",
            "tcp/+80",
        ),
        *(
            "65536",
            "99999999999",
            "8_0",
            "80/tcp",
            "²",
            "٣",
            "any/1",
            "icmp/256",
            "icmp/8/256",
            "icmp/-1",
            "protocol/256",
        ),
        *("protocol", "protocol/tcp", "gre"),
    ],
)
def test_what_is_no_port(text):
    with pytest.raises(InputError, match="is not a port"):
        headers(text)


def test_a_source_port_is_asked_for_apart():
    assert headers("tcp/80") & from_port(40000) == ports("tcp", one(80), one(40000))
