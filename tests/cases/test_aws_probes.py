"""`aws`: flows through describe snapshots with the verdicts of another analyser's tests, from end to end.

Those that cross a transit gateway, a peering or a VPN are left out: these are not modelled, and the answer is
*unknown*.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ringfence.engine.reach import Reachability
from ringfence.model.addresses import AddressSet
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint, Network
from ringfence.resources.aws import AwsObjects, NetworkInterface
from ringfence.sources.aws_describe import read_files
from ringfence.sources.files import gather
from ringfence.topology.aws import build

from .known import Case, cases, for_each

NOT_MODELLED = ("vpc-peering", "transit-gateway", "hybrid-cloud-aws", "multi-account")
BEYOND = ("onprem", "vgw", "tgw", "vpc-peering")
ARRIVES = ("delivered", "exits_network", "accepted")

REFUSED = (False, False)
PASSES = (True, True)


def scored(probe: dict[str, Any]) -> bool:
    """Whether a probe is a flow between things that are modelled; a VPC's router sends nothing of its own."""
    ends = probe["from"]["kind"], probe["to"]["kind"]
    beyond = any(kind in BEYOND for kind in ends) or str(probe.get("stopped_at")).startswith(("vgw", "tgw"))
    return probe["scope"] == "path" and not probe.get("batfish_specific") and not beyond and ends[0] != "vpc"


PROBES = [
    pytest.param(case, probe, id=f"{case.name} {number}")
    for case in cases("aws")
    if case.name not in NOT_MODELLED
    for number, probe in enumerate(case.content.get("probes", ()))
    if scored(probe)
]


@for_each("case, probe", PROBES)
def test_a_flow_is_judged_alike(case: Case, probe: dict[str, Any], record_property):
    record_property("case", f"aws {case.name}")
    files, unread = gather([str(case.folder / "inputs")])
    assert not unread
    objects, _ = read_files(file for file in files if file.name.endswith(".json"))
    network = build(with_sender(objects, probe)).network
    expected = PASSES if probe["forward"] in ARRIVES and probe["return"] in (None, *ARRIVES) else REFUSED
    assert answer(network, probe) == expected


def with_sender(objects: AwsObjects, probe: dict[str, Any]) -> AwsObjects:
    """A flow that starts in a subnet has a sender there, which the snapshot does not hold."""
    source = probe["from"]
    if source["kind"] != "subnet":
        return objects
    (subnet,) = (one for one in objects.subnets if one.id == source["id"])
    (vpc,) = (one for one in objects.vpcs if one.id == subnet.vpc)
    groups = (vpc.default_security_group,)
    sender = NetworkInterface(
        id=source["id"] + " sender", subnet=subnet.id, private_ips=(source["address"],), security_groups=groups
    )
    return replace(objects, network_interfaces=(*objects.network_interfaces, sender))


def answer(network: Network, probe: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the probe may, and whether it must, come through with its reply."""
    asked = probe.get("restated_as") or probe
    header = (
        Header("other", protocol=probe["ip_protocol_number"])
        if asked["protocol"] == "other"
        else Header(asked["protocol"], asked["src_port"] or 49152, asked["port"])
    )
    source, here = end(network, probe["from"])
    target, there = end(network, probe["to"])
    found = Reachability(network).between(source, target, here, there)
    return any(header in one.headers.may for one in found), all(header in one.headers.must for one in found)


def end(network: Network, side: dict[str, Any]) -> tuple[Endpoint, AddressSet | None]:
    """The endpoint that a probe names, or an address outside."""
    address = AddressSet.of(side["address"] or "8.8.8.8")
    wanted = side["id"] if side["kind"] in ("instance", "load_balancer") else None
    for one in network.endpoints:
        if (wanted and one.workload == wanted) or (not one.every and one.addresses == address):
            return one, None
    return next(one for one in network.endpoints if one.id == "external-ipv4"), address
