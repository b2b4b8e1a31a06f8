"""Files of every format go to the reader of their kind."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest

from ringfence.sources.configuration import read

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n"
VPC = 'resource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n'
PLAN = {
    "format_version": "1.2",
    "resource_changes": [
        {
            "address": "aws_vpc.planned",
            "mode": "managed",
            "type": "aws_vpc",
            "name": "planned",
            "change": {"actions": ["create"], "before": None, "after": {"cidr_block": "10.1.0.0/16"}},
        }
    ],
}


def test_each_format_has_its_reader(tmp_path: Path):
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "main.tf").write_text(VPC)
    (tmp_path / "ringfence.yaml").write_text("version: 1\n")
    found, diagnostics = read([tmp_path])
    assert not diagnostics
    assert [one.title for one in found.cluster.workloads] == ["default/a[Pod]"]
    assert found.cloud is not None
    assert [one.address for one in found.cloud.vpcs] == ["aws_vpc.main"]


@pytest.mark.parametrize("content", [b"", b"\n", b"# nothing\n---\n"])
def test_an_empty_input_is_an_error(content: bytes):
    """What a pipe brings when the command before it failed."""
    _, diagnostics = read(["-"], BytesIO(content))
    assert [one.severity for one in diagnostics] == ["error"]


def test_a_plan_goes_before_the_code_beside_it(tmp_path: Path):
    (tmp_path / "main.tf").write_text(VPC)
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    found, diagnostics = read([tmp_path])
    assert not diagnostics
    assert found.cloud is not None
    assert [one.address for one in found.cloud.vpcs] == ["aws_vpc.planned"]


def test_code_says_what_a_plan_of_the_same_network_leaves_open(tmp_path: Path):
    change = {"actions": ["create"], "before": None, "after": {}, "after_unknown": {"cidr_block": True}}
    planned = {"address": "aws_vpc.main", "mode": "managed", "type": "aws_vpc", "name": "main", "change": change}
    (tmp_path / "plan.json").write_text(json.dumps(PLAN | {"resource_changes": [planned]}))
    alone, _ = read([tmp_path])
    assert alone.cloud is not None
    assert alone.cloud.vpcs[0].cidrs != ("10.0.0.0/16",)
    (tmp_path / "main.tf").write_text(VPC)
    found, _ = read([tmp_path])
    assert found.cloud is not None
    assert found.cloud.vpcs[0].cidrs == ("10.0.0.0/16",)


def test_manifests_alone_have_no_cloud(tmp_path: Path):
    (tmp_path / "pod.json").write_text(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}))
    found, diagnostics = read([tmp_path])
    assert not diagnostics
    assert found.cloud is None
    assert [one.metadata.name for one in found.cluster.namespaces] == ["n"]


def test_a_folder_of_nothing_is_complained_about(tmp_path: Path):
    _, diagnostics = read([tmp_path])
    assert len(diagnostics) == 1


ANSWER = {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}


def test_answers_of_describe_calls_are_a_cloud(tmp_path: Path):
    (tmp_path / "vpcs.json").write_text(json.dumps(ANSWER))
    (tmp_path / "addresses.json").write_text(json.dumps({"NextToken": "t", "Addresses": []}))
    (tmp_path / "pod.json").write_text(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}))
    found, diagnostics = read([tmp_path])
    assert [one.message for one in diagnostics] == ["this is one page of several: the others are missing"]
    assert found.cloud is not None
    assert [one.id for one in found.cloud.vpcs] == ["vpc-1"]
    assert [one.metadata.name for one in found.cluster.namespaces] == ["n"]


@pytest.mark.parametrize(("document", "expected"), [(ANSWER, ["vpc-1"]), (PLAN, ["aws_vpc.planned"])])
def test_standard_input_is_told_apart_by_its_content(document: dict[str, object], expected: list[str]):
    found, diagnostics = read(["-"], BytesIO(json.dumps(document).encode()))
    assert not diagnostics
    assert found.cloud is not None
    assert [one.id for one in found.cloud.vpcs] == expected


def test_what_an_account_holds_stands_beside_the_code(tmp_path: Path):
    (tmp_path / "vpcs.json").write_text(json.dumps(ANSWER))
    (tmp_path / "main.tf").write_text(VPC)
    found, diagnostics = read([tmp_path])
    assert not diagnostics
    assert found.cloud is not None
    assert [one.id for one in found.cloud.vpcs] == ["aws_vpc.main", "vpc-1"]


@pytest.mark.parametrize("text", ['{"Vpcs": ', '{"Vpcs": [], "Vpcs": []}', '{"Vpcs": 3}', "[]"])
def test_what_is_no_answer_is_read_as_a_manifest_and_complained_about(tmp_path: Path, text: str):
    (tmp_path / "x.json").write_text(text)
    found, diagnostics = read([tmp_path])
    assert found.cloud is None
    assert diagnostics or text == "[]"
