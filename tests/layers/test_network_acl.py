"""Network ACLs as chains, held against their semantics in plain words."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.decisions import Side, decide
from ringfence.layers.network_acl import lower_network_acl
from ringfence.model.addresses import AddressSet, number
from ringfence.model.headers import Header
from ringfence.model.rules import Action, Chain
from ringfence.model.spans import Span
from ringfence.resources.aws import AclAction, AclEntry, NetworkAcl, Unknown

UNKNOWN = Unknown("known after the apply")
ALLOW, DENY = AclAction.ALLOW, AclAction.DENY
YES, NO, OPEN = {Action.ALLOW}, {Action.DENY}, {Action.ALLOW, Action.DENY}
TCP = Header("tcp", 40000, 22)


def entry(
    number: int | Unknown, action: AclAction | Unknown, cidr: str | Unknown = "0.0.0.0/0", **more: object
) -> AclEntry:
    plain: dict[str, object] = {"egress": False, "protocol": "-1", "span": Span("main.tf", "", 9)}
    return AclEntry(number=number, action=action, cidr=cidr, **{**plain, **more})  # type: ignore[arg-type]


def acl(*entries: AclEntry, **more: object) -> NetworkAcl:
    return NetworkAcl(id="acl-1", vpc="vpc-1", entries=entries, **more)  # type: ignore[arg-type]


def actions(chain: Chain, address: str = "203.0.113.9", header: Header = TCP) -> set[Action]:
    return {one.action for one in decide(chain, "edge", None, Side(None, number(address)), header, None).possible}


def ingress(*entries: AclEntry, **more: object) -> Chain:
    return lower_network_acl(acl(*entries, **more))[1]


SSH: dict[str, Any] = {"protocol": "tcp", "from_port": 22, "to_port": 22}


@pytest.mark.parametrize(
    ("entries", "address", "header", "expected"),
    [
        ([], "203.0.113.9", TCP, NO),
        ([entry(100, ALLOW)], "203.0.113.9", TCP, YES),
        ([entry(100, ALLOW)], "2001:db8::1", TCP, NO),
        ([entry(101, ALLOW, "::/0")], "2001:db8::1", TCP, YES),
        ([entry(200, ALLOW), entry(100, DENY, "203.0.113.0/24")], "203.0.113.9", TCP, NO),
        ([entry(100, ALLOW), entry(200, DENY, "203.0.113.0/24")], "203.0.113.9", TCP, YES),
        ([entry(200, ALLOW), entry(100, DENY, "203.0.113.0/24")], "9.9.9.9", TCP, YES),
        ([entry(100, ALLOW, **SSH)], "9.9.9.9", TCP, YES),
        ([entry(100, ALLOW, **SSH)], "9.9.9.9", Header("tcp", 22, 40000), NO),
        ([entry(100, ALLOW, protocol="6", from_port=1024, to_port=65535)], "9.9.9.9", Header("tcp", 22, 40000), YES),
        ([entry(100, ALLOW, protocol="icmp", icmp_type=3, icmp_code=4)], "9.9.9.9", Header("icmp", 3, 4), YES),
        ([entry(100, ALLOW, protocol="1", icmp_type=3, icmp_code=-1)], "9.9.9.9", Header("icmp", 3, 1), YES),
        ([entry(100, ALLOW, protocol="icmp", icmp_type=3, icmp_code=4)], "9.9.9.9", Header("icmp", 8, 0), NO),
        ([entry(100, ALLOW, protocol="icmp")], "9.9.9.9", Header("icmp", 8, 0), YES),
        ([entry(100, ALLOW, protocol="47", from_port=1, to_port=1)], "9.9.9.9", Header("other", protocol=47), YES),
        ([entry(100, ALLOW, from_port=22, to_port=22)], "9.9.9.9", Header("udp", 1, 53), YES),
        ([entry(100, ALLOW, egress=True)], "9.9.9.9", TCP, NO),
        ([entry(100, DENY), entry(100, ALLOW)], "9.9.9.9", TCP, OPEN),
        ([entry(100, UNKNOWN)], "9.9.9.9", TCP, OPEN),
        ([entry(100, UNKNOWN), entry(200, ALLOW)], "2001:db8::1", TCP, NO),
        ([entry(UNKNOWN, DENY, "9.0.0.0/8"), entry(200, ALLOW)], "9.9.9.9", TCP, OPEN),
        ([entry(UNKNOWN, DENY, "9.0.0.0/8"), entry(200, ALLOW)], "8.8.8.8", TCP, YES),
        ([entry(UNKNOWN, ALLOW)], "9.9.9.9", TCP, YES),
        ([entry(UNKNOWN, ALLOW), entry(200, ALLOW)], "9.9.9.9", TCP, YES),
        ([entry(100, ALLOW, UNKNOWN)], "9.9.9.9", TCP, OPEN),
        ([entry(100, ALLOW, exists=UNKNOWN)], "9.9.9.9", TCP, OPEN),
        ([entry(100, ALLOW, egress=UNKNOWN)], "9.9.9.9", TCP, OPEN),
        ([entry(100, DENY, protocol=UNKNOWN), entry(200, ALLOW)], "9.9.9.9", TCP, OPEN),
        ([entry(100, DENY)], "169.254.169.254", TCP, YES),
    ],
)
def test_ingress(entries: list[AclEntry], address: str, header: Header, expected: set[Action]) -> None:
    assert actions(ingress(*entries), address, header) == expected


def test_chains_are_stateless_and_have_their_own_direction() -> None:
    egress, into = lower_network_acl(acl(entry(100, ALLOW, egress=True)))
    assert not egress.stateful
    assert not into.stateful
    assert (actions(egress), actions(into)) == (YES, NO)


def test_entries_that_could_not_be_read_may_do_either() -> None:
    assert actions(ingress(entry(100, ALLOW), unlisted=UNKNOWN)) == OPEN
    assert actions(ingress(unlisted=UNKNOWN)) == OPEN


def test_the_resolver_is_not_filtered() -> None:
    _, into = lower_network_acl(acl(), beyond=AddressSet.of("10.0.0.2"))
    assert (actions(into, "10.0.0.2"), actions(into, "10.0.0.3")) == (YES, NO)


def test_the_deciding_entry_is_named_with_its_place() -> None:
    for chain, rule, place in ((ingress(entry(100, DENY)), "acl-1 100", "main.tf:9"), (ingress(), "acl-1 *", "")):
        hop = decide(chain, "edge", None, Side(None, number("9.9.9.9")), TCP, None).possible[0].hop
        assert (hop.layer, hop.rule) == ("NetworkAcl", rule)
        assert str(hop.span).startswith(place)


PREFIXES = ("0.0.0.0/0", "10.0.0.0/8", "10.0.1.0/24", "::/0")
ADDRESSES = ("10.0.1.7", "10.9.9.9", "203.0.113.9", "fd00::1")


@st.composite
def random_entries(draw: st.DrawFn) -> AclEntry:
    low = draw(st.integers(20, 25))
    return AclEntry(
        number=draw(st.integers(1, 6)),
        egress=draw(st.booleans()),
        protocol=draw(st.sampled_from(("tcp", "udp", "-1"))),
        action=draw(st.sampled_from(AclAction)),
        cidr=draw(st.sampled_from(PREFIXES)),
        from_port=low,
        to_port=low + draw(st.integers(0, 3)),
    )


def decided(entries: list[AclEntry], egress: bool, address: str, plane: str, port: int) -> Action:
    """The list in plain words, in the order given."""
    for one in entries:
        inside = (
            isinstance(one.from_port, int) and isinstance(one.to_port, int) and one.from_port <= port <= one.to_port
        )
        fits = one.protocol == "-1" or (one.protocol == plane and inside)
        if one.egress == egress and fits and ip_address(address) in ip_network(str(one.cidr)):
            return Action.ALLOW if one.action is ALLOW else Action.DENY
    return Action.DENY


FLOWS = (st.sampled_from(ADDRESSES), st.sampled_from(("tcp", "udp")), st.integers(19, 29), st.booleans())


@given(st.lists(random_entries(), max_size=6, unique_by=lambda one: one.number), *FLOWS)
def test_chains_decide_as_the_words_say(
    entries: list[AclEntry], address: str, plane: str, port: int, egress: bool
) -> None:
    chain = lower_network_acl(acl(*entries))[0 if egress else 1]
    ordered = sorted(entries, key=lambda one: int(str(one.number)))
    assert actions(chain, address, Header(plane, 40000, port)) == {decided(ordered, egress, address, plane, port)}


@given(st.lists(random_entries(), max_size=3, unique_by=lambda one: one.number), random_entries(), *FLOWS)
def test_an_unknown_number_is_every_number(
    entries: list[AclEntry], lost: AclEntry, address: str, plane: str, port: int, egress: bool
) -> None:
    unknown = replace(lost, number=UNKNOWN)
    chain = lower_network_acl(acl(*entries, unknown))[0 if egress else 1]
    ordered = sorted(entries, key=lambda one: int(str(one.number)))
    worlds = {
        decided([*ordered[:place], lost, *ordered[place:]], egress, address, plane, port)
        for place in range(len(ordered) + 1)
    }
    assert actions(chain, address, Header(plane, 40000, port)) == worlds


@given(st.lists(random_entries(), max_size=4), *FLOWS)
def test_entries_of_one_number_have_no_order(
    entries: list[AclEntry], address: str, plane: str, port: int, egress: bool
) -> None:
    same = [entry(1, one.action, one.cidr, egress=one.egress, protocol="-1") for one in entries]
    chain = lower_network_acl(acl(*same))[0 if egress else 1]
    worlds = {decided(list(order), egress, address, plane, port) for order in permutations(same)}
    assert actions(chain, address, Header(plane, 40000, port)) == worlds
