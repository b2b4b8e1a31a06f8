"""Files to bodies, in both syntaxes, and what is wrong with those that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.diagnostics import Diagnostic
from ringfence.sources import terraform
from ringfence.sources.files import InputFile
from ringfence.sources.terraform.parser import parse
from ringfence.sources.terraform.syntax import Body

PIECES = (
    *'{}[]()=,.:?!"$%#\\\n ',
    "resource", '"aws_vpc"', "<<EOT\n", "EOT\n", "for", " in ", "=>", "...", "${", "%{", "/*", "*/", "1e9", "null",
    "dynamic", "&&", "\u00e9", "\x00", "a",
)  # fmt: skip


def body(text: str, name: str = "main.tf") -> Body:
    found = parse(name, text)
    assert isinstance(found, Body), found
    return found


def test_blocks_settings_and_lines() -> None:
    found = body('# c\nresource "aws_vpc" main {\n  cidr_block = "x"\n\n  timeouts { create = 1 }\n}\n')
    (block,) = found.blocks
    assert (block.kind, block.labels, block.span.line) == ("resource", ("aws_vpc", "main"), 2)
    assert [(one.name, one.span.line) for one in block.body.settings] == [("cidr_block", 3)]
    assert [(one.kind, one.span.line) for one in block.body.blocks] == [("timeouts", 5)]


def test_json_is_the_same_tree() -> None:
    text = '{"resource": {"aws_vpc": {"main": {"cidr_block": "${var.x}"}}}, "locals": [{"a": 1}, {"b": 2}]}'
    found = body(text, "main.tf.json")
    assert [(one.kind, one.labels) for one in found.blocks] == [
        ("resource", ("aws_vpc", "main")), ("locals", ()), ("locals", ())
    ]  # fmt: skip
    assert found.blocks[0].body.settings[0].span.position() == (1, 36)


def test_dynamic_blocks_in_json() -> None:
    text = """{"resource": {"aws_security_group": {"a": {"name": "a", "dynamic": {"ingress": [
      {"for_each": [80, 443], "content": {"from_port": "${ingress.value}", "to_port": "${ingress.value}",
       "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}}]}, "egress": [{"from_port": 0, "to_port": 0,
       "protocol": "-1", "self": true}]}}}}"""
    found, diagnostics = terraform.read_files([InputFile("main.tf.json", text)])
    assert diagnostics == []
    assert [(one.egress, one.from_port) for one in found.security_groups[0].rules] == [
        (True, None), (False, 80), (False, 443)
    ]  # fmt: skip


def test_inputs() -> None:
    assert [one.name for one in body("a = 1\nb = [2]\n", "x.tfvars").settings] == ["a", "b"]
    assert [one.name for one in body('{"a": 1}', "x.tfvars.json").settings] == ["a"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("main.tf", "a {\n  b = \n}\n", "main.tf:2:7"),
        ("main.tf", "a {\n", "main.tf:2:1"),
        ("main.tf", "a = 1\na = 2\n", "main.tf:2"),
        ("main.tf", "a = 1 b = 2\n", "main.tf:1:7"),
        ("main.tf", "}", "main.tf:1:1"),
        ("main.tf", "a" * 3 + " {" * 300, "main.tf:1"),
        ("main.tf.json", "[]", "main.tf.json: error"),
        ("main.tf.json", "{", "main.tf.json: error"),
        ("main.tf.json", '{"a": 1, "a": 2}', "main.tf.json: error"),
        ("main.tf.json", '{"resource": {"aws_vpc": 3}}', "main.tf.json: error"),
        ("main.tf.json", '{"resource": {"a": {"b": {"dynamic": 3}}}}', "main.tf.json: error"),
    ],
)
def test_what_is_wrong_has_its_place(name: str, text: str, expected: str) -> None:
    found = parse(name, text)
    assert isinstance(found, Diagnostic)
    assert str(found).startswith(expected)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(("a.tf", "a.tfvars", "a.tf.json")))
def test_no_text_is_a_traceback(text: str, name: str) -> None:
    assert isinstance(parse(name, text), (Body, Diagnostic))


@given(st.text(max_size=60), st.sampled_from(("a.tf", "a.tf.json")))
def test_no_letters_are_a_traceback(text: str, name: str) -> None:
    assert isinstance(parse(name, text), (Body, Diagnostic))
