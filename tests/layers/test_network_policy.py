"""NetworkPolicy: a grid for each fact of the specification, asked of the reference evaluator packet by packet."""

from __future__ import annotations

import pytest

from ringfence.engine.connectivity import related
from ringfence.engine.outcomes import Outcome
from ringfence.engine.reach import Reachability
from ringfence.layers.network_policy import Semantics, stages
from ringfence.model.rules import Action, Direction
from ringfence.resources.kubernetes import NetworkPolicy, PolicyType
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options
from tests.layers.clusters import (
    NAME,
    ask,
    block,
    cluster,
    has,
    meta,
    namespace,
    namespaces,
    node,
    pod,
    pods,
    policy,
    rule,
    workload,
)

ALLOWED, DENIED, UNKNOWN = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNKNOWN

PODS = (
    namespace("x", team="red"),
    namespace("y", team="blue"),
    pod("x/a", "tcp/http=80", ip="10.0.0.1", app="a", tier="web"),
    pod("x/b", "tcp/http=8080", "udp/http=80", ip="10.0.0.2", app="b"),
    pod("y/a", ip="10.0.1.1", app="a"),
    pod("y/c", ip="10.0.1.3"),
)
EVERYONE = has()


def one(selector=None, ingress=None, egress=None):
    return policy("x/p", selector, ingress, egress)


@pytest.mark.parametrize(
    ("policies", "source", "target", "expected"),
    [
        ([], "x/a", "y/c", ALLOWED),
        ([one(ingress=())], "y/c", "x/a", DENIED),
        ([one(ingress=())], "x/a", "y/c", ALLOWED),
        ([one(egress=())], "x/a", "y/c", DENIED),
        ([one(egress=())], "y/c", "x/a", ALLOWED),
        ([one(ingress=())], "8.8.8.8", "x/a", DENIED),
        ([one(ingress=())], "8.8.8.8", "y/c", ALLOWED),
        ([one(egress=())], "x/a", "8.8.8.8", DENIED),
        # Both sides have to agree.
        ([one(has(app="a"), ingress=(rule(),)), policy("y/p", egress=())], "y/c", "x/a", DENIED),
        ([one(has(app="a"), ingress=()), policy("y/p", egress=(rule(),))], "y/c", "x/a", DENIED),
        ([one(has(app="a"), ingress=(rule(),)), policy("y/p", egress=(rule(),))], "y/c", "x/a", ALLOWED),
        # What several policies admit adds up.
        ([one(ingress=()), policy("x/q", ingress=(rule(pods(has(app="b"))),))], "x/b", "x/a", ALLOWED),
        ([one(ingress=()), policy("x/q", ingress=(rule(pods(has(app="b"))),))], "y/c", "x/a", DENIED),
        # A policy of another namespace, or one that selects others, means nothing here.
        ([policy("y/p", ingress=())], "x/b", "x/a", ALLOWED),
        ([one(has(app="b"), ingress=())], "x/b", "x/a", ALLOWED),
    ],
)
def test_isolation_is_per_direction_and_policies_add_up(policies, source, target, expected):
    assert ask(cluster(*PODS, *policies), source, target) is expected


def test_rules_of_a_direction_that_is_not_among_the_types_mean_nothing():
    half = NetworkPolicy(meta("x/p"), EVERYONE, (PolicyType.EGRESS,), ingress=(), egress=(rule(),))
    made = stages([half], {}, Semantics())
    assert {direction: len(stage.scopes) for direction, (stage,) in made.items()} == {
        Direction.EGRESS: 1,
        Direction.INGRESS: 0,
    }
    assert ask(cluster(*PODS, half), "y/c", "x/a") is ALLOWED


@pytest.mark.parametrize(
    ("rules", "source", "expected"),
    [
        ((), "x/b", DENIED),
        ((rule(),), "x/b", ALLOWED),
        ((rule(),), "8.8.8.8", ALLOWED),
        ((rule("tcp/80"),), "8.8.8.8", ALLOWED),
        # Two selectors in one peer are both to be met, two peers are alternatives.
        ((rule(pods(has(app="a"), has(team="blue"))),), "y/a", ALLOWED),
        ((rule(pods(has(app="a"), has(team="blue"))),), "y/c", DENIED),
        ((rule(pods(has(app="a"), has(team="blue"))),), "x/b", DENIED),
        ((rule(pods(has(app="b")), namespaces(has(team="blue"))),), "y/c", ALLOWED),
        ((rule(pods(has(app="b")), namespaces(has(team="blue"))),), "x/b", ALLOWED),
        # A pod selector alone stays in the policy's namespace; an empty one is all of it.
        ((rule(pods(has(app="a"))),), "y/a", DENIED),
        ((rule(pods(EVERYONE)),), "x/b", ALLOWED),
        ((rule(pods(EVERYONE)),), "y/c", DENIED),
        ((rule(pods(EVERYONE)),), "8.8.8.8", DENIED),
        ((rule(namespaces(EVERYONE)),), "y/c", ALLOWED),
        ((rule(namespaces(EVERYONE)),), "8.8.8.8", DENIED),
        # NotIn and DoesNotExist also select what lacks the key.
        ((rule(pods(has("app notin a"), EVERYONE)),), "y/c", ALLOWED),
        ((rule(pods(has("app notin a"), EVERYONE)),), "y/a", DENIED),
        ((rule(pods(has("!app"), EVERYONE)),), "y/c", ALLOWED),
        ((rule(pods(has("!app"), EVERYONE)),), "y/a", DENIED),
        ((rule(pods(has("app"), EVERYONE)),), "y/a", ALLOWED),
        ((rule(pods(has("app"), EVERYONE)),), "y/c", DENIED),
        ((rule(pods(has("app in a,z"), EVERYONE)),), "y/a", ALLOWED),
        ((rule(pods(has("app in a,z"), EVERYONE)),), "x/b", DENIED),
        ((rule(namespaces(has(**{NAME: "y"}))),), "y/c", ALLOWED),
        ((rule(namespaces(has(**{NAME: "y"}))),), "x/b", DENIED),
        ((rule(namespaces(has(f"{NAME} in y,z"))),), "y/c", ALLOWED),
        ((rule(namespaces(has(f"{NAME} in y,z"))),), "x/b", DENIED),
        ((rule(namespaces(has(f"{NAME} notin y"))),), "y/c", DENIED),
    ],
)
def test_peers(rules, source, expected):
    assert ask(cluster(*PODS, one(has(app="a"), ingress=rules)), source, "x/a") is expected


@pytest.mark.parametrize(
    ("ports", "what", "expected"),
    [
        ((), "udp/9", ALLOWED),
        ((), "sctp/9", ALLOWED),
        ((), "icmp", ALLOWED),
        ((), "47", ALLOWED),
        (("tcp",), "tcp/1", ALLOWED),
        (("tcp",), "udp/1", DENIED),
        (("tcp/80",), "tcp/80", ALLOWED),
        (("tcp/80",), "tcp/81", DENIED),
        (("tcp/80",), "udp/80", DENIED),
        (("tcp/80-90",), "tcp/80", ALLOWED),
        (("tcp/80-90",), "tcp/90", ALLOWED),
        (("tcp/80-90",), "tcp/91", DENIED),
        (("tcp/80", "udp/53"), "udp/53", ALLOWED),
        (("sctp",), "sctp/5", ALLOWED),
        (("sctp/80",), "tcp/80", DENIED),
        (("sctp/80",), "udp/80", DENIED),
        (("tcp/80",), "icmp", DENIED),
        (("tcp/80",), "47", DENIED),
    ],
)
@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_ports(direction, ports, what, expected):
    objects = cluster(*PODS, one(has(app="a"), **{direction: (rule(*ports),)}))
    ends = ("y/c", "x/a") if direction == "ingress" else ("x/a", "y/c")
    assert ask(objects, *ends, what) is expected


@pytest.mark.parametrize(
    ("rules", "what", "expected"),
    [
        ((rule("tcp/80"),), "icmp", ALLOWED),
        ((), "icmp", ALLOWED),
        ((), "47", ALLOWED),
        ((), "tcp/80", DENIED),
        ((rule("sctp/80"),), "udp/80", DENIED),
    ],
)
def test_protocols_that_the_specification_leaves_open_are_an_option(rules, what, expected):
    objects = cluster(*PODS, one(has(app="a"), ingress=rules))
    assert ask(objects, "y/c", "x/a", what, Options(undefined_protocols="allow")) is expected


@pytest.mark.parametrize(
    ("target", "what", "ingress", "egress"),
    [
        ("x/a", "tcp/80", ALLOWED, ALLOWED),
        ("x/a", "tcp/8080", DENIED, DENIED),
        ("x/b", "tcp/8080", ALLOWED, ALLOWED),
        ("x/b", "tcp/80", DENIED, DENIED),
        ("x/b", "udp/80", DENIED, DENIED),
        ("x/b", "udp/8080", DENIED, DENIED),
        ("y/c", "tcp/80", ALLOWED, DENIED),
        ("8.8.8.8", "tcp/80", ALLOWED, DENIED),
    ],
)
def test_a_named_port_is_the_number_that_each_target_has(target, what, ingress, egress):
    arriving = cluster(*PODS, one(ingress=(rule("tcp/http"),)))
    leaving = cluster(*PODS, policy("y/p", has(app="a"), egress=(rule("tcp/http"),)))
    assert ask(arriving, "y/a", target, what) is ingress
    assert ask(leaving, "y/a", target, what) is egress


def test_a_named_port_that_no_pod_has_admits_nothing():
    assert ask(cluster(*PODS, one(ingress=(rule("tcp/nope"),))), "y/c", "x/a") is DENIED


@pytest.mark.parametrize(
    ("text", "source", "with_pods", "without"),
    [
        ("10.0.1.0/24", "y/c", ALLOWED, DENIED),
        ("10.0.1.0/24", "x/b", DENIED, DENIED),
        ("8.0.0.0/8", "8.8.8.8", ALLOWED, ALLOWED),
        ("0.0.0.0/0", "8.8.8.8", ALLOWED, ALLOWED),
        ("0.0.0.0/0", "y/c", ALLOWED, DENIED),
        ("0.0.0.0/0", "fd00::1", DENIED, DENIED),
        ("::/0", "fd00::1", ALLOWED, ALLOWED),
        ("::/0", "8.8.8.8", DENIED, DENIED),
        ("0.0.0.0/0 !8.8.0.0/16", "8.8.8.8", DENIED, DENIED),
        ("0.0.0.0/0 !8.8.0.0/16", "8.9.8.8", ALLOWED, ALLOWED),
        ("0.0.0.0/0 !10.0.0.0/8", "y/c", DENIED, DENIED),
        ("10.0.0.0/8", "n[Node]", ALLOWED, ALLOWED),
    ],
)
def test_address_blocks(text, source, with_pods, without):
    six = pod("z/six", ip="fd00::9")
    target = pod("x/t", ip="10.0.0.9 fd00::8", app="t", node="other")
    objects = cluster(*PODS, six, target, node("n", "10.9.0.1"), one(ingress=(rule(block(text)),)))
    name = "x/t[Pod] IPv6" if ":" in source else "x/t"
    for matches, expected in ((True, with_pods), (False, without)):
        assert ask(objects, source, name, options=Options(ipblock_matches_pods=matches)) is expected


def test_an_exception_takes_from_its_own_block_only():
    both = rule(block("0.0.0.0/0 !8.8.0.0/16"), block("8.8.8.0/24"))
    objects = cluster(*PODS, one(ingress=(both,)))
    assert ask(objects, "8.8.8.8", "x/a") is ALLOWED
    assert ask(objects, "8.8.9.8", "x/a") is DENIED


@pytest.mark.parametrize(("text", "expected"), [("0.0.0.0/0", ALLOWED), ("10.0.0.0/8", UNKNOWN)])
def test_a_block_may_hold_a_pod_whose_address_nobody_knows(text, expected):
    objects = cluster(workload("x/w"), workload("x/v"), one(has(app="v"), ingress=(rule(block(text)),)))
    network = build(objects).network
    names = ("x/w[Deployment]", "x/v[Deployment]")
    sources, targets = ([one for one in network.endpoints if one.id == name] for name in names)
    (relation,) = related(Reachability(network), sources, targets)
    assert 80 in relation.may.tcp
    assert (80 in relation.must.tcp) is (expected is ALLOWED)


def test_lowering_keeps_one_scope_a_policy_and_one_rule_for_each_meaning_of_its_ports():
    numbers = {("tcp", "http"): frozenset({80, 8080})}
    given = one(ingress=(rule("tcp/1", "udp/2", "tcp/http"), rule()), egress=())
    made = stages([given], numbers, Semantics())
    ((ingress,), (egress,)) = made[Direction.INGRESS], made[Direction.EGRESS]
    assert ingress.end is egress.end is Action.DENY
    (scope,) = ingress.scopes
    assert scope.name == "x/p"
    assert [one.name for one in scope.rules] == [
        "ingress[0]",
        "ingress[0] port http=80",
        "ingress[0] port http=8080",
        "ingress[1]",
    ]
    assert egress.scopes[0].rules == ()
