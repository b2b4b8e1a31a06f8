"""Which tags a resource has: a plan's `tags_all` holds the provider's default ones, too."""

from __future__ import annotations

import pytest

from tests.sources.terraform.reading import objects


@pytest.mark.parametrize(
    ("arguments", "tags"),
    [
        ("", {}),
        ('tags = { a = "1" }', {"a": "1"}),
        ('tags = { a = "1" }\n tags_all = { a = "1", b = "2" }', {"a": "1", "b": "2"}),
        ('tags_all = { b = "2" }', {"b": "2"}),
    ],
)
def test_tags(arguments: str, tags: dict[str, str]) -> None:
    (vpc,) = objects(f'resource "aws_vpc" "main" {{\n cidr_block = "10.0.0.0/16"\n {arguments}\n}}\n').vpcs
    assert vpc.tags == tags
