"""RF205: entries that others decide before, and rules of groups that an ACL refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.checks import void_rules
from ringfence.checks.finding import Severity

from .terraform import CLEAN, VPC, acl, block, entry, found, group, instance, line, messages, world

SSH, WEB, EVERY = (22, 22), (443, 443), (0, 65535)
OUT = entry("egress", 100, "allow")
IN = entry("ingress", 100, "allow")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (
            [entry("ingress", 100, "allow", ports=EVERY), entry("ingress", 200, "deny", ports=SSH)],
            [("entry 200 (deny, ingress) of aws_network_acl.n has no effect: 100 decides before it", Severity.MEDIUM)],
        ),
        (
            [entry("ingress", 100, "allow"), entry("ingress", 200, "allow", "10.0.0.0/8", SSH)],
            [("entry 200 (allow, ingress) of aws_network_acl.n has no effect: 100 decides before it", Severity.LOW)],
        ),
        (
            [
                entry("egress", 300, "allow", "10.0.0.0/8", SSH),
                entry("egress", 100, "allow", "0.0.0.0/1"),
                entry("egress", 200, "deny", "0.0.0.0/0", ports=(0, 1023)),
            ],
            [("entry 300 (allow, egress) of aws_network_acl.n has no effect: 100 decides before it", Severity.LOW)],
        ),
        (
            [
                entry("ingress", 100, "allow", "0.0.0.0/1", SSH),
                entry("ingress", 110, "deny", "128.0.0.0/1", SSH),
                entry("ingress", 200, "allow", "0.0.0.0/0", SSH),
            ],
            [
                (
                    "entry 200 (allow, ingress) of aws_network_acl.n has no effect: 100 and 110 decide before it",
                    Severity.MEDIUM,
                )
            ],
        ),
        ([entry("ingress", 100, "deny", ports=SSH), entry("ingress", 200, "allow", ports=EVERY)], []),
        ([entry("ingress", 100, "allow", ports=EVERY), entry("egress", 200, "deny", ports=SSH)], []),
        ([entry("ingress", 100, "allow", "10.0.0.0/8"), entry("ingress", 200, "deny", "10.0.0.0/7")], []),
        ([entry("ingress", 100, "allow", ports=SSH), entry("ingress", 200, "deny")], []),
        ([IN, OUT], []),
    ],
)
def test_entries_behind_others(entries, expected):
    findings = found(void_rules, VPC, acl("n", ("private",), *entries))
    assert [(one.message, one.severity) for one in findings] == expected


@given(st.permutations([("allow", SSH), ("deny", WEB), ("allow", (1, 21)), ("deny", (23, 442))]))
def test_entries_that_share_nothing_shadow_nothing_in_any_order(rows):
    entries = [entry("ingress", 100 + 10 * at, action, ports=ports) for at, (action, ports) in enumerate(rows)]
    assert messages(void_rules, VPC, acl("n", ("private",), *entries)) == []


VOID = "{} rule of aws_security_group.a has no effect: aws_network_acl.n refuses all that it admits"
HOST = instance("a", "private", "a")
PEER = block("ingress", "tcp", 22, security_groups="[aws_security_group.b.id]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            group("a", world()) + HOST + acl("n", ("private",), entry("ingress", 100, "allow", ports=WEB), OUT),
            ["ingress"],
        ),
        (
            group("a", world()) + HOST + acl("n", ("private",), entry("ingress", 9, "deny", ports=SSH), IN, OUT),
            ["ingress"],
        ),
        (group("a") + HOST + acl("n", ("private",), IN), ["egress"]),
        (group("a", world()) + HOST + acl("n", ("private",), IN, OUT), []),
        (group("a", world()) + HOST, []),
        (
            group("a", world()) + HOST + instance("b", "other", "a") + acl("n", ("private",), OUT),
            [],
        ),
        # Peers of the same subnet meet no ACL; those of another do.
        (
            group("a", PEER) + group("b") + HOST + instance("b", "private", "b") + acl("n", ("private",), OUT),
            [],
        ),
        (
            group("a", PEER) + group("b") + HOST + instance("b", "other", "b") + acl("n", ("private",), OUT),
            ["ingress"],
        ),
        (
            group("a", block("ingress", "tcp", 22, cidr_blocks='["10.0.1.0/24"]')) + HOST + acl("n", ("private",), OUT),
            [],
        ),
        (group("a", PEER) + group("b") + HOST + acl("n", ("private",), OUT), []),
        (
            group("a", world()) + HOST + acl("n", ("private",), entry("ingress", 100, "allow", "198.51.100.0/24"), OUT),
            [],
        ),
        (CLEAN, []),
    ],
)
def test_rules_that_an_acl_makes_void(text, expected):
    everything = text if text == CLEAN else VPC + text
    said = [one.removesuffix(" beyond the subnet itself") for one in messages(void_rules, everything)]
    assert said == [VOID.format(one) for one in expected]


@pytest.mark.parametrize(
    ("cidr", "beyond"), [("0.0.0.0/0", True), ("10.0.0.0/16", True), ("10.0.2.0/24", False), ("198.51.100.0/24", False)]
)
def test_a_rule_that_still_holds_inside_the_subnet_says_so(cidr, beyond):
    rule = block("ingress", "tcp", 22, cidr_blocks=f'["{cidr}"]')
    (said,) = messages(void_rules, VPC, group("a", rule), HOST, acl("n", ("private",), OUT))
    assert said == VOID.format("ingress") + " beyond the subnet itself" * beyond


def test_a_finding_stands_at_the_rule_and_names_the_acl():
    text = VPC + group("a", world()) + HOST + acl("n", ("private",), entry("ingress", 100, "allow", ports=WEB), OUT)
    (one,) = found(void_rules, text)
    assert str(one.span).startswith(line(text, "ingress {"))
    assert [reason for reason, _ in one.because] == ["the ACL of aws_subnet.private"]
    entries = acl("n", ("private",), IN, entry("ingress", 200, "deny", ports=SSH))
    (one,) = found(void_rules, VPC + entries)
    assert str(one.span).startswith(
        f"main.tf:{(VPC + entries)[: (VPC + entries).rindex('ingress {')].count(chr(10)) + 1}"
    )
