"""Answers of describe calls, several files together. Each kind of object has its own test file."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given

from ringfence.resources.aws import AwsObjects, Unknown
from ringfence.sources.aws_describe import is_describe, read_files
from ringfence.sources.files import InputFile
from tests.cases.known import CASES, for_each
from tests.sources.damage import damaged
from tests.sources.describing import ANSWERS, read

FOLDERS = sorted((CASES / "aws").glob("*/inputs"))


def test_every_kind_is_read() -> None:
    found, diagnostics = read(ANSWERS)
    assert [str(one.severity) for one in diagnostics] == ["warning"]
    for field in dataclasses.fields(AwsObjects):
        made_by_terraform = {"launch_templates", "autoscaling_groups", "subnet_groups"}
        of_kubernetes = {"eks_clusters", "node_groups", "fargate_profiles"}
        blocking = {"public_access_blocks", "public_access_exclusions"}
        if field.name not in made_by_terraform | of_kubernetes | blocking | {"unread"}:
            assert getattr(found, field.name), field.name


def test_one_page_of_several_is_said() -> None:
    found, diagnostics = read({"Vpcs": [], "NextToken": "x"})
    assert (len(found.unread), len(diagnostics)) == (1, 1)


def test_what_is_not_modelled_is_said_once() -> None:
    answers = {"TransitGateways": [{"TransitGatewayId": "tgw-1"}, {"TransitGatewayId": "tgw-2"}]}
    found, diagnostics = read(answers)
    assert [(one.type, one.id) for one in found.unmodelled] == [
        ("TransitGateways", "tgw-1"),
        ("TransitGateways", "tgw-2"),
    ]
    assert len(diagnostics) == 1


@pytest.mark.parametrize("text", ["", "[]", "3", "{", '{"a": 1, "a": 2}'])
def test_what_is_no_answer_is_an_error(text: str) -> None:
    found, diagnostics = read_files([InputFile("x.json", text)])
    assert [str(one.severity) for one in diagnostics] == ["error"]
    assert len(found.unread) == 1


def test_which_documents_are_answers() -> None:
    assert is_describe(ANSWERS)
    assert not is_describe({"kind": "List", "items": []})
    assert not is_describe([])


def test_places() -> None:
    text = json.dumps({"SecurityGroups": [{"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissions": [
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}]}, indent=1)  # fmt: skip
    found, _ = read_files([InputFile("sg.json", text)])
    assert str(found.security_groups[0].rules[0].span) == "sg.json:10:7"


@for_each("folder", FOLDERS, ids=lambda one: one.parent.name)
def test_real_accounts_are_read(folder: Any) -> None:
    files = [InputFile(str(one), one.read_text()) for one in sorted(folder.glob("**/*.json"))]
    found, diagnostics = read_files(files)
    assert [str(one) for one in diagnostics if one.severity == "error"] == []
    assert found != AwsObjects()


@given(damaged(ANSWERS))
def test_no_damage_is_a_traceback(document: Any) -> None:
    assert isinstance(read(document)[0], AwsObjects)


@pytest.mark.parametrize(("mode", "blocks"), [("off", 0), ("block-ingress", 1), ("block-bidirectional", 1)])
@pytest.mark.parametrize("key", ["Vpcs", "Subnets"])
def test_a_block_of_public_access_shows_where_it_is_in_force(key: str, mode: str, blocks: int) -> None:
    (first, *_) = ANSWERS[key]
    objects, _ = read({key: [{**first, "BlockPublicAccessStates": {"InternetGatewayBlockMode": mode}}] * 2})
    assert [isinstance(one.mode, Unknown) for one in objects.public_access_blocks] == [True] * blocks
