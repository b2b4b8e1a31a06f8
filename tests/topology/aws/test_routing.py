"""Which route serves which destination, and what is certain of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.model.addresses import AddressSet
from ringfence.model.bounds import Bounds
from ringfence.resources.aws import AwsObjects, PrefixList, Route, TargetKind, Unknown
from ringfence.topology.aws.estate import Estate
from ringfence.topology.aws.routing import resolve

UNKNOWN = Unknown("not known")
LOCAL = Bounds.exactly(AddressSet.of("10.0.0.0/16"))
LISTS = Estate(
    AwsObjects(
        prefix_lists=(
            PrefixList(id="a", cidrs=("52.0.0.0/8", "10.0.0.0/8")),
            PrefixList(id="b", cidrs=("52.1.0.0/16",)),
            PrefixList(id="open", cidrs=("52.0.0.0/8", UNKNOWN)),
        )
    )
)
IGW, NAT, ENI, OTHER = (
    TargetKind.INTERNET_GATEWAY,
    TargetKind.NAT_GATEWAY,
    TargetKind.NETWORK_INTERFACE,
    TargetKind.OTHER,
)


def to(destination: str, kind: TargetKind = IGW, **more: object) -> Route:
    return Route(destination=destination, kind=kind, target=kind.value, **more)  # type: ignore[arg-type]


def listed(name: str, kind: TargetKind = IGW) -> Route:
    return to(name, kind, by_prefix_list=True)


DEFAULT = to("0.0.0.0/0")


@pytest.mark.parametrize(
    ("routes", "address", "expected"),
    [
        pytest.param((DEFAULT,), "8.8.8.8", {IGW: True}, id="the default"),
        pytest.param((DEFAULT,), "10.0.3.3", {"local": True}, id="local is longer"),
        pytest.param((to("10.0.0.0/16"),), "10.0.3.3", {"local": True}, id="local wins over its equal"),
        pytest.param((DEFAULT, to("8.0.0.0/8", NAT)), "8.8.8.8", {NAT: True}, id="the longer prefix"),
        pytest.param((to("8.0.0.0/8", NAT), DEFAULT), "9.9.9.9", {IGW: True}, id="in any order"),
        pytest.param((to("10.0.3.0/24", ENI),), "10.0.3.3", {ENI: True}, id="static and longer than local"),
        pytest.param((to("10.0.3.0/24", OTHER, propagated=True),), "10.0.3.3", {"local": True}, id="propagated"),
        pytest.param((DEFAULT, to("0.0.0.0/0", OTHER, propagated=True)), "8.8.8.8", {IGW: True}, id="static first"),
        pytest.param((DEFAULT, to("8.0.0.0/8", NAT, blackhole=True)), "8.8.8.8", {}, id="a blackhole"),
        pytest.param((DEFAULT, replace(to("8.0.0.0/8", NAT), blackhole=UNKNOWN)), "8.8.8.8", {NAT: False}, id="may"),
        pytest.param(
            (DEFAULT, replace(to("8.0.0.0/8", NAT), exists=UNKNOWN)), "8.8.8.8", {IGW: False, NAT: False}, id="unsure"
        ),
        pytest.param(
            (DEFAULT, replace(to("x", NAT), destination=UNKNOWN)), "8.8.8.8", {IGW: False, NAT: False}, id="anywhere"
        ),
        pytest.param((DEFAULT, listed("a", NAT)), "52.3.3.3", {NAT: True}, id="a prefix list's block"),
        pytest.param((listed("a", NAT),), "10.0.3.3", {"local": True}, id="local is longer than a list's block"),
        pytest.param((to("52.0.0.0/8"), listed("a", NAT)), "52.3.3.3", {IGW: True}, id="static before prefix list"),
        pytest.param(
            (listed("a", NAT), listed("b", IGW)), "52.1.1.1", {NAT: False, IGW: False}, id="lists that overlap: unsaid"
        ),
        pytest.param((listed("a", NAT), listed("b", NAT)), "52.1.1.1", {NAT: True}, id="lists of one target"),
        pytest.param((DEFAULT, listed("gone", NAT)), "8.8.8.8", {IGW: False, NAT: False}, id="a list that is missing"),
        pytest.param((DEFAULT, listed("open", NAT)), "52.3.3.3", {NAT: False}, id="a list of which a part is unknown"),
        pytest.param((to("::/0"),), "8.8.8.8", {}, id="the other family"),
    ],
)
def test_who_serves_an_address(routes: tuple[Route, ...], address: str, expected: dict[object, bool]):
    ways, local = resolve(routes, LOCAL, LISTS)
    found: dict[object, bool] = {}
    for kind, bounds in [("local", local), *((way.route.kind, way.destinations) for way in ways)]:
        if address in bounds.may:
            found[kind] = found.get(kind, False) or address in bounds.must
    assert found == expected


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.3.3", "192.168.1.1"])
def test_destinations_that_may_be_elsewhere_are_never_certain(address: str):
    ways, local = resolve((DEFAULT,), LOCAL, LISTS, AddressSet.of("192.168.0.0/16", "10.0.0.0/8"))
    certain = address in local.must or any(address in way.destinations.must for way in ways)
    assert certain == (address != "192.168.1.1")
