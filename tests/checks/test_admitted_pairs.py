"""Which pairs are looked at: those that a group's rule is for, one of each kind."""

from __future__ import annotations

import pytest

from ringfence.checks.admitted_pairs import pairs
from ringfence.checks.cloud import estate

from .terraform import ROUTES, VPC, block, group, instance, view, world

CLOUD = VPC + ROUTES


def found(*texts: str) -> set[tuple[str, str]]:
    seen = view(CLOUD, *texts)
    known = estate(seen)
    assert known is not None
    return {(one.source.workload, one.target.workload) for one in pairs(seen, known)}


OUTWARD = {("aws_instance.a", "external"), ("aws_instance.b", "external")}
HOSTS = instance("a", "private", "a") + instance("b", "other", "b")
TO_B = {("aws_instance.a", "aws_instance.b")}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("", set()),
        (block("ingress", "tcp", 22, security_groups="[aws_security_group.a.id]"), TO_B),
        (block("ingress", "tcp", 22, cidr_blocks='["10.0.1.0/24"]'), TO_B),
        (block("ingress", "tcp", 22, cidr_blocks='["8.8.8.0/24"]'), {("external", "aws_instance.b")}),
        (world(22), TO_B | {("external", "aws_instance.b")}),
        (block("ingress", "icmp", 8, cidr_blocks='["10.0.1.0/24"]'), set()),
    ],
)
def test_who_a_rule_is_for(rule, expected):
    assert found(group("a") + group("b", rule) + HOSTS) == expected | OUTWARD


def test_endpoints_that_behave_alike_are_looked_at_once():
    twins = "".join(instance(name, "private", "a") for name in ("a", "c", "d"))
    rule = block("ingress", "tcp", 22, security_groups="[aws_security_group.a.id]")
    assert found(group("a") + group("b", rule) + twins + instance("b", "other", "b")) == TO_B | OUTWARD
