"""Plans and states as objects. Real plans are in tests/servers/test_plan.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.aws import AwsObjects, CidrPeer, GroupPeer, Unknown
from ringfence.sources.files import InputFile
from ringfence.sources.plan_json import inputs, is_plan, read_files
from tests.sources.damage import damaged


def change(address: str, after: Any, unknown: Any = None, **more: Any) -> dict[str, Any]:
    kind, _, name = (
        address.rpartition("module.")[2].rpartition(".")[0].rpartition(".")[2],
        "",
        address.rpartition(".")[2],
    )
    entry = {"address": address, "mode": "managed", "type": kind, "name": name.partition("[")[0]}
    body = {"actions": ["create"], "before": None, "after": after, "after_unknown": unknown or {}}
    return {**entry, "change": {**body, **more}}


def reference(*names: str) -> dict[str, Any]:
    return {"references": list(names)}


PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "resource_changes": [
        change("aws_vpc.main", {"cidr_block": "10.0.0.0/16"}, {"id": True, "ipv6_cidr_block": True}),
        change(
            "aws_security_group.web",
            {
                "name": "web",
                "ingress": [{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}],
            },
            {"id": True, "vpc_id": True, "egress": True, "ingress": [{"cidr_blocks": [False]}]},
        ),
        change("aws_security_group.db", {"name": "db"}, {"id": True, "vpc_id": True, "ingress": True, "egress": True}),
        change(
            "aws_vpc_security_group_ingress_rule.db",
            {"ip_protocol": "tcp", "from_port": 5432, "to_port": 5432},
            {"security_group_id": True, "referenced_security_group_id": True},
        ),
        change("aws_subnet.gone", None, actions=["delete"], before={"vpc_id": "vpc-1"}),
        {"address": "data.aws_vpc.x", "mode": "data", "type": "aws_vpc", "change": {"after": {}}},
        change("null_resource.x", {}),
    ],
    "configuration": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_security_group.web",
                    "expressions": {"vpc_id": reference("aws_vpc.main.id", "aws_vpc.main")},
                },
                {"address": "aws_security_group.db", "expressions": {"vpc_id": reference("local.vpc")}},
                {
                    "address": "aws_vpc_security_group_ingress_rule.db",
                    "expressions": {
                        "security_group_id": reference("aws_security_group.db.id", "aws_security_group.db"),
                        "referenced_security_group_id": reference(
                            "aws_security_group.web.id", "aws_security_group.web"
                        ),
                    },
                },
            ]
        }
    },
}


def read(document: Any, name: str = "plan.json") -> tuple[AwsObjects, list[Diagnostic]]:
    return read_files([InputFile(name, json.dumps(document))])


def test_a_plan() -> None:
    found, diagnostics = read(PLAN)
    assert diagnostics == []
    assert [(one.id, one.cidrs, one.ipv6_cidrs) for one in found.vpcs] == [("aws_vpc.main", ("10.0.0.0/16",), ())]
    assert found.subnets == ()
    web, db = found.security_groups[:2]
    assert (web.vpc, [one.peer for one in web.rules]) == ("aws_vpc.main", [CidrPeer("0.0.0.0/0")])
    assert isinstance(db.vpc, Unknown)
    assert [(one.from_port, one.peer) for one in db.rules] == [(5432, GroupPeer("aws_security_group.web"))]


def test_what_the_provider_fills_in_is_open_only_where_no_rules_stand_beside() -> None:
    web, db = read(PLAN)[0].security_groups[:2]
    assert isinstance(web.unlisted, Unknown)
    assert db.unlisted is None


def test_the_place_is_the_address() -> None:
    assert str(read(PLAN)[0].security_groups[0].rules[0].span) == "plan.json#aws_security_group.web"


def test_a_state_knows_everything() -> None:
    group = {"id": "sg-1", "name": "web", "vpc_id": "vpc-1", "ingress": [], "egress": []}
    resources = [
        {"address": "aws_vpc.main", "mode": "managed", "type": "aws_vpc", "values": {
            "id": "vpc-1", "cidr_block": "10.0.0.0/16", "default_security_group_id": "sg-0",
            "default_network_acl_id": "acl-0", "main_route_table_id": "rtb-0"}},
        {"address": "module.a.aws_security_group.web", "mode": "managed", "type": "aws_security_group",
         "values": group},
    ]  # fmt: skip
    state = {"values": {"root_module": {"resources": resources[:1], "child_modules": [{"resources": resources[1:]}]}}}
    found, diagnostics = read(state)
    assert diagnostics == []
    assert (found.vpcs[0].id, found.vpcs[0].address, found.vpcs[0].default_network_acl) == (
        "vpc-1",
        "aws_vpc.main",
        "acl-0",
    )
    assert [(one.id, one.vpc) for one in found.security_groups] == [("sg-1", "vpc-1"), ("sg-0", "vpc-1")]


def test_rules_of_a_group_that_loses_one_may_not_stay() -> None:
    rules = [{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}]
    group = change("aws_security_group.web", {"id": "sg-1", "ingress": rules}, actions=["no-op"])
    gone = change("aws_security_group_rule.old", None, actions=["delete"], before={"security_group_id": "sg-1"})
    (kept,) = read({"resource_changes": [group]})[0].security_groups
    (fading,) = read({"resource_changes": [group, gone]})[0].security_groups
    assert kept.rules[0].exists is None
    assert isinstance(fading.rules[0].exists, Unknown)


def test_several_plans_do_not_mix() -> None:
    files = [InputFile(name, json.dumps(PLAN)) for name in ("a.json", "b.json")]
    found, _ = read_files(files)
    assert [one.id for one in found.vpcs] == ["a.json//aws_vpc.main", "b.json//aws_vpc.main"]
    assert {one.vpc for one in found.security_groups if one.name == "web"} == {one.id for one in found.vpcs}


def test_a_plan_with_errors_is_not_complete() -> None:
    assert len(read({**PLAN, "errored": True})[0].unread) == 1
    assert read(PLAN)[0].unread == ()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"a": 1, "a": 2}', '{"values": 3}'])
def test_what_is_no_plan_is_an_error(text: str) -> None:
    found, diagnostics = read_files([InputFile("x.json", text)])
    assert [str(one.severity) for one in diagnostics] == ["error"]
    assert len(found.unread) == 1


def test_the_variables_of_a_plan_are_inputs() -> None:
    given = inputs(InputFile("p.json", json.dumps({**PLAN, "variables": {"a": {"value": [1]}, "b": {}}})))
    assert given is not None
    assert (given.name, json.loads(given.text)) == ("p.json#variables.tfvars.json", {"a": [1]})
    assert inputs(InputFile("p.json", json.dumps(PLAN))) is None
    assert inputs(InputFile("p.json", "{")) is None


def test_which_documents_are_plans() -> None:
    assert is_plan(PLAN)
    assert not is_plan({"Vpcs": []})
    assert not is_plan([])


@given(damaged(PLAN))
def test_no_damage_is_a_traceback(document: Any) -> None:
    found, _ = read(document)
    assert isinstance(found, AwsObjects)
