"""The chains that stand in a VPC, and who is governed by them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringfence.model.rules import Action, Direction
from ringfence.model.selectors import ANYTHING, AllOf, Member
from ringfence.resources.aws import Ids, Unknown
from ringfence.topology.aws.endpoints import Wanted, endpoints
from ringfence.topology.aws.estate import Estate
from ringfence.topology.aws.places import OTHER_GROUPS, acl_chains, both, group_chains, of
from tests.topology.aws.clouds import ALLOW_ALL, acl, cloud, host

UNKNOWN = Unknown("not known")
ESTATE = Estate(cloud())


def member(*groups: object):
    face = host("eni", "data", "10.0.2.9")
    wanted = Wanted("eni", face, "interface", "data", groups, ("10.0.2.9",), default_group=False)  # type: ignore[arg-type]
    return next(iter(endpoints(ESTATE, wanted)))


def test_each_group_governs_its_members_alone():
    egress, ingress = group_chains(ESTATE, (member("ssh"), member("default", "ssh")), ESTATE.vpcs["vpc"])
    assert (egress.direction, ingress.direction) == (Direction.EGRESS, Direction.INGRESS)
    scopes = ingress.stages[-1].scopes
    assert {one.name: one.subjects for one in scopes} == {"ssh": Member("ssh"), "default": Member("default")}
    assert ingress.default is Action.ALLOW
    assert ingress.stages[-1].end is Action.DENY


def test_without_groups_there_is_no_chain_and_with_unknown_ones_there_is_doubt():
    assert group_chains(ESTATE, (member(),), None) == ()
    chains = group_chains(ESTATE, (member(UNKNOWN),), None)
    assert [one.stages[-1].scopes[-1].name for one in chains] == [OTHER_GROUPS] * 2


@pytest.mark.parametrize(("subnets", "stages"), [(("data",), 2), (UNKNOWN, 1)])
def test_an_edge_has_its_acl_or_a_doubt(subnets: Ids, stages: int):
    acls = (acl("open", *ALLOW_ALL), replace(acl("edge"), subnets=subnets))
    estate = Estate(cloud(network_acls=acls))
    for chain in acl_chains(estate, estate.subnets["data"]):
        assert len(chain.stages) == stages
        assert not chain.stateful


def test_selectors_are_as_small_as_they_go():
    one, two = of("vpc", "a"), of("subnet", "b")
    assert both() == both(ANYTHING) == ANYTHING
    assert both(one, ANYTHING) == one
    assert both(one, two) == AllOf((one, two))
