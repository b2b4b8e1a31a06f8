"""Argument names that do not exist, and those that are missing."""

from __future__ import annotations

from dataclasses import replace

from ringfence.model.spans import Span
from ringfence.sources.terraform.mapping import schema
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.records import Arguments, ResourceRecord


def test_strange_names() -> None:
    reading = Reading([])
    block = Arguments({"rule_number": 1, "cidr_blok": "x", "region": "eu"}, span=Span("m.tf", "", 3))
    assert not schema.accepted(reading, block, schema.ACL_BLOCK)
    assert [one.remedy for one in reading.diagnostics] == ["did you mean cidr_block?", "did you mean rule_no?"]
    assert schema.accepted(reading, block, schema.ACL_BLOCK, checked=False)
    assert schema.accepted(reading, Arguments({"rule_no": 1}), schema.ACL_BLOCK)


def test_names_that_no_verdict_hangs_on_are_warnings() -> None:
    reading = Reading([])
    record = ResourceRecord("aws_subnet", "aws_subnet.a", Arguments({"map_public_ip": True, "tags": {}, "vpc_id": 1}))
    schema.noticed(reading, record, schema.SUBNET)
    assert ["did you mean map_public_ip_on_launch?" in str(one) for one in reading.diagnostics] == [True]
    assert [str(one.severity) for one in reading.diagnostics] == ["warning"]
    schema.noticed(reading, replace(record, written=False), schema.SUBNET)
    assert len(reading.diagnostics) == 1


def test_missing_names() -> None:
    reading = Reading([])
    assert not schema.given(reading, Arguments({"a": None}), "a", "b")
    assert schema.given(reading, Arguments({"a": 0}), "a")
    assert len(reading.diagnostics) == 2
