"""Packets and hops as JSON and as text."""

from __future__ import annotations

import pytest

from ringfence.engine.outcomes import Branch, Hop, Outcome, Trace
from ringfence.engine.witness import Witness
from ringfence.model.addresses import number
from ringfence.model.headers import Header
from ringfence.model.networks import Packet
from ringfence.model.spans import Span
from ringfence.report.packets import deciding_text, hops_document, hops_text, packet_document, packet_text
from ringfence.report.style import Style


def packet(header: Header, source: str = "10.0.0.1", target: str = "10.0.0.2") -> Packet:
    return Packet("a", number(source), "b", number(target), header)


ENDS = {"src": "a", "src_address": "10.0.0.1", "dst": "b", "dst_address": "10.0.0.2"}


@pytest.mark.parametrize(
    ("header", "text", "document"),
    [
        (
            Header("tcp", 40000, 80),
            "10.0.0.1:40000 -> 10.0.0.2:80 tcp",
            {"protocol": "tcp", "src_port": 40000, "dst_port": 80},
        ),
        (
            Header("mtls", 40000, 80),
            "10.0.0.1:40000 -> 10.0.0.2:80 tcp (mTLS)",
            {"protocol": "tcp", "transport": "mtls", "src_port": 40000, "dst_port": 80},
        ),
        (Header("icmp", 8, 0), "10.0.0.1 -> 10.0.0.2 icmp type 8 code 0", {"protocol": "icmp", "type": 8, "code": 0}),
        (Header("other", protocol=47), "10.0.0.1 -> 10.0.0.2 protocol 47", {"protocol": "47"}),
    ],
)
def test_packets(header, text, document):
    assert packet_text(packet(header)) == text
    assert packet_document(packet(header)) == ENDS | document


def test_ipv6_addresses_stand_in_brackets_before_a_port():
    shown = packet_text(packet(Header("udp", 1, 53), "fd00::1", "fd00::2"))
    assert shown == "[fd00::1]:1 -> [fd00::2]:53 udp"


ALLOW = Hop("pods", "allow", "NetworkPolicy", "egress", "policies", "shop/p egress[0]", Span("k.yaml", "", 3, 7))
UNPLACED = Hop("edge", "allow", "Network ACL", "ingress", "rules", "acl-0 100")
DEFAULT = Hop("pods", "allow", "NetworkPolicy", "ingress", because="nothing of it applies here")
LINK = Hop("pods", "forward", rule="pod network", because="to fabric")
DENY = Hop("edge", "deny", "Network ACL", "ingress", "rules", "acl-1 32767", Span(pointer="acl-1"))
LOST = Hop("edge", "no_route", because="no link leads on")


def test_hops_as_json():
    assert hops_document([ALLOW, LINK]) == [
        {
            "location": "pods",
            "layer": "NetworkPolicy",
            "stage": "policies",
            "action": "allow",
            "rule": "shop/p egress[0]",
            "span": "k.yaml:3:7",
            "because": "",
        },
        {
            "location": "pods",
            "layer": "",
            "stage": "",
            "action": "forward",
            "rule": "pod network",
            "span": "",
            "because": "to fabric",
        },
    ]


@pytest.mark.parametrize(
    ("branch", "lines"),
    [
        (
            Branch(Outcome.ALLOWED, (ALLOW, LINK, DEFAULT)),
            [
                "  there",
                "    pods egress              allow    NetworkPolicy: shop/p egress[0]  (k.yaml:3:7)",
                "    pods                     forward  to fabric",
                "    pods ingress             allow    NetworkPolicy: nothing of it applies here",
                "  back: the reply passes; every chain on its way saw the request",
            ],
        ),
        (
            Branch(Outcome.DENIED, (LINK,), (LINK, DENY)),
            [
                "  there",
                "    pods                     forward  to fabric",
                "  back",
                "    pods                     forward  to fabric",
                "    edge ingress             deny     Network ACL: acl-1 32767  (acl-1)",
            ],
        ),
        (
            Branch(Outcome.NO_ROUTE, (LINK, LOST)),
            [
                "  there",
                "    pods                     forward  to fabric",
                "    edge                     no_route no link leads on",
            ],
        ),
    ],
)
def test_hops_as_text(branch, lines):
    assert hops_text(branch, Style()) == lines


@pytest.mark.parametrize(
    ("branch", "text"),
    [
        (Branch(Outcome.ALLOWED, (ALLOW, LINK)), "allow: NetworkPolicy: shop/p egress[0]  (k.yaml:3:7)"),
        (
            Branch(Outcome.ALLOWED, (ALLOW, UNPLACED), (UNPLACED,)),
            "allow: NetworkPolicy: shop/p egress[0]  (k.yaml:3:7)",
        ),
        (Branch(Outcome.ALLOWED, (UNPLACED, LINK)), "allow: Network ACL: acl-0 100"),
        (Branch(Outcome.DENIED, (ALLOW,), (DENY,)), "deny: Network ACL: acl-1 32767  (acl-1)"),
        (Branch(Outcome.NO_ROUTE, (ALLOW, LOST)), "no_route: no link leads on"),
        (Branch(Outcome.ALLOWED, (LINK,)), "no layer on the way decides anything"),
    ],
)
def test_what_decided(branch, text):
    assert deciding_text(Witness(packet(Header("tcp", 1, 2)), Trace((branch,)))) == text
