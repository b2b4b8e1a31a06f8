"""The internet's way to TCP/22, and the ways inside: what naive scanners get wrong, one row each, both ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ringfence.engine.reach import Reachability
from ringfence.model.addresses import AddressSet
from ringfence.resources.aws import (
    CHOSEN_LATER,
    AutoScalingGroup,
    ElasticIp,
    Id,
    InternetGateway,
    LaunchTemplate,
    NodeGroup,
    PrefixList,
    PrefixListPeer,
    PublicAccessBlock,
    RawResource,
    RouteTable,
    SecurityGroup,
    TargetKind,
    Unknown,
    Vpc,
)
from ringfence.topology.aws import build
from tests.topology.aws.clouds import (
    ALLOW_ALL,
    NO,
    PERHAPS,
    TO_IGW,
    TO_NAT,
    YES,
    acl,
    cloud,
    entry,
    group,
    host,
    route,
    rule,
    verdict,
)

NOT_KNOWN = Unknown("after apply")
HALVES = (rule("0.0.0.0/1"), rule("128.0.0.0/1"))
BOTH = (entry(100, "allow"), entry(100, "allow", None, egress=True))
EPHEMERAL_OUT = entry(100, "allow", (1024, 65535), egress=True)


def bastion(*groups: Id, public: Any = "203.0.113.10", **more: Any) -> dict[str, Any]:
    """The cloud's one change: a bastion with these groups."""
    return {"network_interfaces": (host("bastion", "public", "10.0.0.10", *groups, public=public, **more),)}


def groups(*found: SecurityGroup) -> dict[str, Any]:
    """The cloud's one change: these groups beside the default one."""
    return {"security_groups": (group("default", rule("default", None, "-1")), *found)}


def edge(*entries: Any) -> dict[str, Any]:
    """The cloud's one change: the public subnet has this ACL."""
    return {"network_acls": (acl("open", *ALLOW_ALL), acl("edge", *entries, subnets=("public",)))}


def tables(*routes: Any, **more: Any) -> dict[str, Any]:
    """The cloud's one change: the public subnet has this table."""
    found = RouteTable(id="out", vpc="vpc", routes=routes, subnets=("public",), **more)
    return {"route_tables": (RouteTable(id="main", vpc="vpc"), found)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, YES, id="open to the world"),
        pytest.param(groups(group("ssh", *HALVES)), YES, id="0.0.0.0/1 and 128.0.0.0/1"),
        pytest.param(groups(group("ssh", rule("0.0.0.0/1"))), NO, id="one half that does not hold the client"),
        pytest.param(groups(group("ssh", rule("ssh"), rule("0.0.0.0/0"))), YES, id="self beside the world"),
        pytest.param(groups(group("ssh", rule("ssh"))), NO, id="self alone"),
        pytest.param(groups(group("ssh", rule("0.0.0.0/0", None, "-1"))), YES, id="protocol -1 without ports"),
        pytest.param(
            groups(group("ssh", rule(PrefixListPeer("list"))))
            | {"prefix_lists": (PrefixList(id="list", cidrs=("198.51.100.0/24",)),)},
            YES,
            id="a prefix list that holds the client",
        ),
        pytest.param(groups(group("ssh", rule(PrefixListPeer("gone")))), PERHAPS, id="a prefix list that is not there"),
        pytest.param(bastion(), NO, id="the default group admits itself alone"),
        pytest.param(
            bastion() | {"security_groups": (group("default", rule("0.0.0.0/0")),)}, YES, id="an opened default group"
        ),
        pytest.param(
            bastion("closed") | groups(group("ssh", rule("0.0.0.0/0")), group("closed")), NO, id="open group unattached"
        ),
        pytest.param(edge(EPHEMERAL_OUT, entry(90, "deny", (22, 22)), entry(100, "allow")), NO, id="a denying ACL"),
        pytest.param(edge(EPHEMERAL_OUT, entry(110, "deny", (22, 22)), entry(100, "allow")), YES, id="deny too late"),
        pytest.param(edge(entry(100, "allow")), NO, id="an ACL without the return path"),
        pytest.param(edge(entry(100, "allow"), EPHEMERAL_OUT), YES, id="an ACL with the return path"),
        pytest.param(
            edge(entry(100, "allow"), entry(100, "allow", (32768, 60999), egress=True)),
            PERHAPS,
            id="return for part of the client's ports",
        ),
        pytest.param(edge(entry(100, "allow"), replace(EPHEMERAL_OUT, exists=NOT_KNOWN)), PERHAPS, id="unsure return"),
        pytest.param(tables(), NO, id="no route to the internet gateway"),
        pytest.param(tables(TO_NAT), NO, id="a route to a NAT gateway instead"),
        pytest.param(tables(replace(TO_IGW, blackhole=True)), NO, id="a blackhole"),
        pytest.param(tables(replace(TO_IGW, exists=NOT_KNOWN)), PERHAPS, id="a route that may not be there"),
        pytest.param(tables(replace(TO_IGW, destination=NOT_KNOWN)), PERHAPS, id="a route of unknown destination"),
        pytest.param(
            tables(TO_IGW, route("198.51.0.0/16", TargetKind.OTHER, "tgw")), PERHAPS, id="a more specific way unknown"
        ),
        pytest.param(
            tables(TO_IGW, route("198.52.0.0/16", TargetKind.OTHER, "tgw")), YES, id="another way for other clients"
        ),
        pytest.param({"internet_gateways": ()}, PERHAPS, id="a route to a gateway that is not in the files"),
        pytest.param({"internet_gateways": (InternetGateway(id="igw"),)}, NO, id="a gateway without a VPC"),
        pytest.param(bastion("ssh", public=None), NO, id="no public address"),
        pytest.param(bastion("ssh", public=NOT_KNOWN), PERHAPS, id="perhaps a public address"),
        pytest.param(
            bastion("ssh", public=None)
            | {"elastic_ips": (ElasticIp(id="eip", public_ip="203.0.113.3", network_interface="bastion"),)},
            YES,
            id="an Elastic IP",
        ),
        pytest.param(
            bastion("ssh", public=None)
            | {"elastic_ips": (ElasticIp(id="eip", public_ip="203.0.113.3", network_interface=NOT_KNOWN),)},
            PERHAPS,
            id="an Elastic IP of somebody",
        ),
        pytest.param(bastion("ssh", NOT_KNOWN), YES, id="more groups can only admit more"),
        pytest.param(bastion("gone"), PERHAPS, id="a group that is not in the files"),
        pytest.param(
            {"public_access_blocks": (PublicAccessBlock(id="x", mode=NOT_KNOWN),)},
            PERHAPS,
            id="public access block",
        ),
    ],
)
def test_the_internet_reaches_the_bastion(changes: dict[str, Any], expected: tuple[bool, bool]):
    assert verdict(cloud(**changes), "internet", "bastion") == expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("internet", "server", NO),
        ("server", "internet", YES),
        ("database", "internet", NO),
        ("bastion", "server", YES),
        ("server", "bastion", YES),
        ("internet", "nat", NO),
    ],
)
def test_private_subnets_are_private(source: str, target: str, expected: tuple[bool, bool]):
    assert verdict(cloud(), source, target) == expected


@pytest.mark.parametrize(("ipv6", "expected"), [("::/0", True), ("2001:db8::/32", False)])
def test_ipv6_needs_no_public_address_of_its_own(ipv6: str, expected: bool):
    six = host("bastion", "public", "2600:1f00::10", "ssh")
    network = build(cloud(network_interfaces=(six,), **groups(group("ssh", rule(ipv6))))).network
    outside = next(one for one in network.endpoints if one.id == "external-ipv6")
    target = next(one for one in network.endpoints if one.id == "bastion")
    (found,) = Reachability(network).between(outside, target, AddressSet.of("2a00::1"))
    assert ((40000, 22) in found.headers.must.tcp) == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((entry(100, "allow"), EPHEMERAL_OUT), (NO, YES)),
        ((entry(100, "allow", (22, 22)), EPHEMERAL_OUT), (NO, YES)),
        (ALLOW_ALL, (YES, YES)),
    ],
)
def test_an_acl_judges_what_crosses_the_edge_and_not_what_stays_inside(entries: Any, expected: Any):
    inside = host("other", "public", "10.0.0.11", "ssh")
    changed = cloud(**edge(*entries))
    changed = replace(changed, network_interfaces=(*changed.network_interfaces, inside))
    assert (verdict(changed, "bastion", "server"), verdict(changed, "bastion", "other")) == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (ALLOW_ALL, YES),
        (BOTH, YES),
        ((entry(100, "allow"), entry(100, "allow", (22, 22), egress=True)), NO),
        ((entry(100, "allow", (1024, 65535)), *BOTH[1:]), NO),
        ((entry(100, "allow", (22, 22)), *BOTH[1:]), NO),
        ((entry(90, "allow", (22, 22)), entry(100, "allow", (32768, 60999)), *BOTH[1:]), PERHAPS),
        ((entry(90, "allow", (22, 22)), entry(100, "allow", (1024, 65535)), *BOTH[1:]), YES),
    ],
)
def test_a_nat_gateway_crosses_its_subnets_edge_with_ports_of_its_own(entries: Any, expected: Any):
    """In with the client's packet, out with its own, back in to a port of its own, back out to the client's."""
    assert verdict(cloud(**edge(*entries)), "server", "internet") == expected


def test_a_nat_gateway_serves_nobody_whose_table_it_uses_itself():
    assert verdict(cloud(**tables(TO_NAT)), "bastion", "internet") == NO


@pytest.mark.parametrize("gone", [NOT_KNOWN, "elsewhere"])
@pytest.mark.parametrize("others", [{}, {"subnets": (), "route_tables": (), "internet_gateways": ()}])
def test_an_unknown_subnet_may_everything_and_must_nothing(gone: Id, others: dict[str, Any]):
    """It may be one of the files, or one that none holds, with a gateway of its own."""
    here = {"network_interfaces": (host("bastion", gone, "10.0.0.10", "ssh", public=CHOSEN_LATER),), **others}
    assert verdict(cloud(**here), "internet", "bastion") == PERHAPS
    assert verdict(cloud(**here), "bastion", "internet") == PERHAPS
    private = {"network_interfaces": (host("bastion", gone, "10.0.0.10", "ssh"),), **others}
    assert verdict(cloud(**private), "internet", "bastion") == NO


def test_a_vpc_of_unknown_blocks_still_finds_its_own():
    vpc = Vpc(
        id="vpc", cidrs=NOT_KNOWN, default_security_group="default", default_network_acl="open", main_route_table="main"
    )
    unknown = cloud(vpcs=(vpc,))
    expected = {("internet", "bastion"): YES, ("bastion", "server"): YES, ("server", "internet"): YES}
    assert {pair: verdict(unknown, *pair) for pair in expected} == expected


def test_an_association_that_is_not_known_leaves_the_default_uncertain():
    floating = (acl("open", *ALLOW_ALL), replace(acl("edge"), subnets=NOT_KNOWN))
    assert verdict(cloud(network_acls=floating), "internet", "bastion") == PERHAPS


def test_placeholders_stand_for_what_will_be():
    """Nodes of a group: one endpoint a subnet, with an address of it."""
    more = cloud(
        launch_templates=(LaunchTemplate(id="lt", security_groups=("ssh",)),),
        autoscaling_groups=(AutoScalingGroup(id="asg", subnets=("private", "data"), launch_template="lt"),),
        node_groups=(NodeGroup(id="nodes", cluster="c", subnets=("private",)),),
    )
    network = build(more).network
    found = {one.id: str(one.addresses) for one in network.endpoints if one.workload in ("asg", "nodes")}
    assert found == {
        "asg in private": "10.0.1.4-10.0.1.254",
        "asg in data": "10.0.2.4-10.0.2.254",
        "nodes in private": "10.0.1.4-10.0.1.254",
    }
    assert verdict(network, "bastion", "asg") == YES
    assert verdict(network, "bastion", "nodes") == PERHAPS


def test_what_could_not_be_read_is_said():
    topology = build(cloud(unread=(NOT_KNOWN,)))
    assert any("after apply" in one for one in topology.network.assumed_open)


def test_what_is_not_modelled_was_said_by_its_reader():
    objects = cloud(unmodelled=(RawResource(id="fw", type="networkfirewall_firewall"),))
    assert build(objects).diagnostics == build(cloud()).diagnostics


def test_a_group_by_origin():
    by_origin = groups(group("ssh", rule("admin")), group("admin"))
    interfaces = (
        host("bastion", "public", "10.0.0.10", "admin"),
        host("server", "private", "10.0.1.10", "ssh"),
        host("other", "private", "10.0.1.11", "default"),
    )
    found = cloud(network_interfaces=interfaces, **by_origin)
    assert verdict(found, "bastion", "server") == YES
    assert verdict(found, "other", "server") == NO


def test_egress_of_the_group_counts():
    silent = SecurityGroup(id="silent", vpc="vpc", rules=(rule("0.0.0.0/0"),))
    found = cloud(**bastion("silent"), **groups(silent, group("ssh")))
    assert verdict(found, "internet", "bastion") == YES
    assert verdict(found, "bastion", "internet") == NO
