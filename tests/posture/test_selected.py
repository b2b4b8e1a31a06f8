"""The algebra of what selections hold: may and must, and addresses of services."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.addresses import ALL_IPV4, AddressSet
from ringfence.model.networks import Endpoint
from ringfence.posture.selected import Selected, may_lie_in, narrowed
from ringfence.topology.aws.endpoints import AWS, SERVICE

BLOCK = AddressSet.of("52.0.0.0/8")
PODS = [Endpoint(name, "here", AddressSet.of(f"10.0.0.{n}")) for n, name in enumerate("abcd")]
S3 = Endpoint("s3", "there", ALL_IPV4, facets={AWS: {"kind": SERVICE}})


def of(possible: set[str], certain: set[str]) -> Selected:
    return Selected(tuple(one for one in PODS if one.id in possible), unsure=frozenset(possible - certain))


def may(found: Selected) -> set[str]:
    return {one.id for one in found.endpoints}


def must(found: Selected) -> set[str]:
    return may(found) - found.unsure


names = st.sets(st.sampled_from("abcd"))
sides = st.tuples(names, names).map(lambda both: of(both[0] | both[1], both[0]))


@given(sides, sides)
def test_may_and_must_follow_the_sets(one: Selected, other: Selected) -> None:
    for found, both in ((one | other, set.union), (one & other, set.intersection)):
        assert may(found) == both(may(one), may(other))
        assert must(found) == both(must(one), must(other))
    assert may(one - other) == may(one) - must(other)
    assert must(one - other) == must(one) - may(other)


@pytest.mark.parametrize(("one", "other"), [("52.0.0.0/9", "52.128.0.0/9"), ("52.0.0.0/8", "52.1.0.0/16")])
def test_a_service_of_two_blocks_has_both_addresses(one: str, other: str) -> None:
    sides = [Selected(narrowed((S3,), AddressSet.of(block))) for block in (one, other)]
    ((found,), (again,)) = (sides[0] | sides[1]).endpoints, (sides[1] | sides[0]).endpoints
    assert found.addresses == again.addresses == AddressSet.of(one) | AddressSet.of(other)


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [("52.1.2.3", True), ("52.0.0.0-53.0.0.0", True), ("10.0.0.0/8", False), ("0.0.0.0/0", False)],
)
def test_who_may_lie_in_a_block(addresses: str, expected: bool) -> None:
    assert may_lie_in(Endpoint("a", "here", AddressSet.of(addresses)), BLOCK) is expected


def test_a_service_that_is_there_by_a_block_opens_no_connection() -> None:
    pod = PODS[0]
    assert Selected((S3, pod), unsure=frozenset(("s3", "a"))).opening == Selected((pod,), unsure=frozenset("a"))
    assert Selected((S3,)).opening == Selected((S3,))
