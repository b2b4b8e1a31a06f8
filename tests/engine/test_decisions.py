"""How a chain decides one packet, sentence by sentence of `model.rules`."""

from __future__ import annotations

import pytest

from ringfence.engine.decisions import Decisions, Side, decide, within
from ringfence.engine.outcomes import Doubt
from ringfence.model.addresses import AddressSet, number
from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Atom, Operator, Request
from ringfence.model.headers import ALL_HEADERS, NO_HEADERS, Header, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import NO_IDENTITY, Action, Chain, Direction, Pattern, Peer, Rule, Scope, Stage
from ringfence.model.selectors import ANYTHING, NOTHING, Comparison, Has, Label, Selector, Unsure
from ringfence.model.spans import Span

A, D, P = Action.ALLOW, Action.DENY, Action.PASS
SUBJECT = Endpoint("subject", "here", AddressSet.of("10.0.0.1"), facets={"pod": {"app": "db"}})
CLIENT = Endpoint("client", "there", AddressSet.of("10.0.0.2"), facets={"pod": {"app": "web"}})
MAYBE = Unsure("nobody knows")
HTTP = Header("tcp", 40000, 80)


def rule(action: Action, peer: Selector = ANYTHING, **more) -> Rule:
    return Rule(action, (Peer(peer),), **more)


def scope(*rules: Rule, priority: int = 0, subjects: Selector = ANYTHING, name: str = "s") -> Scope:
    return Scope(name, subjects, rules, priority)


def stage(*scopes: Scope, end: Action = D) -> Stage:
    return Stage("t", scopes, end)


def deciding(
    *stages: Stage,
    default: Action = A,
    request: Request | None = None,
    header: Header = HTTP,
    identity: str = NO_IDENTITY,
) -> Decisions:
    chain = Chain("layer", Direction.INGRESS, stages, default)
    return decide(chain, "here", SUBJECT, Side(CLIENT, number("10.0.0.2"), identity), header, request)


def actions(*stages: Stage, **more) -> set[str]:
    return {one.action.value for one in deciding(*stages, **more).possible}


@pytest.mark.parametrize(
    ("stages", "default", "expected"),
    [
        # A chain that ends undecided takes its default.
        ([], A, {"allow"}),
        ([], D, {"deny"}),
        # A stage whose scopes do not govern the subject is skipped.
        ([stage()], A, {"allow"}),
        ([stage(scope(rule(D), subjects=NOTHING))], A, {"allow"}),
        # When no rule decides, the stage's end does.
        ([stage(scope())], A, {"deny"}),
        ([stage(scope(), end=A)], D, {"allow"}),
        ([stage(scope(rule(A, NOTHING)))], A, {"deny"}),
        # A pass at a stage's end means: go on to the next stage.
        ([stage(scope(), end=P), stage(scope(rule(A)))], D, {"allow"}),
        ([stage(scope(), end=P)], A, {"allow"}),
        # Within a scope, rules go in order; the first that matches decides.
        ([stage(scope(rule(A), rule(D)))], D, {"allow"}),
        ([stage(scope(rule(D), rule(A)))], A, {"deny"}),
        ([stage(scope(rule(D, NOTHING), rule(A)))], D, {"allow"}),
        # Within a stage, scopes go by ascending priority, however they stand.
        ([stage(scope(rule(D), priority=2), scope(rule(A), priority=1))], D, {"allow"}),
        ([stage(scope(rule(D, NOTHING), priority=1), scope(rule(A), priority=2))], D, {"allow"}),
        # Allow and deny end the chain.
        ([stage(scope(rule(A))), stage(scope(rule(D)))], D, {"allow"}),
        ([stage(scope(rule(D))), stage(scope(rule(A)))], A, {"deny"}),
        # Pass ends the stage, and with it what its other scopes would say.
        ([stage(scope(rule(P), rule(D))), stage(scope(rule(A)))], D, {"allow"}),
        ([stage(scope(rule(P), priority=1), scope(rule(D), priority=2))], A, {"allow"}),
        # Scopes of equal priority that disagree: every order is possible.
        ([stage(scope(rule(A)), scope(rule(D)))], A, {"allow", "deny"}),
        ([stage(scope(rule(A)), scope(rule(A)))], D, {"allow"}),
        ([stage(scope(rule(A)), scope())], D, {"allow"}),
        ([stage(scope(rule(P)), scope(rule(D))), stage(scope(rule(A)))], A, {"allow", "deny"}),
        # A rule that may match both decides and lets the next one decide.
        ([stage(scope(rule(A, MAYBE), rule(D)))], D, {"allow", "deny"}),
        ([stage(scope(rule(A, MAYBE), rule(A)))], D, {"allow"}),
        ([stage(scope(rule(A, MAYBE)))], D, {"allow", "deny"}),
        ([stage(scope(rule(P, MAYBE), rule(D))), stage(scope(rule(A)))], A, {"allow", "deny"}),
        # A scope that may govern may be skipped, its stage as well.
        ([stage(scope(rule(D), subjects=MAYBE))], A, {"allow", "deny"}),
        ([stage(scope(subjects=MAYBE))], A, {"allow", "deny"}),
        ([stage(scope(rule(A), subjects=MAYBE), scope())], A, {"allow", "deny"}),
        # An empty tuple of peers matches no peer.
        ([stage(scope(Rule(D, ())))], A, {"deny"}),
        ([stage(scope(Rule(A, ())))], A, {"deny"}),
        # Subjects narrow the scope's for one rule alone.
        ([stage(scope(rule(A, subjects=NOTHING), rule(A, subjects=Has("pod"))))], D, {"allow"}),
    ],
)
def test_a_chain_decides(stages, default, expected):
    assert actions(*stages, default=default) == expected


@pytest.mark.parametrize(
    ("peers", "expected"),
    [
        ((Peer(Label("pod", "app", Comparison.IN, frozenset(("web",)))),), {"allow"}),
        ((Peer(Label("pod", "app", Comparison.IN, frozenset(("db",)))),), {"deny"}),
        # Alternatives: one that fits is enough.
        ((Peer(NOTHING), Peer(Has("pod"))), {"allow"}),
        # Within one peer each part must fit: origin, address, identity.
        ((Peer(Has("pod"), Bounds.exactly(AddressSet.of("10.0.0.0/24"))),), {"allow"}),
        ((Peer(Has("pod"), Bounds.exactly(AddressSet.of("10.0.1.0/24"))),), {"deny"}),
        ((Peer(NOTHING, Bounds.exactly(AddressSet.of("10.0.0.0/24"))),), {"deny"}),
        ((Peer(addresses=Bounds(AddressSet(), AddressSet.of("10.0.0.0/24"))),), {"allow", "deny"}),
        ((Peer(identities=(Pattern("", True, True),)),), {"deny"}),
        ((Peer(excluded=(Pattern("", True, True),)),), {"allow"}),
    ],
)
def test_a_peer_is_matched_on_origin_address_and_identity(peers, expected):
    assert actions(stage(scope(Rule(A, peers)))) == expected


@pytest.mark.parametrize(
    ("pattern", "identity", "expected"),
    [
        (Pattern("ns/a/sa/x"), "ns/a/sa/x", {"allow"}),
        (Pattern("ns/a/sa/x"), "ns/a/sa/y", {"deny"}),
        (Pattern("ns/a/", open_end=True), "ns/a/sa/y", {"allow"}),
        (Pattern("/sa/x", open_start=True), "ns/b/sa/x", {"allow"}),
        (Pattern("ns/a"), "", {"deny"}),
        (Pattern("ns/a"), "?", {"allow", "deny"}),
        (Pattern("", True, True), "?", {"allow"}),
    ],
)
def test_identities(pattern, identity, expected):
    found = actions(
        stage(scope(Rule(A, (Peer(identities=(pattern,)),)))), header=Header("mtls", 1, 2), identity=identity
    )
    assert found == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (Bounds.exactly(ports("tcp", IntervalSet.of(80))), {"allow"}),
        (Bounds.exactly(ports("tcp", IntervalSet.of(81))), {"deny"}),
        (Bounds(NO_HEADERS, ALL_HEADERS), {"allow", "deny"}),
    ],
)
def test_headers(headers, expected):
    assert actions(stage(scope(Rule(A, headers=headers)))) == expected


GET = Atom("method", Operator.EXACT, "GET")


@pytest.mark.parametrize(
    ("rules", "request_", "doubts"),
    [
        ((Rule(A, condition=GET),), None, {Doubt.CONDITION}),
        ((Rule(A, condition=GET),), Request({"method": ("GET",)}), set()),
        ((Rule(A, condition=GET),), Request({"method": ("PUT",)}), set()),
        ((rule(A, MAYBE),), None, {Doubt.UNKNOWN}),
        ((rule(A, MAYBE, condition=GET),), None, {Doubt.UNKNOWN}),
        # Doubt that changes nothing is none.
        ((rule(A, MAYBE), rule(A)), None, set()),
    ],
)
def test_why_several_decisions_are_possible(rules, request_, doubts):
    assert deciding(stage(scope(*rules)), request=request_).doubts == doubts


def test_who_decided():
    named = Rule(A, name="ingress[0]", span=Span("f", "", 3))
    (one,) = deciding(stage(Scope("policy", ANYTHING, (named,), span=Span("f", "", 1)))).possible
    assert (one.hop.rule, str(one.hop.span), one.hop.because, one.hop.stage) == ("policy ingress[0]", "f:3", "", "t")


def test_a_rule_without_a_name_decided_all_the_same():
    (one,) = deciding(stage(Scope("policy", ANYTHING, (Rule(D),), span=Span("f", "", 1)))).possible
    assert (one.hop.rule, str(one.hop.span), one.hop.because) == ("policy", "f:1", "")


def test_silence_names_all_that_were_silent():
    (one,) = deciding(stage(*(scope(name=f"p{place}") for place in range(5)))).possible
    assert one.hop.because == "no rule of p0, p1, p2 and 2 more matches"
    (default,) = deciding().possible
    assert default.hop.because == "nothing of it applies here"


def test_an_address_of_which_only_bounds_are_known():
    bounds = Bounds(AddressSet.of("10.0.0.1"), AddressSet.of("10.0.0.0/30"))
    assert [within(bounds, number(text)) for text in ("10.0.0.1", "10.0.0.2", "10.0.0.4")] == [True, None, False]


def test_decisions_to_one_effect_are_one_hop():
    found = deciding(stage(scope(rule(A, MAYBE, name="one"), rule(D, MAYBE, name="two"), rule(A, name="three"))))
    let_in, refused = found.hop(A), found.hop(D)
    assert let_in is not None
    assert refused is not None
    assert [one.rule for one in let_in.possible] == ["s one", "s three"]
    assert [one.rule for one in refused.possible] == ["s two"]
    assert deciding(stage(scope(rule(A)))).hop(D) is None
