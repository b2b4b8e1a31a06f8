"""Single questions with their answers: the expectations of Kubernetes' own e2e suite, and of a reference evaluator."""

from __future__ import annotations

from typing import Any

from ringfence.engine.connectivity import related
from ringfence.engine.reach import Reachability
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint, Network
from ringfence.topology.kubernetes import build

from .known import Case, cases, for_each

GROUPS = (
    "kubernetes-e2e",
    "reference-networkpolicy",
    "reference-v1alpha1",
    "reference-v1alpha2",
    "clusternetworkpolicy-conformance",
)
CASES = [(group, case) for group in GROUPS for case in cases("kubernetes", group)]


@for_each("group, case", CASES, ids=lambda value: getattr(value, "name", value))
def test_every_probe_is_answered_for_certain(group: str, case: Case, record_property):
    record_property("case", group)
    network = build(case.objects(), case.options()).network
    reach = Reachability(network)
    wrong = [probe for probe in case.content["probes"] if answer(network, reach, probe) != (probe["allowed"],) * 2]
    assert not wrong


def answer(network: Network, reach: Reachability, probe: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the probe may, and whether it must, come through."""
    sources, here = ends(network, probe["from"])
    targets, there = ends(network, probe["to"])
    (relation,) = related(reach, sources, targets, (here, there))
    ports = (getattr(traffic, probe["protocol"]) for traffic in (relation.may, relation.must))
    may, must = (probe["port"] in one for one in ports)
    return may, must


def ends(network: Network, name: str) -> tuple[list[Endpoint], AddressSet | None]:
    """The endpoints that a probe names: `namespace/pod`, `node:NAME`, or `ip:ADDRESS` inside or outside the cluster."""
    kind, _, rest = name.partition(":")
    if kind == "ip":
        address = AddressSet.of(rest)
        pods = [one for one in network.endpoints if not one.every and one.addresses == address]
        outside = [one for one in network.endpoints if one.every and address <= one.addresses]
        return pods or outside, None if pods else address
    wanted = f"{rest}[Node]" if kind == "node" else f"{name}[Pod]"
    return [one for one in network.endpoints if one.id == wanted], None
