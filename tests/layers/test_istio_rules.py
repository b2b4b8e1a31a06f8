"""Rules as peers, ports and conditions: how few there are, and what they are asked for."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_rules import Place, asked_subjects, asks_for_tokens, claim_path, differs, matches
from ringfence.model.intervals import IntervalSet
from ringfence.resources.istio.authorization import Operation, PolicyRule, Source

from .istio_pods import ISSUER, operation, rule, source, when

PLACE = Place("shop", ("cluster.local",))


def ways(one, *, http=True, allows=True):
    return tuple(matches(one, PLACE, http=http, allows=allows))


def test_sources_that_ask_for_the_same_share_a_match():
    many = PolicyRule(tuple(Source(namespaces=(str(place),)) for place in range(50)), (Operation(methods=("GET",)),))
    [match] = ways(many)
    assert len(match.peers) == 50


def test_sources_and_operations_are_alternatives():
    sources = Source(request_principals=("a",)), Source(request_principals=("b",))
    two = PolicyRule(sources, (Operation(ports=("1",)), Operation(ports=("2",))))
    assert len(tuple(matches(two, Place("shop", PLACE.domains, (ISSUER,)), http=True, allows=True))) == 4


def test_an_operation_without_a_port_matches_nothing():
    assert ways(operation(ports=["80"], not_ports=["80"])) == ()


def test_ports_of_an_operation_and_of_a_condition_both_count():
    asked = rule(None, Operation(ports=("80", "81")), *when("destination.port", "81", "82").when)
    assert [one.ports for one in ways(asked)] == [IntervalSet.of(81)]


@pytest.mark.parametrize(
    ("asked", "other", "tokens"),
    [
        (rule(), False, False),
        (source(namespaces=["a"], ip_blocks=["10.0.0.0/8"]), False, False),
        (when("connection.sni", "a"), False, False),
        (source(remote_ip_blocks=["10.0.0.0/8"]), True, False),
        (operation(not_paths=["/a"]), True, False),
        (when("request.headers[a]", "b"), True, False),
        (source(request_principals=["a"]), True, True),
        (when("request.auth.claims[a]", "b"), True, True),
    ],
)
def test_what_a_rule_depends_on(asked, other, tokens):
    assert (differs(asked), asks_for_tokens(asked)) == (other, tokens)
    if not other:
        assert ways(asked) == ways(asked, http=False)


@pytest.mark.parametrize(
    ("asked", "dropped"),
    [
        (operation(methods=["GET"]), True),
        (source(not_request_principals=["a"]), True),
        (when("request.auth.audiences", "a"), True),
        (source(remote_ip_blocks=["10.0.0.0/8"]), False),
        (when("connection.sni", "a"), False),
        (when("experimental.envoy.filters.a.b[c]", "d"), False),
    ],
)
def test_on_a_tcp_port_a_field_of_http_drops_an_allow_rule(asked, dropped):
    assert (ways(asked, http=False) == ()) is dropped
    assert len(ways(asked, http=False, allows=False)) == 1


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("request.auth.claims[a]", ("a",)),
        ("request.auth.claims[a][b]", ("a", "b")),
        ("request.auth.claims[https://x.example/role]", ("https://x.example/role",)),
        ("request.auth.claims[a[b]", ("a[b",)),
        ("request.auth.claims[a]b[c]", ("a]b[c",)),
    ],
)
def test_claim_paths(key, path):
    assert claim_path(key) == path


def test_what_rules_ask_of_a_request():
    found = asked_subjects((when("request.headers[X-A]", "b"), when("request.auth.claims[a][b]", "c")))
    assert {"header:x-a", "claim:a[b]", "words:a[b]", "claim:iss", "header:origin"} <= found
