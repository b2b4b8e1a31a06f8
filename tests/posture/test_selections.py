"""What selections hold: names, wildcards, labels, blocks, and the algebra of any, all and not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.addresses import ALL_IPV4, AddressSet
from ringfence.model.diagnostics import Diagnostic
from ringfence.model.networks import Endpoint, Network
from ringfence.model.selectors import AllOf, AnyOf, Comparison, Label, Not
from ringfence.model.spans import NOWHERE, Span
from ringfence.posture.document import Reference, Selection
from ringfence.posture.selections import Resolver
from tests.checks.manifests import deployment, ingress, namespace, node, pod, service, view

from .clusters import resolved

CLUSTER = [
    namespace("shop", team="a"),
    deployment("web", tier="front"),
    deployment("db", tier="data"),
    deployment("web", namespace="other"),
    pod("job", status="{podIP: 10.1.2.3, podIPs: [{ip: 10.1.2.3}]}"),
    node(),
    service(),
    ingress(),
    service("db", more="type: NodePort"),
]
WEB, DB, OTHER, JOB, NODE = (
    "shop/web[Deployment]",
    "shop/db[Deployment]",
    "other/web[Deployment]",
    "shop/job[Pod]",
    "n1[Node]",
)
CONTROLLER = "{ingress-controller}"


def held(side: str, selections: str = "{}") -> tuple[set[str], str]:
    found, complaints = resolved(CLUSTER, side, selections)
    assert complaints == []
    assert found.unsure == frozenset()
    return set(found.by_workload()), str(found.outside)


@pytest.mark.parametrize(
    ("side", "workloads"),
    [
        ("shop/web", {WEB}),
        ("'shop/web[Deployment]'", {WEB}),
        ("n1", {NODE}),
        ("'{ingress-controller}'", {CONTROLLER}),
        ("'shop/*'", {WEB, DB, JOB}),
        ("'*/web'", {WEB, OTHER}),
        ("'shop/??'", {DB}),
        # Wildcards find what the files show, never a placeholder.
        ("'*'", {WEB, DB, OTHER, JOB, NODE}),
        ("10.1.2.3", {JOB}),
        ("{workload: shop/web}", {WEB}),
        ("{workload: [shop/web, 'other/*']}", {WEB, OTHER}),
        ("{namespace: shop}", {WEB, DB, JOB}),
        ("{namespace: '*'}", {WEB, DB, OTHER, JOB}),
        ("{namespace: [shop, other], kind: Deployment}", {WEB, DB, OTHER}),
        ("{kind: [Pod, Node]}", {JOB, NODE}),
        ("{labels: {app: web}}", {WEB, OTHER}),
        ("{labels: {app: web, tier: front}}", {WEB}),
        ("{namespace_labels: {team: a}}", {WEB, DB, JOB}),
        ("{namespace_labels: {kubernetes.io/metadata.name: other}}", {OTHER}),
        ("{any: [shop/web, {labels: {app: db}}]}", {WEB, DB}),
        ("{all: [{namespace: shop}, {labels: {app: web}}]}", {WEB}),
        ("{namespace: shop, any: [shop/web, other/web]}", {WEB}),
        ("{namespace: shop, not: {labels: {app: web}}}", {DB, JOB}),
        ("{namespace: shop, not: [shop/web, shop/db]}", {JOB}),
        ("{labels: {app: nothing}, may_be_empty: true}", set()),
        ("{podSelector: {}}", {WEB, DB, OTHER, JOB}),
        ("{podSelector: {matchLabels: {tier: data}}}", {DB}),
        ("{podSelector: {matchExpressions: [{key: tier, operator: In, values: [data, front]}]}}", {WEB, DB}),
        ("{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [data]}]}}", {WEB, OTHER, JOB}),
        ("{podSelector: {matchExpressions: [{key: tier, operator: Exists}]}}", {WEB, DB}),
        ("{podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}", {OTHER, JOB}),
        ("{namespaceSelector: {matchLabels: {team: a}}, podSelector: {matchLabels: {app: web}}}", {WEB}),
        ("{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}", {OTHER}),
        ("{namespaceSelector: {}, labels: {app: web}}", {WEB, OTHER}),
    ],
)
def test_endpoints(side, workloads):
    assert held(side) == (workloads, "")


@pytest.mark.parametrize(
    ("side", "workloads", "outside"),
    [
        ("203.0.113.7", set(), "203.0.113.7"),
        ("198.18.0.0/24", set(), "198.18.0.0/24"),
        ("{cidr: [198.18.0.0/24, 198.18.1.0/24]}", set(), "198.18.0.0/23"),
        ("{cidr: 10.1.2.0/24}", {JOB}, "10.1.2.0/24"),
        ("{cidr: 198.18.0.0-198.18.0.3, not: 198.18.0.0}", set(), "198.18.0.1-198.18.0.3"),
        ("{cidr: 10.0.0.0/8, namespace: shop}", {JOB}, ""),
        ("{not: {namespace: '*'}}", {NODE, CONTROLLER}, "0.0.0.0/0,::/0"),
        ("everything", {WEB, DB, OTHER, JOB, NODE, CONTROLLER}, "0.0.0.0/0,::/0"),
        ("{}", {WEB, DB, OTHER, JOB, NODE, CONTROLLER}, "0.0.0.0/0,::/0"),
    ],
)
def test_addresses_outside(side, workloads, outside):
    assert held(side) == (workloads, outside)


AGENT = pod("agent", spec="hostNetwork: true, ")


@pytest.mark.parametrize(
    "side",
    ["{labels: {app: agent}}", "{namespace_labels: {team: a}}", "{podSelector: {}}", "{namespace: shop}", "shop/agent"],
)
def test_a_pod_on_its_nodes_network_is_found_by_its_labels(side):
    found, complaints = resolved([namespace("shop", team="a"), AGENT], side)
    assert complaints == []
    assert set(found.by_workload()) == {"shop/agent[Pod]"}


@pytest.mark.parametrize(
    ("block", "certain", "possible"),
    [
        ("10.0.0.0/8", {WEB, JOB}, set()),
        ("10.1.0.0/16", {WEB, JOB}, set()),
        ("10.1.2.0/24", {JOB}, {WEB}),
        ("10.1.3.0/24", set(), {WEB}),
        ("10.2.0.0/16", set(), set()),
    ],
)
def test_a_block_may_hold_who_has_an_address_of_a_pool_that_reaches_into_it(block, certain, possible):
    network = view(deployment("web"), CLUSTER[4], pod_cidrs="10.1.0.0/16").topology.network
    found = Resolver(network, {}, NOWHERE, []).resolve(Selection(cidr=block), NOWHERE)
    held = set(found.by_workload())
    unsure = {one.workload for one in found.endpoints if one.id in found.unsure}
    assert (held - unsure, unsure) == (certain, possible)


def test_the_internet_is_what_is_globally_routed():
    _, outside = held("internet")
    assert outside.startswith("1.0.0.0-9.255.255.255,")


@pytest.mark.parametrize(
    ("selections", "side", "workloads"),
    [
        ("{a: shop/web}", "a", {WEB}),
        ("{a: b, b: shop/web}", "a", {WEB}),
        ("{a: {any: [b, shop/db]}, b: {labels: {app: web}}}", "{all: [a, {namespace: shop}]}", {WEB, DB}),
        # A selection's name goes before what a question would mean.
        ("{shop/web: shop/db}", "shop/web", {DB}),
    ],
)
def test_named_selections(selections, side, workloads):
    assert held(side, selections) == (workloads, "")


@pytest.mark.parametrize(
    ("selections", "side", "complaint"),
    [
        ("{}", "shop/wbe", "3:36: error: shop/wbe is nothing that this network knows (did you mean shop/web"),
        (
            "{front: shop/web}",
            "frnt",
            "3:36: error: frnt is nothing that this network knows (did you mean the selection front?)",
        ),
        (
            "{}",
            "{labels: {app: none}}",
            "3:36: error: this selection matches nothing (did you mean app: web? else say may_be_empty: true)",
        ),
        ("{}", "'nowhere/*'", "3:36: error: nowhere/* matches nothing"),
        (
            "{a: {kind: Nothing}}",
            "a",
            "1:14: error: selection 'a' matches nothing (correct it, or say may_be_empty: true)",
        ),
        ("{a: a}", "a", "1:14: error: selection 'a' contains itself"),
        ("{a: {any: [b]}, b: {not: a}}", "a", "1:14: error: selection 'a' contains itself"),
        (
            "{" + ", ".join(f"s{n}: s{n + 1}" for n in range(2000)) + ", s2000: shop/web}",
            "s0",
            "error: selections stand on each other more than 100 deep",
        ),
        (
            "{}",
            "{cidr: [10.0.0.0/8, 10.0.0.0/33]}",
            "error: '10.0.0.0/33' is no address, block or range (write 10.0.0.0/8 or",
        ),
        # Nothing in these files speaks of IPv6, so nobody has such an address.
        ("{}", "{cidr: '2001:db8::/32'}", "3:36: error: this selection matches nothing"),
        ("{}", "'2001:db8::/32'", "3:36: error: 2001:db8::/32: this network knows no addresses of that family"),
    ],
)
def test_complaints(selections, side, complaint):
    _, complaints = resolved(CLUSTER, side, selections)
    assert any(complaint in one for one in complaints), complaints


def test_a_selection_that_no_intent_uses_is_looked_at_too():
    found: list[Diagnostic] = []
    selections: dict[str, Reference] = {"a": "shop/web", "b": Selection(kind="Nothing"), "c": "b"}
    resolver = Resolver(view(*CLUSTER).topology.network, selections, Span("ringfence.yaml"), found)
    resolver.resolve_all()
    assert [(one.message, one.span.pointer) for one in found] == [("selection 'b' matches nothing", "/b")]


@pytest.mark.parametrize("side", ["{cidr: [10.0.0.0/40]}", "{all: [shop/wbe]}", "{all: [{kind: Nothing}]}"])
def test_what_is_empty_because_of_a_mistake_is_complained_about_once(side):
    _, complaints = resolved(CLUSTER, side)
    assert len(complaints) == 1


LABELLED = [
    Endpoint(name, "pods", AddressSet.of("10.0.0.1"), facets={"pod": labels}, unknown_facets=frozenset(unknown))
    for name, labels, unknown in (
        ("both", {"x": "1", "y": "1"}, ()),
        ("one", {"x": "1"}, ()),
        ("none", {}, ()),
        ("hazy", {}, ("pod", "host pod", "namespace", "host namespace")),
        ("half", {"y": "1"}, ("namespace", "host namespace")),
    )
]
ATOMS = {
    "x": Label("pod", "x", Comparison.IN, frozenset("1")),
    "y": Label("pod", "y", Comparison.IN, frozenset("1")),
    "team": Label("namespace", "team", Comparison.IN, frozenset("a")),
}
NAMED: dict[str, Reference] = {
    "x": Selection(labels={"x": "1"}, may_be_empty=True),
    "y": Selection(labels={"y": "1"}, may_be_empty=True),
    "team": Selection(namespace_labels={"team": "a"}, may_be_empty=True),
}


def _combined(parts):
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda found: (Selection(any=[a for a, _ in found], may_be_empty=True), AnyOf(_formulas(found)))),
        several.map(lambda found: (Selection(all=[a for a, _ in found], may_be_empty=True), AllOf(_formulas(found)))),
        st.tuples(parts, several).map(
            lambda drawn: (
                Selection(all=[drawn[0][0]], not_=[a for a, _ in drawn[1]], may_be_empty=True),
                AllOf((drawn[0][1], Not(AnyOf(_formulas(drawn[1]))))),
            )
        ),
    )


def _formulas(found):
    return tuple(formula for _, formula in found)


expressions = st.recursive(st.sampled_from(list(ATOMS.items())), _combined, max_leaves=8)


@given(expressions)
def test_any_all_and_not_are_kleenes_connectives(drawn):
    written, formula = drawn
    resolver = Resolver(Network(tuple(LABELLED), {}, ()), NAMED, NOWHERE, [])
    found = resolver.resolve(written, NOWHERE)
    held = {one.id for one in found.endpoints}
    answers = {one.id: None if one.id in found.unsure else one.id in held for one in LABELLED}
    assert resolver.failures == 0
    assert found.unsure <= held
    assert answers == {one.id: formula.matches(one) for one in LABELLED}


blocks = st.sampled_from(["10.0.0.0/30", "10.0.0.2-10.0.0.5", "10.0.0.4/30", "10.0.0.0/29"])


@given(blocks, blocks, blocks)
def test_addresses_follow_the_same_algebra(a, b, c):
    outside = Endpoint("external", "external", ALL_IPV4, every=True)
    resolver = Resolver(Network((outside,), {}, ()), {}, NOWHERE, [])

    def held(**said):
        return resolver.resolve(Selection(**said, may_be_empty=True), NOWHERE).outside

    one, other, third = (AddressSet.of(text) for text in (a, b, c))
    assert held(any=[a, b]) == one | other
    assert held(all=[a, b]) == one & other
    assert held(cidr=a, any=[b, c]) == one & (other | third)
    assert held(cidr=[a, b], not_=c) == (one | other) - third
