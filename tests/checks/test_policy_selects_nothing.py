"""RF103: policies that select no pod, and the nearest thing that was probably meant."""

from __future__ import annotations

import pytest

from ringfence.checks import policy_selects_nothing

from .manifests import app, deployment, found, messages, pod, policy

NOTHING = ["NetworkPolicy shop/p selects no pod"]
EXPRESSION = "{{matchExpressions: [{{key: app, operator: {}}}]}}"


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("{}", []),
        (app("web"), []),
        (app("wbe"), NOTHING),
        ("{matchLabels: {app: web, tier: front}}", NOTHING),
        (EXPRESSION.format("Exists"), []),
        (EXPRESSION.format("DoesNotExist"), NOTHING),
        ("{matchExpressions: [{key: app, operator: NotIn, values: [web]}]}", NOTHING),
        ("{matchExpressions: [{key: app, operator: In, values: [web, db]}]}", []),
    ],
)
def test_what_selects_nothing(select, expected):
    assert messages(policy_selects_nothing, deployment(), policy(select=select)) == expected


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ([deployment(), policy(select=app("wbe"))], ["app=wbe is on no pod; shop/web[Deployment] has app=web"]),
        ([deployment(), policy(select=app("quite-another"))], []),
        (
            [deployment(namespace="front"), policy(select=app("web"))],
            ["namespace shop has no workloads here", "front/web[Deployment] has these labels, in another namespace"],
        ),
        (
            [deployment("db"), deployment(namespace="front"), policy(select=app("web"))],
            ["front/web[Deployment] has these labels, in another namespace"],
        ),
        (
            [deployment(spec="hostNetwork: true, "), policy(select=app("web"))],
            ["shop/web[Deployment] runs on the host's network, where no policy governs it"],
        ),
    ],
)
def test_hints(manifests, expected):
    (one,) = found(policy_selects_nothing, *manifests)
    assert [what for what, _ in one.because] == expected


def test_pods_count_as_templates_do():
    assert messages(policy_selects_nothing, pod("web"), policy(select=app("web"))) == []


def test_pods_on_the_host_network_count_where_an_option_says_that_policies_govern_them():
    manifests = deployment(spec="hostNetwork: true, "), policy(select=app("web"))
    assert messages(policy_selects_nothing, *manifests) == NOTHING
    assert messages(policy_selects_nothing, *manifests, host_network="pod") == []


def test_it_stands_at_the_selector():
    (one,) = found(policy_selects_nothing, deployment(), policy(select=app("wbe")))
    assert str(one.span) == "k8s.yaml:13:3"
