"""RF405: what policies lose on their way to ztunnel, and for whom that matters."""

from __future__ import annotations

import pytest

from ringfence.checks import ambient_rules_dropped
from ringfence.checks.finding import Severity

from .manifests import found, messages
from .meshes import AMBIENT, authorization, meshed, peer_authentication, workload

SHOP = meshed("shop", labels=AMBIENT), workload("web")
PATHS = "[{to: [{operation: {paths: [/a]}}]}]"
PORTS = "[{to: [{operation: {ports: ['80']}}]}]"
BOTH = "[{to: [{operation: {paths: [/a], ports: ['80']}}]}]"


@pytest.mark.parametrize(
    ("action", "rules", "severities"),
    [
        ("ALLOW", PORTS, []),
        ("ALLOW", "[{}]", []),
        ("DENY", PORTS, []),
        ("ALLOW", PATHS, [Severity.MEDIUM, Severity.MEDIUM]),
        ("ALLOW", PATHS[:-1] + ", {}]", [Severity.MEDIUM]),
        # Never fires: looser than it reads.
        ("DENY", PATHS, [Severity.HIGH]),
        ("DENY", BOTH, [Severity.MEDIUM]),
        ("AUDIT", PORTS, [Severity.LOW]),
    ],
)
def test_what_is_lost(action, rules, severities):
    result = found(ambient_rules_dropped, *SHOP, authorization("p", rules, action))
    assert [one.severity for one in result] == severities
    assert all(one.message.startswith("AuthorizationPolicy shop/p: ") for one in result)


def test_custom_policies_are_asked_by_nobody():
    custom = authorization("p", PORTS, "CUSTOM").replace("action: CUSTOM", "action: CUSTOM, provider: {name: oauth}")
    (one,) = found(ambient_rules_dropped, *SHOP, custom)
    assert one.severity is Severity.HIGH


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (authorization("p", PATHS, "DENY", select="web"), 1),
        (authorization("p", PATHS, "DENY", namespace="istio-system"), 1),
        (authorization("p", PATHS, "DENY", select="api"), 0),
        (authorization("p", PATHS, "DENY", namespace="other"), 0),
        (authorization("p", PATHS, "DENY", dry=True), 0),
    ],
)
def test_policies_count_that_select_ambient_pods(policy, expected):
    assert len(messages(ambient_rules_dropped, *SHOP, policy)) == expected


def test_sidecars_lose_nothing():
    assert messages(ambient_rules_dropped, meshed(), workload("web"), authorization("p", PATHS, "DENY")) == []


def test_it_stands_at_what_is_lost_and_says_for_whom():
    (one,) = found(ambient_rules_dropped, *SHOP, authorization("p", PATHS, "DENY"))
    assert one.span.pointer == "/spec/rules/0/to/0/operation"
    assert [what for what, _ in one.because] == ["it is for shop/web[Deployment], of the ambient plane"]


@pytest.mark.parametrize(
    ("policies", "severities"),
    [
        ([peer_authentication("web", "STRICT", select="web")], []),
        # istiod overlooks DISABLE where the workload has no mode of its own.
        (
            [
                peer_authentication("d", "STRICT"),
                peer_authentication("web", select="web", ports="{80: {mode: DISABLE}}"),
            ],
            [Severity.MEDIUM],
        ),
        # And makes no policy of a STRICT port here, though the port is meant to be strict.
        (
            [
                peer_authentication("mesh", "STRICT", "istio-system"),
                peer_authentication("web", "PERMISSIVE", select="web", ports="{80: {mode: STRICT}}"),
            ],
            [Severity.HIGH],
        ),
    ],
)
def test_modes_that_ztunnel_takes_otherwise(policies, severities):
    result = found(ambient_rules_dropped, *SHOP, *policies)
    assert [one.severity for one in result] == severities
