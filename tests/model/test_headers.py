from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.headers import (
    ALL_HEADERS,
    ALL_MTLS,
    ALL_PLAINTEXT,
    ALL_TCP,
    FULL_OCTETS,
    FULL_PORTS,
    NO_HEADERS,
    OTHERS,
    PLANES,
    PORT_PLANES,
    PORTS,
    Header,
    from_port,
    icmp,
    ports,
    protocol,
    union,
)
from ringfence.model.intervals import IntervalSet
from ringfence.model.regions import EMPTY_REGION, Region
from tests.model.strategies import (
    HEADERS,
    check_set_algebra,
    header_sets,
    headers,
    integers,
    port_sets,
)


def test_every_source_port_of_a_full_plane():
    assert FULL_PORTS.every() == PORTS
    assert (FULL_PORTS - Region.of(IntervalSet.of(7), IntervalSet.of(443))).every() == PORTS - IntervalSet.of(443)
    assert (FULL_PORTS - Region.of(IntervalSet.of(7), IntervalSet.of(443))).some() == PORTS


@given(header_sets, header_sets)
def test_header_algebra(a, b):
    check_set_algebra(a, b, headers)


@given(header_sets)
def test_header_complement(found):
    rest = ALL_HEADERS - found
    assert headers(rest) == set(HEADERS) - headers(found)
    assert rest | found == ALL_HEADERS
    assert not rest & found
    assert ALL_HEADERS - rest == found


@given(header_sets)
def test_reply_is_an_involution(found):
    assert found.reply().reply() == found
    assert headers(found.reply()) == {header.reply() for header in headers(found)}


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_a_header_replies_twice_to_itself(header):
    assert header.reply().reply() == header
    assert header in ALL_HEADERS
    assert header not in NO_HEADERS


@pytest.mark.parametrize(
    ("plane", "asked", "answer"),
    [("icmp", 8, 0), ("icmp", 13, 14), ("icmp", 3, 3), ("icmpv6", 128, 129), ("icmpv6", 8, 8)],
)
def test_an_echo_is_answered_by_another_type(plane, asked, answer):
    assert Header(plane, asked, 0).reply() == Header(plane, answer, 0)
    version, codes = 4 if plane == "icmp" else 6, IntervalSet.of(0)
    found = icmp(IntervalSet.of(asked), codes, version)
    assert found.reply() == icmp(IntervalSet.of(answer), codes, version)


@given(header_sets, header_sets)
def test_reply_keeps_order_and_union(a, b):
    assert (a | b).reply() == a.reply() | b.reply()
    assert (a & b).reply() == a.reply() & b.reply()
    assert (a <= b) == (a.reply() <= b.reply())


@given(header_sets)
def test_map_changes_planes_by_name(found):
    assert found.map(lambda _, region: region) == found
    emptied = found.map(lambda name, region: EMPTY_REGION if name == "udp" else region)
    assert emptied == found - ports("udp")
    assert dict(found.planes()) == {name: getattr(found, name) for name in PLANES}


@given(st.lists(header_sets, max_size=4))
def test_union_of_many(sets):
    assert headers(union(sets)) == set().union(*(headers(one) for one in sets))


@given(st.sampled_from(PORT_PLANES), port_sets, port_sets)
def test_ports_hold_these_headers_and_no_others(plane, destination, source):
    wanted = {"tcp", "mtls"} if plane == "tcp" else {plane}
    expected = {one for one in HEADERS if one.plane in wanted and one.x in source and one.y in destination}
    assert headers(ports(plane, destination, source)) == expected


@pytest.mark.parametrize("version", [4, 6])
def test_icmp_is_of_one_version(version):
    found = icmp(IntervalSet.of(8), IntervalSet.of(0), version)
    assert headers(found) == {Header("icmp" if version == 4 else "icmpv6", 8, 0)}


@pytest.mark.parametrize(
    ("number", "planes"),
    [(6, {"tcp", "mtls"}), (17, {"udp"}), (132, {"sctp"}), (1, {"icmp"}), (58, {"icmpv6"}), (47, set()), (256, set())],
)
def test_protocol_numbers(number, planes):
    found = protocol(number)
    assert {name for name, region in found.planes() if region} == planes
    assert all(region in (FULL_PORTS, FULL_OCTETS) for _, region in found.planes() if region)
    assert integers(found.others) == ({47} if number == 47 else set())


def test_the_protocols_make_up_all_headers():
    assert union(protocol(number) for number in range(256)) == ALL_HEADERS
    assert len(OTHERS) == 256 - 5


@pytest.mark.parametrize("port", [0, 9, 1024, 65535])
def test_from_port_narrows_only_what_has_ports(port):
    expected = {one for one in HEADERS if one.plane not in PORT_PLANES or one.x == port}
    assert headers(from_port(port)) == expected


def test_transports():
    assert ALL_MTLS | (ALL_TCP & ALL_PLAINTEXT) == ALL_TCP
    assert not ALL_MTLS & ALL_PLAINTEXT
    assert ALL_MTLS | ALL_PLAINTEXT == ALL_HEADERS
    assert Header("tcp", 1, 2) in ALL_PLAINTEXT
    assert Header("mtls", 1, 2) not in ALL_PLAINTEXT


def test_equal_sets_reached_on_different_ways_hash_alike():
    web, dns = ports("tcp", IntervalSet.of(80)), ports("udp", IntervalSet.of(53))
    assert (web | dns) - dns == web
    assert hash((web | dns) - dns) == hash(web)
    assert {web | dns: 1}[dns | web] == 1
