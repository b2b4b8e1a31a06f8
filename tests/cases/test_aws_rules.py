"""Single groups and ACLs out of real accounts, asked about single packets (probes of the scope `rule`)."""

from __future__ import annotations

from typing import Any

from ringfence.engine.decisions import Side, decide
from ringfence.layers.network_acl import lower_network_acl
from ringfence.layers.security_group import lower_security_groups
from ringfence.model.addresses import AddressSet, number
from ringfence.model.headers import PORT_PLANES, Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Chain, Direction
from ringfence.resources.aws import AwsObjects, NetworkInterface
from ringfence.sources.aws_describe import read_files
from ringfence.sources.files import InputFile

from .known import Case, cases, for_each

KINDS = {"security_group", "network_acl"}


def asked(case: Case) -> list[tuple[Case, dict[str, Any]]]:
    """The probes of a case that speak of one group or one ACL."""
    found = []
    for probe in case.content["probes"]:
        ends = (probe["from"], probe["to"])
        filtered = KINDS & {one["kind"] for one in ends}
        if probe["scope"] == "rule" and filtered and not probe.get("batfish_specific"):
            found.append((case, probe))
    return found


PROBES = [pair for case in cases("aws") for pair in asked(case)]


def objects(case: Case) -> AwsObjects:
    files = sorted(case.folder.glob("inputs/**/*.json"))
    return read_files([InputFile(str(one), one.read_text()) for one in files])[0]


def label(value: Any) -> str:
    return value.name if isinstance(value, Case) else str(value["why"])[:40]


@for_each("case, probe", PROBES, ids=label)
def test_rule(case: Case, probe: dict[str, Any], record_property: Any) -> None:
    record_property("case", f"aws rules: {case.name}")
    found = objects(case)
    filtering, other = (probe["to"], probe["from"]) if probe["to"]["kind"] in KINDS else (probe["from"], probe["to"])
    origin = next((endpoint(one) for one in found.network_interfaces if one.id == other["id"]), None)
    peer = Side(origin, number(other["address"]))
    decisions = decide(chain(found, filtering), "here", None, peer, header(probe), None).possible
    expected = Action.ALLOW if probe["forward"] in ("delivered", "exits_network") else Action.DENY
    assert {one.action for one in decisions} == {expected}


def chain(found: AwsObjects, filtering: dict[str, Any]) -> Chain:
    """The chain of the group or ACL in the direction that is asked about."""
    place = 0 if filtering["direction"] == Direction.EGRESS else 1
    if filtering["kind"] == "network_acl":
        return lower_network_acl(next(one for one in found.network_acls if one.id == filtering["id"]))[place]
    named = filtering.get("group_name")  # groups of this input share ids
    same = [one for one in found.security_groups if one.id == filtering["id"]]
    group = next(one for one in same if named in (None, one.name))
    return lower_security_groups([group], {one.id: one for one in found.prefix_lists})[place]


def endpoint(interface: NetworkInterface) -> Endpoint:
    assert isinstance(interface.security_groups, tuple)
    groups = frozenset(one for one in interface.security_groups if isinstance(one, str))
    return Endpoint(interface.id, interface.id, AddressSet(), groups=groups)


def header(probe: dict[str, Any]) -> Header:
    plane = probe["protocol"]
    if plane in PORT_PLANES:
        return Header(plane, probe["src_port"] or 49152, probe["port"])
    return Header("icmp", probe["icmp_type"], probe["icmp_code"])
