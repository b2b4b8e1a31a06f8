"""AuthorizationPolicy at ambient pods: every field, in ALLOW and DENY, alone and beside a field that ztunnel knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.decisions import Side, decide
from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.mesh_facets import AMBIENT, MESH, NO_PLANE, PLANE, SIDECAR
from ringfence.layers.own_node import HOST, NODE
from ringfence.layers.ztunnel_authorization import chain
from ringfence.model.addresses import AddressSet, number
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Action
from ringfence.resources.istio.authorization import (
    AuthorizationPolicy,
    Operation,
    PolicyAction,
    PolicyRule,
    Source,
    TargetReference,
    When,
)
from ringfence.resources.kubernetes import ObjectMeta

ROOT = "istio-system"
ALLOW, DENY = PolicyAction.ALLOW, PolicyAction.DENY
ANY, NONE = {Action.ALLOW}, {Action.DENY}


def pod(name="shop/web", plane=AMBIENT, address="10.3.0.2", identity="", **labels):
    namespace, _, short = name.partition("/")
    facets = {POD: {"app": short, **labels}, NAMESPACE: {}, MESH: {PLANE: plane}}
    return Endpoint(name, "pods", AddressSet.of(address), namespace=namespace, facets=facets, identity=identity)


WEB = pod()


def policy(action=ALLOW, *rules, namespace="shop", **more):
    return AuthorizationPolicy(ObjectMeta("p", namespace), action, rules, **more)


def spiffe(account, domain="cluster.local"):
    namespace, _, name = account.partition("/")
    return f"spiffe://{domain}/ns/{namespace}/sa/{name}"


CLIENT = spiffe("ns/sa")


def decided(policies, identity=CLIENT, port=80, subject=WEB, address="10.1.0.9", plane=None, origin=None):
    plane = plane or ("mtls" if identity else "tcp")
    side = Side(origin, number(address), identity)
    lowered = chain(policies, ROOT)
    found = decide(lowered, "pods", subject, side, Header(plane, 8, port), None)
    return {one.action for one in found.possible}


L4_SOURCES: dict[str, Any] = {
    "principals": ("cluster.local/ns/ns/sa/sa",),
    "namespaces": ("ns",),
    "service_accounts": ("ns/sa",),
    "ip_blocks": ("10.1.0.0/24",),
    "not_principals": ("cluster.local/ns/x/sa/y",),
    "not_namespaces": ("x",),
    "not_service_accounts": ("x/y",),
    "not_ip_blocks": ("10.2.0.0/24",),
}
L7_SOURCES: dict[str, Any] = {
    name: ("10.9.0.0/16",) if "ip" in name.split("_") else ("v",)
    for stem in ("request_principals", "remote_ip_blocks")
    for name in (stem, f"not_{stem}")
}
OVERLOOKED: dict[str, Any] = dict.fromkeys(("trust_domains", "not_trust_domains"), ("v",))
L7_OPERATIONS: dict[str, Any] = {
    name: ("v",) for stem in ("hosts", "methods", "paths") for name in (stem, f"not_{stem}")
}
L7_CONDITIONS = (
    "request.headers[x]",
    "request.auth.principal",
    "request.auth.claims[a]",
    "remote.ip",
    "connection.sni",
    "source.trustDomain",
    "experimental.envoy.filters.a[b]",
)
L4_CONDITIONS = {
    "source.ip": ("10.1.0.9",),
    "source.namespace": ("ns",),
    "source.principal": ("cluster.local/ns/ns/sa/sa",),
    "destination.ip": ("10.3.0.2",),
    "destination.port": ("80",),
}


@pytest.mark.parametrize("field", OVERLOOKED)
def test_a_source_that_istiod_overlooks(field):
    """Alone it never matches; beside others it is as if it were not there, also in what is allowed."""
    alone = PolicyRule((Source(**{field: OVERLOOKED[field]}),))
    beside = PolicyRule((Source(**{field: OVERLOOKED[field]}, namespaces=("ns",)),))
    assert decided([policy(ALLOW, alone)]) == NONE
    assert decided([policy(DENY, alone)]) == ANY
    assert decided([policy(ALLOW, beside)]) == ANY
    assert decided([policy(DENY, beside)]) == NONE


@pytest.mark.parametrize("field", L4_SOURCES)
def test_a_source_that_ztunnel_knows(field):
    rule = PolicyRule((Source(**{field: L4_SOURCES[field]}),))
    assert decided([policy(ALLOW, rule)]) == ANY
    assert decided([policy(DENY, rule)]) == NONE


@pytest.mark.parametrize(
    ("field", "identity", "address"),
    [
        ("principals", spiffe("ns/other"), "10.1.0.9"),
        ("namespaces", spiffe("other/sa"), "10.1.0.9"),
        ("service_accounts", spiffe("ns/other"), "10.1.0.9"),
        ("ip_blocks", spiffe("ns/sa"), "10.1.1.9"),
        ("not_principals", spiffe("x/y"), "10.1.0.9"),
        ("not_namespaces", spiffe("x/z"), "10.1.0.9"),
        ("not_service_accounts", spiffe("x/y", "other.domain"), "10.1.0.9"),
        ("not_ip_blocks", spiffe("ns/sa"), "10.2.0.7"),
    ],
)
def test_a_source_that_does_not_match(field, identity, address):
    rule = PolicyRule((Source(**{field: L4_SOURCES[field]}),))
    assert decided([policy(ALLOW, rule)], identity, address=address) == NONE
    assert decided([policy(DENY, rule)], identity, address=address) == ANY


@pytest.mark.parametrize("field", L4_SOURCES)
def test_plaintext_has_no_identity(field):
    rule = PolicyRule((Source(**{field: L4_SOURCES[field]}),))
    holds = field.startswith("not_") or "ip" in field.split("_")
    assert decided([policy(ALLOW, rule)], NO_IDENTITY) == (ANY if holds else NONE)
    assert decided([policy(DENY, rule)], NO_IDENTITY) == (NONE if holds else ANY)


@pytest.mark.parametrize("key", L4_CONDITIONS)
def test_a_condition_that_ztunnel_knows(key):
    wanted, unwanted = (
        PolicyRule(when=(When(key, L4_CONDITIONS[key]),)),
        PolicyRule(when=(When(key, (), L4_CONDITIONS[key]),)),
    )
    assert decided([policy(ALLOW, wanted)]) == ANY
    assert decided([policy(DENY, wanted)]) == NONE
    assert decided([policy(ALLOW, unwanted)]) == NONE
    assert decided([policy(DENY, unwanted)]) == ANY


HTTP = [
    *((PolicyRule((Source(**{name: value}),)), name) for name, value in L7_SOURCES.items()),
    *((PolicyRule((), (Operation(**{name: value}),)), name) for name, value in L7_OPERATIONS.items()),
    *((PolicyRule(when=(When(key, ("v",)),)), key) for key in L7_CONDITIONS),
    *((PolicyRule(when=(When(key, (), ("v",)),)), f"not {key}") for key in L7_CONDITIONS),
]


@pytest.mark.parametrize("rule", [rule for rule, _ in HTTP], ids=[name for _, name in HTTP])
def test_http_alone(rule):
    """An ALLOW rule is gone, and with it everything; a DENY rule never fires."""
    assert decided([policy(ALLOW, rule)]) == NONE
    assert decided([policy(DENY, rule)]) == ANY


@pytest.mark.parametrize("rule", [rule for rule, _ in HTTP], ids=[name for _, name in HTTP])
def test_http_in_another_clause(rule):
    """One clause that is left empty switches a DENY rule off, whatever the others say."""
    beside = replace(rule, when=(*rule.when, When("destination.port", ("80",))))
    assert decided([policy(ALLOW, beside)]) == NONE
    assert decided([policy(DENY, beside)]) == ANY


@pytest.mark.parametrize("rule", [rule for rule, _ in HTTP if not rule.when], ids=[n for r, n in HTTP if not r.when])
def test_http_beside_a_field_of_the_same_entry(rule):
    """It is only dropped, so DENY refuses more than is written."""
    beside = replace(
        rule,
        sources=tuple(replace(one, namespaces=("ns",)) for one in rule.sources),
        operations=tuple(replace(one, ports=("80",)) for one in rule.operations),
    )
    assert decided([policy(ALLOW, beside)]) == NONE
    assert decided([policy(DENY, beside)]) == NONE
    assert decided([policy(DENY, beside)], spiffe("x/y"), port=81) == ANY


@pytest.mark.parametrize("rule", [rule for rule, _ in HTTP], ids=[name for _, name in HTTP])
def test_another_rule_stands(rule):
    assert decided([policy(ALLOW, rule, PolicyRule())]) == ANY
    assert decided([policy(DENY, rule, PolicyRule())]) == NONE


def test_an_empty_alternative_leaves_the_others():
    rule = PolicyRule((Source(request_principals=("x",)), Source(namespaces=("ns",))))
    assert decided([policy(DENY, rule)]) == NONE
    assert decided([policy(DENY, rule)], spiffe("x/y")) == ANY


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ("*", "spiffe://td/ns/a/sa/b", ""),
        ("td/ns/a/sa/b", "spiffe://td/ns/a/sa/b", "spiffe://td/ns/a/sa/bb"),
        ("td/ns/a/*", "spiffe://td/ns/a/sa/b", "spiffe://tdx/ns/a/sa/b"),
        ("*/sa/b", "spiffe://td/ns/a/sa/b", "spiffe://td/ns/a/sa/xb"),
        ("*/td/ns/a/sa/b", "spiffe://x/td/ns/a/sa/b", "spiffe://td/ns/a/sa/b"),
        ("*a*", "spiffe://td/ns/b/sa/a*", "spiffe://td/ns/a/sa/b"),
        ("spiffe://td/ns/a/sa/b", "spiffe://spiffe://td/ns/a/sa/b", "spiffe://td/ns/a/sa/b"),
    ],
)
def test_principals(text, matching, other):
    rule = PolicyRule((Source(principals=(text,)),))
    assert decided([policy(ALLOW, rule)], matching) == ANY
    assert decided([policy(ALLOW, rule)], other, plane="mtls") == NONE


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ("*", "a/b", None),
        ("a", "a/b", "ab/b"),
        ("a-*", "a-x/b", "xa-x/b"),
        ("*-a", "x-a/b", "x-ab/b"),
        ("s*", "shop/x", "ns/sa"),
        ("*s", "ns/x", "nsx/ns"),
    ],
)
def test_namespaces(text, matching, other):
    rule = PolicyRule((Source(namespaces=(text,)),))
    assert decided([policy(ALLOW, rule)], spiffe(matching)) == ANY
    assert decided([policy(ALLOW, rule)], spiffe(other) if other else "", plane="mtls") == NONE


@pytest.mark.parametrize(
    ("text", "matching", "other"), [("a/b", "a/b", "xa/b"), ("b", "shop/b", "a/b"), ("sa", "shop/sa", "shop/xsa")]
)
def test_service_accounts(text, matching, other):
    rule = PolicyRule((Source(service_accounts=(text,)),))
    assert decided([policy(ALLOW, rule)], spiffe(matching, "any.domain")) == ANY
    assert decided([policy(ALLOW, rule)], spiffe(other)) == NONE


def test_fields_of_one_source_must_all_hold():
    rule = PolicyRule((Source(principals=("*/sa/sa", "*/sa/b"), namespaces=("ns", "n-*"), ip_blocks=("10.1.0.0/24",)),))
    assert decided([policy(ALLOW, rule)]) == ANY
    assert decided([policy(ALLOW, rule)], spiffe("n-x/b")) == ANY
    assert decided([policy(ALLOW, rule)], spiffe("x/b")) == NONE
    assert decided([policy(ALLOW, rule)], spiffe("ns/c")) == NONE
    assert decided([policy(ALLOW, rule)], address="10.4.0.1") == NONE
    assert decided([policy(ALLOW, rule)], UNKNOWN_IDENTITY) == ANY | NONE


def test_clauses_must_all_hold():
    rule = PolicyRule(
        (Source(namespaces=("ns",)), Source(namespaces=("b",))),
        (Operation(ports=("80",)), Operation(not_ports=("80", "81"))),
        (When("source.principal", ("*/sa/sa",)), When("destination.port", ("80", "81", "82"), ("82",))),
    )
    assert decided([policy(ALLOW, rule)]) == ANY
    assert decided([policy(ALLOW, rule)], spiffe("b/sa")) == ANY
    assert decided([policy(ALLOW, rule)], spiffe("b/c")) == NONE
    for port in (81, 82, 83):
        assert decided([policy(ALLOW, rule)], port=port) == NONE


@pytest.mark.parametrize("plane", ["udp", "icmp", "sctp"])
def test_only_tcp(plane):
    assert decided([policy(DENY, PolicyRule())], NO_IDENTITY, plane=plane) == ANY
    assert decided([policy(ALLOW)], NO_IDENTITY, plane=plane) == ANY


@pytest.mark.parametrize(
    "silent",
    [
        {"action": PolicyAction.AUDIT},
        {"action": PolicyAction.CUSTOM, "provider": "x"},
        {"action": DENY, "dry_run": True},
        {"action": DENY, "target_refs": (TargetReference("", "Service", "web"),)},
    ],
)
def test_what_never_reaches_ztunnel(silent):
    assert decided([replace(policy(DENY, PolicyRule()), **silent)]) == ANY


def test_no_rules():
    assert decided([policy(ALLOW)]) == NONE
    assert decided([policy(DENY)]) == ANY


def test_deny_goes_first():
    both = [policy(ALLOW, PolicyRule()), policy(DENY, PolicyRule((Source(namespaces=("ns",)),)))]
    assert decided(both) == NONE
    assert decided(both, spiffe("x/y")) == ANY


@pytest.mark.parametrize(
    ("namespace", "selector", "subject", "expected"),
    [
        ("shop", None, WEB, NONE),
        ("other", None, WEB, ANY),
        (ROOT, None, WEB, NONE),
        (ROOT, None, pod("other/web"), NONE),
        ("shop", (("app", "web"),), WEB, NONE),
        ("shop", (("app", "db"),), WEB, ANY),
        ("other", (("app", "web"),), WEB, ANY),
        (ROOT, (("app", "web"),), pod("other/web"), NONE),
        (ROOT, (("app", "db"),), pod("other/web"), ANY),
        ("shop", (), WEB, NONE),
        ("shop", None, pod(plane=SIDECAR), ANY),
        ("shop", None, pod(plane=NO_PLANE), ANY),
    ],
)
def test_whom_a_policy_is_for(namespace, selector, subject, expected):
    assert decided([policy(ALLOW, namespace=namespace, selector=selector)], subject=subject) == expected


def test_whether_a_pod_is_captured_may_be_open():
    hazy = replace(WEB, facets={POD: {}}, unknown_facets=frozenset({MESH}))
    assert decided([policy(DENY, PolicyRule())], subject=hazy) == ANY | NONE


def test_the_pods_own_node_goes_past_ztunnel():
    web = replace(WEB, facets={**WEB.facets, NODE: {"name": "n1"}})
    for node, expected in (("n1", ANY), ("n2", NONE)):
        host = Endpoint(node, "nodes", AddressSet.of("10.0.0.1"), facets={HOST: {"name": node}})
        side = Side(host, number("10.0.0.1"), "")
        lowered = chain([policy(ALLOW)], ROOT, ["n1", "n2"])
        found = decide(lowered, "pods", web, side, Header("tcp", 40000, 80), None)
        assert {one.action for one in found.possible} == expected


NAMES = st.sampled_from(["a", "ab", "b", "ns", "sa"])
SOURCES = st.builds(
    Source,
    principals=st.lists(st.sampled_from(["*", "*/sa/sa", "td/ns/a*", "td/ns/ns/sa/sa"]), max_size=2).map(tuple),
    not_principals=st.lists(st.sampled_from(["*/sa/a", "td/ns/b/*"]), max_size=1).map(tuple),
    namespaces=st.lists(st.sampled_from(["*", "a*", "*b", "ns"]), max_size=2).map(tuple),
    service_accounts=st.lists(st.sampled_from(["a/b", "sa", "ns/sa"]), max_size=2).map(tuple),
    not_service_accounts=st.lists(st.sampled_from(["a/a", "b"]), max_size=1).map(tuple),
)


def _string(text, value):
    if text == "*":
        return bool(value)
    if text.startswith("*"):
        return value.endswith(text[1:])
    return value.startswith(text[:-1]) if text.endswith("*") else value == text


def _by_hand(source, namespace, account):
    """The reading of ztunnel's code, on the parts of an identity."""
    principal = f"td/ns/{namespace}/sa/{account}"

    def accounts(values):
        return any(one in (f"{namespace}/{account}", account if namespace == "shop" else None) for one in values)

    def some(values, value):
        return any(_string(text, value) for text in values)

    return (
        (not source.principals or some(source.principals, principal))
        and not some(source.not_principals, principal)
        and (not source.namespaces or some(source.namespaces, namespace))
        and (not source.service_accounts or accounts(source.service_accounts))
        and not accounts(source.not_service_accounts)
    )


@given(st.lists(SOURCES, min_size=1, max_size=3), NAMES | st.just("shop"), NAMES)
def test_sources_as_ztunnel_compares_them(sources, namespace, account):
    asked = [one for one in sources if one != Source()]
    expected = any(_by_hand(one, namespace, account) for one in asked)
    rule = PolicyRule(tuple(sources))
    identity = f"spiffe://td/ns/{namespace}/sa/{account}"
    assert decided([policy(ALLOW, rule)], identity) == (ANY if expected else NONE)
    assert decided([policy(DENY, rule)], identity) == (NONE if expected else ANY)
