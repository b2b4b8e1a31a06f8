"""RF202: replies that an ACL refuses, always or by the client's port, and zones that fare differently."""

from __future__ import annotations

import pytest

from ringfence.checks import return_path
from ringfence.checks.finding import Severity
from ringfence.engine.outcomes import Outcome

from .terraform import (
    CLEAN,
    ROUTES,
    VPC,
    acl,
    block,
    database,
    entry,
    found,
    group,
    instance,
    line,
    messages,
    world,
)

FROM_WEB = block("ingress", "tcp", 5432, security_groups="[aws_security_group.web.id]")
SHOP = VPC + ROUTES + group("web") + group("db", FROM_WEB) + instance("web", "private", "web")
DB = database("db", "db", "other")
IN, OUT = entry("ingress", 100, "allow"), entry("egress", 100, "allow")
PG = entry("ingress", 100, "allow", "10.0.0.0/16", (5432, 5432))
FLOW = "aws_instance.web -> aws_db_instance.db (tcp 5432)"
THIRD = """
resource "aws_subnet" "third" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.3.0/24"
}
"""


def back(low: int, high: int, cidr: str = "10.0.0.0/16") -> str:
    return entry("egress", 100, "allow", cidr, (low, high))


@pytest.mark.parametrize(
    ("acls", "expected"),
    [
        (acl("data", ("other",), PG), f"aws_network_acl.data refuses the reply of {FLOW}"),
        (acl("data", ("other",), PG, back(443, 443)), f"aws_network_acl.data refuses the reply of {FLOW}"),
        (
            acl("data", ("other",), PG, back(49152, 65535)),
            f"aws_network_acl.data refuses the reply of {FLOW} to client ports 32768-49151, so it is intermittent",
        ),
        # The reply needs entries on both subnets' ACLs.
        (
            acl("app", ("private",), OUT, entry("ingress", 100, "allow", ports=(443, 443))),
            f"aws_network_acl.app refuses the reply of {FLOW}",
        ),
        (acl("data", ("other",), PG, back(32768, 60999)), None),
        (acl("data", ("other",), PG, back(1024, 65535)), None),
        (acl("data", ("other",), PG, OUT), None),
        # What is refused to everybody is no return path.
        (acl("data", ("other",), OUT), None),
        (acl("data", ("other",), entry("ingress", 90, "deny", ports=(5432, 5432)), IN), None),
        ("", None),
    ],
)
def test_the_reply_of_a_database(acls, expected):
    assert messages(return_path, SHOP, DB, acls) == ([] if expected is None else [expected])


def test_inside_a_subnet_no_acl_is_asked():
    assert messages(return_path, SHOP, database("db", "db", "private"), acl("data", ("private",))) == []


def test_one_zone_of_two_is_let_through():
    text = SHOP + instance("more", "public", "web") + DB
    narrow = entry("ingress", 100, "allow", "10.0.1.0/24", (5432, 5432))
    text += acl("data", ("other",), narrow, OUT)
    (one,) = found(return_path, text)
    assert one.message == (
        "aws_network_acl.data refuses aws_instance.more -> aws_db_instance.db (tcp 5432) between some subnets only"
        " (aws_subnet.public to aws_subnet.other), so it is intermittent"
    )
    assert str(one.span).startswith(f"main.tf:{text[: text.rindex('ingress {')].count(chr(10)) + 1}")
    assert one.witness is not None
    assert one.witness.trace.outcome is Outcome.DENIED


def test_one_zone_of_two_gets_no_reply():
    text = SHOP + instance("more", "public", "web") + DB
    (one,) = messages(return_path, text + acl("data", ("other",), PG, back(1024, 65535, "10.0.1.0/24")))
    assert "refuses aws_instance.more -> aws_db_instance.db (tcp 5432) between some subnets only" in one


def test_a_block_may_mean_some_of_its_members():
    rule = block("ingress", "tcp", 5432, cidr_blocks='["10.0.0.0/16"]')
    text = VPC + ROUTES + group("web") + group("db", rule) + instance("web", "private", "web") + DB
    text += instance("more", "public", "web")
    assert (
        messages(return_path, text + acl("data", ("other",), entry("ingress", 100, "allow", "10.0.1.0/24"), OUT)) == []
    )


def test_the_finding_shows_the_way_back_and_stands_at_the_narrow_entry():
    text = SHOP + DB + acl("data", ("other",), PG, back(49152, 65535))
    (one,) = found(return_path, text)
    assert one.severity is Severity.HIGH
    assert str(one.span).startswith(f"main.tf:{text[: text.rindex('egress {')].count(chr(10)) + 1}")
    assert one.witness is not None
    hop = one.witness.branch.back[-1]
    assert (one.witness.packet.header.x < 49152, hop.action, hop.layer) == (True, "deny", "NetworkAcl")
    assert [reason for reason, _ in one.because] == [
        "a group's rule admits aws_instance.web -> aws_db_instance.db: aws_subnet.private to aws_subnet.other"
    ]


def test_without_entries_for_replies_it_stands_at_the_acl():
    text = SHOP + DB + acl("data", ("other",), PG)
    (one,) = found(return_path, text)
    assert str(one.span).startswith(line(text, 'resource "aws_network_acl" "data"'))


@pytest.mark.parametrize(
    ("host", "entries", "expected"),
    [
        ("a", [IN, entry("egress", 100, "allow", ports=(443, 443))], Severity.HIGH),
        ("b", [OUT, entry("ingress", 100, "allow", "10.0.0.0/16")], Severity.MEDIUM),
        ("b", [OUT, entry("ingress", 100, "allow", "0.0.0.0/0", (1024, 65535))], None),
        ("b", [OUT], Severity.MEDIUM),
        ("a", [IN, OUT], None),
        ("b", [IN, OUT], None),
    ],
)
def test_from_and_to_the_internet(host, entries, expected):
    """`a` serves the internet, `b` is its client."""
    text = VPC + ROUTES + group("a", world(443)) + group("b") + instance("h", "public", host, public=True)
    severities = [one.severity for one in found(return_path, text, acl("n", ("public",), *entries))]
    assert severities == ([] if expected is None else [expected])


def test_clean():
    assert messages(return_path, CLEAN) == []


def test_subnets_that_fare_alike_are_named_together():
    text = SHOP + instance("more", "public", "web") + database("db", "db", "other", "third") + THIRD
    (one,) = found(return_path, text + acl("data", ("other", "third"), PG))
    assert [reason for reason, _ in one.because] == [
        "a group's rule admits aws_instance.web -> aws_db_instance.db: aws_subnet.private to aws_subnet.other,"
        " aws_subnet.third",
        "a group's rule admits aws_instance.more -> aws_db_instance.db: aws_subnet.public to aws_subnet.other,"
        " aws_subnet.third",
    ]


def test_subnets_that_fare_differently_are_named_apart():
    nodes = """
resource "aws_autoscaling_group" "g" {
  vpc_zone_identifier = [aws_subnet.private.id, aws_subnet.public.id]
  launch_template { id = aws_launch_template.t.id }
}
resource "aws_launch_template" "t" { vpc_security_group_ids = [aws_security_group.web.id] }
"""
    text = VPC + ROUTES + group("web") + group("db", FROM_WEB) + nodes + THIRD + database("db", "db", "other", "third")
    text += acl("a", ("other",), PG, back(1024, 65535, "10.0.1.0/24"))
    text += acl("b", ("third",), PG, back(1024, 65535, "10.0.0.0/16"))
    (one,) = found(return_path, text)
    assert [reason for reason, _ in one.because] == [
        "a group's rule admits aws_autoscaling_group.g -> aws_db_instance.db: aws_subnet.public to aws_subnet.other"
    ]
    both = text.replace('"10.0.0.0/16"\n  from_port = 1024', '"10.0.2.0/24"\n  from_port = 1024')
    reasons = [reason for one in found(return_path, both) for reason, _ in one.because]
    flow = "a group's rule admits aws_autoscaling_group.g -> aws_db_instance.db: "
    assert reasons == [
        f"{flow}aws_subnet.public to aws_subnet.other",
        f"{flow}aws_subnet.private, aws_subnet.public to aws_subnet.third",
    ]
