"""RF102: what counts as a default deny, by direction."""

from __future__ import annotations

import pytest

from ringfence.checks import no_default_deny

from .manifests import app, deployment, found, messages, namespace, policy

BOTH = "[Ingress, Egress]"


@pytest.mark.parametrize(
    ("policies", "directions"),
    [
        ([], "ingress and egress"),
        ([policy(types=BOTH)], None),
        ([policy(types="[Ingress]")], "egress"),
        ([policy(types="[Egress]")], "ingress"),
        ([policy("a", types="[Ingress]"), policy("b", types="[Egress]")], None),
        ([policy(select=app("web"), types=BOTH)], "ingress and egress"),
        ([policy(namespace="other", types=BOTH)], "ingress and egress"),
        # An empty selector with a rule that admits all is an allow-all, not a deny.
        ([policy(types=BOTH, ingress="[{}]", egress="[{}]")], "ingress and egress"),
        ([policy(types=BOTH, ingress="[{}]")], "ingress"),
        # Policies add up: the second opens what the first closed.
        ([policy("a", types=BOTH), policy("b", ingress="[{}]")], "ingress"),
        # A rule that admits something still leaves a default deny.
        ([policy(types=BOTH, ingress="[{from: [{podSelector: {}}]}]")], None),
        ([policy(types=BOTH, egress="[{ports: [{port: 53, protocol: UDP}]}]")], None),
        # An allow-all for some pods does not open the others.
        ([policy("a", types=BOTH), policy("b", select=app("web"), ingress="[{}]")], None),
    ],
)
def test_a_default_deny_selects_all_and_admits_not_all(policies, directions):
    expected = [] if directions is None else [f"namespace shop has no default deny for {directions}"]
    assert messages(no_default_deny, deployment(), *policies) == expected


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], "ingress: no policy isolates web, api"),
        ([policy(select=app("web"))], "ingress: no policy isolates api"),
        ([policy("p", ingress="[{}]")], "ingress: p admits everything"),
        (
            [policy("a", select=app("web")), policy("b", select=app("api"))],
            "ingress: every workload of today is selected by a policy; the next one would not be",
        ),
    ],
)
def test_the_reason_names_what_is_bare_today(policies, expected):
    (one,) = found(no_default_deny, deployment("web"), deployment("api"), *policies)
    assert one.because[0][0] == expected


def test_many_bare_workloads_are_counted():
    (one,) = found(no_default_deny, *(deployment(f"w{place}") for place in range(6)))
    assert one.because[0][0] == "ingress: no policy isolates w0, w1, w2, w3 and 2 more"


def test_it_stands_at_the_namespace_or_at_its_first_workload():
    (declared,) = found(no_default_deny, deployment(), namespace("shop"))
    (bare,) = found(no_default_deny, namespace("other"), deployment())
    assert [str(one.span) for one in (declared, bare)] == ["k8s.yaml:9:1", "k8s.yaml:3:1"]


@pytest.mark.parametrize("name", ["kube-system", "kube-public"])
def test_namespaces_of_kubernetes_are_left_out(name):
    assert messages(no_default_deny, deployment(namespace=name)) == []


def test_a_namespace_without_workloads_is_none():
    assert messages(no_default_deny, namespace("shop")) == []
