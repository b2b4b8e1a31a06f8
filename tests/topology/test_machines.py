"""Machines of a mesh beside a cloud: whether anything passes is not known, and nothing is proved of them."""

from __future__ import annotations

import pytest

from ringfence.model.rules import UNKNOWN_IDENTITY
from ringfence.resources.aws import LaunchTemplate, NodeGroup
from ringfence.topology import kubernetes
from ringfence.topology.aws import build
from ringfence.topology.bindings import Binding
from ringfence.topology.composition import compose
from ringfence.topology.machines import MACHINES
from tests.layers.istio_worlds import PEOPLE, World, peer, pod
from tests.topology.aws.clouds import NO, PERHAPS, cloud, group, host, rule, verdict
from tests.topology.mesh.test_istio_machines import entry

VM, WEB, DATABASE, TWIN = "shop/vm[WorkloadEntry]", "shop/web[Pod]", "database", "twin"


def shop(*things: dict, bound: bool = True) -> kubernetes.Topology:
    """A pod on a node group, a database that admits it, and what has the machine's address."""
    given = {
        "launch_templates": (LaunchTemplate(id="lt", security_groups=("nodes",)),),
        "node_groups": (NodeGroup(id="nodes", cluster="c", subnets=("private",), launch_template="lt"),),
        "network_interfaces": (host(DATABASE, "data", "10.0.2.10", "db"), host(TWIN, "data", "10.0.2.11", "db")),
        "security_groups": (
            group("default"),
            group("nodes", rule("nodes", None, "-1")),
            group("db", rule("nodes", 5432)),
        ),
    }
    binding = Binding("shop", nodes=("nodes",)) if bound else None
    return compose(World(*PEOPLE, pod("web"), *things).topology, build(cloud(**given)), binding)


MACHINE = entry(address="10.0.2.11", serviceAccount="db")


@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.parametrize(
    ("source", "target"),
    [(WEB, VM), (VM, WEB), (VM, DATABASE), ("internet", VM), (VM, "internet")],
)
def test_whether_anything_passes_is_not_known(bound, source, target):
    topology = shop(MACHINE, bound=bound)
    assert verdict(topology.network, source, target, 5432) == PERHAPS


def test_what_its_own_proxy_refuses_is_refused_there_too():
    topology = shop(MACHINE, peer("default", "STRICT"))
    assert verdict(topology.network, WEB, VM, 8080) == NO, "no Service lists it, so that plaintext is sent"


@pytest.mark.parametrize("bound", [True, False])
def test_what_has_its_address_may_be_it(bound):
    topology = shop(MACHINE, bound=bound)
    found = {one.id: one.identity for one in topology.network.endpoints}
    identities = {name: next(value for key, value in found.items() if name in key) for name in (DATABASE, TWIN)}
    assert identities == {DATABASE: "", TWIN: UNKNOWN_IDENTITY}
    told = [one.message for one in topology.diagnostics if VM in one.message]
    assert [f"{VM} may be" in one for one in told] == [True]


def test_a_machine_of_which_no_address_is_known_may_be_anything():
    topology = shop(entry(address="db.example", serviceAccount="db"))
    assert {one.identity for one in topology.network.endpoints if DATABASE in one.id} == {UNKNOWN_IDENTITY}
    assert not [one for one in topology.diagnostics if "may be" in one.message]


def test_without_machines_nothing_is_added():
    assert MACHINES not in shop().network.locations
