"""Arguments as fields: types, references, unknowns."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.aws import PartlyKnown, Unknown, listed
from ringfence.sources.terraform.mapping.fields import Reading, joined
from ringfence.sources.terraform.records import Arguments, ResourceRecord
from ringfence.sources.terraform.values import Reference

UNKNOWN = Unknown("later")
VPC = ResourceRecord(
    "aws_vpc", "aws_vpc.main", Arguments({"tags": {"a": "b", "n": None, "u": UNKNOWN}}), span=Span("m.tf")
)
KNOWN = ResourceRecord("aws_vpc", "aws_vpc.known", Arguments(), id="vpc-1")


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (Reference("aws_vpc.main", "id"), "aws_vpc.main"),
        (Reference("aws_vpc.main", "arn"), "aws_vpc.main"),
        (Reference("aws_vpc.known", "id"), "vpc-1"),
        (Reference("aws_vpc.main", "default_route_table_id"), "aws_vpc.main.main_route_table_id"),
        (Reference("aws_vpc.main", "default_security_group_id"), "aws_vpc.main.default_security_group_id"),
        (Reference("aws_vpc.main", "owner_id"), None),
        (Reference("aws_vpc.gone", "id"), None),
    ],
)
def test_references(reference: Reference, expected: str | None) -> None:
    found = Reading([VPC, KNOWN]).maybe(reference, NOWHERE)
    assert isinstance(found, Unknown) if expected is None else found == expected


def test_an_adopting_resource_stands_for_what_it_adopts() -> None:
    reading = Reading([VPC])
    reading.alias(VPC, "vpc-9")
    assert reading.maybe(Reference("aws_vpc.main", "id"), NOWHERE) == "vpc-9"
    reading.alias(VPC, UNKNOWN)
    assert reading.common(VPC)["id"] == "vpc-9"


def test_common_fields() -> None:
    found = Reading([VPC]).common(VPC)
    assert found["tags"] == {"a": "b", "u": UNKNOWN}
    assert str(found["span"]) == "m.tf#aws_vpc.main"


@pytest.mark.parametrize(
    ("method", "value", "expected"),
    [
        ("maybe", 5, "5"),
        ("maybe", None, None),
        ("number", "7", 7),
        ("number", -1, -1),
        ("number", None, None),
        ("flag", "true", True),
        ("flag", None, False),
        ("ids", None, ()),
        ("ids", ["a", None, UNKNOWN], ("a", UNKNOWN)),
        ("cidr", "10.0.0.1/8", "10.0.0.1/8"),
        ("cidr", "", None),
        ("cidrs", ["::/0"], ("::/0",)),
    ],
)
def test_types(method: str, value: Any, expected: Any) -> None:
    reading = Reading([])
    assert getattr(reading, method)(value, NOWHERE) == expected
    assert reading.diagnostics == []


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("maybe", []),
        ("number", "x"),
        ("number", True),
        ("flag", 1),
        ("ids", "a"),
        ("cidr", "10.0.0.0/40"),
        ("cidr", "x"),
    ],
)
def test_what_is_of_the_wrong_type_is_an_error_and_unknown(method: str, value: Any) -> None:
    reading = Reading([])
    assert isinstance(getattr(reading, method)(value, NOWHERE), Unknown)
    assert [str(one.severity) for one in reading.diagnostics] == ["error"]


@pytest.mark.parametrize("method", ["maybe", "number", "flag", "ids", "cidr", "cidrs", "tags"])
def test_unknown_stays_unknown(method: str) -> None:
    reading = Reading([])
    call = getattr(reading, method)
    assert (call(UNKNOWN) if method == "tags" else call(UNKNOWN, NOWHERE)) is UNKNOWN
    assert reading.diagnostics == []


def test_joined_keeps_every_unknown() -> None:
    assert joined(("a",), ("a", "b", UNKNOWN, UNKNOWN)) == ("a", "b", UNKNOWN, UNKNOWN)
    assert joined(UNKNOWN, ("a",)) is UNKNOWN
    assert joined(("a",), UNKNOWN) is UNKNOWN


def test_a_plans_own_tags_are_known_where_those_with_the_providers_are_not() -> None:
    arguments = Arguments({"tags": {"tier": "data"}, "tags_all": Unknown("known after the apply")})
    record = ResourceRecord("aws_vpc", "aws_vpc.a", arguments)
    found = Reading([record]).common(record)["tags"]
    assert isinstance(found, PartlyKnown)
    assert listed(found) == {"tier": "data"}
