"""Argument names that do not exist, and those that are missing."""

from __future__ import annotations

from ringfence.model.spans import Span
from ringfence.sources.terraform.mapping import schema
from ringfence.sources.terraform.mapping.fields import Reading
from ringfence.sources.terraform.records import Arguments


def test_strange_names() -> None:
    reading = Reading([])
    block = Arguments({"rule_number": 1, "cidr_blok": "x", "region": "eu"}, span=Span("m.tf", "", 3))
    assert not schema.accepted(reading, block, schema.ACL_BLOCK)
    assert [one.remedy for one in reading.diagnostics] == ["did you mean cidr_block?", "did you mean rule_no?"]
    assert schema.accepted(reading, block, schema.ACL_BLOCK, checked=False)
    assert schema.accepted(reading, Arguments({"rule_no": 1}), schema.ACL_BLOCK)


def test_missing_names() -> None:
    reading = Reading([])
    assert not schema.given(reading, Arguments({"a": None}), "a", "b")
    assert schema.given(reading, Arguments({"a": 0}), "a")
    assert len(reading.diagnostics) == 2
