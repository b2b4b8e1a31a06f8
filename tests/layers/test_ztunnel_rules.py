"""What istiod leaves of a rule, against a plain reading of ztunnel's code on single connections."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.engine.decisions import Side, decide
from ringfence.layers.mesh_facets import AMBIENT, MESH, PLANE
from ringfence.layers.ztunnel_authorization import chain
from ringfence.layers.ztunnel_rules import convert
from ringfence.model.addresses import AddressSet, number
from ringfence.model.headers import Header
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action
from ringfence.resources.istio.authorization import (
    AuthorizationPolicy,
    Operation,
    PolicyAction,
    PolicyRule,
    Source,
    When,
)
from ringfence.resources.kubernetes import ObjectMeta


def some(*values):
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


PRINCIPALS = some("*", "*/sa/s", "td/ns/a*", "td/ns/b/sa/s")
NAMESPACES = some("*", "a", "*b", "a*")
BLOCKS = some("10.1.0.0/24", "10.1.0.1", "10.0.0.0/8")
TARGETS = some("10.3.0.0/24", "10.3.0.2")
PORTS = some("80", "81")
TEXTS = some("x")
SOURCES = st.builds(
    Source,
    principals=PRINCIPALS,
    not_principals=PRINCIPALS,
    namespaces=NAMESPACES,
    not_namespaces=NAMESPACES,
    ip_blocks=BLOCKS,
    not_ip_blocks=BLOCKS,
    request_principals=TEXTS,
)
OPERATIONS = st.builds(Operation, ports=PORTS, not_ports=PORTS, methods=TEXTS)
CONDITIONS = st.one_of(
    st.builds(When, st.just("source.ip"), BLOCKS, BLOCKS),
    st.builds(When, st.just("source.principal"), PRINCIPALS, PRINCIPALS),
    st.builds(When, st.just("source.namespace"), NAMESPACES, NAMESPACES),
    st.builds(When, st.just("destination.ip"), TARGETS, TARGETS),
    st.builds(When, st.just("destination.port"), PORTS, PORTS),
    st.builds(When, st.just("request.headers[x]"), TEXTS, TEXTS),
)


def listed(strategy, most=2):
    return st.lists(strategy, max_size=most).map(tuple)


RULES = st.builds(PolicyRule, listed(SOURCES), listed(OPERATIONS), listed(CONDITIONS))
ACTIONS = st.sampled_from([PolicyAction.ALLOW, PolicyAction.DENY])
POLICIES = st.builds(
    lambda action, rules: AuthorizationPolicy(ObjectMeta("p", "shop"), action, rules), ACTIONS, listed(RULES, 3)
)


@dataclass(frozen=True)
class Connection:
    source: str
    target: str
    port: int
    account: tuple[str, str] | None


CONNECTIONS = st.builds(
    Connection,
    st.sampled_from(["10.1.0.1", "10.1.0.9", "10.2.0.1"]),
    st.sampled_from(["10.3.0.2", "10.3.0.3"]),
    st.sampled_from([80, 81, 82]),
    st.sampled_from([None, ("a", "s"), ("b", "s"), ("ab", "t")]),
)


def text(pattern, value):
    if pattern == "*":
        return value != ""
    if pattern.startswith("*"):
        return value.endswith(pattern[1:])
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == value


def in_block(block, address):
    return ip_address(address) in ip_network(block)


def fields(connection):
    """Each field that ztunnel knows, with how one value of it is compared with a connection."""
    namespace, account = connection.account or ("", "")
    principal = f"td/ns/{namespace}/sa/{account}" if connection.account else ""
    return {
        "principals": lambda one: text(one, principal),
        "namespaces": lambda one: text(one, namespace),
        "ip_blocks": lambda one: in_block(one, connection.source),
        "ports": lambda one: int(one) == connection.port,
        "source.principal": lambda one: text(one, principal),
        "source.namespace": lambda one: text(one, namespace),
        "source.ip": lambda one: in_block(one, connection.source),
        "destination.ip": lambda one: in_block(one, connection.target),
        "destination.port": lambda one: int(one) == connection.port,
    }


def entry(asked, connection):
    """Whether an entry (field: values, other values) matches; None where it asks for nothing that ztunnel knows."""
    known = {name: pair for name, pair in asked.items() if name in fields(connection) and any(pair)}
    if not known:
        return None
    compare = fields(connection)
    return all(
        (not wanted or any(map(compare[name], wanted))) and not any(map(compare[name], unwanted))
        for name, (wanted, unwanted) in known.items()
    )


def clauses(rule):
    yield [{"ports": (one.ports, one.not_ports), "methods": (one.methods, ())} for one in rule.operations]
    yield [
        {
            "principals": (one.principals, one.not_principals),
            "namespaces": (one.namespaces, one.not_namespaces),
            "ip_blocks": (one.ip_blocks, one.not_ip_blocks),
            "request_principals": (one.request_principals, ()),
        }
        for one in rule.sources
    ]
    for one in rule.when:
        yield [{one.key: (one.values, one.not_values)}]


def of_http(rule):
    return (
        any(one.methods for one in rule.operations)
        or any(one.request_principals for one in rule.sources)
        or any(one.key.startswith("request") for one in rule.when)
    )


def fires(policy, connection):
    for rule in policy.rules:
        if policy.action is PolicyAction.ALLOW and of_http(rule):
            continue
        if all(any(entry(one, connection) for one in clause) for clause in clauses(rule) if clause):
            return True
    return False


def passes(policies, connection):
    if any(one.action is PolicyAction.DENY and fires(one, connection) for one in policies):
        return False
    allowing = [one for one in policies if one.action is PolicyAction.ALLOW]
    return not allowing or any(fires(one, connection) for one in allowing)


@settings(max_examples=300)
@given(listed(POLICIES, 3), CONNECTIONS)
def test_the_chain_decides_as_ztunnel_does(policies, connection):
    pod = Endpoint("x", "pods", AddressSet.of(connection.target), namespace="shop", facets={MESH: {PLANE: AMBIENT}})
    identity = "spiffe://td/ns/{}/sa/{}".format(*connection.account) if connection.account else ""
    side = Side(None, number(connection.source), identity)
    header = Header("mtls" if identity else "tcp", 40000, connection.port)
    found = decide(chain(policies, "root"), "pods", pod, side, header, None).possible
    assert {one.action for one in found} == {Action.ALLOW if passes(policies, connection) else Action.DENY}


@given(RULES, ACTIONS)
def test_what_is_left(rule, action):
    found = convert(rule, action)
    assert bool(found.dropped) is of_http(rule)
    assert found.removed is (of_http(rule) and action is PolicyAction.ALLOW)
    assert len(found.clauses) == bool(rule.operations) + bool(rule.sources) + len(rule.when)
    assert found.fires is (not found.removed and not any(clause.dead for clause in found.clauses))
    assert found.fires or rule != PolicyRule()
