"""AuthorizationPolicies: every field, every refusal of admission with its place, and noise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.resources.istio.authorization import (
    Operation,
    PolicyAction,
    PolicyRule,
    Source,
    TargetReference,
    When,
)
from tests.sources.kubernetes.texts import good, read, thing


def written(spec, more=""):
    return thing("security.istio.io/v1", "AuthorizationPolicy", spec, more)


def test_every_field():
    [found] = good(
        written(
            """{
              action: DENY, selector: {matchLabels: {b: "2", a: ""}},
              rules: [{
                from: [{source: {principals: [p], notPrincipals: [np], requestPrincipals: [r],
                  notRequestPrincipals: [nr], namespaces: [n], notNamespaces: [nn], trustDomains: ["t*"],
                  notTrustDomains: [nt], ipBlocks: ["10.0.0.1/8"], notIpBlocks: ["::1"],
                  remoteIpBlocks: ["1.2.3.4"], notRemoteIpBlocks: ["2001:db8::/32"]}},
                  {source: {serviceAccounts: [a/b], notServiceAccounts: [c]}}],
                to: [{operation: {hosts: [h], notHosts: [nh], ports: ["80"], notPorts: ["081"], methods: [GET],
                  notMethods: [PUT], paths: ["/a/{*}"], notPaths: ["/b"]}}],
                when: [{key: "request.headers[x]", values: [v], notValues: [w]}]}]}"""
        )
    ).istio_authorization_policies
    assert (found.metadata.qualified_name, found.action) == ("shop/x", PolicyAction.DENY)
    assert found.selector == (("a", ""), ("b", "2"))
    assert found.rules == (
        PolicyRule(
            (
                Source(
                    ("p",), ("np",), ("r",), ("nr",), ("n",), ("nn",), (), (), ("t*",), ("nt",),
                    ("10.0.0.1/8",), ("::1",), ("1.2.3.4",), ("2001:db8::/32",),
                ),
                Source(service_accounts=("a/b",), not_service_accounts=("c",)),
            ),
            (Operation(("h",), ("nh",), ("80",), ("081",), ("GET",), ("PUT",), ("/a/{*}",), ("/b",)),),
            (When("request.headers[x]", ("v",), ("w",)),),
        ),
    )  # fmt: skip
    assert found.rules[0].when[0].span.pointer == "/spec/rules/0/when/0"


@pytest.mark.parametrize("spec", ["{}", "null", "{rules: []}"])
def test_defaults(spec):
    [found] = good(written(spec)).istio_authorization_policies
    assert (found.action, found.rules, found.selector, found.target_refs) == (PolicyAction.ALLOW, (), None, ())
    assert not found.dry_run


GATEWAY = "{group: gateway.networking.k8s.io, kind: Gateway, name: g}"


@pytest.mark.parametrize("spec", [f"{{targetRefs: [{GATEWAY}]}}", f"{{targetRef: {GATEWAY}}}"])
def test_targets(spec):
    [found] = good(written(spec)).istio_authorization_policies
    assert found.target_refs == (TargetReference("gateway.networking.k8s.io", "Gateway", "g"),)


def test_an_empty_selector_is_remarked():
    objects, said = read(written("{selector: {}}"))
    assert [one.selector for one in objects.istio_authorization_policies] == [()]
    assert len(said) == 1
    assert "selects every workload" in said[0]


def dry_run(value):
    return (
        "apiVersion: security.istio.io/v1beta1\nkind: AuthorizationPolicy\n"
        f"metadata: {{name: x, namespace: shop, annotations: {{istio.io/dry-run: {value}}}}}\n"
    )


@pytest.mark.parametrize(("value", "expected"), [('"true"', True), ('"1"', True), ('"false"', False), ('"F"', False)])
def test_dry_run(value, expected):
    [found] = good(dry_run(value)).istio_authorization_policies
    assert found.dry_run is expected


def from_(fields):
    return f"{{rules: [{{from: [{{source: {{{fields}}}}}]}}]}}"


def to(fields):
    return f"{{rules: [{{to: [{{operation: {{{fields}}}}}]}}]}}"


def when(fields):
    return f"{{rules: [{{when: [{{{fields}}}]}}]}}"


def custom(rules):
    return f"{{action: CUSTOM, provider: {{name: p}}, rules: [{rules}]}}"


REFUSED = [
    ("{ruels: []}", "ruels"),
    ("{action: allow}", "action"),
    ("{action: DENY}", "would never do anything"),
    ("{action: DENY, rules: []}", "would never do anything"),
    ("{action: CUSTOM, provider: {name: p}}", "would never do anything"),
    ("{action: CUSTOM, rules: [{}]}", "provider.name"),
    ("{provider: {name: p}}", "only a CUSTOM policy"),
    ("{rules: [null]}", "must not be null"),
    ("{rules: [{from: []}]}", "must not be empty"),
    ("{rules: [{to: []}]}", "must not be empty"),
    ("{rules: [{from: [{}]}]}", "source must name something"),
    ("{rules: [{to: [{}]}]}", "operation must name something"),
    (from_("principals: []"), "source must name something"),
    (from_("principles: [a]"), "did you mean principals"),
    (from_('namespaces: [""]'), "rules[0].from[0].source.namespaces[0]"),
    (from_("serviceAccounts: [a], namespaces: [b]"), "neither principals nor namespaces"),
    (from_("notServiceAccounts: [a], notPrincipals: [b]"), "neither principals nor namespaces"),
    (from_('serviceAccounts: ["a*"]'), "no wildcard"),
    (from_("serviceAccounts: [a/b/c]"), "namespace/name"),
    (from_("serviceAccounts: [a/]"), "namespace/name"),
    (from_(f"serviceAccounts: [{'a' * 321}]"), "320"),
    (from_(f"serviceAccounts: [{', '.join('abcdefghijklmnopq')}]"), "more than 16"),
    (from_('trustDomains: ["a*b"]'), "one wildcard"),
    (from_('trustDomains: ["*a*"]'), "one wildcard"),
    (from_("trustDomains: [a/b]"), "no slash"),
    (from_("ipBlocks: [10.0.0.0/33]"), "neither an address"),
    (from_("ipBlocks: [10.0.0.0/08]"), "neither an address"),
    (from_("ipBlocks: [10.0.0]"), "neither an address"),
    (from_('notRemoteIpBlocks: ["fe80::1%eth0"]'), "neither an address"),
    (to('ports: ["65536"]'), "not a port"),
    (to('ports: ["-1"]'), "not a port"),
    (to("ports: [80]"), "put it in quotes"),
    (to('paths: ["/{a}"]'), "whole segments"),
    (to('paths: ["/{**}/{*}"]'), "last operator"),
    (to('paths: ["/x{*}"]'), "whole segments"),
    (to('paths: ["/{*}/a b"]'), "path template"),
    (to('paths: ["/{*}//a"]'), "path template"),
    (when("values: [a]"), "key is missing"),
    (when("key: source.ip"), "neither values nor notValues"),
    (when("key: source.ip, values: [a]"), "neither an address"),
    (when("key: destination.port, notValues: [a]"), "not a port"),
    (when("key: source.trustDomain, values: ['a*b']"), "one wildcard"),
    (when("key: source.serviceAccount, values: ['a*']"), "no wildcard"),
    (when("key: source.principle, values: [a]"), "source.principal"),
    (when("key: 'request.headers', values: [a]"), "in brackets"),
    (when("key: 'request.headers[]', values: [a]"), "in brackets"),
    (when("key: 'destination.labels[a]', values: [a]"), "select workloads by labels"),
    (custom("{from: [{source: {principals: [a]}}]}"), "cannot ask for identities"),
    (custom("{when: [{key: source.namespace, values: [a]}]}"), "cannot ask for identities"),
    (custom("{when: [{key: 'request.auth.claims[a]', values: [a]}]}"), "cannot ask for identities"),
    ("{selector: {matchLabels: {a: 'b*'}}}", "wildcard"),
    (f"{{selector: {{}}, targetRef: {GATEWAY}}}", "only one of"),
    (f"{{targetRefs: [{', '.join([GATEWAY] * 17)}]}}", "more than 16"),
    ("{targetRef: {kind: Gateway, name: g}}", "no target"),
    ("{targetRef: {kind: Pod, name: g}}", "no target"),
    ("{targetRef: {kind: Service}}", "name is missing"),
    ("{targetRef: {kind: Service, name: a, namespace: b}}", "own namespace"),
]


@pytest.mark.parametrize(("spec", "words"), REFUSED)
def test_refusals(spec, words):
    objects, said = read(written(spec))
    assert objects.istio_authorization_policies == ()
    assert [(one.kind, one.name) for one in objects.refused] == [("AuthorizationPolicy", "x")]
    assert any(words in one for one in said)


@pytest.mark.parametrize("value", ['"foo"', '"yes"', '""'])
def test_a_dry_run_that_is_neither_true_nor_false(value):
    objects, _ = read(dry_run(value))
    assert len(objects.refused) == 1


@pytest.mark.parametrize("spec", ["action: AUDIT", "action: CUSTOM, provider: {name: x}, rules: [{}]"])
def test_only_allow_and_deny_can_be_tried(spec):
    objects, said = read(f"{dry_run(chr(34) + 'true' + chr(34))}spec: {{{spec}}}\n")
    assert len(objects.refused) == 1
    assert "cannot be tried" in said[0]


LEAVES = st.none() | st.booleans() | st.integers(-3, 70000) | st.sampled_from(
    ["", "*", "a", "80", "10.0.0.1/8", "{*}", "source.ip", "request.headers[a]", "DENY", "CUSTOM", "{{ x }}"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["spec", "rules", "from", "source", "to", "operation", "when", "key", "values", "selector", "matchLabels", "action",
     "principals", "ports", "paths", "ipBlocks", "provider", "name", "targetRefs", "serviceAccounts", "x"]
)  # fmt: skip
NOISE = st.recursive(LEAVES, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(NAMES, deeper, max_size=4))


@given(NOISE)
def test_noise_is_read_or_refused_and_never_raises(spec):
    objects, _ = read(written(json.dumps(spec)))
    assert len(objects.istio_authorization_policies) + len(objects.refused) == 1
