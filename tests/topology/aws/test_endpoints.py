"""Interfaces as endpoints: families, groups, facets, public addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ringfence.resources.aws import ElasticIp, Instance, NetworkInterface, PartlyKnown, Unknown
from ringfence.topology.aws.endpoints import AWS, PUBLIC, TAG, Wanted, either, endpoints, public
from ringfence.topology.aws.estate import Estate
from tests.topology.aws.clouds import cloud, host

UNKNOWN = Unknown("not known")
OWNER = Instance(id="i", tags={"tier": "web"})


def made(**fields: Any) -> dict[str, Any]:
    """The endpoints of an instance's interface in the public subnet, by id."""
    wanted = Wanted(
        **{"name": "eni", "owner": OWNER, "kind": "instance", "subnet": "public", "groups": ("ssh",), **fields}
    )
    return {one.id: one for one in endpoints(Estate(cloud()), wanted)}


@pytest.mark.parametrize(
    ("private", "expected"),
    [
        (("10.0.0.9",), {"eni": "10.0.0.9"}),
        (("2600:1f00::9",), {"eni": "2600:1f00::9"}),
        (("10.0.0.9", "2600:1f00::9"), {"eni": "10.0.0.9", "eni IPv6": "2600:1f00::9"}),
        (("10.0.0.9", UNKNOWN), {"eni": "10.0.0.9", "eni IPv6": "2600:1f00::4-2600:1f00::ffff:ffff:ffff:fffe"}),
        (("2600:1f00::9", UNKNOWN), {"eni": "10.0.0.4-10.0.0.254", "eni IPv6": "2600:1f00::9"}),
        (
            (),
            {"eni": "10.0.0.4-10.0.0.254", "eni IPv6": "2600:1f00::4-2600:1f00::ffff:ffff:ffff:fffe"},
        ),
    ],
)
def test_families(private: Any, expected: dict[str, str]):
    assert {name: str(one.addresses) for name, one in made(private=private).items()} == expected


def test_an_ipv6_address_that_nobody_speaks_of_may_not_exist():
    found = made()
    assert (found["eni"].maybe, found["eni IPv6"].maybe) == (False, True)
    assert PUBLIC in found["eni IPv6"].facets


@pytest.mark.parametrize(
    ("groups", "known", "unsure"),
    [
        (("ssh",), {"ssh"}, False),
        ((), {"default"}, False),
        (UNKNOWN, set(), True),
        (("ssh", UNKNOWN), {"ssh"}, True),
        (("gone",), {"gone"}, True),
    ],
)
def test_groups(groups: Any, known: set[str], unsure: bool):
    found = made(groups=groups)["eni"]
    assert (found.groups, found.any_group) == (known, unsure)


def test_facets_say_what_and_where():
    found = made(own=NetworkInterface(id="eni", subnet="public", tags={"tier": "db", "x": "y"}))["eni"]
    assert found.facets[AWS] == {"id": "i", "kind": "instance", "subnet": "public", "vpc": "vpc", "zone": "a"}
    assert found.facets[TAG] == {"tier": "db", "x": "y"}
    assert found.workload == "i"


@pytest.mark.parametrize(
    ("owners", "own", "known", "hidden", "open_"),
    [
        ({"tier": UNKNOWN, "a": "b"}, {}, {"a": "b"}, {"tier"}, False),
        ({"tier": UNKNOWN}, {"tier": "db"}, {"tier": "db"}, set(), False),
        ({"tier": "db"}, {"tier": UNKNOWN}, {}, {"tier"}, False),
        (UNKNOWN, {"tier": "db"}, {"tier": "db"}, set(), True),
        ({"tier": "db"}, UNKNOWN, {}, set(), True),
        (PartlyKnown("x", {"tier": "db", "a": UNKNOWN}), {"b": "c"}, {"tier": "db", "b": "c"}, set(), True),
        ({"a": "b"}, PartlyKnown("x", {"tier": "db"}), {"tier": "db"}, set(), True),
    ],
)
def test_each_tag_is_known_or_not_by_itself(owners: Any, own: Any, known: Any, hidden: set[str], open_: bool):
    interface = NetworkInterface(id="eni", subnet="public", tags=own)
    found = made(owner=replace(OWNER, tags=owners), own=interface)["eni"]
    assert found.facets[TAG] == known
    assert found.unknown_keys == {(TAG, key) for key in hidden}
    assert (found.open_facets == {TAG}) is open_
    assert made(subnet=UNKNOWN)["eni"].unknown_facets == {AWS}
    assert made(subnet=UNKNOWN, public=UNKNOWN)["eni"].unknown_facets == {AWS, PUBLIC}
    assert made(owner=replace(OWNER, exists=UNKNOWN))["eni"].maybe


@pytest.mark.parametrize(
    ("own", "addresses", "expected"),
    [
        (None, (), False),
        ("203.0.113.1", (), "203.0.113.1"),
        (UNKNOWN, (), UNKNOWN),
        (None, (ElasticIp(id="e", public_ip="203.0.113.2", network_interface="eni"),), "203.0.113.2"),
        (None, (ElasticIp(id="e", public_ip=UNKNOWN, network_interface="eni"),), True),
        (None, (ElasticIp(id="e", public_ip="203.0.113.2", instance="i"),), "203.0.113.2"),
        (None, (ElasticIp(id="e", public_ip="203.0.113.2", network_interface="other"),), False),
        (None, (ElasticIp(id="e", public_ip="203.0.113.2", network_interface=UNKNOWN),), UNKNOWN),
        (None, (ElasticIp(id="e", public_ip="203.0.113.2", network_interface="eni", exists=UNKNOWN),), UNKNOWN),
    ],
)
def test_public_addresses(own: Any, addresses: Any, expected: Any):
    face = replace(host("eni", "public", "10.0.0.9", public=own), owner="i")
    estate = Estate(cloud(network_interfaces=(face,), instances=(OWNER,), elastic_ips=addresses))
    assert public(estate, face) == expected


@pytest.mark.parametrize(
    ("flags", "expected"), [((False, True), True), ((UNKNOWN, True), True), ((False, UNKNOWN), UNKNOWN), ((), False)]
)
def test_either(flags: Any, expected: Any):
    assert either(*flags) == expected
