from __future__ import annotations

from ipaddress import collapse_addresses, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.addresses import (
    ALL_IPV4,
    ALL_IPV6,
    EVERYWHERE,
    NO_ADDRESS,
    V6,
    AddressSet,
    address,
    number,
)
from tests.model.strategies import address_sets, check_set_algebra, places

any_address = st.ip_addresses()
blocks = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), st.tuples(st.ip_addresses(v=6), st.integers(0, 128))
).map(lambda drawn: ip_network(drawn, strict=False))


@given(any_address)
def test_places_round_trip(value):
    assert address(number(value)) == value
    assert number(str(value)) == number(value)


@given(any_address, any_address)
def test_places_keep_the_order_within_a_family_and_the_families_apart(a, b):
    if a.version == b.version:
        assert (number(a) < number(b)) == (int(a) < int(b))
    else:
        assert (number(a) < number(b)) == (a.version < b.version)


def test_the_families_do_not_touch():
    last, first = number("255.255.255.255"), number("::")
    assert first == V6
    assert first > last + 1
    assert EVERYWHERE.pairs == ((0, last), (first, number("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")))


@given(address_sets, address_sets)
def test_algebra(a, b):
    check_set_algebra(a, b, places)


@given(address_sets)
def test_complement(found):
    rest = EVERYWHERE - found
    assert not rest & found
    assert rest | found == EVERYWHERE
    assert EVERYWHERE - rest == found


@given(st.lists(blocks, max_size=5), any_address)
def test_membership_is_that_of_the_blocks(drawn, probe):
    found = AddressSet.of(*drawn)
    expected = any(probe.version == block.version and probe in block for block in drawn)
    assert (probe in found) == expected
    assert (str(probe) in found) == expected
    assert (number(probe) in found) == expected


@given(blocks)
def test_a_block_is_itself(block):
    found = AddressSet.of(block)
    assert found == AddressSet.of(str(block))
    assert found.networks() == [block]
    assert found.count() == block.num_addresses
    assert found.first() == number(block.network_address)
    assert found.ranges() == [str(block if block.num_addresses > 1 else block.network_address)]


@given(address_sets)
def test_networks_are_the_fewest_blocks_and_rebuild_the_set(found):
    blocks = found.networks()
    assert AddressSet.of(*blocks) == found
    singles: list[Any] = [address(place) for place in sorted(places(found))]
    families = ([one for one in singles if one.version == version] for version in (4, 6))
    fewest = [block for family in families for block in collapse_addresses(family)]
    assert blocks == fewest


@given(st.lists(blocks, max_size=5))
def test_ranges_and_networks_rebuild_large_sets(drawn):
    found = AddressSet.of(*drawn)
    assert AddressSet.of(*found.ranges()) == found
    assert AddressSet.of(*found.networks()) == found
    assert len(found.ranges()) == len(found.pairs)
    assert found.count() == sum(block.num_addresses for block in found.networks())


@given(address_sets)
def test_ranges_rebuild_the_set(found):
    assert AddressSet.of(*found.ranges()) == found
    assert str(found) == ",".join(found.ranges())


@given(st.lists(address_sets, max_size=4))
def test_union_of_many(sets):
    expected = NO_ADDRESS
    for one in sets:
        expected = expected | one
    assert AddressSet.union(sets) == expected


@pytest.mark.parametrize(
    ("items", "ranges"),
    [
        ((), []),
        (("10.0.0.5",), ["10.0.0.5"]),
        (("10.0.0.5/24",), ["10.0.0.0/24"]),
        (("10.0.0.0/25", "10.0.0.128/25"), ["10.0.0.0/24"]),
        (("10.0.0.1 - 10.0.0.9",), ["10.0.0.1-10.0.0.9"]),
        (("10.0.0.1-10.0.0.2", "10.0.0.0", "10.0.0.3"), ["10.0.0.0/30"]),
        (("2001:db8::/32", "10.0.0.0/8"), ["10.0.0.0/8", "2001:db8::/32"]),
        (("::1-::3",), ["::1-::3"]),
        (("0.0.0.0/0", "::/0"), ["0.0.0.0/0", "::/0"]),
        ((ip_address("10.0.0.1"), ip_network("10.0.0.2/31")), ["10.0.0.1-10.0.0.3"]),
    ],
)
def test_of(items, ranges):
    assert AddressSet.of(*items).ranges() == ranges


@pytest.mark.parametrize(
    "text",
    [
        "",
        "web",
        "10.0.0",
        "10.0.0.0/33",
        "10.0.0.256",
        "::/129",
        "10.0.0.9-10.0.0.1",
        "10.0.0.1-::1",
        "10.0.0.1-",
        "-10.0.0.1",
        "10.0.0.0/8-10.0.0.9",
        "010.0.0.1",
    ],
)
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match=r".*"):
        AddressSet.of(text)


def test_a_default_route_is_of_one_family():
    assert "::1" not in ALL_IPV4
    assert "10.0.0.1" not in ALL_IPV6
    assert not ALL_IPV4 & ALL_IPV6
    assert ALL_IPV6.count() == 2**128


def test_the_empty_set():
    assert not NO_ADDRESS
    assert NO_ADDRESS <= NO_ADDRESS
    assert AddressSet.between(5, 4) == NO_ADDRESS
    with pytest.raises(ValueError, match="empty"):
        NO_ADDRESS.first()
