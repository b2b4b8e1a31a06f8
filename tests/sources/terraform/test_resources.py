"""Resource bodies with their settings and blocks evaluated."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.resources import records
from tests.sources.terraform.reading import module

TEXT = """
variable "unset" {}
resource "aws_thing" "a" {
  count = 2
  name  = "n${count.index}"
  bad   = 1 / 0
  lifecycle {
    prevent_destroy = true
  }
  dynamic "part" {
    for_each = { x = 1, y = 2 }
    iterator = one
    content {
      key   = one.key
      value = one.value
      dynamic "inner" {
        for_each = toset(["p", "q"])
        content {
          label = "${one.key}-${inner.value}"
        }
      }
    }
  }
  dynamic "lost" {
    for_each = var.unset
    content {}
  }
}
resource "random_id" "other" {}
"""


def test_bodies() -> None:
    root = module(TEXT)
    first, second = records(root)
    assert (first.address, second.address) == ("aws_thing.a[0]", "aws_thing.a[1]")
    assert second.arguments.get("name") == "n1"
    assert isinstance(first.arguments.get("bad"), Unknown)
    parts, more = first.arguments.nested("part")
    assert more is None
    assert [(one.get("key"), one.get("value")) for one in parts] == [("x", 1), ("y", 2)]
    assert [one.get("label") for one in parts[1].nested("inner")[0]] == ["y-p", "y-q"]
    assert isinstance(first.arguments.nested("lost")[1], Unknown)
    assert first.arguments.names() == {"name", "bad", "part", "lost"}
    assert parts[0].span.line == 13
    assert [str(one) for one in root.root.diagnostics if one.severity == "error"] == [
        "main.tf:6: error: a division by zero"
    ]


@pytest.mark.parametrize(
    ("ignored", "open_", "doubtful"),
    [
        ("[ingress]", {"ingress"}, True),
        ("[tags, egress, route]", {"egress", "route"}, True),
        ("all", {"ingress", "egress", "route", "entry"}, True),
        ("[tags]", set(), False),
    ],
)
def test_what_is_left_to_others(ignored: str, open_: set[str], doubtful: bool) -> None:
    text = f'resource "aws_thing" "a" {{\n  lifecycle {{\n    ignore_changes = {ignored}\n  }}\n}}\n'
    (found,) = records(module(text))
    assert set(found.arguments.open) == open_
    assert (found.fading is not None) == doubtful


def test_a_dynamic_block_that_is_none() -> None:
    root = module(
        'resource "aws_thing" "a" {\n  dynamic "x" {\n  }\n  dynamic "y" {\n    for_each = 1\n    content {}\n  }\n}\n'
    )
    (found,) = records(root)
    assert isinstance(found.arguments.nested("x")[1], Unknown)
    assert isinstance(found.arguments.nested("y")[1], Unknown)
    assert len(root.root.diagnostics) == 2
