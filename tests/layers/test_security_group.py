"""Security groups as chains, held against their semantics in plain words."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.decisions import Side, decide
from ringfence.layers.security_group import lower_security_groups
from ringfence.model.addresses import AddressSet, number
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Chain, Direction
from ringfence.model.spans import Span
from ringfence.resources.aws import (
    CidrPeer,
    GroupPeer,
    Peer,
    PrefixList,
    PrefixListPeer,
    SecurityGroup,
    SecurityGroupRule,
    Unknown,
)

UNKNOWN = Unknown("known after the apply")
LISTS = {
    "pl-office": PrefixList(id="pl-office", cidrs=("198.51.100.0/24", "2001:db8::/32")),
    "pl-open": PrefixList(id="pl-open", cidrs=("192.0.2.0/24", UNKNOWN)),
}
PREFIXES = ("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.0.1.7/32", "::/0", "2001:db8::/32")
ADDRESSES = ("10.0.1.7", "10.9.9.9", "198.51.100.5", "203.0.113.9", "2001:db8::1", "fd00::1")
TCP = Header("tcp", 40000, 22)


def rule(
    peer: Peer, protocol: str | Unknown = "tcp", low: int | None = 22, high: int | None = 22, **more: object
) -> SecurityGroupRule:
    plain: dict[str, object] = {"egress": False, "span": Span("main.tf", "", 7), **more}
    return SecurityGroupRule(id="r", protocol=protocol, from_port=low, to_port=high, peer=peer, **plain)  # type: ignore[arg-type]


def group(*rules: SecurityGroupRule, id: str = "sg-1", **more: object) -> SecurityGroup:
    return SecurityGroup(id=id, vpc="vpc-1", rules=rules, **more)  # type: ignore[arg-type]


def interface(*groups: str) -> Endpoint:
    return Endpoint("eni", "eni", AddressSet.of("10.0.1.7"), groups=frozenset(groups))


def actions(chain: Chain, address: str, header: Header = TCP, origin: Endpoint | None = None) -> set[Action]:
    found = decide(chain, "here", interface(), Side(origin, number(address)), header, None)
    return {one.action for one in found.possible}


YES, NO, OPEN = {Action.ALLOW}, {Action.DENY}, {Action.ALLOW, Action.DENY}


@pytest.mark.parametrize(
    ("rules", "address", "header", "origin", "expected"),
    [
        ([], "10.0.0.1", TCP, None, NO),
        ([rule(CidrPeer("0.0.0.0/0"))], "203.0.113.9", TCP, None, YES),
        ([rule(CidrPeer("0.0.0.0/0"))], "203.0.113.9", Header("mtls", 1, 22), None, YES),
        ([rule(CidrPeer("0.0.0.0/0"))], "2001:db8::1", TCP, None, NO),
        ([rule(CidrPeer("::/0"))], "2001:db8::1", TCP, None, YES),
        ([rule(CidrPeer("0.0.0.0/0"))], "203.0.113.9", Header("tcp", 1, 23), None, NO),
        ([rule(CidrPeer("0.0.0.0/0"))], "203.0.113.9", Header("udp", 1, 22), None, NO),
        ([rule(CidrPeer("0.0.0.0/1")), rule(CidrPeer("128.0.0.0/1"))], "203.0.113.9", TCP, None, YES),
        ([rule(CidrPeer("0.0.0.0/1")), rule(CidrPeer("128.0.0.0/1"))], "9.9.9.9", TCP, None, YES),
        ([rule(CidrPeer("10.0.0.0/8"))], "11.0.0.1", TCP, None, NO),
        ([rule(CidrPeer("0.0.0.0/0"), "-1", None, None)], "203.0.113.9", Header("other", protocol=47), None, YES),
        ([rule(CidrPeer("0.0.0.0/0"), "-1", 0, 0)], "203.0.113.9", TCP, None, YES),
        ([rule(CidrPeer("0.0.0.0/0"), "icmp", 8, 0)], "203.0.113.9", Header("icmp", 8, 0), None, YES),
        ([rule(CidrPeer("0.0.0.0/0"), "icmp", 8, 0)], "203.0.113.9", Header("icmp", 3, 4), None, NO),
        ([rule(CidrPeer("::/0"), "icmp", -1, -1)], "2001:db8::1", Header("icmpv6", 128, 0), None, NO),
        ([rule(GroupPeer("sg-web"))], "10.0.1.7", TCP, interface("sg-web", "sg-x"), YES),
        ([rule(GroupPeer("sg-web"))], "10.0.1.7", TCP, interface("sg-x"), NO),
        ([rule(GroupPeer("sg-web"))], "10.0.1.7", TCP, None, NO),
        ([rule(GroupPeer("sg-1")), rule(CidrPeer("0.0.0.0/0"))], "203.0.113.9", TCP, None, YES),
        ([rule(GroupPeer("sg-1"))], "10.0.1.7", TCP, interface("sg-1"), YES),
        ([rule(PrefixListPeer("pl-office"))], "198.51.100.5", TCP, None, YES),
        ([rule(PrefixListPeer("pl-office"))], "198.51.101.5", TCP, None, NO),
        ([rule(PrefixListPeer("pl-open"))], "192.0.2.1", TCP, None, YES),
        ([rule(PrefixListPeer("pl-open"))], "9.9.9.9", TCP, None, OPEN),
        ([rule(PrefixListPeer("pl-nowhere"))], "9.9.9.9", TCP, None, OPEN),
        ([rule(CidrPeer(UNKNOWN))], "9.9.9.9", TCP, None, OPEN),
        ([rule(CidrPeer(UNKNOWN))], "9.9.9.9", Header("tcp", 1, 23), None, NO),
        ([rule(GroupPeer(UNKNOWN))], "9.9.9.9", TCP, None, OPEN),
        ([rule(PrefixListPeer(UNKNOWN))], "9.9.9.9", TCP, None, OPEN),
        ([rule(UNKNOWN)], "9.9.9.9", TCP, None, OPEN),
        ([rule(CidrPeer("0.0.0.0/0"), UNKNOWN)], "9.9.9.9", Header("udp", 1, 1), None, OPEN),
        ([rule(CidrPeer("0.0.0.0/0"), exists=UNKNOWN)], "9.9.9.9", TCP, None, OPEN),
        ([rule(CidrPeer("0.0.0.0/0"), egress=True)], "9.9.9.9", TCP, None, NO),
        ([], "169.254.169.254", Header("tcp", 1, 80), None, YES),
    ],
)
def test_ingress(
    rules: list[SecurityGroupRule], address: str, header: Header, origin: Endpoint | None, expected: set[Action]
) -> None:
    _, ingress = lower_security_groups([group(*rules)], LISTS)
    assert ingress.direction is Direction.INGRESS
    assert ingress.stateful
    assert actions(ingress, address, header, origin) == expected


def test_egress_has_its_own_rules() -> None:
    egress, _ = lower_security_groups([group(rule(CidrPeer("0.0.0.0/0"), egress=True))], LISTS)
    assert egress.direction is Direction.EGRESS
    assert actions(egress, "9.9.9.9") == YES
    assert actions(lower_security_groups([group()], LISTS)[0], "9.9.9.9") == NO


def test_an_interface_without_any_group_admits_nothing() -> None:
    assert actions(lower_security_groups([], LISTS)[1], "10.0.0.1") == NO


def test_groups_that_are_not_known_make_all_uncertain() -> None:
    _, ingress = lower_security_groups([group(rule(CidrPeer("0.0.0.0/0")))], LISTS, doubt=UNKNOWN)
    assert actions(ingress, "9.9.9.9") == OPEN
    assert actions(ingress, "9.9.9.9", Header("udp", 1, 1)) == OPEN


def test_rules_that_could_not_be_read_may_allow() -> None:
    _, ingress = lower_security_groups([group(rule(CidrPeer("10.0.0.0/8")), unlisted=UNKNOWN)], LISTS)
    assert actions(ingress, "9.9.9.9") == OPEN
    assert actions(ingress, "10.0.0.1") == YES


def test_the_resolver_is_not_filtered() -> None:
    egress, _ = lower_security_groups([group()], LISTS, beyond=AddressSet.of("10.0.0.2"))
    assert actions(egress, "10.0.0.2", Header("udp", 40000, 53)) == YES
    assert actions(egress, "10.0.0.3", Header("udp", 40000, 53)) == NO


def test_the_deciding_rule_is_named_with_its_place() -> None:
    _, ingress = lower_security_groups([group(rule(CidrPeer("0.0.0.0/0")))], LISTS)
    hop = decide(ingress, "here", interface(), Side(None, number("9.9.9.9")), TCP, None).possible[0].hop
    assert (hop.layer, hop.rule, str(hop.span)) == ("SecurityGroup", "sg-1 r", "main.tf:7")


peers = st.one_of(st.sampled_from(PREFIXES).map(CidrPeer), st.sampled_from(("sg-1", "sg-2", "sg-3")).map(GroupPeer))
ranges = st.tuples(st.integers(20, 25), st.integers(0, 3)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@st.composite
def random_rules(draw: st.DrawFn) -> SecurityGroupRule:
    low, high = draw(ranges)
    protocol = draw(st.sampled_from(("tcp", "udp", "-1", "47")))
    return SecurityGroupRule(
        id="r", egress=draw(st.booleans()), protocol=protocol, from_port=low, to_port=high, peer=draw(peers)
    )


def admits(one: SecurityGroupRule, egress: bool, address: str, plane: str, port: int, origin: frozenset[str]) -> bool:
    """The rule in plain words."""
    if one.egress != egress:
        return False
    if one.protocol == "47" or (one.protocol in ("tcp", "udp") and one.protocol != plane):
        return False
    if one.protocol != "-1":
        assert isinstance(one.from_port, int)
        assert isinstance(one.to_port, int)
        if not one.from_port <= port <= one.to_port:
            return False
    if isinstance(one.peer, CidrPeer):
        return ip_address(address) in ip_network(str(one.peer.cidr))
    assert isinstance(one.peer, GroupPeer)
    return one.peer.group in origin


@given(
    st.lists(st.lists(random_rules(), max_size=4), max_size=3),
    st.sampled_from(ADDRESSES),
    st.sampled_from(("tcp", "udp")),
    st.integers(19, 29),
    st.sets(st.sampled_from(("sg-1", "sg-2", "sg-3"))),
    st.booleans(),
)
def test_chains_decide_as_the_words_say(
    contents: list[list[SecurityGroupRule]], address: str, plane: str, port: int, member_of: set[str], egress: bool
) -> None:
    groups = [group(*rules, id=f"sg-{place}") for place, rules in enumerate(contents)]
    chain = lower_security_groups(groups, {})[0 if egress else 1]
    origin = frozenset(member_of)
    allowed = any(admits(one, egress, address, plane, port, origin) for rules in contents for one in rules)
    found = actions(chain, address, Header(plane, 40000, port), interface(*origin))
    assert found == (YES if allowed else NO)
