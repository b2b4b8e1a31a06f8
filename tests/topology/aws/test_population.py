"""Who stands in the subnets, in the files or to come."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import (
    AutoScalingGroup,
    EksCluster,
    EndpointKind,
    Instance,
    LaunchTemplate,
    ManagedService,
    NodeGroup,
    SubnetGroup,
    Unknown,
    VpcEndpoint,
)
from ringfence.topology.aws.endpoints import ANYWHERE, PUBLIC, place
from ringfence.topology.aws.estate import Estate
from ringfence.topology.aws.population import population
from tests.topology.aws.clouds import cloud, host

UNKNOWN = Unknown("not known")
IN_DATA = SubnetGroup(id="sg", name="group", subnets=("data",))


def people(**changes: Any) -> dict[str, Any]:
    """The endpoints by id, of a cloud without interfaces of its own."""
    return {one.id: one for one in population(Estate(cloud(**{"network_interfaces": (), **changes})))}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"network_interfaces": (host("eni", "data", "10.0.2.9"),)}, {"eni": "data"}),
        ({"instances": (Instance(id="i", subnet="data"),)}, {"i": "data"}),
        ({"autoscaling_groups": (AutoScalingGroup(id="a", subnets=("data",)),)}, {"a in data": "data"}),
        ({"autoscaling_groups": (AutoScalingGroup(id="a", subnets=UNKNOWN),)}, {"a in a subnet": None}),
        ({"node_groups": (NodeGroup(id="n", cluster="c", subnets=("data",)),)}, {"n in data": "data"}),
        ({"eks_clusters": (EksCluster(id="c", subnets=("data",)),)}, {"c in data": "data"}),
        (
            {"managed_services": (ManagedService(id="db", kind="db_instance", subnets=("data",)),)},
            {"db in data": "data"},
        ),
        (
            {
                "managed_services": (ManagedService(id="db", kind="db_instance", subnet_group="group"),),
                "subnet_groups": (IN_DATA,),
            },
            {"db in data": "data"},
        ),
        (
            {"managed_services": (ManagedService(id="db", kind="db_instance", subnet_group="gone"),)},
            {"db in a subnet": None},
        ),
        ({"managed_services": (ManagedService(id="f", kind="lambda_function"),)}, {}),
        (
            {
                "vpc_endpoints": (
                    VpcEndpoint(id="e", vpc="vpc", service="x", kind=EndpointKind.INTERFACE, subnets=("data",)),
                )
            },
            {"e in data": "data"},
        ),
        ({"vpc_endpoints": (VpcEndpoint(id="e", vpc="vpc", service="s3"),)}, {}),
    ],
)
def test_what_stands_where(changes: dict[str, Any], expected: dict[str, Any]):
    assert {name: one.location for name, one in people(**changes).items() if not name.endswith("IPv6")} == {
        name: place(subnet) for name, subnet in expected.items()
    }
    assert place(None) == ANYWHERE


@pytest.mark.parametrize(
    ("template", "subnet", "is_public", "unsure"),
    [(True, "data", True, False), (False, "data", False, False), (UNKNOWN, "data", False, True)],
)
def test_public_addresses_of_what_scales(template: Any, subnet: str, is_public: bool, unsure: bool):
    found = people(
        launch_templates=(LaunchTemplate(id="lt", security_groups=("ssh",), public_ip=template),),
        autoscaling_groups=(AutoScalingGroup(id="a", subnets=(subnet,), launch_template="lt"),),
    )[f"a in {subnet}"]
    assert (PUBLIC in found.facets, PUBLIC in found.unknown_facets) == (is_public, unsure)
    assert found.groups == {"ssh"}


def test_nodes_carry_the_clusters_group_where_nothing_else_is_said():
    found = people(
        eks_clusters=(EksCluster(id="c", subnets=("data",), cluster_security_group="ssh"),),
        node_groups=(NodeGroup(id="n", cluster="c", subnets=("data",)),),
    )
    assert (found["n in data"].groups, found["c in data"].groups) == ({"ssh"}, {"ssh"})
    assert people(node_groups=(NodeGroup(id="n", cluster="gone", subnets=("data",)),))["n in data"].any_group


def test_an_interface_stands_for_its_owner_and_leaves_no_placeholder():
    service = ManagedService(id="db", kind="db_instance", subnets=("data", "private"))
    face = host("eni", "data", "10.0.2.9", owner="db")
    found = people(managed_services=(service,), network_interfaces=(face,))
    assert set(found) == {"eni", "db in private"}
    assert found["eni"].workload == "db"
