"""What a rule is for, and whom it means."""

from __future__ import annotations

import pytest

from ringfence.checks.authorization import deciding, holders, meanings, ports_of, representatives
from ringfence.model.intervals import IntervalSet
from ringfence.resources.istio.authorization import PolicyAction

from .manifests import deployment, namespace, view
from .meshes import authorization, meshed, workload

ALL = IntervalSet.of((0, 65535))
SHOP = meshed(), workload("web"), workload("api"), namespace("out"), workload("bare", namespace="out")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{}", ALL),
        ("{to: [{operation: {methods: [GET]}}]}", ALL),
        ("{to: [{operation: {ports: ['80', '443']}}]}", IntervalSet.of(80, 443)),
        ("{to: [{operation: {ports: ['80']}}, {operation: {ports: ['81']}}]}", IntervalSet.of(80, 81)),
        ("{to: [{operation: {notPorts: ['80']}}]}", ALL - IntervalSet.of(80)),
        ("{when: [{key: destination.port, values: ['80']}]}", IntervalSet.of(80)),
        ("{when: [{key: destination.port, notValues: ['80']}]}", ALL - IntervalSet.of(80)),
    ],
)
def test_ports(rule, expected):
    (policy,) = view(meshed(), authorization("p", f"[{rule}]")).topology.objects.istio_authorization_policies
    assert ports_of(policy.rules[0]) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("principals: [cluster.local/ns/shop/sa/web]", ["shop/web[Deployment]"]),
        ("principals: ['*']", ["shop/web[Deployment]", "shop/api[Deployment]"]),
        ("namespaces: [out]", []),
        ("serviceAccounts: [api]", ["shop/api[Deployment]"]),
        ("namespaces: [shop], notPrincipals: ['*/web']", ["shop/api[Deployment]"]),
    ],
)
def test_who_is_meant(source, expected):
    seen = view(*SHOP, authorization("p", f"[{{from: [{{source: {{{source}}}}}]}}]"))
    (policy,) = seen.topology.objects.istio_authorization_policies
    peers = [peer for one in meanings(seen, policy, policy.rules[0]) for peer in one.peers]
    assert list(holders(seen, peers)) == expected


def test_members_that_nobody_is_sure_of_are_meant_perhaps():
    rules = "[{from: [{source: {namespaces: [undeclared]}}]}]"
    seen = view(meshed(), workload("x", namespace="undeclared"), authorization("p", rules))
    (policy,) = seen.topology.objects.istio_authorization_policies
    peers = [peer for one in meanings(seen, policy, policy.rules[0]) for peer in one.peers]
    assert holders(seen, peers) == ()
    assert holders(seen, peers, perhaps=True) == ("undeclared/x[Deployment]",)


def test_one_of_each_behaviour():
    seen = view(deployment("a"), deployment("b"))
    names = "shop/a[Deployment]", "shop/b[Deployment]"
    assert len(representatives(seen, names)) == 1


def test_policies_that_decide():
    policies = [
        authorization("a"),
        authorization("d", action="DENY"),
        authorization("dry", dry=True),
        authorization("other", action="AUDIT"),
    ]
    found = deciding(view(meshed(), *policies), PolicyAction.ALLOW, PolicyAction.DENY)
    assert [one.metadata.name for one in found] == ["a", "d"]
