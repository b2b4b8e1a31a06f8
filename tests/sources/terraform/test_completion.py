"""A plan's objects, completed by those of the HCL beside it. Real plans are in tests/servers/test_plan.py."""

from __future__ import annotations

from ringfence.model.spans import Span
from ringfence.resources.aws import AwsObjects, CidrPeer, SecurityGroup, SecurityGroupRule, Subnet, Unknown
from ringfence.sources.terraform.completion import completed

UNKNOWN = Unknown("known after the apply")
HERE = Span("main.tf", "aws_subnet.a", 7)


def test_what_is_unknown_is_filled_and_the_rest_stays() -> None:
    plan = AwsObjects(subnets=(Subnet(id="a", vpc=UNKNOWN, cidr="10.0.0.0/24"), Subnet(id="b", vpc=UNKNOWN)))
    written = AwsObjects(
        subnets=(Subnet(id="a", vpc="v", cidr="10.9.9.0/24", zone="z", span=HERE), Subnet(id="b", vpc=UNKNOWN))
    )
    first, second = completed(plan, written).subnets
    assert (first.vpc, first.cidr, first.zone, str(first.span)) == ("v", "10.0.0.0/24", None, "main.tf:7")
    assert (second.id, isinstance(second.vpc, Unknown)) == ("b", True)


def test_lists_are_filled_as_a_whole() -> None:
    sure = SecurityGroupRule(id="r", egress=False, protocol="tcp", from_port=1, to_port=1, peer=CidrPeer("10.0.0.0/8"))
    unsure = SecurityGroupRule(id="r", egress=False, protocol="tcp", from_port=1, to_port=1, peer=CidrPeer(UNKNOWN))
    doubtful, known = (
        AwsObjects(security_groups=(SecurityGroup(id="g", vpc="v", rules=(one,)),)) for one in (unsure, sure)
    )
    assert completed(doubtful, known) == known
    assert completed(known, doubtful) == known
    assert completed(doubtful, doubtful) == doubtful


def test_another_network_fills_nothing() -> None:
    plan = AwsObjects(subnets=(Subnet(id="a", vpc=UNKNOWN),))
    assert completed(plan, AwsObjects(subnets=(Subnet(id="a", vpc="v"),))) != plan
    for other in ((Subnet(id="a", vpc="v"), Subnet(id="b", vpc="v")), (Subnet(id="b", vpc="v"),), ()):
        assert completed(plan, AwsObjects(subnets=other)).subnets[0].vpc is UNKNOWN
    rule = SecurityGroupRule(id="r", egress=False, protocol="tcp", peer=UNKNOWN)
    lost = AwsObjects(security_groups=(SecurityGroup(id="g", vpc="v", rules=(rule,)),))
    assert completed(lost, AwsObjects(security_groups=(SecurityGroup(id="g", vpc="v"),))) == lost


def test_what_a_plan_leaves_open_as_a_whole_comes_from_the_hcl() -> None:
    rule = SecurityGroupRule(id="r", egress=False, protocol="tcp", peer=CidrPeer(UNKNOWN))
    open_ = AwsObjects(security_groups=(SecurityGroup(id="g", vpc="v", unlisted=UNKNOWN),))
    full = AwsObjects(security_groups=(SecurityGroup(id="g", vpc="v", rules=(rule,)),))
    assert completed(open_, full) == full
    closed = AwsObjects(security_groups=(SecurityGroup(id="g", vpc="v"),))
    assert completed(closed, full) == closed
    assert completed(open_, open_) == open_


def test_what_may_not_exist_fills_nothing() -> None:
    plan = AwsObjects(subnets=(Subnet(id="a", vpc=UNKNOWN),))
    written = AwsObjects(subnets=(Subnet(id="a", vpc="v", exists=UNKNOWN),))
    assert completed(plan, written) == plan
    gaps = AwsObjects(unread=(UNKNOWN,))
    assert completed(gaps, AwsObjects()) == gaps
